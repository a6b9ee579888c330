"""The InfiGaming adapter pages through bets and searches players, and never answers a list that may be cut."""

from collections.abc import AsyncIterator, Mapping
from datetime import timedelta
from typing import Any

import httpx
import msgspec
import pytest

from tests.vendors.infigaming_bench import (
    BANNED,
    NOW,
    PLAIN,
    Bench,
    adapter,
    bet,
    key,
    standing,
    variant,
    with_players,
)
from vendors.errors import VendorBusyError, VendorError, VendorMalformedError, VendorRejectedError
from vendors.ports.keys import Key
from vendors.ports.money import Money
from vendors.ports.paging import Listing, Page, Position
from vendors.ports.pam import GameRound, PlayerHits, PlayerSearch, RoundStatus

BUSY, ODD = key("t-busy"), key("t-odd")


@pytest.fixture
async def bench() -> AsyncIterator[Bench]:
    async with standing() as made:
        yield made


async def _page(bench: Bench, player: Key, first: int, before: Position | None = None) -> Page[GameRound]:
    listing = Listing(player, first, before)
    found = (await bench.pam.rounds([listing]))[listing]
    assert isinstance(found, Page)
    return found


async def _open(bench: Bench, player: Key) -> list[GameRound]:
    found = (await bench.pam.open_rounds([player]))[player]
    assert not isinstance(found, VendorError)
    return list(found)


async def test_every_bet_of_the_world_maps(bench: Bench) -> None:
    for (brand, local), facts in bench.world.players.items():
        if local == "t-busy":
            continue
        found = await _page(bench, Key("player", brand, local), 20)
        told = sorted(facts.rounds, key=lambda bet: bet.age)
        assert [r.id for r in found.items] == [Key("round", brand, bet.id) for bet in told]
        for item, bet_facts in zip(found.items, told, strict=True):
            assert item.stake == Money(facts.currency, bet_facts.stake_minor)
            assert item.win == Money(facts.currency, bet_facts.win_minor)
            assert (item.provider_transaction, item.game_code) == (bet_facts.transaction, bet_facts.game)
            assert (item.player.local, item.started_at) == (local, NOW - bet_facts.age)
        assert not found.more


async def test_a_word_the_gateway_does_not_know_is_unknown_and_not_settled(bench: Bench) -> None:
    found = await _page(bench, ODD, 5)
    assert [(r.status, r.vendor_status) for r in found.items] == [
        (RoundStatus.OPEN, "pending"),
        (RoundStatus.UNKNOWN, "voided"),
    ]


async def test_a_walk_by_keyset_meets_every_bet_once(bench: Bench) -> None:
    met: list[Key] = []
    before = None
    while True:
        page = await _page(bench, BUSY, 60, before)
        met += [item.id for item in page.items]
        before = page.positions[-1]
        if not page.more:
            break
    assert met == [Key("round", "acme", f"t{number:04d}") for number in range(1, 251)]
    assert (await bench.stats())["listBets"] == 5


async def test_a_listing_above_a_page_of_the_product_reads_on(bench: Bench) -> None:
    page = await _page(bench, BUSY, 150)
    assert (len(page.items), page.more) == (150, True)
    assert len((await _page(bench, BUSY, 250)).items) == 250


async def test_bets_of_one_instant_are_told_apart_by_id() -> None:
    async with standing(with_players(variant("t-same", rounds=tuple(bet(n) for n in range(1, 8))))) as bench:
        first = await _page(bench, key("t-same"), 3)
        rest = await _page(bench, key("t-same"), 9, first.positions[-1])
    assert [r.id.local for r in (*first.items, *rest.items)] == [f"t{n:04d}" for n in range(7, 0, -1)]
    assert (first.more, rest.more) == (True, False)


async def test_what_is_bet_meanwhile_moves_nothing() -> None:
    old = tuple(bet(n, hours=n) for n in range(1, 6))
    async with standing(with_players(variant("t-live", rounds=old))) as bench:
        first = await _page(bench, key("t-live"), 2)
    newer = (bet(90, hours=0.1), bet(91, hours=0.2))
    async with standing(with_players(variant("t-live", rounds=newer + old))) as bench:
        rest = await _page(bench, key("t-live"), 9, first.positions[-1])
    assert [r.id.local for r in (*first.items, *rest.items)] == [f"t{n:04d}" for n in range(1, 6)]


