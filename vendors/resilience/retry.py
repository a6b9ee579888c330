"""Once more, where that is safe and useful, within a budget and within the deadline."""

from __future__ import annotations

import telemetry
from vendors.errors import VendorBusyError, VendorDownError, VendorError, VendorMalformedError, VendorTimeoutError
from vendors.ports.source import System
from vendors.resilience.call import Call, Clockwork, Effect, Inner, T
from vendors.resilience.policy import RetryPolicy

_PASSING = (VendorDownError, VendorTimeoutError, VendorBusyError, VendorMalformedError)  # may be gone in a moment


class Budget:
    """Repetitions a product may be charged: never more than `floor` + `ratio` x calls, however they are spread."""

    def __init__(self, policy: RetryPolicy) -> None:
        self._ratio, self._most = policy.ratio, float(policy.floor)
        self._left = self._most

    def earn(self) -> None:
        """For every call that was wanted."""
        self._left = min(self._most, self._left + self._ratio)

    def spend(self) -> bool:
        """Takes one repetition, if there is one."""
        if self._left < 1.0:
            return False
        self._left -= 1.0
        return True


class Retry:
    """Repeats reads, and writes that the product documents as idempotent.

    A read that hung for its whole time limit is not repeated: the caller has waited long enough, and would again. An
    idempotent write is: its second answer settles whether it was done.
    """

    def __init__(self, system: System, policy: RetryPolicy, limit_seconds: float, clock: Clockwork) -> None:
        self._system, self._policy, self._clock, self._budget = system, policy, clock, Budget(policy)
        self._limit_seconds = limit_seconds

    async def __call__(self, call: Call, inner: Inner[T]) -> T:
        """The first answer, or the last error that came from the vendor."""
        self._budget.earn()
        earlier: VendorError | None = None
        for attempt in range(1, self._policy.attempts + 1):
            try:
                return await inner()
            except VendorError as error:
                earlier = _told(error, earlier)
                pause = self._pause(call, error, attempt)
                if pause is None:
                    raise earlier from error.__cause__
            telemetry.vendor_retry(self._system.value, call.operation, earlier.code)
            await self._clock.sleep(pause)
        raise AssertionError("the last attempt answers or raises")

    def _pause(self, call: Call, error: VendorError, attempt: int) -> float | None:
        """Seconds to wait before the next attempt; None if there is to be none."""
        if call.effect is Effect.WRITE or attempt == self._policy.attempts:
            return None
        if not error.was_asked or not isinstance(error, _PASSING) or self._hung(call, error):
            return None
        pause = self._after(error, attempt)
        if self._clock.now() + pause >= call.ends:
            return None
        return pause if self._budget.spend() else None

    def _hung(self, call: Call, error: VendorError) -> bool:
        waited = isinstance(error, VendorTimeoutError) and call.wire_seconds >= self._limit_seconds
        return waited and call.effect is Effect.READ

    def _after(self, error: VendorError, attempt: int) -> float:
        """What the product asked for, else a random share of a span that doubles."""
        asked_for = error.retry_after_seconds if isinstance(error, VendorBusyError) else None
        if asked_for is not None:
            return asked_for
        span = min(self._policy.longest_pause_seconds, self._policy.pause_seconds * 2.0 ** (attempt - 1))
        return self._clock.chance() * span


def _told(error: VendorError, earlier: VendorError | None) -> VendorError:
    """What is told of two attempts: the vendor's own word before our refusal, and a doubt of either remains."""
    if earlier is None:
        return error
    told = error if error.was_asked else earlier
    told.write_may_have_happened = error.write_may_have_happened or earlier.write_may_have_happened
    return told
