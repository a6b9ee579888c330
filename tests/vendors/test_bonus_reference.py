"""The reference contract of a bonus engine: simulator and adapter keep it, and the adapter bears one who does not."""

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest
import yaml

from vendors.bonus.reference import EntryFields, FreeSpinsFields, GrantFields, ReferenceBonus, WageringFields, sign
from vendors.client import Client
from vendors.errors import (
    VendorAuthError,
    VendorBusyError,
    VendorError,
    VendorMalformedError,
    VendorRejectedError,
    VendorTimeoutError,
)
from vendors.ports.bonus import BonusGrant, GrantStatus, Wagering
from vendors.ports.keys import Key
from vendors.ports.money import Money
from vendors.ports.source import System
from vendors.sandbox import bonus_reference as sandbox
from vendors.sandbox.world import World, build

NOW = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)
WORLD = build(NOW)
TOKEN = "sandbox-bonus"
PLAYER, OTHER = Key("player", "acme", "s-004"), Key("player", "acme", "s-001")
URL = "http://bonus/v1/grants/query"
HEADERS = {"Authorization": f"Bearer {TOKEN}", "Brand": "acme"}
CONTRACT: Any = yaml.safe_load((Path(__file__).parents[2] / "docs/contracts/bonus.yaml").read_text())
SCHEMAS: Mapping[str, Any] = CONTRACT["components"]["schemas"]

Answers = Mapping[Key, Sequence[BonusGrant] | VendorError]


def now() -> datetime:
    return NOW


def wire(world: World = WORLD) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(app=sandbox.stage(world, TOKEN).app))


def replying(*players: Any, brand: str = "acme") -> httpx.AsyncClient:
    reply = {"brand": brand, "players": list(players)}
    return httpx.AsyncClient(transport=httpx.MockTransport(lambda request: httpx.Response(200, json=reply)))


def adapter(http: httpx.AsyncClient, *, token: str = TOKEN, timeout_seconds: float = 2.0) -> ReferenceBonus:
    return ReferenceBonus(Client(System.BONUS, "http://bonus", http, sign(token), timeout_seconds=timeout_seconds), now)


async def read(http: httpx.AsyncClient, *players: Key) -> Answers:
    async with http:
        return await adapter(http).grants(players or (PLAYER,))


async def one(http: httpx.AsyncClient) -> BonusGrant:
    found = (await read(http))[PLAYER]
    assert not isinstance(found, VendorError)
    (grant,) = found
    return grant


def grant(**fields: Any) -> dict[str, Any]:
    plain = {
        "id": "g-1", "player_id": "s-004", "type": "reload_bonus", "status": "created", "currency": "EUR",
        "granted_at": "2026-11-01T10:00:00+01:00",
    }  # fmt: skip
    return plain | fields


def entry(*grants: dict[str, Any], player: str = "s-004") -> dict[str, Any]:
    return {"player_id": player, "grants": list(grants)}


def kinds_of(value: Any) -> set[str]:
    """JSON Schema's names for the type of a value."""
    names: dict[type, str] = {
        bool: "boolean",
        type(None): "null",
        int: "integer",
        str: "string",
        list: "array",
        dict: "object",
    }
    return {names.get(type(value), "number")}


def breaches(value: Any, schema: Mapping[str, Any], at: str = "$") -> Iterator[str]:
    """Where a value breaks a schema: the keywords of JSON Schema 2020-12 that the contract uses, and no other."""
    unknown = set(schema) - KEYWORDS
    assert not unknown, f"{at}: {unknown} would go unchecked"
    if "$ref" in schema:
        yield from breaches(value, SCHEMAS[schema["$ref"].rpartition("/")[2]], at)
    if "oneOf" in schema and sum(not list(breaches(value, each, at)) for each in schema["oneOf"]) != 1:
        yield f"{at}: not one of"
    kinds = schema.get("type", [])
    if kinds and not kinds_of(value) & set([kinds] if isinstance(kinds, str) else kinds):
        yield f"{at}: {kinds}"
    elif isinstance(value, str):
        yield from _text(value, schema, at)
    elif isinstance(value, list):
        if not schema.get("minItems", 0) <= len(value) <= schema.get("maxItems", len(value)):
            yield f"{at}: items"
        if schema.get("uniqueItems") and len({str(item) for item in value}) < len(value):
            yield f"{at}: unique"
        for place, item in enumerate(value):
            yield from breaches(item, schema.get("items", {}), f"{at}[{place}]")
    elif isinstance(value, dict):
        yield from _object(value, schema, at)
    elif isinstance(value, int) and value < schema.get("minimum", value):
        yield f"{at}: minimum"


