"""What an installation says of its vendors: read, checked by key, and each player asked of his own product."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

import config
from config import BadSettings, load
from tests.conftest import Caller, calling, free_ports
from vendors.connection import Connection
from vendors.connections import BadVendors, Connections
from vendors.ports.source import System
from vendors.registry import PRODUCTS
from vendors.sandbox import town
from vendors.sandbox.credentials import sandbox
from vendors.sandbox.world import World, build


def connected(tmp_path: Path, **said: Any) -> Connections:
    told = {System[name.upper()]: one if isinstance(one, list) else [one] for name, one in said.items()}
    return Connections(
        lambda system: "http://127.0.0.1:1", httpx.AsyncClient(), lambda: datetime.now(UTC), sandbox(tmp_path), 1.0,
        said=told, secret=config.secret,
    )  # fmt: skip


REAL = "https://api.example"


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        ({"kyc": Connection(product="nobody")}, "vendors.kyc.product: no such product; there is sumsub"),
        ({"kyc": Connection(product="sumsub", url=REAL)}, "vendors.kyc.credentials: missing"),
        (
            {"kyc": Connection(product="sumsub", url=REAL, credentials={"token": "t"})},
            "vendors.kyc.credentials: Object missing required field `secret`",
        ),
        (
            {"kyc": Connection(product="sumsub", url=REAL, credentials={"token": "t", "secret": "hunter2"})},
            "a secret is written as a reference, env:NAME or file:/path",
        ),
        (
            {"kyc": Connection(product="sumsub", url=REAL, credentials={"token": "t", "secret": "env:NOT_SET_HERE"})},
            "env:NOT_SET_HERE is not set",
        ),
        (
            {"kyc": [Connection(product="sumsub", brands=("acme",)), Connection(product="sumsub")]},
            "vendors.kyc: sumsub and sumsub both speak for the same brand and market",
        ),
        ({"pam": Connection(product="infigaming", markets=("UKGC-GB",))}, "vendors.pam.markets: "),
        ({"crm": []}, "vendors.crm: no connection"),
    ],
)
def test_what_cannot_be_meant_is_refused_by_its_key(tmp_path: Path, said: Any, sentence: str) -> None:
    with pytest.raises(BadVendors) as raised:
        connected(tmp_path, **said)
    assert sentence in str(raised.value)
    assert "hunter2" not in str(raised.value)


def test_an_rsa_key_that_is_none_is_refused_by_its_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HUB88_KEY", "no key at all")
    said = {"private_key": "env:HUB88_KEY", "operators": {"acme": 1}}
    connections = connected(tmp_path, aggregator=Connection(product="hub88", url=REAL, credentials=said))
    with pytest.raises(BadVendors, match=r"vendors\.aggregator: ") as raised:
        connections.ports({})
    assert "no key at all" not in str(raised.value)


def test_a_file_of_settings_is_read_and_the_environment_wins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "player-graph.yaml"
    file.write_text("port: 8100\nbrands: [acme]\nvendors:\n  kyc: {product: sumsub, policy: {retry: {attempts: 1}}}\n")
    monkeypatch.setenv("PLAYER_GRAPH_CONFIG", str(file))
    monkeypatch.setenv("PLAYER_GRAPH_PORT", "8200")
    settings = load()
    assert (settings.port, settings.brands) == (8200, ("acme",))
    assert settings.vendors["kyc"][0].policy.retry.attempts == 1


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("vendors: {kyc: {product: sumsub, colour: red}}", "vendors.kyc.0.colour"),
        ("vendors: {kyc: {product: sumsub, policy: {retry: {attempts: 0}}}}", "vendors.kyc.0.policy.retry.attempts"),
        ("vendors: {kyc: {url: https://api.example}}", "vendors.kyc.0.product"),
        ("vendors: {weather: {product: sumsub}}", "vendors.weather"),
        ("colour: red", "colour"),
        ("port: [", "player-graph.yaml: cannot be read, line 1"),
    ],
)
def test_a_bad_key_of_the_file_stops_the_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, key: str
) -> None:
    file = tmp_path / "player-graph.yaml"
    file.write_text(text)
    monkeypatch.setenv("PLAYER_GRAPH_CONFIG", str(file))
    with pytest.raises(BadSettings) as raised:
        load()
    assert key in str(raised.value)


def test_a_file_that_is_named_but_not_there_stops_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PLAYER_GRAPH_CONFIG", "/nowhere/player-graph.yaml")
    with pytest.raises(BadSettings, match="PLAYER_GRAPH_CONFIG"):
        load()


def test_the_example_names_every_system_and_may_be_meant(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PLAYER_GRAPH_CONFIG", str(Path("docs/config.example.yaml").resolve()))
    said = {System[name.upper()]: accounts for name, accounts in load().vendors.items()}
    assert list(said) == list(PRODUCTS)
    pem = (sandbox(tmp_path), (tmp_path / "sandbox-hub88.pem").read_text())[1]
    connections = Connections(
        lambda system: "http://127.0.0.1:1", httpx.AsyncClient(), lambda: datetime.now(UTC), sandbox(tmp_path), 1.0,
        said=said, secret=lambda reference: sandbox(tmp_path).house_hook if reference == "env:BONUS_HOOK" else pem,
    )  # fmt: skip
    ports = connections.ports({})
    assert {system.value.lower() for system in PRODUCTS} < set(ports)
    assert [reader.product for reader in connections.readers()] == [
        "paymentiq", "sumsub", "reference", "customerio", "zendesk",
    ]  # fmt: skip


def test_a_secret_for_events_that_cannot_be_one_is_refused_by_its_key(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OUR_HOOK", "hunter2")
    credentials = {"token": "env:OUR_HOOK", "hook": "env:OUR_HOOK"}
    connections = connected(tmp_path, pam=Connection(product="reference", url=REAL, credentials=credentials))
    with pytest.raises(BadVendors, match=r"^vendors\.pam\.credentials: hook is not whsec_") as raised:
        connections.readers()
    assert "hunter2" not in str(raised.value)


@asynccontextmanager
async def two_towns(world: World, tmp_path: Path, **parted: tuple[str, str]) -> AsyncIterator[tuple[Caller, int]]:
    """A gateway whose verification and cashier stand in two towns, parted by brand or market."""
    other = free_ports()
    async with town.standing(other, world, sandbox(tmp_path)):

        def both(place: int, product: str) -> tuple[Connection, ...]:
            (by, (here, there)), url = next(iter(parted.items())), f"http://127.0.0.1:{other + place}"
            near = Connection(product=product, **{by: (here,)})  # type: ignore[arg-type]
            return near, Connection(product=product, url=url, **{by: (there,)})  # type: ignore[arg-type]

        vendors = {"kyc": both(2, "sumsub"), "cashier": both(1, "paymentiq")}
        async with calling(tmp_path, world, vendors=vendors) as caller:
            yield caller, other


ASKED = "query($id: ID!) { player(id: $id) { market kyc { status } openWithdrawals { id } } }"


async def calls_at(caller: Caller, port: int) -> dict[str, int]:
    stats = (await caller._vendors.get(f"http://127.0.0.1:{port}/__stats")).json()
    return {name: numbers["calls"] for name, numbers in stats.items()}


async def test_each_brand_is_asked_of_its_own_product(tmp_path: Path) -> None:
    world = build()
    at = {player.brand: player for player in sorted(world.players.values(), key=lambda p: p.id) if player.review}
    async with two_towns(world, tmp_path, brands=("acme", "borealis")) as (caller, other):
        answer = await caller.ask(ASKED, variables={"id": f"player:borealis:{at['borealis'].id}"})
        assert "errors" not in answer, answer
        assert answer["data"]["player"]["kyc"] is not None
        assert (await caller.calls()).get("getApplicantByExternalUserId", 0) == 0
        assert (await calls_at(caller, other + 2))["getApplicantByExternalUserId"] == 1
        assert (await calls_at(caller, other + 1))["searchPayments"] >= 1


async def test_a_market_parts_a_brand_once_it_is_known(tmp_path: Path) -> None:
    async with two_towns(build(), tmp_path, markets=("UKGC-GB", "MGA-MT")) as (caller, other):
        first = await caller.ask(ASKED, variables={"id": "player:acme:s-001"})
        assert "errors" not in first, first
        market = first["data"]["player"]["market"]
        again = await caller.ask(ASKED, variables={"id": "player:acme:s-001"})
        assert again["data"] == first["data"]
        near, far = (await caller.calls()), (await calls_at(caller, other + 2))
        asked = {"UKGC-GB": near, "MGA-MT": far}[market]
        assert asked["getApplicantByExternalUserId"] == 1


async def test_one_of_two_products_down_is_told_and_not_taken_for_none(tmp_path: Path) -> None:
    queue = '{ withdrawalQueue(brand: "acme", first: 5) { edges { node { id } } } }'
    async with two_towns(build(), tmp_path, markets=("UKGC-GB", "MGA-MT")) as (caller, _):
        whole = await caller.ask(queue, "payments_manager")
        assert "errors" not in whole, whole
        assert whole["data"]["withdrawalQueue"]["edges"]
        await caller.fault(1, operation="*", kind="status", value=503)
        half = await caller.ask(queue, "payments_manager")
        assert half["data"]["withdrawalQueue"] is None
        assert half["errors"][0]["extensions"]["code"] == "VENDOR_UNAVAILABLE"


async def test_a_payment_is_acted_upon_where_it_was_read(tmp_path: Path) -> None:
    world = build()
    async with two_towns(world, tmp_path, markets=("UKGC-GB", "MGA-MT")) as (caller, other):
        outcome = await caller.ask(
            """mutation { holdWithdrawal(input: { withdrawalId: "withdrawal:acme:90007", context: {
            idempotencyKey: "k-1", reasonCode: "DOCS_PENDING" } }) { outcome userErrors { code message } } }""",
            "payments_manager",
        )
        assert outcome["data"]["holdWithdrawal"]["outcome"] == "EXECUTED", outcome
        near, far = await caller.calls(), await calls_at(caller, other + 1)
        assert near.get("onhold", 0) + far.get("onhold", 0) == 1, (near, far)
