"""One kind's reads between requests, on a clock of their own: what each age of a record is good for."""

import asyncio
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cache.generations import Generations
from cache.kept import Kept, flagged
from cache.kinds import KINDS
from cache.reading import Read, Reading
from cache.store import Store
from cache.window import Window
from vendors.errors import VendorDownError, VendorError, VendorRejectedError, VendorTimeoutError
from vendors.ports.keys import Key
from vendors.ports.source import Source, System
from vendors.resilience import deadline

ADA, BEN = Key("player", "acme", "ada"), Key("player", "acme", "ben")
NOW = datetime(2026, 11, 26, tzinfo=UTC)


def person(number: int) -> Source:
    """The desk's own id of a person: the smallest record that can say that it is stale."""
    return Source(System.TICKETING, "Desk", str(number), NOW)


class Desk:
    """A port whose answers are numbered, which can fail, know nobody, or take its time."""

    def __init__(self) -> None:
        self.asked, self.deadlines = list[Sequence[Key]](), list[float]()
        self.failure: VendorError | None = None
        self.absent, self.gate = False, asyncio.Event()
        self.gate.set()

    async def requesters(self, keys: Sequence[Key]) -> Mapping[Key, Source | VendorError]:
        self.asked.append(list(keys))
        self.deadlines.append(deadline.ends() - time.monotonic())
        number = len(self.asked)
        await self.gate.wait()
        if self.failure:
            return dict.fromkeys(keys, self.failure)
        return {} if self.absent else {key: person(number) for key in keys}


class Clock:
    """Unix seconds that move when they are told to."""

    now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def desk() -> Desk:
    return Desk()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def store(clock: Clock) -> Store:
    return Store(1_000, clock)


@pytest.fixture
def requesters(desk: Desk, store: Store) -> Reading[Key, Source]:
    read: Read[Key, Source] = desk.requesters
    reading = store.reading("requesters", desk, read)
    assert reading is not None
    return reading


KIND = KINDS["requesters"]


async def one(reading: Reading[Key, Source]) -> Source | VendorError | None:
    """What a request is shown."""
    return (await Window(reading, now=reading.now).load([ADA]))[0]


async def test_a_fresh_record_answers_alone(desk: Desk, clock: Clock, requesters: Reading[Key, Source]) -> None:
    await one(requesters)
    clock.now += KIND.fresh - 1
    assert await one(requesters) == person(1)
    assert len(desk.asked) == 1


async def test_past_its_time_it_answers_flagged_while_the_vendor_is_asked(
    desk: Desk, clock: Clock, requesters: Reading[Key, Source], store: Store
) -> None:
    await one(requesters)
    clock.now += KIND.fresh
    desk.gate.clear()
    assert await one(requesters) == flagged(person(1))
    desk.gate.set()
    await store.idle()
    assert await one(requesters) == person(2)
    assert len(desk.asked) == 2


async def test_long_past_its_time_the_vendor_is_waited_for(
    desk: Desk, clock: Clock, requesters: Reading[Key, Source]
) -> None:
    await one(requesters)
    clock.now += KIND.fresh + KIND.revalidated
    assert await one(requesters) == person(2)


async def test_a_failing_vendor_is_stood_in_for_until_its_record_is_too_old(
    desk: Desk, clock: Clock, requesters: Reading[Key, Source]
) -> None:
    await one(requesters)
    desk.failure = VendorDownError(System.TICKETING, "people")
    clock.now += KIND.if_error - 1
    assert await one(requesters) == flagged(person(1))
    assert isinstance(await requesters([ADA]), dict)
    clock.now += 1
    assert await one(requesters) is desk.failure


async def test_a_refusal_is_an_answer_and_nothing_stands_in_for_it(
    desk: Desk, clock: Clock, requesters: Reading[Key, Source]
) -> None:
    await one(requesters)
    clock.now += KIND.fresh + KIND.revalidated
    desk.failure = VendorRejectedError(System.TICKETING, "people")
    assert await one(requesters) is desk.failure


