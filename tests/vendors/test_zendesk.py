"""The Zendesk adapter reads its simulator: whole lists or errors, and no brand sees another's tickets."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import msgspec
import pytest

from vendors import signing
from vendors.client import Client, Headers
from vendors.errors import (
    VendorAuthError,
    VendorBusyError,
    VendorDownError,
    VendorError,
    VendorMalformedError,
    VendorRejectedError,
    VendorTimeoutError,
)
from vendors.ports.keys import Key
from vendors.ports.paging import Listing, Page, Position
from vendors.ports.source import Source, System
from vendors.ports.ticketing import Ticket, TicketComment, TicketPriority, TicketStatus
from vendors.resilience.policy import ONCE, LimiterPolicy, Policy
from vendors.sandbox import zendesk as sandbox
from vendors.sandbox.facts import CommentFacts, TicketFacts
from vendors.sandbox.world import World, build
from vendors.ticketing.zendesk import Zendesk

NOW = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)
WORLD = build(NOW)
USER, TOKEN = "gateway@acme.example/token", "sandbox-desk"
BASE = "http://zendesk"
PLAYER, OTHER = Key("player", "acme", "s-001"), Key("player", "acme", "s-002")
TICKET = Key("ticket", "acme", "9001")


class Clock:
    """Time that moves only when told to."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now

    def monotonic(self) -> float:
        return self.now.timestamp()


def wire(world: World = WORLD, clock: Clock | None = None, requests_per_minute: int | None = None) -> httpx.AsyncClient:
    time = clock or Clock()
    stage = sandbox.stage(
        world, USER, TOKEN, requests_per_minute=requests_per_minute, clock=time, monotonic=time.monotonic
    )
    return httpx.AsyncClient(transport=httpx.ASGITransport(app=stage.app))


def adapter(
    http: httpx.AsyncClient,
    *,
    clock: Callable[[], datetime] | None = None,
    token: str = TOKEN,
    timeout_seconds: float = 2.0,
    panel_url: str | None = None,
    policy: Policy = ONCE,
) -> Zendesk:
    async def sign(method: str, path: str, body: bytes) -> Headers:
        return signing.basic(USER, token)

    client = Client(System.TICKETING, BASE, http, sign, timeout_seconds=timeout_seconds, policy=policy)
    return Zendesk(client, clock or Clock(), panel_url)


async def calls(http: httpx.AsyncClient) -> Mapping[str, Mapping[str, int]]:
    stats: Mapping[str, Mapping[str, int]] = (await http.get(BASE + "/__stats")).json()
    return stats


async def spoil(http: httpx.AsyncClient, operation: str, kind: str, **more: object) -> None:
    reply = await http.post(BASE + "/__faults", json={"operation": operation, "kind": kind, **more})
    assert reply.status_code == 200


def world_with(*tickets: TicketFacts, **facts: Any) -> World:
    player = msgspec.structs.replace(WORLD.players["acme", "s-001"], tickets=tickets, **facts)
    return World(NOW, {**WORLD.players, ("acme", "s-001"): player})


def written(number: int, age: timedelta = timedelta(hours=1), **facts: Any) -> TicketFacts:
    usual: dict[str, Any] = {"subject": f"Number {number}", "status": "open", "priority": None}
    return TicketFacts(id=str(number), age=age, updated_age=age, **{**usual, **facts})


def many(number: int) -> World:
    """The player has written that often, a minute apart, the lowest id first."""
    return world_with(*(written(60_000 + turn, timedelta(minutes=number - turn)) for turn in range(number)))


def talk(number: int) -> World:
    said = [CommentFacts(f"Line {turn}", True, True, timedelta(seconds=number - turn)) for turn in range(number)]
    return world_with(written(9001, comments=tuple(said)))


def replying(**replies: Any) -> httpx.AsyncClient:
    """A product that answers a path, by its end, with what it is given."""

    def answer(request: httpx.Request) -> httpx.Response:
        end = request.url.path.removeprefix("/api/v2/").replace("/", "_")
        reply = replies[end]
        return httpx.Response(reply) if isinstance(reply, int) else httpx.Response(200, json=reply)

    return httpx.AsyncClient(transport=httpx.MockTransport(answer))


