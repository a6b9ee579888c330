"""What the sandbox's Intercom workspace holds, and how each object reads on the wire (OpenAPI document 2.15, 2026-08).

Contacts are the world's players who have written, and one admin answers them. What a ticket is in Zendesk's words is
told in Intercom's: one that waits for a third party is in progress, one that is closed is resolved and not open.
"""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Mapping
from datetime import datetime, timedelta
from html import escape
from typing import Any

import msgspec

from vendors.sandbox.facts import TicketFacts
from vendors.sandbox.world import World

ADMIN_ID, SHARED_TYPE, INTERNAL_TYPE, AUDIT_ATTRIBUTE, AUDIT_ATTRIBUTE_ID = "991268011", "95", "96", "audit_id", "211"
_FIRST_TICKET, _FIRST_PART = 100_001, 70_001
MOST_PARTS = 500
UNSEEN = timedelta(minutes=1)  # assumed: how long no search finds a new contact, who is said to take some minutes
_STATES: Mapping[str, tuple[str, bool]] = {  # Zendesk's word -> category, open
    "new": ("submitted", True),
    "open": ("in_progress", True),
    "pending": ("waiting_on_customer", True),
    "hold": ("in_progress", True),
    "solved": ("resolved", True),
    "closed": ("resolved", False),
}


class Contact(msgspec.Struct):
    id: str
    external_id: str | None
    role: str
    created_at: int
    searchable_at: int = 0

    def wire(self) -> dict[str, Any]:
        return {
            "type": "contact", "id": self.id, "external_id": self.external_id, "role": self.role,
            "created_at": self.created_at, "updated_at": self.created_at,
        }  # fmt: skip


class Part(msgspec.Struct):
    id: str
    part_type: str
    body: str
    by_user: bool
    author_id: str
    created_at: int

    def wire(self) -> dict[str, Any]:
        return {
            "type": "ticket_part", "id": self.id, "part_type": self.part_type, "body": f"<p>{self.body}</p>",
            "created_at": self.created_at, "updated_at": self.created_at, "redacted": False, "attachments": [],
            "author": {"type": "user" if self.by_user else "admin", "id": self.author_id},
        }  # fmt: skip


class StoredTicket(msgspec.Struct):
    id: str
    contact: Contact
    attributes: dict[str, Any]
    category: str
    open: bool
    type_id: str
    created_at: int
    updated_at: int
    parts: list[Part]

    def wire(self) -> dict[str, Any]:
        parts = [part.wire() for part in self.parts[-MOST_PARTS:]]
        reference = {"type": "contact", "id": self.contact.id, "external_id": self.contact.external_id}
        return {
            "type": "ticket", "id": self.id, "ticket_id": self.id, "ticket_attributes": self.attributes,
            "ticket_state": {"type": "ticket_state", "id": "8537", "category": self.category,
                             "internal_label": self.category.title(), "external_label": self.category.title()},
            "ticket_type": {"type": "ticket_type", "id": self.type_id},
            "contacts": {"type": "contact.list", "contacts": [reference]},
            "created_at": self.created_at, "updated_at": self.updated_at, "open": self.open,
            "is_shared": self.type_id == SHARED_TYPE,
            "category": "Customer" if self.type_id == SHARED_TYPE else "Back-office",
            "ticket_parts": {"type": "ticket_part.list", "ticket_parts": parts, "total_count": len(self.parts)},
        }  # fmt: skip


class Store:
    """The workspace as the world says it stands at the start."""

    def __init__(self, world: World) -> None:
        self._now, self._part_ids = world.now, itertools.count(_FIRST_PART)
        self.contacts: dict[str, Contact] = {}
        self.tickets: dict[str, StoredTicket] = {}
        for (brand, local), player in sorted(world.players.items()):
            if player.tickets:
                contact = self._add(f"{brand}:{local}", "user", self._now - player.registered_age)
                self.tickets |= {facts.id: self._ticket(contact, facts) for facts in player.tickets}
        first = max((_FIRST_TICKET, *(int(number) + 1 for number in self.tickets)))
        self._ticket_ids = itertools.count(first)

    def _ticket(self, contact: Contact, facts: TicketFacts) -> StoredTicket:
        category, is_open = _STATES[facts.status]
        parts = [
            Part(str(next(self._part_ids)), "comment" if said.public else "note", escape(said.body, quote=False),
                 said.by_player, contact.id if said.by_player else ADMIN_ID, seconds(self._now - said.age))
            for said in facts.comments
        ]  # fmt: skip
        attributes = {"_default_title_": facts.subject, "_default_description_": ""}
        return StoredTicket(
            facts.id, contact, attributes, category, is_open, SHARED_TYPE, seconds(self._now - facts.age),
            seconds(self._now - facts.updated_age), parts,
        )  # fmt: skip

    def add_contact(self, external_id: str | None, role: str, at: datetime) -> Contact:
        """A new one, whom no search finds for a while."""
        made = self._add(external_id, role, at)
        made.searchable_at = seconds(at + UNSEEN)
        return made

    def _add(self, external_id: str | None, role: str, at: datetime) -> Contact:
        name = hashlib.sha256(f"{external_id}:{len(self.contacts)}".encode()).hexdigest()[:24]
        self.contacts[name] = Contact(name, external_id, role, seconds(at))
        return self.contacts[name]

    def contact_of(self, said: Mapping[str, Any]) -> Contact | None:
        """By its id or its external id."""
        if "id" in said:
            return self.contacts.get(str(said["id"]))
        return next((one for one in self.contacts.values() if one.external_id == said.get("external_id")), None)

    def add_ticket(self, contact: Contact, asked: Mapping[str, Any], now: datetime) -> StoredTicket:
        at = seconds(now)
        ticket = StoredTicket(
            str(next(self._ticket_ids)), contact, dict(asked.get("ticket_attributes", {})), "submitted", True,
            str(asked["ticket_type_id"]), at, at, [],
        )  # fmt: skip
        self.tickets[ticket.id] = ticket
        return ticket

    def reply(self, ticket: StoredTicket, asked: Mapping[str, Any], now: datetime) -> Part:
        """A note may hold HTML, a comment is a text."""
        kind, body = asked["message_type"], asked["body"]
        text = body if kind == "note" else escape(body, quote=False)
        part = Part(str(next(self._part_ids)), kind, text, False, asked["admin_id"], seconds(now))
        ticket.parts.append(part)
        ticket.updated_at = seconds(now)
        return part


def seconds(moment: datetime) -> int:
    """A Unix timestamp, as Intercom writes every instant."""
    return int(moment.timestamp())