async def test_that_there_is_nobody_is_believed_for_a_while(
    desk: Desk, clock: Clock, requesters: Reading[Key, Source]
) -> None:
    desk.absent = True
    assert (await one(requesters), await one(requesters), len(desk.asked)) == (None, None, 1)
    clock.now += KIND.absent
    desk.absent = False
    assert await one(requesters) == person(2)


async def test_who_is_gone_is_not_remembered(desk: Desk, clock: Clock, requesters: Reading[Key, Source]) -> None:
    await one(requesters)
    clock.now += KIND.fresh + KIND.revalidated
    desk.absent = True
    assert await one(requesters) is None
    desk.failure = VendorDownError(System.TICKETING, "people")
    clock.now += KIND.absent
    assert await one(requesters) is desk.failure


async def test_a_clock_that_was_put_back_makes_nothing_fresh(
    desk: Desk, clock: Clock, requesters: Reading[Key, Source]
) -> None:
    await one(requesters)
    clock.now -= 10
    assert await one(requesters) == person(2)


async def test_only_who_is_missing_is_asked_for(desk: Desk, requesters: Reading[Key, Source]) -> None:
    await requesters([ADA])
    await requesters([ADA, BEN])
    assert desk.asked == [[ADA], [BEN]]


async def test_a_read_that_left_before_a_change_is_neither_kept_nor_joined(
    desk: Desk, requesters: Reading[Key, Source], store: Store
) -> None:
    desk.gate.clear()
    early = asyncio.create_task(one(requesters))
    while not desk.asked:  # noqa: ASYNC110  # until it has left
        await asyncio.sleep(0)
    await store.evict([str(ADA)])
    late = asyncio.create_task(one(requesters))
    while len(desk.asked) < 2:  # noqa: ASYNC110
        await asyncio.sleep(0)
    desk.gate.set()
    assert (await early, await late) == (person(1), person(2))
    assert await one(requesters) == person(2)


async def test_a_waiter_that_leaves_takes_nobody_along(desk: Desk, requesters: Reading[Key, Source]) -> None:
    desk.gate.clear()
    first = asyncio.create_task(one(requesters))
    second = asyncio.create_task(one(requesters))
    while not desk.asked:  # noqa: ASYNC110
        await asyncio.sleep(0)
    first.cancel()
    desk.gate.set()
    assert await second == person(1)
    assert len(desk.asked) == 1


async def test_a_shared_read_does_not_end_with_the_deadline_of_whoever_asked_first(
    desk: Desk, requesters: Reading[Key, Source]
) -> None:
    desk.gate.clear()
    with deadline.within(0.01):
        hurried = asyncio.create_task(one(requesters))
    with deadline.within(5.0):
        patient = asyncio.create_task(one(requesters))
    assert isinstance(await hurried, VendorTimeoutError)
    desk.gate.set()
    assert await patient == person(1)
    assert desk.deadlines[0] > 5.0


async def test_a_renewal_runs_under_a_deadline_of_its_own(
    desk: Desk, clock: Clock, requesters: Reading[Key, Source], store: Store
) -> None:
    await one(requesters)
    clock.now += KIND.fresh
    with deadline.within(0.01):
        assert await one(requesters) == flagged(person(1))
    await store.idle()
    assert 5.0 < desk.deadlines[1] < 60.0


async def test_who_has_no_time_left_asks_nobody_and_is_shown_what_stands_in(
    desk: Desk, clock: Clock, requesters: Reading[Key, Source]
) -> None:
    await one(requesters)
    clock.now += KIND.fresh + KIND.revalidated
    with deadline.within(0.0):
        assert await one(requesters) == flagged(person(1))
        assert isinstance((await requesters([BEN]))[BEN], VendorTimeoutError)
    assert len(desk.asked) == 1


