"""A product's operation that keeps failing is left alone for a while; then one call probes whether it is back."""

from __future__ import annotations

from collections import deque

import telemetry
from vendors.errors import (
    VendorAuthError,
    VendorDownError,
    VendorError,
    VendorMalformedError,
    VendorRejectedError,
    VendorTimeoutError,
)
from vendors.ports.health import CircuitState
from vendors.ports.source import System
from vendors.resilience.call import Call, Clockwork, Inner, T, not_asked
from vendors.resilience.policy import BreakerPolicy

SLICES = 10  # the window moves on by a tenth of itself
_FAILURES = (VendorDownError, VendorMalformedError)
_ANSWERS = (VendorRejectedError, VendorAuthError)  # a refusal shows that the product is there


class Tally:
    """Calls and failures of the last `seconds`, forgotten a slice at a time."""

    def __init__(self, seconds: float) -> None:
        self._slice_seconds = seconds / SLICES
        self._slices: deque[list[int]] = deque()  # [number, calls, failures]
        self.calls = self.failures = 0

    def add(self, now: float, failed: bool) -> None:
        """Counts one call that ended `now`."""
        number = int(now / self._slice_seconds)
        while self._slices and self._slices[0][0] <= number - SLICES:
            _, calls, failures = self._slices.popleft()
            self.calls, self.failures = self.calls - calls, self.failures - failures
        if not self._slices or self._slices[-1][0] != number:
            self._slices.append([number, 0, 0])
        self._slices[-1][1] += 1
        self._slices[-1][2] += failed
        self.calls, self.failures = self.calls + 1, self.failures + failed

    def clear(self) -> None:
        """As at the beginning."""
        self._slices.clear()
        self.calls = self.failures = 0


class Breaker:
    """One operation's. A call takes a ticket before and hands it back with what became of it.

    A ticket is the number of the state in which it was taken: what began in an earlier state decides nothing in this.
    """

    def __init__(self, policy: BreakerPolicy, clock: Clockwork) -> None:
        self._policy, self._now, self._tally = policy, clock.now, Tally(policy.window_seconds)
        self._open_until: float | None = None  # None: closed
        self._number, self._probing = 0, False

    @property
    def state(self) -> CircuitState:
        if self._open_until is None:
            return CircuitState.CLOSED
        return CircuitState.OPEN if self._now() < self._open_until else CircuitState.HALF_OPEN

    def enter(self) -> int | None:
        """A ticket, or None: then the vendor is not to be called."""
        if self._open_until is not None:
            if self._probing or self._now() < self._open_until:
                return None
            self._probing = True
        return self._number

    def has_opened_since(self, ticket: int) -> bool:
        """Whether the vendor is to be left alone, found out after that ticket was taken."""
        return ticket != self._number and self._open_until is not None

    def leave(self, ticket: int, failed: bool | None) -> None:
        """`failed` is None for what says nothing about the product."""
        if ticket != self._number:
            return
        if self._open_until is not None:
            self._probing = False
            if failed is not None:
                self._turn(self._now() + self._policy.open_seconds if failed else None)
        elif failed is not None:
            self._tally.add(self._now(), failed)
            if failed and self._is_too_much():
                self._turn(self._now() + self._policy.open_seconds)

    def _is_too_much(self) -> bool:
        calls, failures = self._tally.calls, self._tally.failures
        return calls >= self._policy.minimum_calls and failures >= calls * self._policy.failure_ratio

    def _turn(self, open_until: float | None) -> None:
        self._open_until, self._number = open_until, self._number + 1
        self._tally.clear()


class Breakers:
    """The breakers of one product, each made when its operation is first called."""

    def __init__(self, system: System, policy: BreakerPolicy, slow_seconds: float, clock: Clockwork) -> None:
        self._system, self._policy, self._clock = system, policy, clock
        self._slow_seconds = policy.slow_seconds or slow_seconds
        self._breakers: dict[str, Breaker] = {}

    def states(self) -> dict[str, CircuitState]:
        """By operation."""
        return {operation: breaker.state for operation, breaker in self._breakers.items()}

    async def __call__(self, call: Call, inner: Inner[T]) -> T:
        """Raises VendorDownError at once while the breaker is open."""
        breaker = self._breakers.get(call.operation) or self._made(call.operation)
        ticket = breaker.enter()
        if ticket is None:
            raise self._refused(call)
        call.ticket = ticket
        failed: bool | None = None  # of a call that was cancelled, too
        try:
            answer = await inner()
            failed = call.wire_seconds >= self._slow_seconds
        except VendorError as error:
            failed = self._is_failure(call, error)
            raise
        finally:
            breaker.leave(ticket, failed)
        return answer

    def met_again(self, call: Call) -> Call:
        """Whoever waited behind the breaker for a place: it may have opened meanwhile. Raises VendorDownError."""
        if self._breakers[call.operation].has_opened_since(call.ticket):
            raise self._refused(call)
        return call

    def _refused(self, call: Call) -> VendorError:
        telemetry.vendor_refused(self._system.value, call.operation, telemetry.BREAKER_OPEN)
        return not_asked(VendorDownError(self._system, call.operation, "the breaker is open"))

    def _made(self, operation: str) -> Breaker:
        return self._breakers.setdefault(operation, Breaker(self._policy, self._clock))

    def _is_failure(self, call: Call, error: VendorError) -> bool | None:
        """None for what says nothing: our own refusal, 429, and a time limit that the deadline had cut short."""
        if not error.was_asked:
            return None
        if isinstance(error, _FAILURES):
            return True
        if isinstance(error, _ANSWERS):
            return False
        if isinstance(error, VendorTimeoutError) and call.wire_seconds >= self._slow_seconds:
            return True
        return None