def _text(value: str, schema: Mapping[str, Any], at: str) -> Iterator[str]:
    if "pattern" in schema and not re.search(schema["pattern"], value):
        yield f"{at}: pattern"
    if schema.get("format") == "date-time":
        try:
            dated = datetime.fromisoformat(value).tzinfo is not None
        except ValueError:
            dated = False
        if not dated:
            yield f"{at}: date-time"


def _object(value: dict[str, Any], schema: Mapping[str, Any], at: str) -> Iterator[str]:
    properties = schema.get("properties", {})
    yield from (f"{at}.{name}: required" for name in schema.get("required", []) if name not in value)
    for name, inner in value.items():
        if name in properties:
            yield from breaches(inner, properties[name], f"{at}.{name}")
        elif schema.get("additionalProperties") is False:
            yield f"{at}.{name}: additional"


KEYWORDS = {
    "$ref", "additionalProperties", "description", "format", "items", "maxItems", "minItems", "minimum", "oneOf",
    "pattern", "properties", "required", "type", "uniqueItems",
}  # fmt: skip


async def test_a_bonus_being_wagered_is_read() -> None:
    found = await one(wire())
    assert (found.id, found.player, found.campaign_code) == (Key("grant", "acme", "g-s004"), PLAYER, "RELOAD50")
    assert (found.status, found.vendor_status, found.blocks_withdrawal) == (GrantStatus.WAGERING, "ongoing", True)
    assert found.amount == Money("GBP", 2000)
    assert found.wagering == Wagering(Money("GBP", 70000), Money("GBP", 30000))
    assert (found.granted_at, found.expires_at) == (NOW - timedelta(days=2), NOW + timedelta(days=12))
    assert (found.source.system, found.source.vendor, found.source.fetched_at) == (
        System.BONUS, "Reference contract", NOW,
    )  # fmt: skip


async def test_only_what_must_be_there_must_be_there() -> None:
    found = await one(replying(entry(grant())))
    assert (found.amount, found.wagering, found.free_spins_total, found.blocks_withdrawal) == (None,) * 4
    assert (found.granted_at, found.expires_at) == (datetime(2026, 11, 1, 9, 0, tzinfo=UTC), None)


async def test_free_spins_tell_how_many_were_used() -> None:
    found = await one(replying(entry(grant(free_spins={"total": 10, "used": 3}))))
    assert (found.free_spins_total, found.free_spins_used) == (10, 3)


@pytest.mark.parametrize(
    ("word", "status"),
    [
        ("pending", GrantStatus.PENDING),
        ("created", GrantStatus.ACTIVE),
        ("ongoing", GrantStatus.WAGERING),
        ("completed", GrantStatus.COMPLETED),
        ("auto_completed", GrantStatus.CONVERTED),
        ("forfeited", GrantStatus.FORFEITED),
        ("expired", GrantStatus.EXPIRED),
        ("lost", GrantStatus.LOST),
        ("reversed", GrantStatus.REVERSED),
        ("Completed", GrantStatus.UNKNOWN),
        ("paused", GrantStatus.UNKNOWN),
    ],
)
async def test_a_word_has_one_status_and_stays_beside_it(word: str, status: GrantStatus) -> None:
    found = await one(replying(entry(grant(status=word))))
    assert (found.status, found.vendor_status) == (status, word)


async def test_grants_come_newest_first_whatever_the_engines_order() -> None:
    older = grant(id="g-0", granted_at="2026-10-01T10:00:00Z")
    found = (await read(replying(entry(older, grant()))))[PLAYER]
    assert not isinstance(found, VendorError)
    assert [each.id.local for each in found] == ["g-1", "g-0"]


async def test_a_known_player_without_grants_has_an_empty_list_and_an_unknown_one_is_left_out() -> None:
    plain = Key("player", "borealis", "p-004")  # every fourth ordinary player has no grant
    found = await read(wire(), plain, Key("player", "borealis", "nobody"))
    assert found == {plain: []}


async def test_one_brand_never_sees_anothers_grants() -> None:
    assert set(await read(wire(), Key("player", "corona", "s-004"), PLAYER)) == {PLAYER}