async def test_every_open_bet_is_read_over_all_pages(bench: Bench) -> None:
    found = await _open(bench, BUSY)
    assert [r.id.local for r in found] == [f"t{n:04d}" for n in range(1, 251, 2)]
    assert {r.status for r in found} == {RoundStatus.OPEN}
    assert await bench.stats() == {"listBets": 2}


async def test_no_open_bet_is_an_empty_list_and_an_unheard_of_brand_nothing(bench: Bench) -> None:
    foreign = key(BUSY.local, "unheard-of")
    assert await bench.pam.open_rounds([PLAIN, foreign]) == {PLAIN: []}
    assert await bench.pam.rounds([Listing(foreign, 5)]) == {}


async def test_another_brand_sees_no_bet_of_the_player(bench: Bench) -> None:
    foreign = key(BUSY.local, "borealis")
    assert (await _page(bench, foreign, 5)).items == []
    assert await _open(bench, foreign) == []


async def test_more_open_bets_than_are_read_are_an_error() -> None:
    many = tuple(bet(n, "open", hours=n) for n in range(1, 1002))
    async with standing(with_players(variant("t-flood", rounds=many))) as bench:
        assert isinstance((await bench.pam.open_rounds([key("t-flood")]))[key("t-flood")], VendorMalformedError)


@pytest.mark.parametrize("kind", ["partial", "duplicate", "reorder", "truncate"])
async def test_a_disturbed_list_is_an_error_for_its_player_alone(bench: Bench, kind: str) -> None:
    await bench.fault(kind, "listBets", key=BUSY.local)
    found = await bench.pam.rounds([Listing(BUSY, 5), Listing(ODD, 5)])
    assert isinstance(found[Listing(BUSY, 5)], VendorMalformedError)
    assert isinstance(found[Listing(ODD, 5)], Page)


async def test_a_rate_limit_stays_with_its_player(bench: Bench) -> None:
    await bench.fault("rate_limit", "listBets", key=BUSY.local, value=3)
    found = await bench.pam.open_rounds([BUSY, ODD])
    assert isinstance(error := found[BUSY], VendorBusyError)
    assert error.retry_after_seconds == 3
    assert not isinstance(found[ODD], VendorError)


def _bet(**changed: object) -> dict[str, object]:
    plain = {
        "operatorBetId": "1", "userId": PLAIN.local, "operatorId": "op-acme", "roundId": "2", "gameId": "g",
        "status": "end", "currency": "GBP", "betAmount": "2.00", "winAmount": "0", "rollbackBetAmount": "0",
        "createdAt": "2026-11-25T10:00:00Z", "updatedAt": "2026-11-25T10:01:00Z",
    }  # fmt: skip
    return {**plain, **changed}


def _answering(*bets: object, **changed: object) -> httpx.AsyncClient:
    def answer(request: httpx.Request) -> httpx.Response:
        asked = msgspec.json.decode(request.content)
        body = {"bets": bets, "page": asked["page"], "pageSize": asked["pageSize"], "total": len(bets), **changed}
        return httpx.Response(200, json=body)

    return httpx.AsyncClient(transport=httpx.MockTransport(answer))


async def _only(*bets: object, **changed: object) -> Any:
    async with _answering(*bets, **changed) as wire:
        return (await adapter(wire).rounds([Listing(PLAIN, 5)]))[Listing(PLAIN, 5)]


@pytest.mark.parametrize(
    ("changed", "status"),
    [
        ({}, RoundStatus.SETTLED),
        ({"status": "pending"}, RoundStatus.OPEN),
        ({"rollbackBetAmount": "2.00"}, RoundStatus.ROLLED_BACK),
        ({"rollbackBetAmount": "1.00"}, RoundStatus.SETTLED),
        ({"rollbackBetAmount": "2.00", "status": "pending"}, RoundStatus.OPEN),
        ({"status": "End"}, RoundStatus.UNKNOWN),
    ],
)
async def test_documented_words_of_a_bet_map(changed: dict[str, object], status: RoundStatus) -> None:
    assert [r.status for r in (await _only(_bet(**changed))).items] == [status]


