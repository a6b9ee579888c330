"""Two gateways over one town and one server between them, as behind a load balancer."""

import base64
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from cache import shared
from cache.shared_access import SharedAccess
from tests.conftest import Caller, calling, facing
from tests.servers import Valkey, valkey
from vendors.sandbox.world import World

ROOT = Path(__file__).parents[2]
QUERY = (ROOT / "operations" / "where-is-my-money.graphql").read_text()
KYC = '{ player(id: "player:acme:s-001") { firstName kyc { status source { stale } } } }'
SUMSUB, PAM = 2, 0


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A busy machine is no server in trouble."""
    monkeypatch.setattr(shared, "LOOK_SECONDS", 2.0)


@asynccontextmanager
async def two(server: Valkey, world: World, var: Path) -> AsyncIterator[tuple[Caller, Caller]]:
    secrets = {name: var / f"{name}.txt" for name in ("url", "names", "values")}
    for name, file in secrets.items():
        file.write_text(server.url if name == "url" else base64.b64encode(os.urandom(32)).decode())
    said = {name: f"file:{file}" for name, file in secrets.items()}
    redis = SharedAccess(url=said["url"], name_key=said["names"], value_keys=(said["values"],))
    async with (
        calling(var / "one", world, redis=redis) as one,
        facing(one._base, var / "one", world, redis=redis) as other,
    ):
        yield one, other


@pytest.fixture
async def server() -> AsyncIterator[Valkey]:
    async with valkey() as running:
        yield running


async def asked(caller: Caller, query: str = KYC) -> tuple[dict[str, Any], dict[str, int]]:
    """The answer, and the calls that it cost."""
    before = await caller.calls()
    answer = await caller.ask(query, "compliance_officer")
    after = await caller.calls()
    return answer, {name: calls for name in after if (calls := after[name] - before.get(name, 0))}


async def test_what_one_gateway_has_read_the_other_answers_without_a_call(
    server: Valkey, world: World, tmp_path: Path
) -> None:
    async with two(server, world, tmp_path) as (one, other):
        first, calls = await asked(one)
        assert calls
        second, none = await asked(other)
        assert (second, none) == (first, {})


async def test_the_same_query_is_answered_alike_by_both(server: Valkey, world: World, tmp_path: Path) -> None:
    async with two(server, world, tmp_path) as (one, other):
        first, calls = await asked(one, QUERY)
        second, fewer = await asked(other, QUERY)
        assert "errors" not in first
        assert second["data"]["player"].keys() == first["data"]["player"].keys()
        assert "errors" not in second
        assert sum(fewer.values()) < sum(calls.values())  # money is asked for every time


async def test_a_restriction_set_through_one_is_shown_by_the_other(
    server: Valkey, world: World, tmp_path: Path
) -> None:
    query = '{ player(id: "player:acme:s-001") { account { status } } }'
    change = """mutation { restrictAccount(input: {playerId: "player:acme:s-001", scopes: [LOGIN],
      context: {idempotencyKey: "k-1", reasonCode: "KYC_PENDING"}}) { outcome } }"""
    async with two(server, world, tmp_path) as (one, other):
        await asked(one, query)
        await asked(other, query)
        done = await one.ask(change, "risk_manager")
        assert done == {"data": {"restrictAccount": {"outcome": "EXECUTED"}}}
        _, calls = await asked(other, query)
        assert calls


async def test_a_dead_vendor_is_stood_in_for_by_what_the_other_gateway_read(
    server: Valkey, world: World, tmp_path: Path
) -> None:
    money = '{ player(id: "player:acme:s-001") { firstName balances { source { stale } } } }'
    async with two(server, world, tmp_path) as (one, other):
        await asked(one, money)
        await other.fault(PAM, operation="*", kind="status", value=503)
        answer, _ = await asked(other, money)
        assert answer["data"]["player"]["balances"][0]["source"]["stale"] is True


async def test_neither_misses_a_server_that_is_killed(server: Valkey, world: World, tmp_path: Path) -> None:
    async with two(server, world, tmp_path) as (one, other):
        await asked(one, QUERY)
        server.kill()
        for caller in (one, other):
            answer, _ = await asked(caller, QUERY)
            assert "errors" not in answer
        await server.start()
        answer, _ = await asked(other, QUERY)
        assert "errors" not in answer


async def test_a_server_that_is_not_there_stops_no_start(world: World, tmp_path: Path) -> None:
    nobody = Valkey(tmp_path, ())
    async with two(nobody, world, tmp_path) as (one, _):
        answer, _calls = await asked(one)
        assert "errors" not in answer
