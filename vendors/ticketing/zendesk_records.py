"""Zendesk's objects as far as the gateway takes them, and what its words mean.

Fields and enumerations: the Support API's OpenAPI document, copy of 2025-04 (TicketObject, TicketCommentObject,
UserObject). With custom statuses switched on, `status` holds the status category, which is one of the same six words.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated

import msgspec

from vendors.ports.keys import Key
from vendors.ports.source import Source
from vendors.ports.ticketing import Ticket, TicketComment, TicketPriority, TicketStatus

Moment = Annotated[datetime, msgspec.Meta(tz=True)]

STATUSES: Mapping[str, TicketStatus] = {
    "new": TicketStatus.NEW,
    "open": TicketStatus.OPEN,
    "pending": TicketStatus.PENDING_PLAYER,  # the desk waits for the requester
    "hold": TicketStatus.ON_HOLD,  # the desk waits for a third party
    "solved": TicketStatus.SOLVED,
    "closed": TicketStatus.CLOSED,
}
PRIORITIES: Mapping[str, TicketPriority] = {
    "low": TicketPriority.LOW,
    "normal": TicketPriority.NORMAL,
    "high": TicketPriority.HIGH,
    "urgent": TicketPriority.URGENT,
}
STATUS_WORDS: Mapping[TicketStatus, str] = {status: word for word, status in STATUSES.items()}
PRIORITY_WORDS: Mapping[TicketPriority, str] = {priority: word for word, priority in PRIORITIES.items()}


class Numbered(msgspec.Struct, frozen=True):
    """The id alone: whose record it is, even if the rest cannot be read."""

    id: int


class UserRecord(msgspec.Struct, frozen=True):
    """A person, without name and address. `external_id` is ours, if the operator gave him one."""

    id: int
    external_id: str | None = None


class TicketRecord(msgspec.Struct, frozen=True):
    """A ticket, without its description and addresses. `external_id` is the audit id of a ticket the gateway opened."""

    id: int
    requester_id: int
    status: str
    created_at: Moment
    updated_at: Moment
    subject: str | None = None
    priority: str | None = None
    tags: tuple[str, ...] = ()
    external_id: str | None = None


class CommentRecord(msgspec.Struct, frozen=True):
    """A message. `public` is False for an internal note."""

    id: int
    author_id: int
    body: str
    public: bool
    created_at: Moment


class Meta(msgspec.Struct, frozen=True):
    """Where a page of a list by cursor ends."""

    has_more: bool
    after_cursor: str | None = None


class UsersReply(msgspec.Struct, frozen=True):
    users: tuple[msgspec.Raw, ...]


class TicketsReply(msgspec.Struct, frozen=True):
    tickets: tuple[msgspec.Raw, ...]


class UserReply(msgspec.Struct, frozen=True):
    user: UserRecord


class TicketReply(msgspec.Struct, frozen=True):
    ticket: TicketRecord


class TicketsPage(msgspec.Struct, frozen=True):
    tickets: tuple[TicketRecord, ...]
    meta: Meta

    @property
    def records(self) -> tuple[TicketRecord, ...]:
        return self.tickets


class CommentsPage(msgspec.Struct, frozen=True):
    comments: tuple[CommentRecord, ...]
    meta: Meta

    @property
    def records(self) -> tuple[CommentRecord, ...]:
        return self.comments


def ticket(record: TicketRecord, player: Key, source: Source) -> Ticket:
    """In the gateway's words. A ticket of Zendesk may lack a subject; it reads as an empty one."""
    return Ticket(
        id=Key("ticket", player.brand, str(record.id)),
        player=player,
        subject=record.subject or "",
        status=STATUSES.get(record.status, TicketStatus.UNKNOWN),
        vendor_status=record.status,
        priority=PRIORITIES.get(record.priority, TicketPriority.UNKNOWN) if record.priority else None,
        tags=record.tags,
        created_at=record.created_at,
        updated_at=record.updated_at,
        source=source,
    )


def comment(record: CommentRecord, brand: str, requester_id: int) -> TicketComment:
    """In the gateway's words: whoever is not the requester counts as staff."""
    return TicketComment(
        id=Key("comment", brand, str(record.id)),
        body=record.body,
        public=record.public,
        by_player=record.author_id == requester_id,
        at=record.created_at,
    )
