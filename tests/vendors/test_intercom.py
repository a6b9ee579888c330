"""The Intercom adapter over its simulator: a desk whose tickets say whose they are, read whole and written once."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import msgspec
import pytest

from vendors.client import Client
from vendors.errors import (
    VendorAuthError,
    VendorBusyError,
    VendorDownError,
    VendorError,
    VendorMalformedError,
)
from vendors.ports.keys import Key
from vendors.ports.paging import Listing, Page
from vendors.ports.source import System
from vendors.ports.ticketing import Ticket, TicketComment, TicketStatus
from vendors.product import always
from vendors.sandbox import intercom as sandbox
from vendors.sandbox.facts import CommentFacts, TicketFacts
from vendors.sandbox.intercom_store import ADMIN_ID, AUDIT_ATTRIBUTE, INTERNAL_TYPE, SHARED_TYPE
from vendors.sandbox.world import World, build
from vendors.ticketing.intercom import Desk, Intercom
from vendors.ticketing.intercom_records import plain

NOW = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)
WORLD = build(NOW)
TOKEN, PLAYER, TICKET = "sandbox-token", Key("player", "acme", "s-001"), Key("ticket", "acme", "9001")
Handler = Callable[[httpx.Request], httpx.Response]


def stand(world: World = WORLD, requests_per_window: int = sandbox.REQUESTS) -> httpx.AsyncClient:
    stage = sandbox.stage(world, TOKEN, lambda: NOW, requests_per_window=requests_per_window)
    return httpx.AsyncClient(transport=httpx.ASGITransport(app=stage.app))


def replying(answer: Handler) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.MockTransport(answer))


def adapter(http: httpx.AsyncClient, token: str = TOKEN, internal: str | None = INTERNAL_TYPE) -> Intercom:
    client = Client(System.TICKETING, "http://intercom", http, always({"Authorization": f"Bearer {token}"}))
    return Intercom(client, lambda: NOW, Desk(ADMIN_ID, SHARED_TYPE, internal, AUDIT_ATTRIBUTE))


async def calls(http: httpx.AsyncClient) -> Mapping[str, int]:
    return {name: told["calls"] for name, told in (await http.get("http://intercom/__stats")).json().items()}


async def spoil(http: httpx.AsyncClient, **fault: Any) -> None:
    (await http.post("http://intercom/__faults", json=fault)).raise_for_status()


async def tickets_of(http: httpx.AsyncClient, listing: Listing) -> Page[Ticket] | VendorError | None:
    return (await adapter(http).tickets_of([listing])).get(listing)


def page_of_tickets(page: Page[Ticket] | VendorError | None) -> Page[Ticket]:
    assert isinstance(page, Page), page
    return page


def writing(number: int, age_hours: int = 1, status: str = "open", **more: Any) -> TicketFacts:
    age = timedelta(hours=age_hours)
    return TicketFacts(str(number), f"Ticket {number}", status, None, age, age, **more)


def world_of(held: Mapping[Key, Sequence[TicketFacts]]) -> World:
    facts = WORLD.players["acme", "s-001"]
    return World(NOW, {
        (player.brand, player.local): msgspec.structs.replace(facts, tickets=tuple(tickets))
        for player, tickets in held.items()
    })  # fmt: skip


def world_with(*tickets: TicketFacts) -> World:
    return world_of({PLAYER: tickets})


async def test_the_tickets_of_a_player_are_told_in_the_gateways_words() -> None:
    page = page_of_tickets(await tickets_of(stand(), Listing(PLAYER, 5)))
    (ticket,) = page.items
    facts = WORLD.players["acme", "s-001"].tickets[0]
    assert (ticket.id, ticket.player, ticket.subject) == (TICKET, PLAYER, facts.subject)
    assert (ticket.created_at, ticket.updated_at) == (NOW - facts.age, NOW - facts.updated_age)
    assert (ticket.priority, ticket.tags, ticket.source.vendor) == (None, (), "Intercom")


@pytest.mark.parametrize(
    ("zendesk", "status", "word"),
    [
        ("new", TicketStatus.NEW, "submitted"),
        ("open", TicketStatus.OPEN, "in_progress"),
        ("pending", TicketStatus.PENDING_PLAYER, "waiting_on_customer"),
        ("solved", TicketStatus.SOLVED, "resolved"),
        ("closed", TicketStatus.CLOSED, "resolved closed"),
    ],
)
async def test_a_state_is_its_category_and_whether_the_ticket_is_open(
    zendesk: str, status: TicketStatus, word: str
) -> None:
    page = page_of_tickets(await tickets_of(stand(world_with(writing(1, status=zendesk))), Listing(PLAYER, 5)))
    assert (page.items[0].status, page.items[0].vendor_status) == (status, word)


def wired(number: str = "7", owner: str | None = "acme:s-001", **changed: Any) -> dict[str, Any]:
    return {
        "id": number, "created_at": 1, "updated_at": 2, "ticket_state": {"category": "submitted"}, "open": True,
        "ticket_attributes": {"_default_title_": "Hello"},
        "contacts": {"contacts": [{"id": "c", "external_id": owner}]},
    } | changed  # fmt: skip


def holding(*tickets: Any, contacts: Any = ({"id": "c", "external_id": "acme:s-001"},)) -> httpx.AsyncClient:
    def answer(request: httpx.Request) -> httpx.Response:
        of_people = request.url.path == "/contacts/search"
        return httpx.Response(200, json={"data": list(contacts)} if of_people else {"tickets": list(tickets)})

    return replying(answer)


@pytest.mark.parametrize("is_open", [True, False])
@pytest.mark.parametrize(
    ("state", "word"), [({"category": "on_the_moon"}, "on_the_moon"), ("on_the_moon", "on_the_moon"), (None, "")]
)
async def test_a_word_nobody_explained_is_unknown_and_shown(state: Any, word: str, is_open: bool) -> None:
    http = holding(wired(ticket_state=state, open=is_open))
    ticket = page_of_tickets(await tickets_of(http, Listing(PLAYER, 5))).items[0]
    assert ticket.status is TicketStatus.UNKNOWN
    assert ticket.vendor_status.startswith(word)


async def test_a_ticket_of_another_contact_is_in_nobodys_list() -> None:
    http = holding(wired("1"), wired("2", "acme:s-002"), wired("3", None))
    assert [one.id.local for one in page_of_tickets(await tickets_of(http, Listing(PLAYER, 5))).items] == ["1"]


async def test_a_long_list_is_read_page_by_page_and_shown_from_the_newest() -> None:
    http = stand(world_with(*(writing(number, number) for number in range(1, 401))))
    first = page_of_tickets(await tickets_of(http, Listing(PLAYER, 3)))
    assert [one.id.local for one in first.items] == ["1", "2", "3"]
    assert (await calls(http))["searchTickets"] == 3
    assert first.more


async def test_more_tickets_than_five_pages_hold_is_an_error_and_not_a_shorter_list() -> None:
    http = stand(world_with(*(writing(number) for number in range(1, 1000))))
    assert isinstance(await tickets_of(http, Listing(PLAYER, 3)), VendorMalformedError)


async def test_the_tickets_of_many_players_are_found_in_one_search() -> None:
    http = stand()
    listings = [Listing(Key("player", brand, local), 5) for brand, local in list(WORLD.players)[:100]]
    pages = await adapter(http).tickets_of(listings)
    for listing in listings:
        facts = WORLD.players[listing.owner.brand, listing.owner.local]
        found = [] if listing not in pages else page_of_tickets(pages[listing]).items
        assert {one.id.local for one in found} <= {one.id for one in facts.tickets}
        assert bool(found) is bool(facts.tickets)
    assert (await calls(http))["searchTickets"] == 1


async def test_one_player_with_too_many_tickets_hides_nobody_elses() -> None:
    other = Key("player", "acme", "s-002")
    http = stand(world_of({PLAYER: [writing(number) for number in range(1, 1000)], other: [writing(1000)]}))
    pages = await adapter(http).tickets_of([Listing(PLAYER, 3), Listing(other, 3)])
    assert isinstance(pages[Listing(PLAYER, 3)], VendorMalformedError)
    assert [one.id.local for one in page_of_tickets(pages[Listing(other, 3)]).items] == ["1000"]


async def test_a_ticket_that_cannot_be_read_spoils_its_owners_list_alone() -> None:
    owners = [{"id": "c", "external_id": "acme:s-001"}, {"id": "d", "external_id": "acme:s-002"}]
    http, other = (
        holding(wired("1", created_at="soon"), wired("2", "acme:s-002"), contacts=owners),
        Key.parse("player:acme:s-002"),
    )
    pages = await adapter(http).tickets_of([Listing(PLAYER, 3), Listing(other, 3)])
    assert isinstance(pages[Listing(PLAYER, 3)], VendorMalformedError)
    assert [one.id.local for one in page_of_tickets(pages[Listing(other, 3)]).items] == ["2"]


@pytest.mark.parametrize("ticket", [7, {"contacts": "none"}])
async def test_a_ticket_of_whom_nobody_can_tell_spoils_every_list(ticket: Any) -> None:
    assert isinstance(await tickets_of(holding(ticket), Listing(PLAYER, 3)), VendorMalformedError)


async def test_pages_in_a_circle_end() -> None:
    around = {"tickets": [wired()], "pages": {"next": {"starting_after": "same"}}}

    def answer(request: httpx.Request) -> httpx.Response:
        people = {"data": [{"id": "c", "external_id": "acme:s-001"}]}
        return httpx.Response(200, json=people if request.url.path == "/contacts/search" else around)

    assert isinstance(await tickets_of(replying(answer), Listing(PLAYER, 3)), VendorMalformedError)


async def test_a_hundred_players_are_looked_up_in_one_search() -> None:
    http = stand()
    players = [Key("player", brand, local) for brand, local in list(WORLD.players)[:100]]
    found = await adapter(http).requesters(players)
    assert (await calls(http))["SearchContacts"] == 1
    known = {Key("player", brand, local) for (brand, local), facts in WORLD.players.items() if facts.tickets}
    assert set(found) == known & set(players)
    ids = {one.vendor_id: player for player, one in found.items() if not isinstance(one, VendorError) and one.vendor_id}
    assert await adapter(http).identified([*ids, "nobody"]) == ids


async def test_tickets_by_id_are_their_brands_alone() -> None:
    http = stand()
    other, none = Key("ticket", "borealis", "9001"), Key("ticket", "acme", "../9001")
    found = await adapter(http).tickets([TICKET, other, none, Key("ticket", "acme", "42"), TICKET])
    assert set(found) == {TICKET}
    assert (await calls(http))["searchTickets"] == 1


async def test_a_ticket_nobody_asked_for_makes_the_silent_keys_doubtful() -> None:
    found = await adapter(holding(wired("8"))).tickets([Key("ticket", "acme", "7")])
    assert isinstance(found[Key("ticket", "acme", "7")], VendorMalformedError)


async def test_messages_tell_who_wrote_them_and_who_may_read_them() -> None:
    said = (
        CommentFacts("Where is <my> money?", True, True, timedelta(hours=2)),
        CommentFacts("Ask risk.", False, False, timedelta(hours=1)),
    )
    http = stand(world_with(writing(9001, comments=said)))
    page = (await adapter(http).comments_of([Listing(TICKET, 5)]))[Listing(TICKET, 5)]
    assert isinstance(page, Page)
    shown: list[TicketComment] = list(page.items)
    assert [(one.body, one.public, one.by_player) for one in shown] == [
        ("Ask risk.", False, False), ("Where is <my> money?", True, True),
    ]  # fmt: skip
    other = Listing(Key("ticket", "borealis", "9001"), 5)
    assert await adapter(http).comments_of([other]) == {}


def shown(*parts: Mapping[str, Any], total: int | None = None) -> httpx.AsyncClient:
    held = {"ticket_parts": list(parts), "total_count": len(parts) if total is None else total}
    return replying(lambda request: httpx.Response(200, json=wired("9001", ticket_parts=held)))


async def messages(http: httpx.AsyncClient) -> Page[TicketComment] | VendorError:
    return (await adapter(http).comments_of([Listing(TICKET, 5)]))[Listing(TICKET, 5)]


async def test_words_that_come_with_another_kind_of_part_are_for_staff_alone() -> None:
    part = {"id": "1", "part_type": "assignment", "created_at": 1, "author": {"type": "admin", "id": "5"}}
    page = await messages(shown(part | {"body": "<p>Yours now.</p>"}, part | {"id": "2", "body": None}))
    assert isinstance(page, Page)
    assert [(one.body, one.public, one.by_player) for one in page.items] == [("Yours now.", False, False)]


async def test_a_ticket_that_shows_less_than_all_of_its_parts_is_an_error() -> None:
    assert isinstance(await messages(shown(total=501)), VendorMalformedError)


async def test_more_messages_than_intercom_shows_are_an_error_and_not_a_shorter_list() -> None:
    said = tuple(CommentFacts(f"{number}", True, True, timedelta(hours=1)) for number in range(501))
    assert isinstance(await messages(stand(world_with(writing(9001, comments=said)))), VendorMalformedError)


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ("<p>Okay!</p>", "Okay!"),
        ("a<br>b", "a\nb"),
        ("<p>1 &lt; 2</p><p>so</p>", "1 < 2\nso"),
        (None, ""),
        ("x < y", "x < y"),
    ],
)
def test_a_body_is_shown_as_its_text(body: str | None, text: str) -> None:
    assert plain(body) == text


@pytest.mark.parametrize(
    ("kind", "value", "error"),
    [("status", 503, VendorDownError), ("rate_limit", None, VendorBusyError), ("html", None, VendorMalformedError)],
)
async def test_a_failing_desk_is_never_an_empty_one(kind: str, value: Any, error: type[VendorError]) -> None:
    http = stand()
    await spoil(http, operation="*", kind=kind, value=value)
    assert isinstance(await tickets_of(http, Listing(PLAYER, 5)), error)
    assert isinstance((await adapter(http).tickets([TICKET]))[TICKET], error)


async def test_a_wrong_token_is_told_as_ours() -> None:
    assert isinstance((await adapter(stand(), "other").requesters([PLAYER]))[PLAYER], VendorAuthError)


async def asked(http: httpx.AsyncClient, token: str = TOKEN) -> httpx.Response:
    return await http.get("http://intercom/tickets/42", headers={"Authorization": f"Bearer {token}"})


async def test_whoever_has_the_token_is_told_what_is_left() -> None:
    http, reset = stand(requests_per_window=2), str(int(NOW.timestamp()) + 10)
    replies = [await asked(http) for _ in range(3)]
    told = [[reply.headers[f"X-RateLimit-{name}"] for name in ("Limit", "Remaining", "Reset")] for reply in replies]
    assert told == [["2", "1", reset], ["2", "0", reset], ["2", "0", reset]]
    assert [reply.status_code for reply in replies] == [404, 404, 429]
    assert [reply.json()["errors"][0]["code"] for reply in replies[1:]] == ["not_found", "rate_limit_exceeded"]


async def test_a_stranger_is_told_nothing_of_the_limit() -> None:
    reply = await asked(stand(), "other")
    assert (reply.status_code, reply.json()["type"]) == (401, "error.list")
    assert not [name for name in reply.headers if "ratelimit" in name]


async def test_every_request_names_the_version_it_speaks() -> None:
    seen: list[tuple[str, Any]] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append((request.headers["intercom-version"], json.loads(request.content)))
        return httpx.Response(200, json={"data": []})

    await adapter(replying(answer)).requesters([PLAYER])
    filters = {"field": "external_id", "operator": "IN", "value": ["acme:s-001"]}
    assert seen == [("2.15", {"query": filters, "pagination": {"per_page": 150}})]
