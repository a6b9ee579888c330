"""Customer.io's reporting webhooks: docs.customer.io/api/webhooks, OpenAPI document, copy of 2026-08.

Signed is `v0:<timestamp>:<body>` with HMAC-SHA256, sent in hexadecimal as the page's sample code reads it. A repeat may
come for seven days, so its age refuses nothing; `event_id` tells it. Whatever is not answered with 2xx holds up all
that follows it, so what is signed is always taken.

An event is about a message or a subscription of a person, none of which has a status in the graph: it makes what is
known of him old. Address, recipient and content are never decoded.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

import msgspec

from vendors.ports.source import System
from vendors.ports.webhooks import VendorEvent
from vendors.webhooks import decoded, key, mac, must_equal, unreadable

PRODUCT = "customerio"
SIGNATURE, TIMESTAMP = "x-cio-signature", "x-cio-timestamp"

_OBJECTS = frozenset({"customer", "email", "sms", "push", "in_app", "slack", "webhook", "whatsapp"})
_METRICS = frozenset(
    {
        "subscribed", "unsubscribed", "cio_subscription_preferences_changed", "drafted", "attempted", "sent",
        "delivered", "opened", "clicked", "converted", "bounced", "dropped", "spammed", "failed", "undeliverable",
        "replied",
    }
)  # fmt: skip


class _Identifiers(msgspec.Struct):
    """The operator's id of the person; null where a workspace knows him by address alone."""

    id: str | None = None


class _Data(msgspec.Struct):
    identifiers: _Identifiers = msgspec.field(default_factory=_Identifiers)


class _Report(msgspec.Struct):
    """What leaves the reader of an event; `timestamp` is in Unix seconds."""

    event_id: str
    timestamp: int
    metric: str = "unmeasured"
    object_type: str = "untyped"
    data: _Data = msgspec.field(default_factory=_Data)


class CustomerIoWebhooks:
    """WebhookReader of one workspace; `secret` is its webhook signing key."""

    system, product, answer = System.CRM, PRODUCT, None

    def __init__(self, secret: str) -> None:
        self._secret = secret.encode()

    def read(self, headers: Mapping[str, str], body: bytes) -> Sequence[VendorEvent]:
        """One event a request. Raises BadSignature."""
        signed = mac(self._secret, b"v0:", headers.get(TIMESTAMP, "").encode(), b":", body)
        must_equal(headers.get(SIGNATURE, ""), signed.hex())
        told = decoded(body, _Report)
        return unreadable(self.system, PRODUCT, body) if told is None else [self._event(told)]

    def _event(self, told: _Report) -> VendorEvent:
        brand, _, local = (told.data.identifiers.id or "").partition(":")
        return VendorEvent(
            self.system,
            PRODUCT,
            told.event_id,
            f"{told.object_type}.{told.metric}",
            known=told.object_type in _OBJECTS and told.metric in _METRICS,
            player=key("player", brand, local),
            at=_moment(told.timestamp),
        )


def _moment(seconds: int) -> datetime | None:
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError):
        return None
