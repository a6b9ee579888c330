"""Ticketing: what the player and the operator's staff have said to each other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import Enum
from typing import Protocol

import msgspec

from vendors.errors import VendorError
from vendors.ports.keys import Key
from vendors.ports.paging import Listing, Page
from vendors.ports.source import Source
from vendors.ports.versions import version_of


class TicketStatus(Enum):
    """Canonical status; UNKNOWN is a vendor word the gateway does not know."""

    NEW = "NEW"
    OPEN = "OPEN"
    PENDING_PLAYER = "PENDING_PLAYER"
    ON_HOLD = "ON_HOLD"
    SOLVED = "SOLVED"
    CLOSED = "CLOSED"
    UNKNOWN = "UNKNOWN"


class TicketPriority(Enum):
    """How soon it wants an answer; UNKNOWN is a vendor word the gateway does not know."""

    LOW = "LOW"
    NORMAL = "NORMAL"
    HIGH = "HIGH"
    URGENT = "URGENT"
    UNKNOWN = "UNKNOWN"


class TicketComment(msgspec.Struct, frozen=True):
    """One message. `public` is False for a note that only staff may read; `by_player` tells who wrote it."""

    id: Key
    body: str
    public: bool
    by_player: bool
    at: datetime


class Ticket(msgspec.Struct, frozen=True):
    """A conversation; `player` is None if its requester carries no id of ours."""

    id: Key
    player: Key | None
    subject: str
    status: TicketStatus
    vendor_status: str
    priority: TicketPriority | None
    tags: Sequence[str]
    created_at: datetime
    updated_at: datetime
    source: Source

    @property
    def version(self) -> str:
        """Changes whenever the ticket does."""
        return version_of(self.vendor_status, self.updated_at)


class NewTicket(msgspec.Struct, frozen=True):
    """A ticket to open on a player's behalf. `audit_id` is kept by the product, so the write can be found again."""

    player: Key
    subject: str
    body: str
    public: bool
    priority: TicketPriority
    tags: Sequence[str]
    audit_id: str


class NewComment(msgspec.Struct, frozen=True):
    """A message to add; `status` is set with it where given."""

    ticket: Key
    body: str
    public: bool
    status: TicketStatus | None
    audit_id: str


class TicketingPort(Protocol):
    """Reads answer per key: a value, a VendorError, or nothing for whom the desk does not know. Writes raise."""

    async def tickets_of(self, listings: Sequence[Listing]) -> Mapping[Listing, Page[Ticket] | VendorError]:
        """Tickets a player requested, newest first."""

    async def tickets(self, keys: Sequence[Key]) -> Mapping[Key, Ticket | VendorError]:
        """By ticket id."""

    async def comments_of(self, listings: Sequence[Listing]) -> Mapping[Listing, Page[TicketComment] | VendorError]:
        """Messages of a ticket, newest first; the owner of the listing is the ticket."""

    async def requesters(self, players: Sequence[Key]) -> Mapping[Key, Source | VendorError]:
        """Each player as the desk knows him: `vendor_id` is its own id of the person."""

    async def identified(self, ids: Sequence[str]) -> Mapping[str, Key | VendorError]:
        """The players behind the desk's own ids of people; whoever is not one of ours is left out."""

    async def create(self, ticket: NewTicket) -> Ticket:
        """Opens a ticket; the same audit id opens one ticket only, where the product promises that."""

    async def comment(self, comment: NewComment) -> Ticket:
        """Adds a message and answers the ticket as it stands then."""
