"""The whole composition: places, deadline, and what travels with an operation."""

import asyncio
import math

from tests.vendors.resilience.stand import Time, Vendor, call, of, outcome
from vendors.errors import VendorBusyError, VendorDownError, VendorError, VendorTimeoutError
from vendors.ports.health import CircuitState
from vendors.ports.source import System
from vendors.resilience import deadline
from vendors.resilience.bulkhead import Bulkhead
from vendors.resilience.call import Call, Clockwork, Effect
from vendors.resilience.policy import BreakerPolicy, BulkheadPolicy, Policy, RetryPolicy
from vendors.resilience.stack import Resilience


class Crowd:
    """Calls that stay at the vendor until they are let go."""

    def __init__(self) -> None:
        self.inside = self.most = 0
        self.go = asyncio.Event()

    async def __call__(self) -> str:
        self.inside += 1
        self.most = max(self.most, self.inside)
        try:
            await self.go.wait()
        finally:
            self.inside -= 1
        return "answer"


async def test_no_more_than_its_places_are_under_way_and_the_rest_wait() -> None:
    crowd, bulkhead = Crowd(), Bulkhead(System.KYC, BulkheadPolicy(max_concurrency=3, max_waiting=10), Clockwork())
    asked = [asyncio.ensure_future(bulkhead(call(), crowd)) for _ in range(10)]
    await asyncio.sleep(0)
    crowd.go.set()
    assert await asyncio.gather(*asked) == ["answer"] * 10
    assert crowd.most == 3


async def test_a_full_queue_turns_away_without_a_call() -> None:
    crowd, bulkhead = Crowd(), Bulkhead(System.KYC, BulkheadPolicy(max_concurrency=1, max_waiting=1), Clockwork())
    asked = [asyncio.ensure_future(outcome(bulkhead(call(), crowd))) for _ in range(3)]
    await asyncio.sleep(0)
    crowd.go.set()
    told = await asyncio.gather(*asked)
    refused = [error for error in told if isinstance(error, VendorError)]
    assert [(error.code, error.was_asked) for error in refused] == [("VENDOR_RATE_LIMITED", False)]


async def test_the_queue_does_not_outlast_the_deadline() -> None:
    clock = Clockwork()
    crowd, bulkhead = Crowd(), Bulkhead(System.KYC, BulkheadPolicy(max_concurrency=1), clock)
    first = asyncio.ensure_future(bulkhead(call(), crowd))
    await asyncio.sleep(0)
    told = await outcome(bulkhead(call(ends=clock.now() + 0.01), crowd))
    crowd.go.set()
    assert isinstance(told, VendorTimeoutError)
    assert (told.was_asked, await first) == (False, "answer")


async def test_a_caller_who_leaves_gives_his_place_back() -> None:
    crowd, bulkhead = Crowd(), Bulkhead(System.KYC, BulkheadPolicy(max_concurrency=1), Clockwork())
    leaving = asyncio.ensure_future(bulkhead(call(), crowd))
    await asyncio.sleep(0)
    leaving.cancel()
    await asyncio.gather(leaving, return_exceptions=True)
    crowd.go.set()
    assert await bulkhead(call(), crowd) == "answer"


async def test_who_waits_for_a_place_while_the_breaker_opens_is_not_sent_to_the_wire() -> None:
    vendor, go = Vendor(of(VendorDownError, answered=True)), asyncio.Event()

    async def failing() -> str:
        await go.wait()
        return await vendor()

    policy = Policy(
        retry=RetryPolicy(attempts=1),
        breaker=BreakerPolicy(minimum_calls=1),
        bulkhead=BulkheadPolicy(max_concurrency=1),
    )
    stack = Resilience(System.TICKETING, 2.0, policy)
    asked = [asyncio.ensure_future(outcome(stack.carry(call(), failing))) for _ in range(4)]
    asked += [asyncio.ensure_future(outcome(stack.carry(call(operation="other"), failing)))]
    await asyncio.sleep(0)
    go.set()
    told = await asyncio.gather(*asked)
    assert [isinstance(error, VendorDownError) and error.was_asked for error in told] == [
        True,
        False,
        False,
        False,
        True,
    ]
    assert vendor.calls == 2
    assert stack.circuits == {"read": CircuitState.OPEN, "other": CircuitState.OPEN}


def test_each_request_gets_its_time_limit_or_what_is_left() -> None:
    time = Time()
    stack = Resilience(System.KYC, 2.0, Policy(), time.clockwork)
    assert stack.seconds_for(call()) == 2.0
    assert stack.seconds_for(call(ends=time.now + 0.5)) == 0.5
    assert Resilience(System.KYC, 2.0, Policy(timeout_seconds=1.0), time.clockwork).seconds_for(call()) == 1.0


async def test_past_the_deadline_nothing_is_asked() -> None:
    time = Time()
    stack = Resilience(System.KYC, 2.0, Policy(), time.clockwork)
    late = call(Effect.WRITE, ends=time.now)

    async def ask() -> str:
        return str(stack.seconds_for(late))

    told = await outcome(stack.carry(late, ask))
    assert isinstance(told, VendorTimeoutError)
    assert (told.was_asked, told.write_may_have_happened) == (False, False)


async def test_a_deadline_travels_with_the_tasks_of_its_operation_and_only_grows_shorter() -> None:
    async def ends() -> float:
        return Call("read").ends

    time = Time()
    with deadline.within(10.0, lambda: time.now):
        assert await asyncio.create_task(ends()) == time.now + 10.0
        with deadline.within(20.0, lambda: time.now):
            assert deadline.ends() == time.now + 10.0
        with deadline.within(1.0, lambda: time.now):
            assert deadline.ends() == time.now + 1.0
    assert deadline.ends() == math.inf


async def test_every_attempt_meets_the_breaker_and_what_it_opens_on_is_what_is_told() -> None:
    time = Time()
    policy = Policy(breaker=BreakerPolicy(minimum_calls=2))
    stack, vendor = Resilience(System.KYC, 2.0, policy, time.clockwork), Vendor(of(VendorDownError))
    told = await outcome(stack.carry(call(), vendor))
    assert isinstance(told, VendorDownError)
    assert (told.was_asked, vendor.calls) == (True, 2)
    assert stack.circuits == {"read": CircuitState.OPEN}


async def test_a_throttled_product_is_asked_again_when_it_said() -> None:
    time = Time()
    stack = Resilience(System.KYC, 2.0, Policy(), time.clockwork)
    vendor = Vendor(of(VendorBusyError, retry_after_seconds=2.0), "answer")
    assert await stack.carry(call(ends=time.now + 10.0), vendor) == "answer"
    assert time.slept == [2.0]
