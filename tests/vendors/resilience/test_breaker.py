"""When a product's operation is left alone, and how it comes back."""

import asyncio

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from tests.vendors.resilience.stand import Time, Vendor, call, of, outcome
from vendors.errors import (
    VendorAuthError,
    VendorBusyError,
    VendorConflictError,
    VendorDownError,
    VendorError,
    VendorMalformedError,
    VendorRejectedError,
    VendorTimeoutError,
)
from vendors.ports.health import CircuitState
from vendors.ports.source import System
from vendors.resilience.breaker import Breaker, Breakers
from vendors.resilience.call import Call, not_asked
from vendors.resilience.policy import BreakerPolicy

POLICY = BreakerPolicy(window_seconds=10.0, minimum_calls=4, failure_ratio=0.5, open_seconds=5.0, slow_seconds=2.0)
CLOSED, OPEN, HALF_OPEN = CircuitState.CLOSED, CircuitState.OPEN, CircuitState.HALF_OPEN


class Stand:
    """Breakers of one product, and calls of it that take as long as the test says."""

    def __init__(self) -> None:
        self.time = Time()
        self.breakers = Breakers(System.TICKETING, POLICY, 2.0, self.time.clockwork)

    async def ask(self, *what: VendorError | str, seconds: float = 0.1, operation: str = "read") -> int:
        """Calls that reached the vendor."""
        vendor = Vendor(*what)
        for _ in what:
            asked = call(operation=operation)
            asked.wire_seconds = seconds
            await outcome(self.breakers(asked, vendor))
        return vendor.calls

    @property
    def state(self) -> CircuitState:
        return self.breakers.states()["read"]


async def opened() -> Stand:
    stand = Stand()
    await stand.ask(*[of(VendorDownError)] * 4)
    assert stand.state is OPEN
    return stand


@pytest.mark.parametrize("kind", [VendorDownError, VendorMalformedError])
async def test_failures_of_half_the_calls_open_it_once_there_are_enough(kind: type[VendorError]) -> None:
    stand = Stand()
    await stand.ask("answer", of(kind), of(kind))
    assert stand.state is CLOSED
    await stand.ask(of(kind))
    assert stand.state is OPEN


async def test_a_time_limit_that_was_given_whole_counts_and_one_that_the_deadline_cut_does_not() -> None:
    stand = Stand()
    await stand.ask(*[of(VendorTimeoutError)] * 10, seconds=1.9)
    assert stand.state is CLOSED
    await stand.ask(*[of(VendorTimeoutError)] * 4, seconds=2.0)
    assert stand.state is OPEN


async def test_a_slow_answer_is_an_answer_and_a_failure() -> None:
    stand = Stand()
    assert await stand.ask(*["answer"] * 4, seconds=2.0) == 4
    assert stand.state is OPEN


@pytest.mark.parametrize("kind", [VendorRejectedError, VendorConflictError, VendorAuthError, VendorBusyError])
async def test_refusals_of_any_number_never_open_it(kind: type[VendorError]) -> None:
    stand = Stand()
    await stand.ask(*[of(kind)] * 50)
    assert stand.state is CLOSED


async def test_callers_who_leave_never_open_it() -> None:
    stand = Stand()

    async def hang() -> str:
        await asyncio.Event().wait()
        raise AssertionError

    for _ in range(20):
        waiting = asyncio.ensure_future(stand.breakers(call(), hang))
        await asyncio.sleep(0)
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
    assert stand.state is CLOSED


async def test_failures_are_forgotten_when_the_window_has_passed() -> None:
    stand = Stand()
    await stand.ask(*[of(VendorDownError)] * 3)
    stand.time.now += 11.0
    await stand.ask(*[of(VendorDownError)] * 3)
    assert stand.state is CLOSED


async def test_an_open_one_answers_at_once_without_a_call() -> None:
    stand, vendor = await opened(), Vendor("answer")
    error = await outcome(stand.breakers(call(), vendor))
    assert isinstance(error, VendorDownError)
    assert (error.code, error.was_asked, error.write_may_have_happened) == ("VENDOR_UNAVAILABLE", False, False)
    assert vendor.calls == 0


async def test_another_operation_of_the_product_goes_on() -> None:
    assert await (await opened()).ask("answer", operation="search") == 1


async def test_after_its_time_one_call_probes_and_closes_it() -> None:
    stand = await opened()
    stand.time.now += 5.0
    assert stand.state is HALF_OPEN
    assert await stand.ask("answer", "answer", "answer") == 3
    assert stand.state is CLOSED


async def test_a_probe_that_fails_opens_it_for_as_long_again() -> None:
    stand = await opened()
    stand.time.now += 5.0
    assert await stand.ask(of(VendorDownError), "answer") == 1
    stand.time.now += 4.9
    assert await stand.ask("answer") == 0


async def test_a_probe_that_says_nothing_leaves_the_place_to_the_next() -> None:
    stand = await opened()
    stand.time.now += 5.0
    assert await stand.ask(not_asked(of(VendorBusyError)), of(VendorBusyError), "answer") == 3
    assert stand.state is CLOSED


async def test_of_many_at_once_one_probes_and_the_others_are_told() -> None:
    stand, going = await opened(), asyncio.Event()
    stand.time.now += 5.0
    reached = 0

    async def slow() -> str:
        nonlocal reached
        reached += 1
        await going.wait()
        return "answer"

    waiting = [asyncio.ensure_future(outcome(stand.breakers(call(), slow))) for _ in range(20)]
    await asyncio.sleep(0)
    going.set()
    told = await asyncio.gather(*waiting)
    assert (reached, told.count("answer")) == (1, 1)


class Any(RuleBasedStateMachine):
    """Calls begin and end in any order, well or badly, while time goes by."""

    @initialize()
    def begin(self) -> None:
        self.time = Time()
        self.breaker = Breaker(POLICY, self.time.clockwork)
        self.under_way: list[tuple[int, CircuitState]] = []
        self.opened_at: float | None = None

    @rule(seconds=st.floats(0.0, 6.0))
    def time_passes(self, seconds: float) -> None:
        self.time.now += seconds

    @rule()
    def a_call_begins(self) -> None:
        before, probes = self.breaker.state, self.probes()
        ticket = self.breaker.enter()
        assert (ticket is not None) == (before is CLOSED or (before is HALF_OPEN and probes == 0))
        if ticket is not None:
            self.under_way.append((ticket, before))

    @rule(place=st.integers(0, 50), failed=st.sampled_from([True, False, None]))
    def a_call_ends(self, place: int, failed: bool | None) -> None:
        if not self.under_way:
            return
        ticket, begun_in = self.under_way.pop(place % len(self.under_way))
        before, current = self.breaker.state, ticket == self.breaker._number
        self.breaker.leave(ticket, failed)
        after = self.breaker.state
        if not current or failed is None:
            assert after is before
        elif begun_in is HALF_OPEN:
            assert after is (OPEN if failed else CLOSED)
        elif not failed:
            assert after is before

    def probes(self) -> int:
        return sum(begun is HALF_OPEN and ticket == self.breaker._number for ticket, begun in self.under_way)

    @invariant()
    def there_is_one_probe_at_most(self) -> None:
        assert self.probes() <= 1


TestWhateverHappensInAnyOrder = Any.TestCase


def test_a_call_carries_the_deadline_of_whoever_makes_it() -> None:
    assert Call("read").ends == float("inf")
