"""Free spins come from Hub88's list of rewards, whole or not at all, and join the bonus engine's grants."""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from vendors import signing
from vendors.aggregator.hub88 import sign
from vendors.bonus.combined import CombinedBonus
from vendors.bonus.hub88_freebets import Hub88Freebets
from vendors.bonus.reference import ReferenceBonus
from vendors.bonus.reference import sign as bearer
from vendors.client import Client
from vendors.errors import VendorAuthError, VendorBusyError, VendorError, VendorMalformedError, VendorTimeoutError
from vendors.ports.bonus import BonusGrant, GrantStatus
from vendors.ports.keys import Key
from vendors.ports.money import Money
from vendors.ports.source import System
from vendors.sandbox import bonus_reference
from vendors.sandbox import hub88 as sandbox
from vendors.sandbox.facts import FreeBetFacts
from vendors.sandbox.world import World, build

NOW = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)
OPERATOR_IDS = {"acme": 8001, "borealis": 8002}
PRIVATE_KEY = rsa.generate_private_key(65537, 2048)
PLAYER, OTHER, STRANGER = (Key("player", "acme", local) for local in ("s-001", "s-002", "nobody"))
TOKEN = "sandbox-bonus"
PATH = "/operator/generic/v2/freebet/rewards/list"
UUID = "0e6bde62-4713-4b85-b510-59f0d729d8f7"

Answers = Mapping[Key, Sequence[BonusGrant] | VendorError]

# A reward of Hub88's public test suite (coingaming/hub88-automationtests, freebetsAPI-regression, read 2026-11: the
# keys), with the values of the campaign on docs.hub88.io/api-changelog/june-2025 (copy of 2026-11): 5 x 1.005 EUR.
WORKED: dict[str, Any] = {
    "status": "FRS_ACTIVE",
    "reward_uuid": UUID,
    "campaign_uuid": "7b5c8a93-4d3a-4bfb-8554-f923d46aa485",
    "user": "s-001",
    "start_time": "2017-11-05T13:15:30",
    "end_time": "2017-12-05T13:15:30",
    "game_code": "clt_dragonrising",
    "bet_count": 5,
    "bet_value": 100500,
    "prepaid_uuid": "c203c7f8-cace-59c8-a2fa-75519f78786b",
    "currency": "EUR",
    "game_id": 1,
    "sub_partner_id": None,
    "operator_reference": None,
}


def now() -> datetime:
    return NOW


def bet(number: int, status: str = "FRS_ACTIVE", age: timedelta | None = None) -> FreeBetFacts:
    given = timedelta(hours=number) if age is None else age
    uuid = f"00000000-0000-4000-8000-{number:012d}"
    return FreeBetFacts(uuid, "nor-auroraspins", 10, 3, 20, status, given, timedelta(days=7))


def world(*bets: FreeBetFacts) -> World:
    """The canonical world, where s-001 has these free spins and s-002 one of his own."""
    players = dict(build(NOW).players)
    for local, given in (("s-001", bets), ("s-002", (bet(900),))):
        players["acme", local] = msgspec.structs.replace(players["acme", local], free_bets=given)
    return World(NOW, players)


def wire(population: World) -> httpx.AsyncClient:
    stage = sandbox.stage(population, PRIVATE_KEY.public_key(), OPERATOR_IDS)
    return httpx.AsyncClient(transport=httpx.ASGITransport(app=stage.app))


def replying(*replies: Any) -> httpx.AsyncClient:
    left = list(replies)
    return httpx.AsyncClient(
        transport=httpx.MockTransport(
            lambda request: httpx.Response(200, json=left.pop(0) if len(left) > 1 else left[0])
        )
    )


def page(*rewards: dict[str, Any], following: str | None = None) -> dict[str, Any]:
    return {
        "rewards": list(rewards),
        "pagination": {"limit": "100"} | ({"next_cursor": following} if following else {}),
    }


def adapter(
    http: httpx.AsyncClient, *, key: rsa.RSAPrivateKey = PRIVATE_KEY, timeout_seconds: float = 2.0
) -> Hub88Freebets:
    client = Client(System.BONUS, "http://hub88", http, sign(key), timeout_seconds=timeout_seconds)
    return Hub88Freebets(client, OPERATOR_IDS, now)


async def read(http: httpx.AsyncClient, *players: Key) -> Answers:
    async with http:
        return await adapter(http).grants(players or (PLAYER,))


async def listed(http: httpx.AsyncClient) -> Sequence[BonusGrant]:
    found = (await read(http))[PLAYER]
    assert not isinstance(found, VendorError)
    return found


async def stats(http: httpx.AsyncClient) -> Any:
    return (await http.get("http://hub88/__stats")).json()["rewardsList"]


