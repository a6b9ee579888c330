"""Zendesk Support as the desk: one account for all brands, its users known by the external id `<brand>:<local>`.

Support API, OpenAPI document, copy of 2025-04: TicketsShowMany, ListTicketComments (with `sort` under cursor paging),
ListAuditsForTicket, CreateTicket, UpdateTicket, ShowManyUsers, CreateOrUpdateUser.
developer.zendesk.com/api-reference, for what that document lacks, read 2026-11:
/introduction/pagination      cursor paging, at most 100 a page, `meta`
/ticketing/introduction       `Idempotency-Key` on ticket creation
/ticketing/tickets/tickets    (a copy) users/{id}/tickets/requested; its cursor sorts by updated_at, id or status
Known at second hand only: 429 with Retry-After, and that an idempotency key expires after two hours.

No order of `requested` is that of creation: an imported ticket may be older than its id. So all of a player's tickets
are read, up to five pages; one with more is an error. Where a write can be found again: a ticket by its external_id
(GET tickets?external_id=), a message in `metadata.custom.audit_id` of the ticket's audits. Assumed, as the documents
are silent: ids unknown to show_many are left out of its reply, so a 404 there is an error, and the reply to a write
holds the whole ticket, as that of a read does.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, TypeVar

import msgspec
from cachetools import TTLCache

from vendors.client import Client, each
from vendors.errors import VendorError, VendorMalformedError, VendorRejectedError
from vendors.ports.keys import Key
from vendors.ports.paging import Listing, Page, Position, page_of
from vendors.ports.source import Source, System
from vendors.ports.ticketing import NewComment, NewTicket, Ticket, TicketComment
from vendors.resilience.call import Effect
from vendors.ticketing import zendesk_records as records
from vendors.ticketing.batches import attributed, in_batches, readable
from vendors.ticketing.zendesk_lists import listed
from vendors.ticketing.zendesk_people import MAX_IDS, People
from vendors.ticketing.zendesk_records import CommentRecord, CommentsPage, TicketRecord, TicketReply, TicketsPage

SHOW_MANY, REQUESTED, COMMENTS = "TicketsShowMany", "ListTicketsRequested", "ListTicketComments"
CREATE, UPDATE = "CreateTicket", "UpdateTicket"
TICKETS = "/api/v2/tickets"
MOST_PROVEN, PROVEN_SECONDS = 10_000, 60  # for how long a list's tickets need no second proof when they are opened


class _Owned(msgspec.Struct, frozen=True):
    """A ticket whose requester has been proven to be a player of the brand asked for."""

    record: TicketRecord
    player: Key


class Zendesk:
    """TicketingPort over Zendesk. `panel_url` is the account's address, for links into the agent workspace."""

    def __init__(self, client: Client, clock: Callable[[], datetime], panel_url: str | None = None) -> None:
        self._client, self._clock = client, clock
        self._panel = panel_url.rstrip("/") if panel_url else None
        self._people = People(client, clock)
        self._proven: TTLCache[Key, _Owned] = TTLCache(MOST_PROVEN, PROVEN_SECONDS)

    async def tickets_of(self, listings: Sequence[Listing]) -> Mapping[Listing, Page[Ticket] | VendorError]:
        """Tickets a player requested, newest first; a player Zendesk does not know is left out."""
        links = await self._people.ids([listing.owner for listing in listings])

        async def read(player: Key) -> Sequence[Ticket] | None:
            return await self._requested_by(player, links[player])

        held = await each(list(links), read)
        return {
            listing: answer if isinstance(answer, VendorError) else _page(answer, listing)
            for listing in dict.fromkeys(listings)
            if (answer := held.get(listing.owner)) is not None
        }

    async def tickets(self, keys: Sequence[Key]) -> Mapping[Key, Ticket | VendorError]:
        """By id; left out is what Zendesk does not hold, and what no player of the key's brand has requested."""
        now = self._clock()
        return {
            key: found if isinstance(found, VendorError) else self._canonical(found, now)
            for key, found in (await self._owned(keys)).items()
        }

    async def comments_of(self, listings: Sequence[Listing]) -> Mapping[Listing, Page[TicketComment] | VendorError]:
        """Messages of a ticket, newest first; a ticket that `tickets` would leave out is left out here.

        Whose ticket it is need not be read again within a minute of having been read.
        """
        keys = [listing.owner for listing in listings]
        owned: dict[Key, _Owned | VendorError] = {key: self._proven[key] for key in keys if key in self._proven}
        owned.update(await self._owned([key for key in keys if key not in owned]))

        async def read(listing: Listing) -> Page[TicketComment] | None:
            found = owned[listing.owner]
            if isinstance(found, VendorError):
                raise found
            return await self._comments(listing, found)

        return await each([listing for listing in listings if listing.owner in owned], read)

    async def requesters(self, players: Sequence[Key]) -> Mapping[Key, Source | VendorError]:
        """Each player as a user of Zendesk; a player it does not know is left out."""
        now = self._clock()
        return {
            player: link if isinstance(link, VendorError) else Source(System.TICKETING, "Zendesk", str(link), now)
            for player, link in (await self._people.ids(players)).items()
        }

    async def identified(self, ids: Sequence[str]) -> Mapping[str, Key | VendorError]:
        """One call for 100 users; Zendesk's ids are numbers."""
        numbers = {int(id): id for id in ids if _is_number(id)}
        players = await self._people.players(list(numbers))
        return {numbers[number]: player for number, player in players.items()}

    async def create(self, ticket: NewTicket) -> Ticket:
        """Opens a ticket, once per audit id while Zendesk keeps the idempotency key; external_id keeps it for good.

        A player unknown to Zendesk becomes a user first. The message is the gateway's, not the player's.
        """
        priority = self._word(CREATE, records.PRIORITY_WORDS.get(ticket.priority))
        requester = await self._requester(ticket.player)
        body = {
            "requester_id": requester, "external_id": ticket.audit_id, "subject": ticket.subject,
            "comment": {"body": ticket.body, "public": ticket.public}, "priority": priority, "tags": ticket.tags,
        }  # fmt: skip
        headers = {"Idempotency-Key": ticket.audit_id}
        made = await self._written(CREATE, "POST", TICKETS, {}, body, effect=Effect.IDEMPOTENT_WRITE, headers=headers)
        if made.requester_id != requester or made.external_id != ticket.audit_id:
            raise self._malformed(CREATE)("the ticket is not the one asked for")
        return self._canonical(_Owned(made, ticket.player), self._clock())

    async def comment(self, comment: NewComment) -> Ticket:
        """Adds a message once the ticket is proven to be the brand's; Zendesk knows no idempotency key for it.

        The audit id can be read back in the custom metadata of the ticket's audits. A ticket that is closed, or that
        is another brand's, is refused.
        """
        status = self._word(UPDATE, records.STATUS_WORDS.get(comment.status)) if comment.status else None
        owned = _known((await self._owned([comment.ticket])).get(comment.ticket))
        if owned is None:
            raise VendorRejectedError(self._client.system, UPDATE, "the brand has no such ticket")
        body = {
            "comment": {"body": comment.body, "public": comment.public},
            "metadata": {"audit_id": comment.audit_id},
            **({"status": status} if status else {}),
        }
        at = {"ticket_id": comment.ticket.local}
        changed = await self._written(UPDATE, "PUT", TICKETS + "/{ticket_id}", at, body, effect=Effect.WRITE)
        if (changed.id, changed.requester_id) != (owned.record.id, owned.record.requester_id):
            raise self._malformed(UPDATE)("the ticket is not the one asked for")
        return self._canonical(_Owned(changed, owned.player), self._clock())

    async def _requested_by(self, player: Key, link: int | VendorError) -> Sequence[Ticket] | None:
        """A user who is gone may have been merged into another: he is looked up once more."""
        if isinstance(link, VendorError):
            raise link
        found = await self._requested(link)
        if found is None:
            self._people.forget(player)
            again = (await self._people.ids([player])).get(player)
            if isinstance(again, VendorError):
                raise again
            found = await self._requested(again) if again is not None and again != link else None
        now = self._clock()
        owned = [_Owned(record, player) for record in found or ()]
        self._proven.update({Key("ticket", player.brand, str(one.record.id)): one for one in owned})
        return None if found is None else [self._canonical(one, now) for one in owned]

    async def _requested(self, user_id: int) -> Sequence[TicketRecord] | None:
        path, at = "/api/v2/users/{user_id}/tickets/requested", {"user_id": str(user_id)}
        found = await listed(self._client, REQUESTED, path, at, into=TicketsPage, enough=lambda _: False)
        if found is None:
            return None
        if any(
            record.requester_id != user_id for record in found[0]
        ):  # never show one player's words on another's page
            raise self._malformed(REQUESTED)("requester_id is not the one asked for")
        return found[0]

    async def _comments(self, listing: Listing, owned: _Owned) -> Page[TicketComment]:
        def enough(read: Sequence[CommentRecord]) -> bool:
            """Whatever the next page holds, it cannot stand before these; ties with the last one read still could."""
            ordered = all(one.created_at >= other.created_at for one, other in itertools.pairwise(read))
            sure = [one for one in read if one.created_at > read[-1].created_at and _beyond(listing, one)]
            return ordered and len(sure) >= listing.first

        path, at = TICKETS + "/{ticket_id}/comments", {"ticket_id": listing.owner.local}
        found = await listed(
            self._client, COMMENTS, path, at, query={"sort": "-created_at"}, into=CommentsPage, enough=enough
        )
        if found is None:
            raise self._malformed(COMMENTS)("a ticket that was just read is not found")
        brand, requester = listing.owner.brand, owned.record.requester_id
        comments = [records.comment(record, brand, requester) for record in found[0]]
        return page_of(comments, [Position(one.at, one.id.local) for one in comments], listing, more=found[1])

    async def _owned(self, keys: Sequence[Key]) -> Mapping[Key, _Owned | VendorError]:
        """Two rounds: the tickets, then who requested them."""
        numbers = {key: int(key.local) for key in keys if _is_number(key.local)}
        read = await in_batches(list(numbers.values()), self._show_many, most=MAX_IDS)
        requesters = [record.requester_id for record in read.values() if isinstance(record, TicketRecord)]
        players = await self._people.players(requesters)
        found: dict[Key, _Owned | VendorError] = {}
        for key, number in numbers.items():
            record = read.get(number)
            player = players.get(record.requester_id) if isinstance(record, TicketRecord) else record
            if isinstance(player, VendorError):
                found[key] = player
            elif isinstance(record, TicketRecord) and isinstance(player, Key) and player.brand == key.brand:
                found[key] = _Owned(record, player)
        return found

    async def _show_many(self, numbers: Sequence[int]) -> Mapping[int, TicketRecord | VendorError]:
        query = {"ids": ",".join(map(str, numbers))}
        reply = await self._client.ask(
            SHOW_MANY, "GET", TICKETS + "/show_many", into=records.TicketsReply, query=query, absent=()
        )
        raws = reply.tickets if reply else ()
        named = [(readable(raw, records.Numbered), readable(raw, TicketRecord)) for raw in raws]
        rows = [(str(name.id) if name else None, record) for name, record in named]
        return attributed({str(number): number for number in numbers}, rows, self._malformed(SHOW_MANY))

    async def _requester(self, player: Key) -> int:
        """The player's user. Until the ticket itself is sent, no failure leaves it in doubt."""
        known = _known((await self._people.ids([player])).get(player))
        if known is not None:
            return known
        made = _known((await each([player], self._people.introduce)).get(player))
        assert made is not None  # `introduce` answers or raises
        return made

    async def _written(
        self,
        operation: str,
        method: str,
        path: str,
        at: Mapping[str, str],
        ticket: Mapping[str, Any],
        *,
        effect: Effect,
        headers: Mapping[str, str] | None = None,
    ) -> TicketRecord:
        reply = await self._client.ask(
            operation, method, path, into=TicketReply, at=at, body={"ticket": ticket}, headers=headers, absent=(),
            effect=effect, share=at.get("ticket_id", ""),
        )  # fmt: skip
        assert reply is not None  # nothing counts as absent
        return reply.ticket

    def _word(self, operation: str, word: str | None) -> str:
        if word is None:
            raise VendorRejectedError(self._client.system, operation, "Zendesk has no such word")
        return word

    def _canonical(self, owned: _Owned, now: datetime) -> Ticket:
        number = str(owned.record.id)
        link = f"{self._panel}/agent/tickets/{number}" if self._panel else None
        return records.ticket(
            owned.record, owned.player, Source(System.TICKETING, "Zendesk", number, now, deep_link=link)
        )

    def _malformed(self, operation: str) -> Callable[[str], VendorError]:
        return lambda detail: VendorMalformedError(self._client.system, operation, detail)


K = TypeVar("K")


def _known(answer: K | VendorError | None) -> K | None:
    """What was asked before a write; if that failed, the write has certainly not happened."""
    if isinstance(answer, VendorError):
        answer.write_may_have_happened = False
        raise answer
    return answer


def _page(tickets: Sequence[Ticket], listing: Listing) -> Page[Ticket]:
    return page_of(tickets, [Position(one.created_at, one.id.local) for one in tickets], listing)


def _beyond(listing: Listing, record: CommentRecord) -> bool:
    return listing.before is None or Position(record.created_at, str(record.id)) < listing.before


def _is_number(local: str) -> bool:
    """Whether Zendesk could have given this id: no other text may be sent as one, nor name the same ticket twice."""
    return local.isascii() and local.isdigit() and len(local) < 19 and not local.startswith("0")