def record(number: int = 1, **fields: Any) -> dict[str, Any]:
    moment = "2009-07-20T22:55:29Z"
    return {"id": number, "requester_id": 7, "status": "open", "created_at": moment, "updated_at": moment, **fields}


ONE_USER = {"users": [{"id": 7, "external_id": "acme:s-001"}]}
LAST = {"has_more": False}


async def tickets_of(http: httpx.AsyncClient, listing: Listing) -> Page[Ticket]:
    answer = (await adapter(http).tickets_of([listing]))[listing]
    assert isinstance(answer, Page), repr(answer)
    return answer


async def comments_of(http: httpx.AsyncClient, listing: Listing) -> Page[TicketComment]:
    answer = (await adapter(http).comments_of([listing]))[listing]
    assert isinstance(answer, Page), repr(answer)
    return answer


def numbers(page: Page[Ticket]) -> list[str]:
    return [ticket.id.local for ticket in page.items]


# What a player has written.


async def test_a_player_who_waits_has_asked_where_his_money_is() -> None:
    page = await tickets_of(wire(), Listing(PLAYER, 10))
    assert page.items == [
        Ticket(
            id=TICKET,
            player=PLAYER,
            subject="Where is my money?",
            status=TicketStatus.OPEN,
            vendor_status="open",
            priority=TicketPriority.HIGH,
            tags=("withdrawal",),
            created_at=NOW - timedelta(hours=3),
            updated_at=NOW - timedelta(hours=2),
            source=Source(System.TICKETING, "Zendesk", "9001", NOW),
        )
    ]
    assert (page.more, page.positions) == (False, [Position(NOW - timedelta(hours=3), "9001")])


async def test_every_player_of_the_world_reads_as_his_facts_say() -> None:
    keys = {Key("player", brand, local): facts for (brand, local), facts in WORLD.players.items()}
    answers = await adapter(wire()).tickets_of([Listing(key, 10) for key in keys])
    for key, facts in keys.items():
        answer = answers.get(Listing(key, 10))
        assert (answer is None) == (not facts.tickets)
        if answer is not None:
            assert isinstance(answer, Page)
            assert numbers(answer) == [ticket.id for ticket in facts.tickets]


async def test_a_ticket_links_into_the_agent_workspace_where_the_account_is_known() -> None:
    found = await adapter(wire(), panel_url="https://acme.zendesk.com/").tickets([TICKET])
    ticket = found[TICKET]
    assert isinstance(ticket, Ticket)
    assert ticket.source.deep_link == "https://acme.zendesk.com/agent/tickets/9001"


@pytest.mark.parametrize(
    ("word", "status"),
    [
        ("new", TicketStatus.NEW),
        ("open", TicketStatus.OPEN),
        ("pending", TicketStatus.PENDING_PLAYER),
        ("hold", TicketStatus.ON_HOLD),
        ("solved", TicketStatus.SOLVED),
        ("closed", TicketStatus.CLOSED),
        ("awaiting_refund", TicketStatus.UNKNOWN),
        ("Open", TicketStatus.UNKNOWN),
    ],
)
async def test_every_documented_word_has_one_status_and_any_other_is_unknown(word: str, status: TicketStatus) -> None:
    [ticket] = (await tickets_of(wire(world_with(written(1, status=word))), Listing(PLAYER, 1))).items
    assert (ticket.status, ticket.vendor_status) == (status, word)


@pytest.mark.parametrize(
    ("word", "priority"),
    [
        ("low", TicketPriority.LOW),
        ("normal", TicketPriority.NORMAL),
        ("high", TicketPriority.HIGH),
        ("urgent", TicketPriority.URGENT),
        ("asap", TicketPriority.UNKNOWN),
        (None, None),
    ],
)
async def test_a_priority_is_a_documented_word_or_unknown_or_none(
    word: str | None, priority: TicketPriority | None
) -> None:
    [ticket] = (await tickets_of(wire(world_with(written(1, priority=word))), Listing(PLAYER, 1))).items
    assert ticket.priority is priority


