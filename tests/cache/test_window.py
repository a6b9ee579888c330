"""One ask per key: keys meet in one read, waiters share it, and none of them can spoil it for another."""

import asyncio
from collections.abc import Mapping, Sequence

import pytest

from cache.window import Outcomes, Window
from vendors.errors import VendorDownError, VendorError
from vendors.ports.source import System


class Vendor:
    """Doubles numbers, once `open` is set; remembers what it was asked for."""

    def __init__(self) -> None:
        self.asked: list[list[int]] = []
        self.open = asyncio.Event()
        self.open.set()

    async def read(self, keys: Sequence[int]) -> Mapping[int, int | VendorError]:
        self.asked.append(list(keys))
        await self.open.wait()
        if 13 in keys:
            raise ZeroDivisionError
        return {key: VendorDownError(System.PAM, "x") if key == 7 else key * 2 for key in keys if key != 0}


async def test_keys_of_one_turn_leave_together_and_each_once() -> None:
    vendor = Vendor()
    window: Window[int, int] = Window(vendor.read)
    assert list(await asyncio.gather(window.load([1, 2]), window.load([2, 3]))) == [[2, 4], [4, 6]]
    assert await window.load([3, 0]) == [6, None]
    assert vendor.asked == [[1, 2, 3], [0]]


async def test_one_keys_failure_stays_with_it() -> None:
    one, seven = await Window[int, int](Vendor().read).load([1, 7])
    assert one == 2
    assert isinstance(seven, VendorDownError)


async def test_a_waiter_that_leaves_takes_nothing_from_the_others() -> None:
    vendor = Vendor()
    vendor.open.clear()
    window: Window[int, int] = Window(vendor.read)
    leaving, staying = asyncio.create_task(window.load([1])), asyncio.create_task(window.load([1]))
    await asyncio.sleep(0)
    leaving.cancel()
    vendor.open.set()
    assert await staying == [2]


async def test_what_is_forgotten_is_read_again() -> None:
    vendor = Vendor()
    window: Window[int, int] = Window(vendor.read)
    await window.load([1])
    window.forget([1])
    await window.load([1])
    assert vendor.asked == [[1], [1]]


async def test_a_read_that_breaks_is_no_answer_of_the_system() -> None:
    outcomes = Outcomes()
    window: Window[int, int] = Window(Vendor().read, outcomes.of(System.PAM))
    with pytest.raises(ZeroDivisionError):
        await window.load([13])
    assert outcomes.by_system[System.PAM].answered == 0
    assert outcomes.in_flight == 0


async def test_whoever_waits_for_the_reads_is_woken_when_all_are_back() -> None:
    vendor, outcomes = Vendor(), Outcomes()
    vendor.open.clear()
    window: Window[int, int] = Window(vendor.read, outcomes.of(System.PAM))
    reading = asyncio.create_task(window.load([1]))
    await asyncio.sleep(0.01)
    waiting = asyncio.create_task(outcomes.idle())
    await asyncio.sleep(0.01)
    assert not waiting.done()
    vendor.open.set()
    await asyncio.gather(reading, waiting)
    assert outcomes.by_system[System.PAM].answered == 1


async def test_who_watches_the_reads_cannot_cost_anybody_an_answer() -> None:
    def stumbles(answers: Sequence[object]) -> None:
        raise TypeError

    outcomes = Outcomes(stumbles)
    window: Window[int, int] = Window(Vendor().read, outcomes.of(System.PAM))
    assert await asyncio.wait_for(window.load([1, 2]), 5) == [2, 4]
    assert outcomes.by_system[System.PAM].answered == 2
