"""Intercom as the desk: one workspace for all brands, its contacts known by the external id `<brand>:<local>`.

OpenAPI document 2.15, copy of 2026-08: searchTickets, getTicket (with up to 500 parts), createTicket, replyTicket; who
is who: intercom_people. A ticket names its contact with the external id, so no second read proves whose it is.

The document knows no idempotency key. A ticket carries our audit id in an attribute that its type must have, by which
`searchTickets` finds it again. A reply has no place for it: UNRECONCILABLE, nobody can read back whether it was sent.
What the operations cannot say is refused before anything is sent: a priority, tags, a status set with a message.
The first text of a ticket is its description, of which no field tells the author: it is not among the messages.
Conversations are not read: the document does not say of one whether it became a ticket, nor tell their ids apart.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from html import escape
from typing import Any

import msgspec

from vendors.client import Client, each
from vendors.errors import VendorError, VendorMalformedError, VendorRejectedError
from vendors.external_ids import external_id
from vendors.ports.keys import Key
from vendors.ports.paging import Listing, Page, Position, page_of
from vendors.ports.source import Source, System
from vendors.ports.ticketing import NewComment, NewTicket, Ticket, TicketComment, TicketPriority
from vendors.ticketing import intercom_records as records
from vendors.ticketing.batches import attributed, in_batches, readable
from vendors.ticketing.intercom_people import People
from vendors.ticketing.intercom_records import ContactRecord, Owned, Part, TicketRecord
from vendors.ticketing.intercom_search import MAX_IDS, VERSION, Pages, TooMuchError, any_of, search

SEARCH, SHOW, CREATE, REPLY = "searchTickets", "getTicket", "createTicket", "replyTicket"
Tickets = Sequence[Ticket]


class TicketsFound(msgspec.Struct, frozen=True):
    tickets: tuple[msgspec.Raw, ...]
    pages: Pages | None = None

    @property
    def records(self) -> tuple[msgspec.Raw, ...]:
        return self.tickets


class Desk(msgspec.Struct, frozen=True):
    """The workspace's own numbers: who writes, which type a ticket is by whether it is shared, where our id stands."""

    admin_id: str
    shared_type_id: str
    internal_type_id: str | None
    audit_attribute: str


