"""Zendesk's ticket events as they are sent: developer.zendesk.com, pages as in vendors/ticketing/zendesk_webhooks.py.

Only the two types that tell a status are sent. Numbers and words stand as strings, words in capitals. Assumed: a ticket
was NEW before it came to stand where it does, as the account keeps no history of it.
"""

from __future__ import annotations

import base64
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from vendors.sandbox.emitting import CannotSay, Occasion, Teller
from vendors.sandbox.zendesk_store import StoredTicket, stamp
from vendors.webhooks import mac

ACCOUNT_ID, WEBHOOK_ID, VERSION = 12_000_001, "01SANDBOXWEBHOOK", "2022-11-06"
TICKET = "zen:event-type:ticket."
CREATED, STATUS_CHANGED = TICKET + "created", TICKET + "status_changed"
_FIELDS = frozenset({"type", "account_id", "id", "time", "zendesk_event_version", "subject", "detail", "event"})


def teller(secret: str, ticket_of: Callable[[str], StoredTicket | None], clock: Callable[[], datetime]) -> Teller:
    """`ticket_of` finds a ticket by its number; `secret` is the webhook's signing secret."""

    def body(occasion: Occasion) -> dict[str, Any]:
        ticket = ticket_of(occasion.key)
        if ticket is None:
            raise CannotSay(f"key: no ticket {occasion.key}")
        return _body(occasion, ticket)

    def sign(content: bytes) -> dict[str, str]:
        sent_at = stamp(clock())
        return {
            "X-Zendesk-Webhook-Id": WEBHOOK_ID,
            "X-Zendesk-Webhook-Signature-Timestamp": sent_at,
            "X-Zendesk-Webhook-Signature": base64.b64encode(mac(secret.encode(), sent_at.encode(), content)).decode(),
        }

    return Teller(body, sign, "X-Zendesk-Webhook-Signature", _FIELDS)


def _body(occasion: Occasion, ticket: StoredTicket) -> dict[str, Any]:
    if occasion.event not in (CREATED, STATUS_CHANGED):
        raise CannotSay(f"event: one of {CREATED}, {STATUS_CHANGED}")
    is_new = occasion.event == CREATED
    status = "NEW" if is_new else ticket.status.upper()
    at = ticket.created_at - occasion.late if is_new else occasion.of(ticket.updated_at)
    return {
        "type": occasion.event,
        "account_id": ACCOUNT_ID,
        "id": str(uuid4()),
        "time": stamp(at),
        "zendesk_event_version": VERSION,
        "subject": f"zen:ticket:{ticket.id}",
        "detail": _detail(ticket, status, at),
        "event": {} if is_new else {"current": status, "previous": "OPEN" if status == "NEW" else "NEW"},
    }


def _detail(ticket: StoredTicket, status: str, at: datetime) -> dict[str, Any]:
    return {
        "id": str(ticket.id),
        "status": status,
        "subject": ticket.subject,
        "description": ticket.comments[0].body if ticket.comments else "",
        "priority": ticket.priority and ticket.priority.upper(),
        "tags": ticket.tags,
        "external_id": ticket.external_id,
        "requester_id": str(ticket.requester_id),
        "submitter_id": str(ticket.submitter_id),
        "is_public": any(comment.public for comment in ticket.comments),
        "created_at": stamp(ticket.created_at.astimezone(UTC)),
        "updated_at": stamp(at),
    }
