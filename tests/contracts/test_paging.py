"""Every list of every product is walked to its end without a gap or a repeat, or told as too long; never cut short."""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.contracts.standing import Line, asks, lines, standing
from vendors.errors import VendorError
from vendors.ports.keys import Key
from vendors.ports.paging import Listing, Page
from vendors.ports.source import System
from vendors.ports.ticketing import NewTicket, TicketPriority
from vendors.sandbox.facts import PaymentFacts, RoundFacts, TicketFacts
from vendors.sandbox.world import World

OWNER, HELD = Key("player", "acme", "s-001"), 230
MOST = 10_000 if "NIGHTLY" in os.environ else 1_000
LISTS = {System.PAM: "rounds", System.CASHIER: "payments_of", System.TICKETING: "tickets_of"}
every_list = pytest.mark.parametrize(
    "line", [one for one in lines() if one.system in LISTS], ids=lambda line: f"{line.name}-{LISTS[line.system]}"
)


def rich(world: World, held: int) -> World:
    """One player who has done a lot, several things at a time."""
    ages = [timedelta(minutes=10 + number // 2) for number in range(held)]
    facts = msgspec.structs.replace(
        world.players[OWNER.brand, OWNER.local],
        tickets=tuple(
            TicketFacts(str(500_000 + n), f"Ticket {n}", "open", None, age, age) for n, age in enumerate(ages)
        ),
        payments=tuple(
            PaymentFacts(str(600_000 + n), "DEPOSIT", "VisaDeposit", 100, "SUCCESSFUL", "SUCCESS", age, age)
            for n, age in enumerate(ages)
        ),
        rounds=tuple(
            RoundFacts(f"b{n:06}", "nor-auroraspins", 100, 0, "settled", age, f"tx-{n}") for n, age in enumerate(ages)
        ),
    )
    return World(world.now, {(OWNER.brand, OWNER.local): facts})


async def walked(port: Any, name: str, between: Any = None) -> list[str] | VendorError:
    """The ids of a whole list, or the error that stands in its way; `between` happens after the first page."""
    found, before = list[str](), None
    while True:
        listing = Listing(OWNER, 60, before)
        page = (await getattr(port, name)([listing]))[listing]
        if not isinstance(page, Page):
            assert isinstance(page, VendorError), page
            return page
        found += [item.id.local for item in page.items]
        if not page.more:
            return found
        assert page.items, "there is more, and nothing was told"
        before = page.positions[-1]
        if between is not None:
            await between()
            between = None


@every_list
async def test_a_long_list_is_walked_to_its_end(line: Line, world: World, keys: Path) -> None:
    async with standing(line, rich(world, HELD), keys) as it:
        found = await walked(it.port, LISTS[line.system])
    assert not isinstance(found, VendorError), found
    assert len(found) == len(set(found)) == HELD


@every_list
async def test_ever_so_many_are_walked_or_told_as_too_many(line: Line, world: World, keys: Path) -> None:
    async with standing(line, rich(world, MOST), keys) as it:
        found = await walked(it.port, LISTS[line.system])
    assert isinstance(found, VendorError) or len(found) == len(set(found)) == MOST


@pytest.mark.parametrize("line", [one for one in lines() if one.system is System.TICKETING], ids=lambda line: line.name)
async def test_what_comes_in_between_two_pages_hides_and_repeats_nothing(
    line: Line, world: World, keys: Path
) -> None:  # fmt: skip
    async with standing(line, rich(world, HELD), keys) as it:
        assert await asks(line, "tickets_of", it.port)
        new = NewTicket(OWNER, "New", "Just now.", True, TicketPriority.NORMAL, (), "audit-1")
        found = await walked(it.port, "tickets_of", lambda: it.port.create(new))
    assert not isinstance(found, VendorError)
    assert len(found) == len(set(found))
    assert {str(500_000 + number) for number in range(HELD)} <= set(found)
