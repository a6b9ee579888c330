"""The whole graph over systems of the operator's own: not one product is asked, and the answers are the same."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Caller, facing, free_ports
from vendors.connection import Connection
from vendors.ports.source import System
from vendors.sandbox import town
from vendors.sandbox.credentials import sandbox
from vendors.sandbox.world import World

ROOT = Path(__file__).parents[2]
QUERIES = {file.stem: file.read_text() for file in sorted((ROOT / "operations").glob("*.graphql"))}


@asynccontextmanager
async def told_by(product: str, world: World, var: Path) -> AsyncIterator[Caller]:
    """A gateway over a town where every system, or the one named with it, is of this product; else each one's first."""
    base = free_ports()
    chosen = town.cast([product if "=" in product else f"all={product}"]) if product else {}
    vendors = {system.value.lower(): (Connection(product=name),) for system, name in chosen.items()}
    async with (
        town.standing(base, world, sandbox(var), chosen),
        facing(base, var, world, 5.0, vendors=vendors) as caller,
    ):
        yield caller


@pytest.mark.parametrize("player", ["player:acme:s-001", "player:acme:s-007", "player:borealis:p-001"])
async def test_where_is_my_money_is_answered_alike(player: str, world: World, tmp_path: Path) -> None:
    answers = []
    for product in ("", "reference"):
        async with told_by(product, world, tmp_path / (product or "products")) as caller:
            query = QUERIES["where-is-my-money"]
            answers.append(await caller.ask(query, "compliance_officer", variables={"player": player}))
    products, own = answers
    assert "errors" not in own
    assert without_tellers(own) == without_tellers(products)


def without_tellers(told: Any) -> Any:
    """Whoever told it, when, and how a product's panel shows it is the product's own."""
    if isinstance(told, dict):
        dropped = ("vendor", "fetchedAt", "deepLink", "cursor", "endCursor", "startCursor", "sources", "evidence")
        return {name: without_tellers(one) for name, one in told.items() if name not in dropped}
    return [without_tellers(one) for one in told] if isinstance(told, list) else told


async def test_an_action_is_done_by_the_operators_own_system(world: World, tmp_path: Path) -> None:
    text = """mutation { denyWithdrawal(input: {withdrawalId: "withdrawal:acme:90007",
      context: {idempotencyKey: "k-1", reasonCode: "PLAYER_REQUEST", note: "asked by phone"}}) {
        outcome userErrors { code } } }"""
    async with told_by("reference", world, tmp_path) as caller:
        told = await caller.ask(text, "payments_manager")
        again = await caller.ask(text, "payments_manager")
        assert told["data"]["denyWithdrawal"]["outcome"] == "EXECUTED", told
        assert (await caller.calls())["act"] == 1
    assert told["data"]["denyWithdrawal"]["outcome"] == "EXECUTED"
    assert again["data"]["denyWithdrawal"]["outcome"] == "EXECUTED"


async def test_a_silent_system_of_ones_own_fails_its_branch_alone(world: World, tmp_path: Path) -> None:
    async with told_by("reference", world, tmp_path) as caller:
        await caller.fault(town.PLACES.index(System.KYC), operation="*", kind="status", value=503)
        told = await caller.ask(QUERIES["where-is-my-money"], "compliance_officer")
    assert {error["extensions"]["system"] for error in told["errors"]} == {"KYC"}
    assert told["data"]["player"]["firstName"]
