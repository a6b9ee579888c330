"""Whoever tells it, the product or a PAM that a mapping file describes, the graph is told the same of everybody."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.contracts.test_house import plain, port
from vendors.errors import VendorError
from vendors.ports.keys import Key
from vendors.ports.paging import Listing
from vendors.ports.pam import PlayerSearch
from vendors.ports.source import System
from vendors.registry import PRODUCTS
from vendors.sandbox.world import World

NOBODY = Key("player", "acme", "nobody")


@asynccontextmanager
async def both(world: World, var: Path) -> AsyncIterator[tuple[Any, Any]]:
    known = PRODUCTS[System.PAM]
    async with (
        port(known["infigaming"], System.PAM, world, var) as product,
        port(known["mapped"], System.PAM, world, var) as mapped,
    ):
        yield product, mapped


def told(answers: Any) -> dict[str, Any]:
    assert answers, "nothing was compared"
    assert not any(isinstance(one, VendorError) for one in answers.values()), answers
    return {str(ask): _comparable(plain(one)) for ask, one in answers.items()}


def _comparable(one: Any) -> Any:
    """Each has words of its own for a bet, and InfiGaming none for the time over which a limit on money counts."""
    if isinstance(one, list):
        return [_comparable(part) for part in one]
    if not isinstance(one, dict):
        return one
    said = {name: _comparable(part) for name, part in one.items() if name != "vendor_status"}
    return said | {"period": None} if said.get("kind") in ("DEPOSIT", "WITHDRAWAL") else said


@pytest.mark.parametrize("name", ["players", "balances", "responsible_gambling", "open_rounds"])
async def test_every_player_is_told_alike(name: str, world: World, tmp_path: Path) -> None:
    asked = [Key("player", *who) for who in world.players]
    async with both(world, tmp_path) as (product, mapped):
        assert told(await getattr(mapped, name)(asked)) == told(await getattr(product, name)(asked))


async def test_whom_the_product_does_not_know_the_mapped_pam_does_not_know(world: World, tmp_path: Path) -> None:
    async with both(world, tmp_path) as (_, mapped):
        for read in (mapped.players, mapped.balances, mapped.responsible_gambling, mapped.open_rounds):
            assert await read([NOBODY]) == {}
        assert await mapped.rounds([Listing(NOBODY, 3)]) == {}


async def test_every_players_bets_are_told_alike(world: World, tmp_path: Path) -> None:
    asked = [Listing(Key("player", *who), 3) for who in world.players]
    async with both(world, tmp_path) as (product, mapped):
        assert told(await mapped.rounds(asked)) == told(await product.rounds(asked))


async def test_everybody_is_identified_and_found_alike(world: World, tmp_path: Path) -> None:
    ids = [local for _, local in world.players]
    searches = [PlayerSearch(one.brand, 5, email=one.email) for one in list(world.players.values())[:20]]
    async with both(world, tmp_path) as (product, mapped):
        assert told(await mapped.identified([*ids, "nobody"])) == told(await product.identified([*ids, "nobody"]))
        assert told(await mapped.search(searches)) == told(await product.search(searches))