async def test_the_ticket_of_the_document_s_example_can_be_read() -> None:
    """TicketsResponseExample of the OpenAPI document, copy of 2025-04."""
    example = record(
        35436, requester_id=20978392, external_id="ahg35h3jh", subject="Help, my printer is on fire!", priority="high",
        tags=["enterprise", "other_tag"], updated_at="2011-05-05T10:38:52Z", due_at=None, custom_status_id=123,
    )  # fmt: skip
    users = {"users": [{"id": 20978392, "name": "Johnny Appleseed", "external_id": "acme:s-001"}]}
    key = Key("ticket", "acme", "35436")
    ticket = (await adapter(replying(tickets_show_many={"tickets": [example]}, users_show_many=users)).tickets([key]))[
        key
    ]
    assert isinstance(ticket, Ticket)
    assert (ticket.subject, ticket.priority) == ("Help, my printer is on fire!", TicketPriority.HIGH)
    assert ticket.updated_at == datetime(2011, 5, 5, 10, 38, 52, tzinfo=UTC)


# Pages.


async def test_a_long_list_runs_from_the_newest_and_goes_on_where_it_stopped() -> None:
    http, seen, before = wire(many(250)), list[str](), None
    while True:
        page = await tickets_of(http, Listing(PLAYER, 100, before))
        seen += numbers(page)
        if not page.more:
            break
        before = page.positions[-1]
    assert seen == [str(60_249 - turn) for turn in range(250)]


async def test_what_arrives_between_two_pages_neither_repeats_nor_hides_anything() -> None:
    first = await tickets_of(wire(many(30)), Listing(PLAYER, 10))
    grown = [*many(30).players["acme", "s-001"].tickets, written(70_000, timedelta(seconds=1))]
    second = await tickets_of(wire(world_with(*grown)), Listing(PLAYER, 10, first.positions[-1]))
    assert numbers(first) + numbers(second) == [str(60_029 - turn) for turn in range(20)]


async def test_more_tickets_than_five_pages_hold_is_an_error_and_not_a_shorter_list() -> None:
    listing = Listing(PLAYER, 1)
    assert isinstance((await adapter(wire(many(501))).tickets_of([listing]))[listing], VendorMalformedError)
    assert len((await tickets_of(wire(many(500)), listing)).items) == 1


@pytest.mark.parametrize("kind", ["reorder", "duplicate"])
async def test_a_list_in_another_order_or_told_twice_is_the_same_list(kind: str) -> None:
    http = wire(many(20))
    await spoil(http, "ListTicketsRequested", kind)
    assert numbers(await tickets_of(http, Listing(PLAYER, 30))) == [str(60_019 - turn) for turn in range(20)]


async def test_a_page_that_says_more_without_saying_where_is_an_error() -> None:
    reply = {"tickets": [record()], "meta": {"has_more": True}}
    listing = Listing(PLAYER, 1)
    answers = await adapter(replying(users_show_many=ONE_USER, users_7_tickets_requested=reply)).tickets_of([listing])
    assert isinstance(answers[listing], VendorMalformedError)


# Who is who.


async def test_a_hundred_players_are_looked_up_in_one_call_and_remembered_for_a_day() -> None:
    clock, keys = Clock(), [Key("player", brand, local) for brand, local in WORLD.players][:150]
    http = wire()
    desk = adapter(http, clock=clock)
    await desk.requesters([*keys, *keys])
    counted = await calls(http)
    assert (counted["ShowManyUsers"]["calls"], counted["ShowManyUsers"]["keys"]) == (2, 150)

    await desk.tickets_of([Listing(PLAYER, 1)])
    clock.now += timedelta(hours=23)
    await desk.tickets_of([Listing(PLAYER, 1), Listing(PLAYER, 2)])
    assert (await calls(http))["ShowManyUsers"]["calls"] == 3  # PLAYER was none of the first 150
    clock.now += timedelta(hours=2)
    await desk.tickets_of([Listing(PLAYER, 1)])
    assert (await calls(http))["ShowManyUsers"]["calls"] == 4
    assert (await calls(http))["ListTicketsRequested"]["calls"] == 3


async def test_requesters_are_zendesk_s_own_ids_and_strangers_are_left_out() -> None:
    found = await adapter(wire()).requesters([PLAYER, Key("player", "acme", "nobody")])
    assert list(found) == [PLAYER]
    source = found[PLAYER]
    assert isinstance(source, Source)
    assert (source.system, source.vendor, source.fetched_at) == (System.TICKETING, "Zendesk", NOW)
    assert source.vendor_id is not None
    assert source.vendor_id.isdigit()


