"""Onfido's webhooks: `webhook_event` of the OpenAPI document onfido-openapi-spec, 2026-07, signed as the page
documentation.onfido.com/api/manual-webhook-signature-verification says (read 2026-11): `X-SHA2-Signature` is the
HMAC-SHA-256 of the raw body in hexadecimal.

An event of a run names the player as its resource's `customer_user_id`; one of a task, check or report names the
applicant alone, so nobody can tell by it whose records are old: it is kept, and those go by their time. Events have no
id of their own: what is told twice has the same action, object and instant; without an instant nothing is a repeat.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from vendors.external_ids import player_of
from vendors.kyc.onfido import status_of
from vendors.ports.keys import Key
from vendors.ports.source import System
from vendors.ports.webhooks import VendorEvent
from vendors.webhooks import decoded, instant, mac, must_equal, unreadable

PRODUCT, SIGNATURE = "onfido", "x-sha2-signature"
ACTIONS = frozenset(
    {
        "audit_log.created", "watchlist_monitor.matches_updated", "workflow_run.completed", "workflow_task.started",
        "workflow_task.completed", "check.started", "check.reopened", "check.withdrawn", "check.completed",
        "check.form_completed", "report.withdrawn", "report.resumed", "report.cancelled", "report.awaiting_approval",
        "report.completed", "workflow_timeline_file.created", "workflow_run_evidence_folder.created",
    }
)  # fmt: skip
_SETTLES = "workflow_run.completed"
_UNSETTLES = frozenset({"workflow_task.started", "workflow_task.completed"})  # may move a run, and do not say where to


class _Object(msgspec.Struct, frozen=True):
    id: str = ""
    status: str | None = None
    completed_at_iso8601: str | None = None


class _Resource(msgspec.Struct, frozen=True):
    """What the gateway takes of what is affected; inputs and outputs of tasks are not decoded."""

    customer_user_id: str | None = None
    updated_at: str | None = None


class _Payload(msgspec.Struct):
    action: str = "untyped"
    object: _Object = _Object()
    resource: _Resource = _Resource()


class _Event(msgspec.Struct):
    payload: _Payload


class OnfidoWebhooks:
    """WebhookReader of one Onfido account; `token` is the webhook's own, not the API's."""

    system, product, answer = System.KYC, PRODUCT, None

    def __init__(self, token: str) -> None:
        self._token = token.encode()

    def read(self, headers: Mapping[str, str], body: bytes) -> Sequence[VendorEvent]:
        """One event a request. Raises BadSignature."""
        must_equal(headers.get(SIGNATURE, ""), mac(self._token, body).hex())
        event = decoded(body, _Event)
        return unreadable(self.system, PRODUCT, body) if event is None else [_told(event.payload)]


def _told(payload: _Payload) -> VendorEvent:
    player, word = player_of(payload.resource.customer_user_id), payload.object.status
    when = payload.object.completed_at_iso8601 or payload.resource.updated_at
    at = instant(when)
    settled = payload.action == _SETTLES and word is not None and at is not None
    return VendorEvent(
        System.KYC,
        PRODUCT,
        f"{payload.action} {payload.object.id} {when}" if when else None,
        payload.action,
        known=payload.action in ACTIONS,
        subjects=() if player is None else (Key("kyc", player.brand, player.local),),
        player=player,
        at=at,
        status=status_of(word or "").value if settled else None,
        vendor_status=word if settled else None,
        unsettled=player is not None and payload.action in _UNSETTLES | {_SETTLES} and not settled,
    )
