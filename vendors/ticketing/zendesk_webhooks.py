"""Zendesk's event subscriptions. Pages of developer.zendesk.com, read 2026-11:

/documentation/webhooks/verifying                   base64 of HMAC-SHA256 over the timestamp header and the body
/api-reference/webhooks/event-types/...             the envelope every event has, its `id` and `time`
/api-reference/webhooks/event-types/ticket-events   the types, and `previous` and `current` of a change

No page names an age beyond which a timestamp is to be refused, and a repeat may come late: `id` tells it. The account
serves every brand and an event does not say whose ticket it is, so it is told of each brand's ticket of that number, of
which one exists. `time` has whole seconds in the examples; `previous` puts changes within one in order.
Webhooks that a trigger sends have a body the operator writes himself; they are not read here.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence

import msgspec

from vendors.ports.source import System
from vendors.ports.ticketing import TicketStatus
from vendors.ports.webhooks import VendorEvent
from vendors.ticketing.zendesk_records import STATUSES
from vendors.webhooks import decoded, instant, key, mac, must_equal, unreadable

PRODUCT = "zendesk"
SIGNATURE, TIMESTAMP = "x-zendesk-webhook-signature", "x-zendesk-webhook-signature-timestamp"
TICKET = "zen:event-type:ticket."
CREATED, STATUS_CHANGED = TICKET + "created", TICKET + "status_changed"

_UNSETTLING = ("merged", "soft_deleted", "undeleted")  # the status may be another now, and the event does not say which
_OTHERS = (
    "agent_assignment_changed", "attachment_linked_to_comment", "attachment_redacted_from_comment", "brand_changed",
    "comment_added", "comment_made_private", "comment_redacted", "custom_field_changed", "custom_status_changed",
    "description_changed", "email_ccs_changed", "external_id_changed", "followers_changed", "form_changed",
    "group_assignment_changed", "marked_as_spam", "organization_changed", "permanently_deleted", "priority_changed",
    "problem_link_changed", "requester_changed", "subject_changed", "submitter_changed", "tags_changed",
    "task_due_at_changed", "type_changed",
)  # fmt: skip
_KNOWN = frozenset({CREATED, STATUS_CHANGED, *(TICKET + name for name in (*_UNSETTLING, *_OTHERS))})


class _Detail(msgspec.Struct):
    """Of the ticket its number and status; subject, text and people are never decoded."""

    id: str = ""
    status: str | None = None


class _Change(msgspec.Struct):
    """From what to what; other types of event have values here that are not words."""

    current: msgspec.Raw = msgspec.Raw(b"null")
    previous: msgspec.Raw = msgspec.Raw(b"null")


class _Envelope(msgspec.Struct):
    """What every event has."""

    type: str
    id: str
    time: str = ""
    detail: _Detail = msgspec.field(default_factory=_Detail)
    event: _Change = msgspec.field(default_factory=_Change)


class ZendeskWebhooks:
    """WebhookReader of one account; `secret` is the webhook's signing secret, `brands` whose tickets it holds."""

    system, product, answer = System.TICKETING, PRODUCT, None

    def __init__(self, secret: str, brands: Sequence[str]) -> None:
        self._secret, self._brands = secret.encode(), tuple(brands)

    def read(self, headers: Mapping[str, str], body: bytes) -> Sequence[VendorEvent]:
        """One event a request. Raises BadSignature."""
        signed = mac(self._secret, headers.get(TIMESTAMP, "").encode(), body)
        must_equal(headers.get(SIGNATURE, ""), base64.b64encode(signed).decode())
        told = decoded(body, _Envelope)
        return unreadable(self.system, PRODUCT, body) if told is None else [self._event(told)]

    def _event(self, told: _Envelope) -> VendorEvent:
        at, word, previous = instant(told.time), _status(told), _word(told.event.previous)
        moved = word is not None and at is not None
        subjects = [key("ticket", brand, told.detail.id) for brand in self._brands]
        return VendorEvent(
            self.system,
            PRODUCT,
            told.id,
            told.type.removeprefix("zen:event-type:"),
            known=told.type in _KNOWN,
            subjects=tuple(one for one in subjects if one) if told.type.startswith(TICKET) else (),
            at=at,
            status=_canonical(word) if moved else None,
            vendor_status=word if moved else None,
            previous=_canonical(previous) if moved and previous and told.type == STATUS_CHANGED else None,
            unsettled=_unsettles(told.type) and not moved,
        )


def _status(told: _Envelope) -> str | None:
    """The word for where the ticket stands after the event, if the event is about that."""
    if told.type == STATUS_CHANGED:
        return _word(told.event.current)
    return told.detail.status.lower() if told.type == CREATED and told.detail.status else None


def _unsettles(kind: str) -> bool:
    return kind in (CREATED, STATUS_CHANGED) or kind.removeprefix(TICKET) in _UNSETTLING


def _word(raw: msgspec.Raw) -> str | None:
    """Events write words in capitals that the API writes small."""
    found = decoded(bytes(raw), str)
    return None if found is None else found.lower()


def _canonical(word: str | None) -> str:
    return STATUSES.get(word or "", TicketStatus.UNKNOWN).value
