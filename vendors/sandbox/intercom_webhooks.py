"""Intercom's notifications as they are sent: pages as in vendors/ticketing/intercom_webhooks.py.

Assumed: a ticket was submitted before it came to stand where it does, as the workspace keeps no history of it.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from vendors.sandbox.emitting import CannotSay, Occasion, Teller
from vendors.sandbox.intercom_store import StoredTicket, seconds
from vendors.webhooks import mac

TOPICS = ("ticket.created", "ticket.state.updated", "ticket.note.created")
_FIELDS = frozenset(
    {"type", "app_id", "id", "topic", "created_at", "data", "delivery_status", "delivery_attempts", "first_sent_at"}
)


def teller(secret: str, ticket_of: Callable[[str], StoredTicket | None]) -> Teller:
    """`ticket_of` finds a ticket by its id; `secret` is the app's client secret."""

    def body(occasion: Occasion) -> dict[str, Any]:
        ticket = ticket_of(occasion.key)
        if ticket is None:
            raise CannotSay(f"key: no ticket {occasion.key}")
        if occasion.event not in TOPICS:
            raise CannotSay(f"event: one of {', '.join(TOPICS)}")
        return _body(occasion, ticket)

    def sign(content: bytes) -> dict[str, str]:
        return {"X-Hub-Signature": "sha1=" + mac(secret.encode(), content, digest="sha1").hex()}

    return Teller(body, sign, "X-Hub-Signature", _FIELDS)


def _body(occasion: Occasion, ticket: StoredTicket) -> dict[str, Any]:
    is_new = occasion.event == "ticket.created"
    last = datetime.fromtimestamp(ticket.created_at if is_new else ticket.updated_at, UTC)
    at = seconds(last - occasion.late if is_new else occasion.of(last))
    item = ticket.wire() | {"updated_at": at}
    if is_new:
        item |= {"ticket_state": {**item["ticket_state"], "category": "submitted"}, "open": True}
    return {
        "type": "notification_event", "app_id": "sandbox", "id": f"notif_{uuid4()}", "topic": occasion.event,
        "created_at": at, "first_sent_at": at, "delivery_status": "pending", "delivery_attempts": 1,
        "data": {"type": "notification_event_data", "item": item},
    }  # fmt: skip
