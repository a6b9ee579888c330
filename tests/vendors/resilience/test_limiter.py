"""No more calls than the product allows, whatever the callers want; and what it says itself goes before any number."""

import asyncio
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.vendors.resilience.stand import Time, Vendor, call, of, outcome
from vendors.errors import VendorBusyError, VendorDownError
from vendors.ports.health import RateLimit, RateLimitSource
from vendors.ports.source import System
from vendors.resilience.limiter import Limiter
from vendors.resilience.limits import Limit, RateHeaders
from vendors.resilience.policy import LimiterPolicy, Rate

READS = Limit(name="reads", requests=3, seconds=5.0, methods=("GET",))
ACCOUNT = Limit(name="account", requests=10, seconds=60.0, headers=RateHeaders("X-Limit", "X-Left", "X-Reset"))
EACH = Limit(name="updates", requests=2, seconds=600.0, operations=("update",), each=True)


def limiter(time: Time, *limits: Limit, **policy: Any) -> Limiter:
    return Limiter(System.TICKETING, limits, LimiterPolicy(**policy), time.clockwork)


def told(asked: Limiter) -> RateLimit:
    state = asked.state()
    assert state is not None
    return state


async def test_calls_beyond_the_limit_wait_until_the_window_has_room() -> None:
    time, vendor = Time(), Vendor("answer")
    asked = limiter(time, READS)
    for _ in range(4):
        await asked(call(), vendor)
    assert time.slept == [5.0]
    assert vendor.calls == 4


async def test_a_limit_counts_its_own_methods_alone() -> None:
    time, vendor = Time(), Vendor("answer")
    asked = limiter(time, READS)
    for _ in range(9):
        await asked(call(method="POST"), vendor)
    assert time.slept == []


async def test_each_object_has_a_count_of_its_own_where_the_product_counts_so() -> None:
    time, vendor = Time(), Vendor("answer")
    asked = limiter(time, EACH)

    async def update(ticket: str) -> None:
        one = call(operation="update", method="PUT")
        one.share = ticket
        await asked(one, vendor)

    for ticket in ("1", "2", "1", "2"):
        await update(ticket)
    assert time.slept == []
    await update("1")
    assert time.slept == [600.0]


async def test_without_room_before_the_deadline_nothing_is_asked_and_no_token_is_lost() -> None:
    time, vendor = Time(), Vendor("answer")
    asked = limiter(time, READS)
    for _ in range(3):
        await asked(call(), vendor)
    refused = await outcome(asked(call(ends=time.now + 1.0), vendor))
    assert isinstance(refused, VendorBusyError)
    assert (refused.was_asked, vendor.calls, time.slept) == (False, 3, [])
    time.now += 5.0
    assert told(asked).remaining == 3


async def test_who_leaves_while_he_waits_gives_his_token_back() -> None:
    time, vendor, held = Time(), Vendor("answer"), asyncio.Event()

    async def wait(seconds: float) -> None:
        await held.wait()

    time.clockwork = type(time.clockwork)(now=lambda: time.now, sleep=wait, chance=lambda: 1.0)
    asked = limiter(time, READS)
    for _ in range(3):
        await asked(call(), vendor)
    leaving = asyncio.ensure_future(asked(call(), vendor))
    await asyncio.sleep(0)
    leaving.cancel()
    await asyncio.gather(leaving, return_exceptions=True)
    time.now += 5.0
    assert (told(asked).remaining, vendor.calls) == (3, 3)


async def test_a_refusal_with_a_date_pauses_the_product_for_everybody() -> None:
    time, vendor = Time(), Vendor(of(VendorBusyError, retry_after_seconds=7.0), "answer")
    asked = limiter(time, ACCOUNT)
    await outcome(asked(call(), vendor))
    assert told(asked).throttled_until is not None
    assert await asked(call(operation="another"), vendor) == "answer"
    assert time.slept == [7.0]


async def test_a_pause_is_no_longer_than_the_installation_lets_it_be() -> None:
    time, vendor = Time(), Vendor(of(VendorBusyError, retry_after_seconds=86_400.0), "answer")
    asked = limiter(time, ACCOUNT, longest_pause_seconds=30.0)
    await outcome(asked(call(), vendor))
    await asked(call(), vendor)
    assert time.slept == [30.0]


async def test_a_blind_refusal_halves_the_rate_and_it_grows_back() -> None:
    time = Time()
    app = Limit(name="app", requests=10, seconds=1.0)
    asked, busy, fine = limiter(time, app), Vendor(of(VendorBusyError)), Vendor("answer")
    for _ in range(7):
        await asked(call(), fine)
    await outcome(asked(call(), busy))
    assert (told(asked).limit, told(asked).source) == (4, RateLimitSource.ADAPTED)
    time.now += 1.0
    assert told(asked).limit == 5
    time.now += 60.0
    assert (told(asked).limit, told(asked).source) == (10, RateLimitSource.PUBLISHED)


