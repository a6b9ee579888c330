"""What is repeated, how often, after which pause; and what is told when it was of no use."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

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
from vendors.ports.source import System
from vendors.resilience.call import Effect, not_asked
from vendors.resilience.policy import RetryPolicy
from vendors.resilience.retry import Retry

LIMIT = 2.0  # seconds of each attempt


def retry(time: Time, **policy: object) -> Retry:
    return Retry(System.TICKETING, RetryPolicy(**policy), LIMIT, time.clockwork)  # type: ignore[arg-type]


PASSING = [VendorDownError, VendorTimeoutError, VendorBusyError, VendorMalformedError]
LASTING = [VendorRejectedError, VendorConflictError, VendorAuthError]


@pytest.mark.parametrize("kind", PASSING)
async def test_a_read_that_may_succeed_in_a_moment_is_made_again(kind: type[VendorError]) -> None:
    vendor = Vendor(of(kind), "answer")
    assert await retry(Time())(call(), vendor) == "answer"
    assert vendor.calls == 2


@pytest.mark.parametrize("kind", LASTING)
async def test_a_refusal_is_not_asked_for_twice(kind: type[VendorError]) -> None:
    vendor = Vendor(of(kind))
    assert isinstance(await outcome(retry(Time())(call(), vendor)), kind)
    assert vendor.calls == 1


@pytest.mark.parametrize("kind", PASSING)
async def test_a_write_is_never_repeated(kind: type[VendorError]) -> None:
    vendor = Vendor(of(kind))
    await outcome(retry(Time())(call(Effect.WRITE), vendor))
    assert vendor.calls == 1


async def test_a_write_that_the_product_documents_as_idempotent_is() -> None:
    vendor = Vendor(of(VendorTimeoutError), "answer")
    assert await retry(Time())(call(Effect.IDEMPOTENT_WRITE), vendor) == "answer"


@pytest.mark.parametrize(
    ("effect", "seconds", "calls"),
    [
        (Effect.READ, LIMIT, 1),
        (Effect.READ, LIMIT / 2, 2),
        (Effect.IDEMPOTENT_WRITE, LIMIT, 2),
        (Effect.WRITE, LIMIT, 1),
    ],
)
async def test_a_read_that_hung_for_its_whole_time_limit_is_not_made_again(
    effect: Effect, seconds: float, calls: int
) -> None:
    vendor, asked = Vendor(of(VendorTimeoutError), "answer"), call(effect)

    async def take() -> str:
        asked.wire_seconds = seconds
        return await vendor()

    await outcome(retry(Time())(asked, take))
    assert vendor.calls == calls


async def test_what_we_refused_ourselves_is_not_repeated() -> None:
    vendor = Vendor(not_asked(of(VendorDownError)))
    await outcome(retry(Time())(call(), vendor))
    assert vendor.calls == 1


async def test_the_attempts_are_counted_and_the_last_error_is_told() -> None:
    vendor = Vendor(of(VendorDownError), of(VendorTimeoutError), of(VendorMalformedError), "too late")
    assert isinstance(await outcome(retry(Time())(call(), vendor)), VendorMalformedError)
    assert vendor.calls == 3


async def test_the_vendors_own_word_is_told_rather_than_our_refusal_to_ask_again() -> None:
    told = await outcome(retry(Time())(call(), Vendor(of(VendorTimeoutError), not_asked(of(VendorDownError)))))
    assert isinstance(told, VendorTimeoutError)


async def test_a_doubt_of_the_first_attempt_outlives_a_second_that_never_left() -> None:
    refused = of(VendorDownError)
    assert not refused.write_may_have_happened
    told = await outcome(retry(Time())(call(Effect.IDEMPOTENT_WRITE), Vendor(of(VendorTimeoutError), refused)))
    assert isinstance(told, VendorDownError)
    assert told.write_may_have_happened


async def test_pauses_are_a_random_share_of_a_span_that_doubles_up_to_the_longest() -> None:
    for chance, pauses in ((1.0, [0.1, 0.2, 0.3]), (0.5, [0.05, 0.1, 0.15]), (0.0, [0.0, 0.0, 0.0])):
        time = Time()
        time.chance = chance
        await outcome(
            retry(time, attempts=4, pause_seconds=0.1, longest_pause_seconds=0.3)(call(), Vendor(of(VendorDownError)))
        )
        assert time.slept == pytest.approx(pauses)


async def test_retry_after_is_waited_for_and_not_a_moment_less() -> None:
    time, vendor = Time(), Vendor(of(VendorBusyError, retry_after_seconds=3.0), "answer")
    assert await retry(time)(call(ends=time.now + 4.0), vendor) == "answer"
    assert time.slept == [3.0]


async def test_a_retry_after_beyond_the_deadline_is_an_answer_at_once() -> None:
    time, vendor = Time(), Vendor(of(VendorBusyError, retry_after_seconds=3.0), "too late")
    assert isinstance(await outcome(retry(time)(call(ends=time.now + 3.0), vendor)), VendorBusyError)
    assert (vendor.calls, time.slept) == (1, [])


async def test_nothing_is_repeated_past_the_deadline() -> None:
    time, vendor = Time(), Vendor(of(VendorDownError))
    await outcome(retry(time, attempts=9, pause_seconds=1.0)(call(ends=time.now + 2.5), vendor))
    assert (vendor.calls, time.slept) == (3, [1.0, 1.0])


@given(
    outcomes=st.lists(st.booleans(), max_size=300),
    ratio=st.floats(0, 0.1),
    floor=st.integers(1, 20),
    attempts=st.integers(1, 5),
)
async def test_whatever_fails_the_vendor_gets_at_most_a_tenth_more_and_the_floor(
    outcomes: list[bool], ratio: float, floor: int, attempts: int
) -> None:
    again, made = retry(Time(), ratio=ratio, floor=floor, attempts=attempts), 0
    for well in outcomes:
        vendor = Vendor("answer" if well else of(VendorDownError))
        await outcome(again(call(), vendor))
        made += vendor.calls
    assert len(outcomes) <= made <= len(outcomes) + ratio * len(outcomes) + floor


async def test_the_budget_comes_back_with_calls_that_go_well() -> None:
    again = retry(Time(), floor=1, ratio=0.1)
    spent, broke = Vendor(of(VendorDownError)), Vendor(of(VendorDownError))
    await outcome(again(call(), spent))
    await outcome(again(call(), broke))
    for _ in range(10):
        await again(call(), Vendor("answer"))
    recovered = Vendor(of(VendorDownError), "answer")
    assert await again(call(), recovered) == "answer"
    assert (spent.calls, broke.calls) == (2, 1)