async def test_the_case_of_an_external_id_does_not_matter() -> None:
    http = replying(users_show_many={"users": [{"id": 7, "external_id": "ACME:S-001"}]})
    source = (await adapter(http).requesters([PLAYER]))[PLAYER]
    assert isinstance(source, Source)
    assert source.vendor_id == "7"


async def test_two_players_whose_ids_differ_in_case_alone_are_not_confused() -> None:
    twins = [PLAYER, Key("player", "acme", "S-001")]
    found = await adapter(wire()).requesters([*twins, OTHER])
    assert all(isinstance(found[twin], VendorMalformedError) for twin in twins)
    assert isinstance(found[OTHER], Source)


async def test_a_user_nobody_asked_for_makes_the_silent_keys_doubtful_and_spares_the_answered() -> None:
    users = {"users": [{"id": 7, "external_id": "acme:s-001"}, {"id": 8, "external_id": "corona:s-002"}]}
    found = await adapter(replying(users_show_many=users)).requesters([PLAYER, OTHER])
    assert isinstance(found[PLAYER], Source)
    assert isinstance(found[OTHER], VendorMalformedError)


async def test_two_users_for_one_player_are_an_error() -> None:
    users = {"users": [{"id": 7, "external_id": "acme:s-001"}, {"id": 8, "external_id": "acme:s-001"}]}
    assert isinstance((await adapter(replying(users_show_many=users)).requesters([PLAYER]))[PLAYER], VendorError)


async def test_a_user_who_was_merged_into_another_is_looked_up_again() -> None:
    """The remembered user is gone (404); the player's external id has moved to the user he was merged into."""
    users = {"users": [{"id": 7, "external_id": "acme:s-001"}]}
    seen = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request.url.path.removeprefix("/api/v2/"))
        if request.url.path.endswith("show_many"):
            return httpx.Response(200, json=users)
        number = users["users"][0]["id"]
        if request.url.path != f"/api/v2/users/{number}/tickets/requested":
            return httpx.Response(404, json={"error": "RecordNotFound", "description": "Not found"})
        return httpx.Response(200, json={"tickets": [record(requester_id=number)], "meta": LAST})

    desk = adapter(httpx.AsyncClient(transport=httpx.MockTransport(answer)))
    listing = Listing(PLAYER, 1)
    await desk.tickets_of([listing])
    users["users"][0]["id"] = 8
    assert isinstance((await desk.tickets_of([listing]))[listing], Page)
    assert seen[-3:] == ["users/7/tickets/requested", "users/show_many", "users/8/tickets/requested"]


async def test_a_user_who_is_gone_altogether_is_left_out() -> None:
    http = replying(users_show_many=ONE_USER, users_7_tickets_requested=404)
    assert await adapter(http).tickets_of([Listing(PLAYER, 1)]) == {}


async def test_another_person_s_ticket_in_a_player_s_list_is_never_shown() -> None:
    reply = {"tickets": [record(), record(2, requester_id=8)], "meta": LAST}
    listing = Listing(PLAYER, 5)
    answers = await adapter(replying(users_show_many=ONE_USER, users_7_tickets_requested=reply)).tickets_of([listing])
    assert isinstance(answers[listing], VendorMalformedError)


# Tickets by id.