async def test_free_spins_are_read_with_their_worth() -> None:
    (found,) = await listed(wire(world(bet(1))))
    assert (found.id, found.player) == (Key("grant", "acme", bet(1).uuid), PLAYER)
    assert (found.status, found.vendor_status) == (GrantStatus.ACTIVE, "FRS_ACTIVE")
    assert (found.amount, found.free_spins_total) == (Money("GBP", 200), 10)
    assert (found.granted_at, found.expires_at) == (NOW - timedelta(hours=1), NOW + timedelta(days=7))
    assert (found.source.system, found.source.vendor, found.source.vendor_id) == (
        System.BONUS, "Hub88 Freebets", bet(1).uuid,
    )  # fmt: skip


async def test_what_the_product_does_not_keep_is_not_made_up() -> None:
    (found,) = await listed(wire(world(bet(1))))
    assert (found.free_spins_used, found.wagering, found.blocks_withdrawal) == (None, None, None)


async def test_the_documented_reward_of_1_005_euro_a_spin_keeps_every_digit() -> None:
    (found,) = await listed(replying(page(WORKED)))
    assert found.amount is not None
    assert (found.amount.amount, found.amount.currency, found.free_spins_total) == ("5.02500", "EUR", 5)
    assert found.campaign_code == "7b5c8a93-4d3a-4bfb-8554-f923d46aa485"
    assert found.granted_at == datetime(2017, 11, 5, 13, 15, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("word", "status"),
    [
        ("FRS_NEW", GrantStatus.PENDING),
        ("FRS_ACTIVE", GrantStatus.ACTIVE),
        ("FRS_FINISHED", GrantStatus.COMPLETED),
        ("FRS_EXPIRED", GrantStatus.EXPIRED),
        ("FRS_CANCELLED", GrantStatus.REVERSED),
        ("FRS_FAILED", GrantStatus.UNKNOWN),
        ("FRS_NEXT_YEAR", GrantStatus.UNKNOWN),
        ("frs_active", GrantStatus.UNKNOWN),
    ],
)
async def test_a_word_has_one_status_and_stays_beside_it(word: str, status: GrantStatus) -> None:
    (found,) = await listed(wire(world(bet(1, word))))
    assert (found.status, found.vendor_status) == (status, word)


@pytest.mark.parametrize(
    ("fields", "amount"),
    [
        ({"bet_value": 100000, "bet_count": None}, Money("EUR", 100)),  # a bonus buy: the value is all of it
        ({"bet_value": 100000, "bet_count": 0}, Money("EUR", 100)),
        ({"bet_value": None}, None),
        ({"currency": "JPY", "bet_value": 1000000, "bet_count": 3}, Money("JPY", 30, 0)),
    ],
)
async def test_the_worth_follows_count_and_currency(fields: dict[str, Any], amount: Money | None) -> None:
    (found,) = await listed(replying(page({**WORKED, **fields})))
    assert found.amount == amount


async def test_rewards_without_dates_come_last() -> None:
    undated = {**WORKED, "reward_uuid": "undated", "start_time": None, "end_time": None}
    found = await listed(replying(page(undated, WORKED)))
    assert [(grant.id.local, grant.granted_at is None) for grant in found] == [(UUID, False), ("undated", True)]
    assert found[1].expires_at is None


async def test_a_list_longer_than_a_page_is_read_to_its_end() -> None:
    async with wire(world(*map(bet, range(1, 251)))) as http:
        found = (await adapter(http).grants([PLAYER]))[PLAYER]
        assert (await stats(http))["calls"] == 3
    assert not isinstance(found, VendorError)
    assert [grant.id.local for grant in found] == [bet(number).uuid for number in range(1, 251)]


async def test_a_reward_met_on_two_pages_counts_once() -> None:
    second = {**WORKED, "reward_uuid": "second"}
    found = await listed(replying(page(WORKED, following="a"), page(WORKED, second)))
    assert {grant.id.local for grant in found} == {UUID, "second"}


async def test_pages_without_an_end_are_an_error_and_never_a_shorter_list() -> None:
    circle = replying(page(WORKED, following="a"), page(WORKED, following="b"), page(WORKED, following="a"))
    assert isinstance((await read(circle))[PLAYER], VendorMalformedError)
    endless = replying(*(page(WORKED, following=f"c{number}") for number in range(40)))
    assert isinstance((await read(endless))[PLAYER], VendorMalformedError)


async def test_a_user_hub88_has_no_rewards_for_has_an_empty_list() -> None:
    assert (await read(wire(world()), STRANGER))[STRANGER] == []


async def test_one_brand_never_sees_anothers_rewards() -> None:
    namesake, elsewhere = Key("player", "borealis", "s-001"), Key("player", "corona", "s-001")
    found = await read(wire(world(bet(1))), namesake, elsewhere, PLAYER)
    assert set(found) == {namesake, PLAYER}
    assert found[namesake] == []


