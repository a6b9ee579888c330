"""What the sandbox's Zendesk account holds, and how each object reads on the wire.

Fields as in the Support API's OpenAPI document, copy of 2025-04. Users are the world's players who have written, and
one agent who answers them.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

import msgspec

from vendors.sandbox.facts import PlayerFacts, TicketFacts
from vendors.sandbox.world import World

AGENT_ID = 9_000_001
_FIRST_USER, _FIRST_COMMENT, _FIRST_TICKET = 20_000_001, 40_000_001, 100_001


class User(msgspec.Struct):
    id: int
    name: str
    external_id: str | None
    role: str
    created_at: datetime

    def wire(self) -> dict[str, Any]:
        return {
            "id": self.id, "name": self.name, "external_id": self.external_id, "role": self.role, "active": True,
            "created_at": stamp(self.created_at), "updated_at": stamp(self.created_at),
        }  # fmt: skip


class Comment(msgspec.Struct):
    """A message; the audit it stands in keeps the custom metadata it was written with."""

    id: int
    author_id: int
    body: str
    public: bool
    created_at: datetime
    custom: Mapping[str, Any] = {}

    def wire(self) -> dict[str, Any]:
        return {
            "id": self.id, "type": "Comment", "author_id": self.author_id, "body": self.body, "plain_body": self.body,
            "public": self.public, "created_at": stamp(self.created_at), "audit_id": self.id + 1, "attachments": [],
        }  # fmt: skip

    def audit(self, ticket_id: int) -> dict[str, Any]:
        return {
            "id": self.id + 1, "ticket_id": ticket_id, "author_id": self.author_id,
            "created_at": stamp(self.created_at), "metadata": {"custom": self.custom, "system": {}},
            "events": [{"id": self.id, "type": "Comment", "body": self.body, "public": self.public}],
        }  # fmt: skip


class StoredTicket(msgspec.Struct):
    id: int
    requester_id: int
    submitter_id: int
    subject: str
    status: str
    priority: str | None
    tags: list[str]
    created_at: datetime
    updated_at: datetime
    external_id: str | None
    comments: list[Comment]

    def wire(self) -> dict[str, Any]:
        return {
            "id": self.id, "external_id": self.external_id, "requester_id": self.requester_id,
            "submitter_id": self.submitter_id, "subject": self.subject, "raw_subject": self.subject,
            "description": self.comments[0].body if self.comments else "", "status": self.status,
            "priority": self.priority, "tags": self.tags, "is_public": any(c.public for c in self.comments),
            "created_at": stamp(self.created_at), "updated_at": stamp(self.updated_at),
        }  # fmt: skip


class Store:
    """The account as the world says it stands at the start."""

    def __init__(self, world: World) -> None:
        self._now, self._user_ids = world.now, itertools.count(_FIRST_USER)
        self._comment_ids: Iterator[int] = itertools.count(_FIRST_COMMENT, 2)  # the number after it is its audit's
        agent = User(AGENT_ID, "Desk agent", None, "agent", world.now)
        self.users: dict[int, User] = {AGENT_ID: agent}
        self.tickets: dict[int, StoredTicket] = {}
        for (brand, local), player in sorted(world.players.items()):
            if player.tickets:
                self._settle(f"{brand}:{local}", player)
        self._ticket_ids = itertools.count(max((_FIRST_TICKET, *(number + 1 for number in self.tickets))))

    def _settle(self, external_id: str, player: PlayerFacts) -> None:
        name = f"{player.first_name} {player.last_name}"
        user = self.add_user(name, external_id, "end-user", self._now - player.registered_age)
        for facts in player.tickets:
            self.tickets[int(facts.id)] = self._ticket(user, facts)

    def _ticket(self, user: User, facts: TicketFacts) -> StoredTicket:
        comments = [
            Comment(next(self._comment_ids), user.id if said.by_player else AGENT_ID, said.body, said.public,
                    self._now - said.age)
            for said in facts.comments
        ]  # fmt: skip
        return StoredTicket(
            int(facts.id), user.id, user.id, facts.subject, facts.status, facts.priority, list(facts.tags),
            self._now - facts.age, self._now - facts.updated_age, None, comments,
        )  # fmt: skip

    def add_user(self, name: str, external_id: str | None, role: str, at: datetime) -> User:
        user = User(next(self._user_ids), name, external_id, role, at)
        self.users[user.id] = user
        return user

    def add_ticket(self, asked: Mapping[str, Any], now: datetime) -> StoredTicket:
        ticket = StoredTicket(
            next(self._ticket_ids), asked.get("requester_id", AGENT_ID), AGENT_ID, asked.get("subject") or "",
            asked.get("status", "new"), asked.get("priority"), list(asked.get("tags", ())), now, now,
            asked.get("external_id"), [],
        )  # fmt: skip
        self.add_comment(ticket, asked, now)
        self.tickets[ticket.id] = ticket
        return ticket

    def add_comment(self, ticket: StoredTicket, asked: Mapping[str, Any], now: datetime) -> Comment:
        """Whoever calls the API is its agent. A message is as public as the first one, unless it says otherwise."""
        said = asked["comment"]
        public = said.get("public", ticket.comments[0].public if ticket.comments else True)
        made = Comment(next(self._comment_ids), AGENT_ID, said["body"], public, now, asked.get("metadata", {}))
        ticket.comments.append(made)
        ticket.updated_at = now
        return made

    def user_of(self, external_id: str) -> User | None:
        """Zendesk does not heed the case of an external id."""
        folded = external_id.casefold()
        return next((user for user in self.users.values() if (user.external_id or "").casefold() == folded), None)


def stamp(moment: datetime) -> str:
    """To the second, as Zendesk writes it."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