async def test_tickets_are_read_a_hundred_a_call_and_each_once() -> None:
    owned = {ticket.id: facts for facts in WORLD.players.values() for ticket in facts.tickets}
    keys = [Key("ticket", facts.brand, number) for number, facts in owned.items()]
    http = wire()
    found = await adapter(http).tickets([*keys, *keys])
    assert set(found) == set(keys)
    for key, ticket in found.items():
        assert isinstance(ticket, Ticket)
        facts = owned[key.local]
        assert ticket.player == Key("player", facts.brand, facts.id)
    counted = await calls(http)
    batches = -(-len(keys) // 100)
    assert (counted["TicketsShowMany"]["calls"], counted["TicketsShowMany"]["keys"]) == (batches, len(keys))
    assert counted["ShowManyUsers"]["calls"] == batches


@pytest.mark.parametrize("brand", ["borealis", "corona"])
async def test_another_brand_s_ticket_is_not_there(brand: str) -> None:
    key = Key("ticket", brand, "9001")
    desk = adapter(wire())
    assert await desk.tickets([key]) == {}
    assert await desk.comments_of([Listing(key, 5)]) == {}


@pytest.mark.parametrize("local", ["404404", "abc", "09001", "-1", "9001.json", "9" * 30])
async def test_an_id_zendesk_does_not_hold_or_could_not_have_given_is_left_out(local: str) -> None:
    assert await adapter(wire()).tickets([Key("ticket", "acme", local)]) == {}


@pytest.mark.parametrize("external", [None, "", "ahg35h3jh", "acme:", "acme:a:b", "acme:../x"])
async def test_a_ticket_whose_requester_carries_no_id_of_ours_is_left_out(external: str | None) -> None:
    http = replying(
        tickets_show_many={"tickets": [record(9001)]}, users_show_many={"users": [{"id": 7, "external_id": external}]}
    )
    assert await adapter(http).tickets([TICKET]) == {}


async def test_a_ticket_that_cannot_be_read_is_trouble_for_itself_alone() -> None:
    good, bad = record(9001), {**record(9002), "created_at": "yesterday"}
    http = replying(tickets_show_many={"tickets": [good, bad]}, users_show_many=ONE_USER)
    found = await adapter(http).tickets([TICKET, Key("ticket", "acme", "9002")])
    assert isinstance(found[TICKET], Ticket)
    assert isinstance(found[Key("ticket", "acme", "9002")], VendorMalformedError)


async def test_a_ticket_nobody_asked_for_is_an_error_and_not_an_answer() -> None:
    http = replying(tickets_show_many={"tickets": [record(9)]}, users_show_many=ONE_USER)
    assert isinstance((await adapter(http).tickets([TICKET]))[TICKET], VendorMalformedError)


# Messages.


async def test_messages_tell_who_wrote_them_and_who_may_read_them() -> None:
    page = await comments_of(wire(), Listing(TICKET, 10))
    assert [(c.body, c.public, c.by_player) for c in page.items] == [
        ("Looking into it.", False, False),
        ("Where is my money?", True, True),
    ]
    assert [c.at for c in page.items] == [NOW - timedelta(hours=2), NOW - timedelta(hours=3)]
    assert {(c.id.kind, c.id.brand) for c in page.items} == {("comment", "acme")}


async def test_the_newest_messages_of_a_long_talk_cost_one_page() -> None:
    http = wire(talk(950))
    page = await comments_of(http, Listing(TICKET, 3))
    assert [c.body for c in page.items] == ["Line 949", "Line 948", "Line 947"]
    assert (page.more, (await calls(http))["ListTicketComments"]["calls"]) == (True, 1)


async def test_a_long_talk_is_read_page_by_page_without_gap_or_repeat() -> None:
    http, seen, before = wire(talk(340)), list[str](), None
    while True:
        page = await comments_of(http, Listing(TICKET, 90, before))
        seen += [c.body for c in page.items]
        if not page.more:
            break
        before = page.positions[-1]
    assert seen == [f"Line {339 - turn}" for turn in range(340)]


async def test_messages_too_far_back_are_an_error_and_not_a_shorter_list() -> None:
    before = Position(NOW - timedelta(seconds=700), "0")
    listing = Listing(TICKET, 5, before)
    assert isinstance((await adapter(wire(talk(950))).comments_of([listing]))[listing], VendorMalformedError)


async def test_messages_of_one_second_stay_in_one_order_across_pages() -> None:
    same = tuple(CommentFacts(f"Line {turn}", True, True, timedelta(seconds=5)) for turn in range(150))
    http, seen, before = wire(world_with(written(9001, comments=same))), list[str](), None
    while True:
        page = await comments_of(http, Listing(TICKET, 40, before))
        seen += [c.id.local for c in page.items]
        if not page.more:
            break
        before = page.positions[-1]
    assert seen == sorted(seen, reverse=True)
    assert len(set(seen)) == 150


# Trouble.


async def test_a_wrong_token_is_refused() -> None:
    listing = Listing(PLAYER, 1)
    desk = adapter(wire(), token="another")
    assert isinstance((await desk.tickets_of([listing])).get(listing), VendorAuthError)
    assert isinstance((await desk.tickets([TICKET]))[TICKET], VendorAuthError)


async def test_a_full_minute_says_how_long_to_wait() -> None:
    clock = Clock()
    http = wire(clock=clock, requests_per_minute=2)
    impatient = Policy(retry=ONCE.retry, limiter=LimiterPolicy(longest_pause_seconds=0.01))  # that is on the real clock
    desk = adapter(http, clock=clock, policy=impatient)
    await desk.tickets([TICKET])
    clock.now += timedelta(seconds=20)
    refused = (await desk.tickets([TICKET]))[TICKET]
    assert isinstance(refused, VendorBusyError)
    assert refused.retry_after_seconds == 40
    clock.now += timedelta(seconds=41)
    assert isinstance((await desk.tickets([TICKET]))[TICKET], Ticket)


async def test_a_hang_is_a_timeout_for_that_player_alone() -> None:
    http = wire()
    desk = adapter(http, timeout_seconds=0.2)
    link = (await desk.requesters([PLAYER, OTHER]))[PLAYER]
    assert isinstance(link, Source)
    await spoil(http, "ListTicketsRequested", "hang", key=f"/users/{link.vendor_id}/")
    found = await desk.tickets_of([Listing(PLAYER, 1), Listing(OTHER, 1)])
    assert isinstance(found[Listing(PLAYER, 1)], VendorTimeoutError)
    assert isinstance(found[Listing(OTHER, 1)], Page)


@pytest.mark.parametrize(
    ("kind", "error"),
    [
        ("garbage", VendorMalformedError),
        ("truncate", VendorMalformedError),
        ("html", VendorMalformedError),
        ("status", VendorDownError),
        ("rate_limit", VendorBusyError),
    ],
)
async def test_a_failing_desk_is_never_an_empty_one(kind: str, error: type[VendorError]) -> None:
    http = wire()
    await spoil(http, "*", kind)
    desk = adapter(http)
    listing, talks = Listing(PLAYER, 1), Listing(TICKET, 1)
    answers: Sequence[object] = (
        (await desk.tickets_of([listing])).get(listing),
        (await desk.tickets([TICKET])).get(TICKET),
        (await desk.comments_of([talks])).get(talks),
        (await desk.requesters([PLAYER])).get(PLAYER),
    )
    assert [type(answer) for answer in answers] == [error] * 4


async def test_a_player_who_never_wrote_and_nobody_at_all_look_alike() -> None:
    silent = next(p for p in WORLD.players.values() if not p.tickets)
    listings = [Listing(Key("player", silent.brand, silent.id), 1), Listing(Key("player", "acme", "nobody"), 1)]
    assert await adapter(wire()).tickets_of(listings) == {}


async def test_an_address_where_no_desk_answers_is_an_error_and_not_a_desk_without_anybody() -> None:
    """Every path of an account that does not exist is 404; read as an answer, no player would ever have written."""
    http = httpx.AsyncClient(transport=httpx.MockTransport(lambda request: httpx.Response(404)))
    listing, talks = Listing(PLAYER, 1), Listing(TICKET, 1)
    answers: Sequence[object] = (
        (await adapter(http).tickets_of([listing])).get(listing),
        (await adapter(http).tickets([TICKET])).get(TICKET),
        (await adapter(http).comments_of([talks])).get(talks),
        (await adapter(http).requesters([PLAYER])).get(PLAYER),
    )
    assert [type(answer) for answer in answers] == [VendorRejectedError] * 4


async def test_every_request_asks_for_json() -> None:
    """developer.zendesk.com/api-reference/introduction/requests, read 2026-11: Accept is mandatory."""
    seen = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request.headers["Accept"])
        return httpx.Response(200, json={"users": []})

    await adapter(httpx.AsyncClient(transport=httpx.MockTransport(answer))).requesters([PLAYER])
    assert seen == ["application/json"]


async def test_a_ticket_imported_late_stands_where_it_was_written() -> None:
    """An import sets created_at: the highest id is not the newest ticket."""
    imported = world_with(written(60_001, timedelta(hours=1)), written(60_002, timedelta(days=900)))
    assert numbers(await tickets_of(wire(imported), Listing(PLAYER, 5))) == ["60001", "60002"]