@pytest.mark.parametrize(
    "reply",
    [
        None,
        [],
        {"rewards": []},
        page({**WORKED, "user": "s-002"}),
        page({**WORKED, "status": None}),
        page({**WORKED, "bet_value": "1.00"}),
        page({**WORKED, "start_time": "yesterday"}),
        page(WORKED, {"reward_uuid": "x"}),
    ],
)
async def test_a_list_that_cannot_be_read_or_is_anothers_is_malformed(reply: Any) -> None:
    assert isinstance((await read(replying(reply)))[PLAYER], VendorMalformedError)


async def test_a_player_asked_twice_costs_one_call() -> None:
    async with wire(world(bet(1))) as http:
        await adapter(http).grants([PLAYER, OTHER, PLAYER])
        assert (await stats(http))["calls"] == 2


async def test_a_hang_is_a_timeout_for_that_player_alone() -> None:
    async with wire(world(bet(1))) as http:
        await http.post("http://hub88/__faults", json={"operation": "rewardsList", "kind": "hang", "key": "s-001"})
        found = await adapter(http, timeout_seconds=0.2).grants([PLAYER, OTHER])
    assert isinstance(found[PLAYER], VendorTimeoutError)
    assert not isinstance(found[OTHER], VendorError)


async def test_a_rate_limit_and_a_foreign_key_are_told_apart() -> None:
    async with wire(world(bet(1))) as http:
        foreign = await adapter(http, key=rsa.generate_private_key(65537, 2048)).grants([PLAYER])
        await http.post("http://hub88/__faults", json={"operation": "rewardsList", "kind": "rate_limit", "value": 2})
        limited = await adapter(http).grants([PLAYER])
    assert isinstance(foreign[PLAYER], VendorAuthError)
    assert isinstance(limited[PLAYER], VendorBusyError)


async def raw(http: httpx.AsyncClient, **body: Any) -> Any:
    content = json.dumps({"operator_id": 8001, **body}).encode()
    return await http.post("http://hub88" + PATH, content=content, headers=signing.hub88(PRIVATE_KEY, content))


@pytest.mark.parametrize(("asked", "applied"), [(None, 50), (10, 50), (75, 75), (500, 100)])
async def test_a_page_has_50_to_100_rewards(asked: int | None, applied: int) -> None:
    async with wire(world(*map(bet, range(1, 121)))) as http:
        reply = (await raw(http, user="s-001", pagination={} if asked is None else {"limit": asked})).json()
    assert (len(reply["rewards"]), reply["pagination"]["limit"]) == (applied, applied)
    assert set(reply["rewards"][0]) == set(WORKED)


async def test_the_simulator_filters_and_refuses_a_cursor_it_never_gave() -> None:
    async with wire(world(bet(1), bet(48))) as http:
        since = (await raw(http, user="s-001", start_time="2026-11-25T00:00:00Z")).json()["rewards"]
        one = (await raw(http, reward_uuid=bet(48).uuid)).json()["rewards"]
        wrong = await raw(http, user="s-001", pagination={"cursor": "bm90aGluZw=="})
    assert [reward["reward_uuid"] for reward in since] == [bet(1).uuid]
    assert [reward["reward_uuid"] for reward in one] == [bet(48).uuid]
    assert (wrong.status_code, list(wrong.json())) == (400, ["error"])


async def both(hub88: httpx.AsyncClient, engine: httpx.AsyncClient, *players: Key, sent: str = TOKEN) -> Answers:
    async with hub88, engine:
        reference = ReferenceBonus(Client(System.BONUS, "http://bonus", engine, bearer(sent)), now)
        return await CombinedBonus(reference, adapter(hub88)).grants(players)


def engine(population: World) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(app=bonus_reference.stage(population, TOKEN).app))


async def test_free_spins_and_bonuses_are_one_list_newest_first() -> None:
    population = world(bet(1), bet(2, age=timedelta(days=90)))
    found = (await both(wire(population), engine(population), PLAYER))[PLAYER]
    assert not isinstance(found, VendorError)
    assert [grant.id.local for grant in found] == [bet(1).uuid, "g-s001", bet(2).uuid]


async def test_one_product_down_is_the_players_trouble_and_no_shorter_list() -> None:
    population = world(bet(1))
    found = await both(wire(population), engine(population), PLAYER, sent="wrong")
    assert isinstance(found[PLAYER], VendorAuthError)


async def test_a_player_only_one_product_knows_is_shown_and_one_that_none_knows_is_left_out() -> None:
    population = world(bet(1))
    nowhere = Key("player", "corona", "nobody")
    found = await both(wire(population), engine(population), STRANGER, nowhere)
    assert found == {STRANGER: []}
