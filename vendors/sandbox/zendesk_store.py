"""What the sandbox's Zendesk account holds, and how each object reads on the wire.

Fields as in the Support API's OpenAPI document, copy of 2025-04. Users are the world's players who have written, and
one agent who answers them. A comment of a scenario file is the player's, or the agent's where it is not public, unless
its `author_id` says otherwise; it is as old as its ticket unless it says so.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec

from vendors.sandbox.ages import age_of, instant, verbatim
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
    more: Mapping[str, Any] = {}  # fields that nothing here changes

    def wire(self) -> dict[str, Any]:
        return {
            "id": self.id, "type": "Comment", "author_id": self.author_id, "body": self.body, "plain_body": self.body,
            "public": self.public, "created_at": stamp(self.created_at), "audit_id": self.id + 1, "attachments": [],
            **self.more,
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
    more: Mapping[str, Any] = {}  # fields that nothing here changes

    def wire(self) -> dict[str, Any]:
        return {
            "id": self.id, "external_id": self.external_id, "requester_id": self.requester_id,
            "submitter_id": self.submitter_id, "subject": self.subject, "raw_subject": self.subject,
            "description": self.comments[0].body if self.comments else "", "status": self.status,
            "priority": self.priority, "tags": self.tags, "is_public": any(c.public for c in self.comments),
            "created_at": stamp(self.created_at), "updated_at": stamp(self.updated_at),
            **self.more,
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
            laid = world.laid(player, "ticketing.zendesk").get("tickets")
            if player.tickets if laid is None else laid:
                self._settle(f"{brand}:{local}", player, laid)
        self._ticket_ids = itertools.count(max((_FIRST_TICKET, *(number + 1 for number in self.tickets))))

    def _settle(self, external_id: str, player: PlayerFacts, laid: Sequence[Mapping[str, Any]] | None) -> None:
        name = f"{player.first_name} {player.last_name}"
        user = self.add_user(name, external_id, "end-user", self._now - player.registered_age)
        for facts in player.tickets if laid is None else ():
            self.tickets[int(facts.id)] = self._ticket(user, facts)
        for said in laid or ():
            self.tickets[said["id"]] = self._laid_ticket(user, said)

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

    def _laid_ticket(self, user: User, said: Mapping[str, Any]) -> StoredTicket:
        created = self._moment(said, "created_at", self._now)
        comments = [self._laid_comment(user, one, created) for one in said.get("comments", ())]
        latest = max((created, *(comment.created_at for comment in comments)))
        return StoredTicket(
            said["id"], user.id, said.get("submitter_id") or user.id, said["subject"], said["status"],
            said.get("priority"), list(said.get("tags", ())), created,
            instant(said["updated_at"]) if "updated_at" in said else latest, said.get("external_id"), comments,
            verbatim(said, *(name for name in StoredTicket.__struct_fields__ if name != "id")),
        )  # fmt: skip

    def _laid_comment(self, user: User, said: Mapping[str, Any], at: datetime) -> Comment:
        public = said.get("public", True)
        return Comment(
            next(self._comment_ids), said.get("author_id", user.id if public else AGENT_ID), said["body"], public,
            self._moment(said, "created_at", at), more=verbatim(said, *Comment.__struct_fields__),
        )  # fmt: skip

    def _moment(self, said: Mapping[str, Any], field: str, default: datetime) -> datetime:
        if field in said:
            return instant(said[field])
        return self._now - age_of(said) if "age" in said else default

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