async def test_a_hundred_players_of_a_brand_are_one_call() -> None:
    everyone = [Key("player", brand, local) for brand, local in WORLD.players]
    many = [Key("player", "acme", f"x-{number}") for number in range(150)]
    async with wire() as http:
        found = await adapter(http).grants([*everyone, *many, *everyone])
        stats = (await http.get("http://bonus/__stats")).json()["queryGrants"]
    per_brand = [sum(key.brand == brand for key in (*everyone, *many)) for brand in ("acme", "borealis", "corona")]
    assert stats["calls"] == sum(-(-count // 100) for count in per_brand)
    assert stats["keys"] == sum(per_brand)
    assert set(found) == set(everyone)


@pytest.mark.parametrize("kind", ["reorder", "duplicate"])
async def test_another_order_or_a_repetition_changes_nothing(kind: str) -> None:
    async with wire() as http:
        whole = await adapter(http).grants([PLAYER, OTHER])
        await http.post("http://bonus/__faults", json={"operation": "*", "kind": kind})
        assert await adapter(http).grants([PLAYER, OTHER]) == whole


@pytest.mark.parametrize(
    "wrong",
    [
        {"player_id": "s-001"},
        {"status": None},
        {"currency": 7},
        {"amount": 12.5},
        {"amount": "12.505"},
        {"amount": "much"},
        {"granted_at": "yesterday"},
        {"granted_at": "2026-11-01T10:00:00"},
        {"expires_at": "2026-11-01"},
        {"wagering": {"required": "10.00"}},
        {"wagering": {"required": "10.00", "done": "NaN"}},
        {"free_spins": {"total": 10}},
        {"blocks_withdrawal": "no"},
    ],
)
async def test_a_grant_that_cannot_be_read_is_its_players_trouble_alone(wrong: dict[str, Any]) -> None:
    fine = entry(grant(player_id="s-001"), player="s-001")
    found = await read(replying(entry(grant(**wrong)), fine), PLAYER, OTHER)
    assert isinstance(found[PLAYER], VendorMalformedError)
    assert not isinstance(found[OTHER], VendorError)


async def test_an_entry_nobody_asked_for_is_ignored_but_whoever_is_missing_is_not_unknown() -> None:
    stranger = entry(grant(player_id="s-009"), player="s-009")
    found = await read(replying(stranger, entry(grant())), PLAYER, OTHER)
    assert set(found) == {PLAYER, OTHER}
    assert not isinstance(found[PLAYER], VendorError)
    assert isinstance(found[OTHER], VendorMalformedError)


@pytest.mark.parametrize("other", [entry(grant(status="lost")), entry()])
async def test_two_entries_that_differ_are_believed_neither(other: dict[str, Any]) -> None:
    assert isinstance((await read(replying(entry(grant()), other)))[PLAYER], VendorMalformedError)


async def test_two_grants_of_one_id_are_malformed() -> None:
    assert isinstance((await read(replying(entry(grant(), grant()))))[PLAYER], VendorMalformedError)


async def test_an_answer_for_another_brand_is_malformed() -> None:
    assert isinstance((await read(replying(entry(grant()), brand="corona")))[PLAYER], VendorMalformedError)


async def test_a_brand_the_engine_does_not_have_is_a_refusal_and_not_an_absence() -> None:
    key = Key("player", "delta", "s-001")
    assert isinstance((await read(wire(), key))[key], VendorRejectedError)


async def test_a_hang_is_a_timeout_for_that_brand_alone() -> None:
    elsewhere = Key("player", "borealis", "p-001")
    async with wire() as http:
        await http.post("http://bonus/__faults", json={"operation": "queryGrants", "kind": "hang", "key": "s-004"})
        found = await adapter(http, timeout_seconds=0.2).grants([PLAYER, elsewhere])
    assert isinstance(found[PLAYER], VendorTimeoutError)
    assert not isinstance(found[elsewhere], VendorError)


async def test_a_rate_limit_is_told_with_its_wait_and_a_wrong_token_is_ours() -> None:
    async with wire() as http:
        foreign = (await adapter(http, token="another").grants([PLAYER]))[PLAYER]
        await http.post("http://bonus/__faults", json={"operation": "queryGrants", "kind": "rate_limit", "value": 4})
        limited = (await adapter(http).grants([PLAYER]))[PLAYER]
    assert isinstance(foreign, VendorAuthError)
    assert isinstance(limited, VendorBusyError)
    assert limited.retry_after_seconds == 4


async def test_every_answer_of_the_simulator_keeps_the_contract() -> None:
    players = [local for brand, local in WORLD.players if brand == "acme"][:100]
    async with wire() as http:
        reply = (await http.post(URL, json={"player_ids": players}, headers=HEADERS)).json()
    assert list(breaches(reply, SCHEMAS["GrantsAnswer"])) == []
    grants = [each for player in reply["players"] for each in player["grants"]]
    assert grants
    assert {frozenset(each) for each in grants} == {frozenset(SCHEMAS["Grant"]["properties"])}


async def test_every_request_of_the_adapter_keeps_the_contract() -> None:
    seen: list[httpx.Request] = []

    def note(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(200, json={"brand": request.headers["Brand"], "players": []})

    keys = [Key("player", brand, local) for brand, local in WORLD.players]
    await read(httpx.AsyncClient(transport=httpx.MockTransport(note)), *keys)
    assert {request.url.path for request in seen} == set(CONTRACT["paths"])
    for request in seen:
        assert list(breaches(msgspec.json.decode(request.content), SCHEMAS["GrantsQuery"])) == []
        assert list(breaches(request.headers["Brand"], CONTRACT["components"]["parameters"]["Brand"]["schema"])) == []
        assert request.headers["Authorization"] == f"Bearer {TOKEN}"
        assert request.headers["Content-Type"] == "application/json"


@pytest.mark.parametrize(
    ("schema", "struct", "untaken"),
    [
        ("PlayerGrants", EntryFields, set()),
        ("Grant", GrantFields, {"type"}),
        ("Wagering", WageringFields, set()),
        ("FreeSpins", FreeSpinsFields, set()),
    ],
)
def test_the_adapter_takes_the_contracts_fields_and_needs_what_it_requires(
    schema: str, struct: Any, untaken: set[str]
) -> None:
    fields = msgspec.structs.fields(struct)
    assert {field.encode_name for field in fields} == set(SCHEMAS[schema]["properties"]) - untaken
    assert {field.encode_name for field in fields if field.required} == set(SCHEMAS[schema]["required"]) - untaken


@pytest.mark.parametrize(
    ("headers", "body", "status"),
    [
        ({"Authorization": "Bearer wrong"}, {"player_ids": ["s-004"]}, 401),
        ({"Authorization": f"Basic {TOKEN}"}, {"player_ids": ["s-004"]}, 401),
        ({"Brand": "Acme"}, {"player_ids": ["s-004"]}, 400),
        ({"Brand": ""}, {"player_ids": ["s-004"]}, 400),
        ({"Brand": "delta"}, {"player_ids": ["s-004"]}, 404),
        ({"Content-Type": "text/plain"}, {"player_ids": ["s-004"]}, 400),
        ({}, {"player_ids": []}, 400),
        ({}, {"player_ids": [f"x-{number}" for number in range(101)]}, 400),
        ({}, {"player_ids": ["s-004", "s-004"]}, 400),
        ({}, {"player_ids": ["s 004"]}, 400),
        ({}, {"player_ids": ["s-004"], "brand": "corona"}, 400),
        ({}, {}, 400),
    ],
)
async def test_what_the_contract_forbids_is_refused_with_a_problem(
    headers: dict[str, str], body: dict[str, Any], status: int
) -> None:
    async with wire() as http:
        reply = await http.post(URL, content=msgspec.json.encode(body),
                                headers={"Content-Type": "application/json", **HEADERS, **headers})  # fmt: skip
    assert (reply.status_code, reply.headers["Content-Type"]) == (status, "application/problem+json")
    assert list(breaches(reply.json(), SCHEMAS["Problem"])) == []
    assert str(status) in CONTRACT["paths"]["/v1/grants/query"]["post"]["responses"]
    if not headers:  # the body alone was wrong, and the contract says so too
        assert list(breaches(body, SCHEMAS["GrantsQuery"]))


@pytest.mark.parametrize(
    "wrong",
    [{"amount": "1,00"}, {"amount": 1}, {"granted_at": "now"}, {"id": "a b"}, {"status": None}, {"currency": "eur"},
     {"free_spins": {"total": -1, "used": 0}}, {"wagering": {"done": "1.00"}}, {"blocks_withdrawal": 1}],
)  # fmt: skip
def test_the_check_itself_sees_a_breach(wrong: dict[str, Any]) -> None:
    assert list(breaches(grant(), SCHEMAS["Grant"])) == []
    assert list(breaches(grant(**wrong), SCHEMAS["Grant"]))