async def test_who_judges_is_told_the_failure_and_who_looks_is_shown_the_record(
    desk: Desk, clock: Clock, requesters: Reading[Key, Source]
) -> None:
    await one(requesters)
    clock.now += KIND.fresh + KIND.revalidated
    desk.failure = VendorDownError(System.TICKETING, "people")
    window = Window(requesters, now=requesters.now)
    assert await window.load([ADA]) == [flagged(person(1))]
    assert await window.judge([ADA]) == [desk.failure]
    assert len(desk.asked) == 2


async def test_who_judges_asks_the_vendor_once_however_many_they_are(
    desk: Desk, requesters: Reading[Key, Source]
) -> None:
    await one(requesters)
    window = Window(requesters, now=requesters.now)
    shown, *judged = await asyncio.gather(window.load([ADA]), *(window.judge([ADA]) for _ in range(3)))
    assert judged == [[person(2)]] * 3
    assert shown == [person(2)]
    assert len(desk.asked) == 2
    seen = Window(requesters, now=requesters.now)
    assert await seen.load([ADA]) == [person(2)]
    assert list(await asyncio.gather(seen.judge([ADA]), seen.judge([ADA]))) == [[person(3)]] * 2


STEP = st.sampled_from(["change", "depart", "land", "look"])


@given(st.lists(STEP, max_size=40))
async def test_nobody_is_ever_shown_what_was_read_before_a_change_he_knows_of(steps: list[str]) -> None:
    """A vendor that counts its changes, reads that land in any order: what is shown is never older than an eviction."""
    version, gates = 0, list[asyncio.Event]()

    class Versioned:
        async def requesters(self, keys: Sequence[Key]) -> Mapping[Key, Source | VendorError]:
            read, gate = person(version), asyncio.Event()
            gates.append(gate)
            await gate.wait()
            return dict.fromkeys(keys, read)

    port, store = Versioned(), Store(10)
    reading: Reading[Key, Source] | None = store.reading("requesters", port, port.requesters)
    assert reading is not None
    under_way = list[tuple[int, asyncio.Task[Mapping[Key, Source | Kept[Source] | VendorError]]]]()
    for step in [*steps, *["land"] * len(steps)]:
        if step == "change":
            version += 1
            await store.evict([str(ADA)])
        elif step in {"depart", "look"}:
            under_way.append((version, asyncio.create_task(_mapping(reading))))
        elif gates:
            gates.pop().set()  # the last to leave lands first
        for _ in range(8):
            await asyncio.sleep(0)
    for gate in gates:
        gate.set()
    for known, task in under_way:
        answer = (await task)[ADA]
        shown = answer.value if isinstance(answer, Kept) else answer
        assert isinstance(shown, Source)
        assert int(shown.vendor_id or "") >= known


async def _mapping(reading: Reading[Key, Source]) -> Mapping[Key, Source | Kept[Source] | VendorError]:
    return await reading([ADA])


def test_changes_that_are_forgotten_count_for_everything_before_them() -> None:
    generations = Generations(most=2)
    before = generations.now
    for tag in ("a", "b", "c"):
        generations.move_on([tag])
    assert not generations.holds(before, ["z"])
    assert generations.holds(generations.now, ["a", "b", "c"])


def test_what_cannot_say_that_it_is_stale_is_never_served_so() -> None:
    assert flagged([]) is None
    assert flagged("https://rounds.example") is None
    without_source = {"requirements", "comments_of"}
    for kind in KINDS.values():
        if kind.name in without_source:
            assert (kind.revalidated, kind.if_error) == (0, 0), kind.name


def test_money_is_asked_for_every_time() -> None:
    money = {"balances", "open_rounds", "transactions", "open_withdrawals", "payments_of", "grants"}
    assert {kind.name for kind in KINDS.values() if kind.fresh == 0} == money
    assert "responsible_gambling" not in KINDS