class Intercom:
    """TicketingPort over Intercom."""

    def __init__(self, client: Client, clock: Callable[[], datetime], desk: Desk) -> None:
        self._client, self._clock, self._desk = client, clock, desk
        self._people = People(client, clock)

    async def tickets_of(self, listings: Sequence[Listing]) -> Mapping[Listing, Page[Ticket] | VendorError]:
        """Tickets a player requested, newest first; a player Intercom does not know is left out."""
        contacts = await self._people.contacts([listing.owner for listing in listings])
        links = {player: one.id for player, one in contacts.items() if isinstance(one, ContactRecord)}

        async def read(players: Sequence[Key]) -> Mapping[Key, Tickets | VendorError]:
            return await self._requested_by({player: links[player] for player in players})

        held: dict[Key, Tickets | VendorError] = await in_batches(list(links), read, most=MAX_IDS)
        held.update({player: one for player, one in contacts.items() if isinstance(one, VendorError)})
        return {
            listing: answer if isinstance(answer, VendorError) else _page(answer, listing)
            for listing in dict.fromkeys(listings)
            if (answer := held.get(listing.owner)) is not None
        }

    async def tickets(self, keys: Sequence[Key]) -> Mapping[Key, Ticket | VendorError]:
        """By id; left out is what Intercom does not hold, and what is of no player of the key's brand."""
        named = {key.local: key for key in keys if _is_number(key.local)}  # of two brands one ticket is of one
        found = await in_batches(list(named), self._by_id, most=MAX_IDS)
        answers: dict[Key, Ticket | VendorError] = {}
        for key in dict.fromkeys(keys):
            record = found.get(key.local) if key.local in named else None
            if isinstance(record, VendorError):
                answers[key] = record
            elif record is not None and record.player is not None and record.player.brand == key.brand:
                answers[key] = self._canonical(record, record.player)
        return answers

    async def comments_of(self, listings: Sequence[Listing]) -> Mapping[Listing, Page[TicketComment] | VendorError]:
        """Messages of a ticket, newest first; a ticket that `tickets` would leave out is left out here."""
        keys = list(dict.fromkeys(listing.owner for listing in listings if _is_number(listing.owner.local)))
        shown = await each(keys, self._shown)
        pages: dict[Listing, Page[TicketComment] | VendorError] = {}
        for listing in dict.fromkeys(listings):
            record = shown.get(listing.owner)
            if isinstance(record, VendorError):
                pages[listing] = record
            elif record is not None and record.ticket_parts and not record.ticket_parts.is_whole:
                pages[listing] = self._malformed(SHOW)("not all of its parts are shown")
            elif record is not None:
                said = records.comments(record, listing.owner.brand)
                pages[listing] = page_of(said, [Position(one.at, one.id.local) for one in said], listing)
        return pages

    async def requesters(self, players: Sequence[Key]) -> Mapping[Key, Source | VendorError]:
        """Each player as a contact of Intercom; a player it does not know is left out."""
        now = self._clock()
        return {
            player: found if isinstance(found, VendorError) else Source(System.TICKETING, "Intercom", found.id, now)
            for player, found in (await self._people.contacts(players)).items()
        }

    async def identified(self, ids: Sequence[str]) -> Mapping[str, Key | VendorError]:
        """One search for 100 contacts; Intercom's ids are letters and digits."""
        return await self._people.players([id for id in ids if id.isalnum()])

    async def create(self, ticket: NewTicket) -> Ticket:
        """Opens a ticket with its audit id as an attribute. A player unknown to Intercom becomes a contact first."""
        kind = self._desk.shared_type_id if ticket.public else self._desk.internal_type_id
        if kind is None:
            raise self._refused(CREATE, "no type of ticket for staff is configured")
        if ticket.priority is not TicketPriority.NORMAL or ticket.tags:
            raise self._refused(CREATE, "a ticket of Intercom is opened without priority and tags")
        asked = external_id(ticket.player)
        await self._people.introduce(ticket.player)
        said = {records.TITLE: ticket.subject, records.DESCRIPTION: ticket.body}
        attributes = {**said, self._desk.audit_attribute: ticket.audit_id}
        body = {"ticket_type_id": kind, "contacts": [{"external_id": asked}], "ticket_attributes": attributes}
        made = await self._write(CREATE, "/tickets", {}, body, TicketRecord)
        if made.player != ticket.player or made.attribute(self._desk.audit_attribute) != ticket.audit_id:
            raise VendorMalformedError(self._client.system, CREATE, "the ticket is not the one asked for")
        return self._canonical(made, ticket.player)

    async def comment(self, comment: NewComment) -> Ticket:
        """Adds a message once the ticket is proven to be the brand's; the ticket answers as it stood before it."""
        if comment.status is not None:
            raise self._refused(REPLY, "a status is not set with a message of Intercom")
        record = (await each([comment.ticket], self._shown)).get(comment.ticket)
        if isinstance(record, VendorError):
            record.write_may_have_happened = False
            raise record
        if record is None or record.player is None:
            raise self._refused(REPLY, "the brand has no such ticket")
        kind, text = ("comment", comment.body) if comment.public else ("note", escape(comment.body, quote=False))
        body = {"message_type": kind, "type": "admin", "admin_id": self._desk.admin_id, "body": text}
        part = await self._write(REPLY, "/tickets/{ticket_id}/reply", {"ticket_id": record.id}, body, Part)
        changed = msgspec.structs.replace(record, updated_at=max(part.created_at, record.updated_at))
        return self._canonical(changed, record.player)

    async def _requested_by(self, links: Mapping[Key, str]) -> Mapping[Key, Tickets | VendorError]:
        """One search for all of them; if that finds too much, one for each."""
        try:
            raws = await self._found("contact_ids", list(links.values()))
        except TooMuchError:
            if len(links) == 1:
                raise
            return await each(list(links), lambda player: self._alone(player, links[player]))
        return self._shared_out(raws, list(links))

    async def _alone(self, player: Key, link: str) -> Tickets:
        answer = (await self._requested_by({player: link}))[player]
        if isinstance(answer, VendorError):
            raise answer
        return answer

    def _shared_out(self, raws: Sequence[msgspec.Raw], players: Sequence[Key]) -> Mapping[Key, Tickets | VendorError]:
        """To each his own; a ticket that cannot be read spoils its owner's list, or all where no owner can be told."""
        held: dict[Key, dict[str, Ticket]] = {player: {} for player in players}
        spoilt: dict[Key, VendorError] = {}
        for raw in raws:
            record, owned = readable(raw, TicketRecord), readable(raw, Owned)
            if owned is None:
                raise self._malformed(SEARCH)("a ticket cannot be read")
            if owned.player in held and record is None:
                spoilt[owned.player] = self._malformed(SEARCH)("a ticket cannot be read")
            elif owned.player in held and record is not None:
                held[owned.player][record.id] = self._canonical(record, owned.player)
        return {player: spoilt.get(player) or list(own.values()) for player, own in held.items()}

    async def _by_id(self, ids: Sequence[str]) -> Mapping[str, TicketRecord | VendorError]:
        rows = [
            (owned.id if (owned := readable(raw, Owned)) else None, readable(raw, TicketRecord))
            for raw in await self._found("id", ids)
        ]
        return attributed({id: id for id in ids}, rows, self._malformed(SEARCH))

    async def _found(self, field: str, values: Sequence[str]) -> Sequence[msgspec.Raw]:
        return await search(self._client, SEARCH, "/tickets/search", any_of(field, values), into=TicketsFound)

    async def _shown(self, key: Key) -> TicketRecord | None:
        """One ticket with its parts, if it is of a player of the key's brand."""
        at = {"ticket_id": key.local}
        record = await self._client.ask(SHOW, "GET", "/tickets/{ticket_id}", into=TicketRecord, at=at, headers=VERSION)
        if record is not None and record.id != key.local:
            raise VendorMalformedError(self._client.system, SHOW, "id is not the one asked for")
        owned = record is not None and record.player is not None and record.player.brand == key.brand
        return record if owned else None

    async def _write(self, operation: str, path: str, at: Mapping[str, str], body: object, into: type[Any]) -> Any:
        made = await self._client.ask(operation, "POST", path, into=into, at=at, body=body, headers=VERSION, absent=())
        assert made is not None  # nothing counts as absent
        return made

    def _canonical(self, record: TicketRecord, player: Key) -> Ticket:
        return records.ticket(record, player, Source(System.TICKETING, "Intercom", record.id, self._clock()))

    def _malformed(self, operation: str) -> Callable[[str], VendorError]:
        return lambda detail: VendorMalformedError(self._client.system, operation, detail)

    def _refused(self, operation: str, detail: str) -> VendorError:
        return VendorRejectedError(self._client.system, operation, detail)


def _page(tickets: Sequence[Ticket], listing: Listing) -> Page[Ticket]:
    return page_of(tickets, [Position(one.created_at, one.id.local) for one in tickets], listing)


def _is_number(local: str) -> bool:
    """Whether Intercom could have given this id: no other text may be sent as one, nor name the same ticket twice."""
    return local.isascii() and local.isdigit() and len(local) < 19 and not local.startswith("0")
