"""Intercom's objects as far as the gateway takes them, and what its words mean.

Fields and enumerations: OpenAPI document 2.15, copy of 2026-08 (ticket, ticket_state, ticket_part, contact). A state is
the operator's own; its `category` is one of four words, and `open` says whether the ticket is closed. A ticket has no
priority and shows no tags. Bodies of parts may hold HTML: they are shown as the text in it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from html.parser import HTMLParser

import msgspec

from vendors.external_ids import player_of
from vendors.ports.keys import Key
from vendors.ports.source import Source
from vendors.ports.ticketing import Ticket, TicketComment, TicketStatus

TITLE, DESCRIPTION = "_default_title_", "_default_description_"
STATUSES: Mapping[str, TicketStatus] = {
    "submitted": TicketStatus.NEW,
    "in_progress": TicketStatus.OPEN,
    "waiting_on_customer": TicketStatus.PENDING_PLAYER,
    "resolved": TicketStatus.SOLVED,
}
_PUBLIC: Mapping[str, bool] = {"comment": True, "note": False}  # the parts that are messages


class ContactRecord(msgspec.Struct, frozen=True):
    """A person, without name and address. `external_id` is ours, if the operator gave him one."""

    id: str
    external_id: str | None = None


class Contacts(msgspec.Struct, frozen=True):
    contacts: tuple[ContactRecord, ...] = ()


class State(msgspec.Struct, frozen=True):
    category: str


class Author(msgspec.Struct, frozen=True):
    type: str
    id: str = ""


class Part(msgspec.Struct, frozen=True):
    """A message, a note or an event of a ticket."""

    id: str
    part_type: str
    created_at: int
    body: str | None = None
    author: Author | None = None


class Parts(msgspec.Struct, frozen=True):
    ticket_parts: tuple[Part, ...] = ()


class TicketRecord(msgspec.Struct, frozen=True):
    """A ticket, without its description. `ticket_attributes` are decoded as far as its title and our audit id."""

    id: str
    created_at: int
    updated_at: int
    ticket_state: State
    ticket_attributes: Mapping[str, msgspec.Raw] = {}
    contacts: Contacts | None = None
    open: bool = True
    ticket_parts: Parts | None = None

    @property
    def player(self) -> Key | None:
        """Whose it is. A ticket affects one contact; one of several says of nobody that it is his."""
        people = self.contacts.contacts if self.contacts else ()
        return player_of(people[0].external_id) if len(people) == 1 else None

    def attribute(self, name: str) -> str | None:
        """An attribute that is a text; None for one that is none."""
        try:
            return msgspec.json.decode(self.ticket_attributes.get(name, b"null"), type=str | None)
        except msgspec.DecodeError:
            return None


def status(record: TicketRecord) -> TicketStatus:
    """Where it stands; UNKNOWN for a word the document does not explain, open or closed."""
    known = STATUSES.get(record.ticket_state.category, TicketStatus.UNKNOWN)
    return known if record.open or known is TicketStatus.UNKNOWN else TicketStatus.CLOSED


def words(record: TicketRecord) -> str:
    """Intercom's own words for it."""
    return record.ticket_state.category if record.open else f"{record.ticket_state.category} closed"


def ticket(record: TicketRecord, player: Key, source: Source) -> Ticket:
    """In the gateway's words."""
    return Ticket(
        id=Key("ticket", player.brand, record.id),
        player=player,
        subject=record.attribute(TITLE) or "",
        status=status(record),
        vendor_status=words(record),
        priority=None,
        tags=(),
        created_at=moment(record.created_at),
        updated_at=moment(record.updated_at),
        source=source,
    )


def comments(record: TicketRecord, brand: str) -> Sequence[TicketComment]:
    """The messages among its parts, in the gateway's words: whoever is not a user counts as staff."""
    parts = record.ticket_parts.ticket_parts if record.ticket_parts else ()
    return [
        TicketComment(
            id=Key("comment", brand, part.id),
            body=plain(part.body),
            public=_PUBLIC[part.part_type],
            by_player=part.author is not None and part.author.type == "user",
            at=moment(part.created_at),
        )
        for part in parts
        if part.part_type in _PUBLIC and part.body
    ]


def moment(seconds: int) -> datetime:
    """A Unix timestamp, UTC."""
    return datetime.fromtimestamp(seconds, UTC)


class _Text(HTMLParser):
    """Collects what is read between the tags; a block begins a line."""

    def __init__(self) -> None:
        super().__init__()
        self.parts: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in ("br", "p", "div", "li"):
            self.parts.append("\n")

    def handle_data(self, data: str) -> None:
        self.parts.append(data)


def plain(body: str | None) -> str:
    """The text of a body that may hold HTML."""
    reader = _Text()
    reader.feed(body or "")
    reader.close()
    return "".join(reader.parts).strip()
