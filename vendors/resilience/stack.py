"""The order in which a call meets its concerns. The trace is outside, in the client; the wire is inside."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import telemetry
from vendors.errors import VendorTimeoutError
from vendors.ports.health import CircuitState, Latency, RateLimit
from vendors.ports.source import System
from vendors.resilience.breaker import Breakers
from vendors.resilience.bulkhead import Bulkhead
from vendors.resilience.call import Call, Clockwork, Inner, T, not_asked
from vendors.resilience.latency import Stopwatch
from vendors.resilience.limiter import Limiter
from vendors.resilience.limits import Limit
from vendors.resilience.policy import ONCE, Policy
from vendors.resilience.retry import Retry
from vendors.resilience.shared_bucket import Ledger

SLOW_SHARE = 0.8  # of the time limit: a call that takes longer counts as a failure


class Resilience:
    """What stands before one product, with one product's memory of failures, budget and places."""

    def __init__(
        self,
        system: System,
        timeout_seconds: float,
        policy: Policy = ONCE,
        clock: Clockwork | None = None,
        *,
        limits: Sequence[Limit] = (),
        account: str = "",
        ledger: Ledger | None = None,
    ) -> None:
        """`limits` are the product's published ones. ValueError for a rate of the policy that is none of them."""
        clock = clock or Clockwork()
        self._system, self._now = system, clock.now
        self._limit_seconds = policy.timeout_seconds or timeout_seconds
        self._retry = Retry(system, policy.retry, self._limit_seconds, clock)
        self._breakers = Breakers(system, policy.breaker, SLOW_SHARE * self._limit_seconds, clock)
        self._limiter = Limiter(system, limits, policy.limiter, clock, account=account, ledger=ledger)
        self._stopwatch = Stopwatch(clock)
        self._bulkhead = Bulkhead(system, policy.bulkhead, clock)

    async def carry(self, call: Call, wire: Inner[T]) -> T:
        """What `wire` answers. Raises its VendorError, or one of our own without calling it."""
        breakers, limiter, bulkhead, stopwatch = self._breakers, self._limiter, self._bulkhead, self._stopwatch
        return await self._retry(
            call,
            lambda: breakers(
                call, lambda: limiter(call, lambda: bulkhead(call, lambda: stopwatch(breakers.met_again(call), wire)))
            ),
        )

    def seconds_for(self, call: Call) -> float:
        """How long a request may take from now on; raises VendorTimeoutError when the deadline is over."""
        left = call.ends - self._now()
        if left <= 0:
            telemetry.vendor_refused(self._system.value, call.operation, telemetry.DEADLINE)
            raise not_asked(VendorTimeoutError(self._system, call.operation, "the deadline is over"))
        return min(self._limit_seconds, left)

    def heard(self, call: Call, headers: Mapping[str, str]) -> None:
        """A reply's headers, for what they say of limits."""
        self._limiter.heard(call, headers)

    @property
    def rate_limit(self) -> RateLimit | None:
        """The limit that is nearest to its end."""
        return self._limiter.state()

    @property
    def latency(self) -> Latency | None:
        """What the product took lately."""
        return self._stopwatch.latency()

    @property
    def circuits(self) -> dict[str, CircuitState]:
        """The breakers by operation."""
        return self._breakers.states()