async def test_a_single_call_that_is_refused_blindly_pauses_and_longer_while_that_goes_on() -> None:
    time, busy, fine = Time(), Vendor(of(VendorBusyError)), Vendor("answer")
    asked = limiter(time, Limit(name="account", requests=200, seconds=60.0))
    for _ in range(4):
        await outcome(asked(call(), busy))
        time.now += 60.0  # so each is the only call of its window
    assert time.slept == []
    for _ in range(4):
        await outcome(asked(call(operation="create"), busy))
    assert time.slept == [0.5, 1.0, 2.0]
    time.now += 600.0
    await outcome(asked(call(), busy))
    await asked(call(), fine)
    assert time.slept[3:] == [0.5]


async def test_refusals_of_one_moment_halve_it_once() -> None:
    time = Time()
    asked, started = limiter(time, Limit(name="app", requests=100, seconds=1.0)), asyncio.Event()

    async def busy() -> str:
        await started.wait()
        raise of(VendorBusyError)

    together = [asyncio.ensure_future(outcome(asked(call(), busy))) for _ in range(40)]
    await asyncio.sleep(0)
    time.now += 0.1
    started.set()
    await asyncio.gather(*together)
    assert told(asked).limit == 20


async def test_a_product_that_publishes_nothing_is_held_back_only_after_it_complained() -> None:
    time, vendor = Time(), Vendor("answer")
    asked = limiter(time)
    for _ in range(200):
        await asked(call(), vendor)
    assert (time.slept, asked.state()) == ([], None)
    await outcome(asked(call(), Vendor(of(VendorBusyError))))
    assert told(asked).source is RateLimitSource.ADAPTED


async def test_a_failure_that_is_no_refusal_changes_no_rate() -> None:
    time = Time()
    asked = limiter(time, ACCOUNT)
    await outcome(asked(call(), Vendor(of(VendorDownError))))
    assert told(asked).source is RateLimitSource.PUBLISHED


async def test_what_headers_say_goes_before_what_the_page_says() -> None:
    time = Time()
    asked = limiter(time, ACCOUNT)
    asked.heard(call(), {"X-Limit": "700", "X-Left": "650", "X-Reset": "41"})
    state = told(asked)
    assert (state.limit, state.remaining, state.source) == (700, 650, RateLimitSource.HEADER)


async def test_nothing_left_by_the_headers_waits_until_they_say() -> None:
    time, vendor = Time(), Vendor("answer")
    asked = limiter(time, ACCOUNT)
    asked.heard(call(), {"X-Left": "0", "X-Reset": "12"})
    await asked(call(), vendor)
    assert time.slept == [12.0]


@pytest.mark.parametrize(("seconds", "least", "most"), [(12, 10.0, 12.0), (-12, 0.0, 0.0), (999_999, 60.0, 60.0)])
async def test_a_moment_in_a_header_holds_nobody_beyond_a_window(seconds: int, least: float, most: float) -> None:
    time, names = Time(), RateHeaders("X-Limit", "X-Left", "X-Reset", reset_is_moment=True)
    asked = limiter(time, Limit(name="account", requests=10, seconds=60.0, headers=names))
    moment = int(datetime.now(UTC).timestamp()) + seconds
    asked.heard(call(), {"X-Left": "0", "X-Reset": str(moment)})
    await asked(call(), Vendor("answer"))
    assert least <= sum(time.slept) <= most


@pytest.mark.parametrize("headers", [{"X-Limit": "many"}, {"X-Left": "-1"}, {}, {"X-Limit": "0"}])
async def test_headers_that_say_nothing_change_nothing(headers: dict[str, str]) -> None:
    asked = limiter(Time(), ACCOUNT)
    asked.heard(call(), headers)
    assert (told(asked).limit, told(asked).remaining) == (10, 10)


async def test_an_installation_may_have_another_plan() -> None:
    time, vendor = Time(), Vendor("answer")
    asked = limiter(time, READS, rates={"reads": Rate(requests=1, seconds=2.0)})
    for _ in range(2):
        await asked(call(), vendor)
    assert time.slept == [2.0]


def test_a_rate_for_a_limit_that_the_product_does_not_have_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match=r"limiter\.rates\.writes: no such limit; there are reads, all"):
        limiter(Time(), READS, rates={"writes": Rate(requests=1, seconds=2.0)})


async def test_what_is_not_enforced_is_counted_and_holds_nobody() -> None:
    time, vendor = Time(), Vendor("answer")
    asked = limiter(time, READS, enforce=False)
    for _ in range(5):
        await asked(call(), vendor)
    assert (time.slept, told(asked).remaining) == ([], 0)


async def test_the_queue_is_bounded() -> None:
    time, vendor = Time(), Vendor("answer")
    asked = limiter(time, READS, max_waiting=0)
    for _ in range(3):
        await asked(call(), vendor)
    refused = await outcome(asked(call(), vendor))
    assert isinstance(refused, VendorBusyError)
    assert not refused.was_asked


@given(st.lists(st.floats(0, 3), max_size=60), st.integers(1, 5), st.floats(0.5, 4))
async def test_no_window_of_the_product_ever_sees_more_than_its_limit(
    pauses: list[float], requests: int, seconds: float
) -> None:
    time, at = Time(), list[float]()
    asked = limiter(time, Limit(name="any", requests=requests, seconds=seconds))

    async def vendor() -> str:
        at.append(time.now)
        return "answer"

    for pause in pauses:
        time.now += pause
        await asked(call(), vendor)
    for number, moment in enumerate(at):
        assert sum(1 for other in at[number:] if other - moment < seconds - 1e-6) <= requests
