"""Intercom's objects as far as the gateway takes them, and what its words mean.

Fields and enumerations: OpenAPI document 2.15, copy of 2026-08 (ticket, ticket_state, ticket_part, contact). A state is
the operator's own; its `category` is one of four words, and `open` says whether the ticket is closed. Older versions
write the word alone (developers.intercom.com/docs/references/rest-api/api.intercom.io/Tickets, read 2026-11), and the
operator chooses the version of his notifications. A ticket has no priority and shows no tags.

Bodies of parts may hold HTML: they are shown as the text in it. The document says of no kind of part who may read it: a
comment is taken to be the player's to read, and any other that has words to be staff's alone.
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
PUBLIC = "comment"


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
    """At most 500 of the `total_count` that there are."""

    ticket_parts: tuple[Part, ...] = ()
    total_count: int = 0

    @property
    def is_whole(self) -> bool:
        return len(self.ticket_parts) >= self.total_count


class Owned(msgspec.Struct, frozen=True):
    """The contacts of a ticket alone: whose it is, even if the rest cannot be read."""

    id: str = ""
    contacts: Contacts | None = None

    @property
    def player(self) -> Key | None:
        """Whose it is. A ticket affects one contact; one of several says of nobody that it is his."""
        people = {person.external_id for person in self.contacts.contacts} if self.contacts else set()
        return player_of(people.pop()) if len(people) == 1 else None


class TicketRecord(msgspec.Struct, frozen=True):
    """A ticket, without its description. `ticket_attributes` are decoded as far as its title and our audit id."""

    id: str
    created_at: int
    updated_at: int
    ticket_state: State | str | None = None
    ticket_attributes: Mapping[str, msgspec.Raw] = {}
    contacts: Contacts | None = None
    open: bool = True
    ticket_parts: Parts | None = None

    @property
    def player(self) -> Key | None:
        """Whose it is, as in `Owned`."""
        return Owned(self.id, self.contacts).player

    def attribute(self, name: str) -> str | None:
        """An attribute that is a text; None for one that is none."""
        try:
            return msgspec.json.decode(self.ticket_attributes.get(name, b"null"), type=str | None)
        except msgspec.DecodeError:
            return None


def status(state: State | str | None, *, is_open: bool) -> TicketStatus:
    """Where a ticket stands; UNKNOWN for no word, and for one the document does not explain, open or closed."""
    known = STATUSES.get(_word(state), TicketStatus.UNKNOWN)
    return known if is_open or known is TicketStatus.UNKNOWN else TicketStatus.CLOSED


def words(state: State | str | None, *, is_open: bool) -> str:
    """Intercom's own words for it."""
    return _word(state) if is_open else f"{_word(state)} closed".strip()


def _word(state: State | str | None) -> str:
    return state.category if isinstance(state, State) else state or ""


def ticket(record: TicketRecord, player: Key, source: Source) -> Ticket:
    """In the gateway's words."""
    return Ticket(
        id=Key("ticket", player.brand, record.id),
        player=player,
        subject=record.attribute(TITLE) or "",
        status=status(record.ticket_state, is_open=record.open),
        vendor_status=words(record.ticket_state, is_open=record.open),
        priority=None,
        tags=(),
        created_at=moment(record.created_at),
        updated_at=moment(record.updated_at),
        source=source,
    )


def comments(record: TicketRecord, brand: str) -> Sequence[TicketComment]:
    """The parts that say something, in the gateway's words: whoever is not a user counts as staff."""
    parts = record.ticket_parts.ticket_parts if record.ticket_parts else ()
    return [
        TicketComment(
            id=Key("comment", brand, part.id),
            body=plain(part.body),
            public=part.part_type == PUBLIC,
            by_player=part.author is not None and part.author.type == "user",
            at=moment(part.created_at),
        )
        for part in parts
        if part.body
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