@pytest.mark.parametrize(
    "changed", [{"userId": "p-006"}, {"operatorId": "op-corona"}, {"winAmount": "0.001"}, {"createdAt": "yesterday"}]
)
async def test_a_bet_that_cannot_be_trusted_makes_its_list_an_error(changed: dict[str, object]) -> None:
    assert isinstance(await _only(_bet(), _bet(operatorBetId="3", **changed)), VendorMalformedError)


@pytest.mark.parametrize("changed", [{"total": 2}, {"pageSize": 3}, {"bets": None}])
async def test_a_page_of_another_length_than_it_must_have_is_an_error(changed: dict[str, object]) -> None:
    assert isinstance(await _only(_bet(), **changed), VendorMalformedError)


async def test_an_ended_bet_among_the_pending_ones_is_an_error() -> None:
    async with _answering(_bet()) as wire:
        assert isinstance((await adapter(wire).open_rounds([PLAIN]))[PLAIN], VendorMalformedError)


async def _hits(bench: Bench, brand: str = "acme", first: int = 50, **criteria: Any) -> PlayerHits:
    search = PlayerSearch(brand, first, **criteria)
    found: Mapping[PlayerSearch, PlayerHits | VendorError] = await bench.pam.search([search])
    hits = found[search]
    assert isinstance(hits, PlayerHits)
    return hits


async def test_a_player_is_found_by_id_email_and_phone(bench: Bench) -> None:
    facts = bench.world.players["acme", BANNED.local]
    criteria: list[dict[str, Any]] = [{"player_id": BANNED.local}, {"email": facts.email}]
    for criterion in criteria:
        assert await _hits(bench, **criterion) == PlayerHits([BANNED], 1)
    assert BANNED in (await _hits(bench, phone=facts.phone)).keys
    assert await _hits(bench, email="nobody@players.example") == PlayerHits([], 0)


async def test_criteria_are_joined_and_pages_add_up(bench: Bench) -> None:
    start, end = NOW - timedelta(days=800), NOW - timedelta(days=200)
    everyone = {
        key(facts.id, facts.brand)
        for facts in bench.world.players.values()
        if facts.brand == "borealis" and facts.country == "MT" and start <= NOW - facts.registered_age <= end
    }
    criteria = {"country": "MT", "registered_from": start, "registered_to": end}
    pages = [await _hits(bench, "borealis", 4, page=page, **criteria) for page in range(1, len(everyone) // 4 + 2)]
    assert len(everyone) > 4
    assert {hit for page in pages for hit in page.keys} == everyone
    assert {page.total for page in pages} == {len(everyone)}


async def test_a_player_of_another_brand_is_not_found(bench: Bench) -> None:
    assert await _hits(bench, "borealis", player_id=BANNED.local) == PlayerHits([], 0)


@pytest.mark.parametrize(
    "search",
    [PlayerSearch("acme", 5), PlayerSearch("acme", 5, tag="vip"), PlayerSearch("unheard-of", 5, email="a@b.c")],
)
async def test_a_search_the_product_cannot_do_is_refused_before_any_call(bench: Bench, search: PlayerSearch) -> None:
    found = await bench.pam.search([search])
    assert type(found[search]) is VendorRejectedError
    assert bench.asked == []


@pytest.mark.parametrize("kind", ["partial", "duplicate", "garbage"])
async def test_a_disturbed_search_is_an_error_for_itself_alone(bench: Bench, kind: str) -> None:
    disturbed, other = PlayerSearch("acme", 5, country="GB"), PlayerSearch("acme", 5, country="MT")
    await bench.fault(kind, "listUsers", key='"GB"')
    found = await bench.pam.search([disturbed, other])
    assert isinstance(found[disturbed], VendorMalformedError)
    assert isinstance(found[other], PlayerHits)


async def test_more_hits_a_page_than_the_product_gives_are_an_error_and_not_a_shorter_list(bench: Bench) -> None:
    search = PlayerSearch("acme", 101, registered_to=NOW)
    assert isinstance((await bench.pam.search([search]))[search], VendorMalformedError)


async def test_a_hit_that_was_not_searched_for_is_an_error() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, json={"users": [{"userId": "p-006"}], "page": 1, "pageSize": 5, "total": 1})

    search = PlayerSearch("acme", 5, player_id=PLAIN.local)
    async with httpx.AsyncClient(transport=httpx.MockTransport(answer)) as wire:
        assert isinstance((await adapter(wire).search([search]))[search], VendorMalformedError)
