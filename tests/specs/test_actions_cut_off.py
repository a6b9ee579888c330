"""What comes of an action when the connection to its vendor fails, or somebody else is faster at the vendor."""

import asyncio
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tests.conftest import facing
from tests.deeds import DEEDS, DOUBT, REFUSED, Stand
from tests.doors import Door, doors
from vendors.sandbox.world import World

pytestmark = pytest.mark.asyncio(loop_scope="module")

SENT_AS = {  # how the request of a mutation's write starts
    "addPlayerNote": b"POST /v1/backoffice/user/comments/add",
    "restrictAccount": b"POST /v1/backoffice/user/update",
    "holdWithdrawal": b"POST /paymentiq/admin/v1/payments/onhold/",
    "approveWithdrawal": b"POST /paymentiq/admin/v1/payments/approve/",
    "denyWithdrawal": b"POST /paymentiq/admin/v1/payments/deny/",
    "createTicket": b"POST /api/v2/tickets",
    "addTicketComment": b"PUT /api/v2/tickets/",
}


@asynccontextmanager
async def behind_doors(stand: Stand, port_base: int, world: World) -> AsyncIterator[tuple[Stand, list[Door]]]:
    """A second gateway with the same audit, which reaches the town through doors."""
    async with (
        doors(port_base) as (base, row),
        facing(port_base, stand.audit.parent, world, 5.0, vendors_base=base) as caller,
    ):
        yield Stand(caller, stand.audit, await caller.calls()), row


@pytest.mark.parametrize("name", DEEDS)
async def test_nothing_was_done_if_the_connection_is_refused_once_the_intent_is_on_record(
    stand: Stand, name: str, world: World, town_stands: tuple[int, Path]
) -> None:
    deed = DEEDS[name]
    stand.touched.add(deed.place)
    async with behind_doors(stand, town_stands[0], world) as (far, row):
        door = row[deed.place]
        for _ in range(2):  # the second time no token and no link is fetched any more
            passed = door.passed
            assert (await far.act(name, dryRun=True))["outcome"] == "EXECUTED"
        door.shut_after(door.passed - passed)  # what a dry run asks for is asked; whatever comes then is refused
        told = await far.act(name)
        assert (told["outcome"], told["steps"][0]["outcome"]) == (REFUSED, REFUSED)
        assert "Nothing was done" in told["userErrors"][0]["message"]
        assert deed.write not in await far.calls()
        assert [(phase, outcome) for phase, _, outcome in far.recorded()] == [("INTENT", None), ("OUTCOME", REFUSED)]
    assert (await stand.act(name))["replayed"]
    assert (await stand.act(name, "k-2"))["outcome"] == "EXECUTED"
    assert await stand.caller.effects() == 1


@pytest.mark.parametrize("name", DEEDS)
async def test_it_is_in_doubt_if_the_vendor_works_and_the_connection_ends_without_a_word(
    stand: Stand, name: str, world: World, town_stands: tuple[int, Path]
) -> None:
    deed = DEEDS[name]
    stand.touched.add(deed.place)
    async with behind_doors(stand, town_stands[0], world) as (far, row):
        row[deed.place].swallow(SENT_AS[name])
        assert (await far.act(name))["outcome"] == DOUBT
    again = await stand.act(name)
    assert (again["outcome"], again["replayed"]) == (DOUBT, True)
    assert await stand.caller.effects() == 1
    assert [(phase, outcome) for phase, _, outcome in stand.recorded()] == [("INTENT", None), ("OUTCOME", DOUBT)]


FASTER = {  # an action, and what somebody else does to its object while it is on its way
    "approveWithdrawal": ("denyWithdrawal", {}),
    "denyWithdrawal": ("approveWithdrawal", {}),
    "holdWithdrawal": ("denyWithdrawal", {}),
    "addTicketComment": ("addTicketComment", {"setStatus": "CLOSED"}),
}


@pytest.mark.parametrize("name", FASTER)
async def test_who_comes_second_at_the_vendor_is_told_that_nothing_was_done(
    stand: Stand, name: str, world: World, town_stands: tuple[int, Path], tmp_path: Path
) -> None:
    deed, (theirs, more) = DEEDS[name], FASTER[name]
    await stand.fault(deed.place, operation=deed.write, kind="latency", value=1.0, count=1)
    base, keys = town_stands
    shutil.copytree(keys, tmp_path / "theirs")
    async with facing(base, tmp_path / "theirs", world, 5.0) as caller:
        asking = asyncio.create_task(stand.act(name))
        while not (await stand.calls())[deed.write] and not asking.done():  # noqa: ASYNC110  # a simulator has no event
            await asyncio.sleep(0.01)
        other = Stand(caller, tmp_path / "theirs" / "audit.db", {})
        assert (await other.act(theirs, more=more))["outcome"] == "EXECUTED"
        told = await asking
    assert told["outcome"] == REFUSED
    assert "the object has changed its state. Nothing was done." in told["userErrors"][0]["message"]
    assert await stand.caller.effects() == 1
    assert [(phase, outcome) for phase, _, outcome in stand.recorded()] == [("INTENT", None), ("OUTCOME", REFUSED)]
