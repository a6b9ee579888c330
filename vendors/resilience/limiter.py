"""No more calls than the product allows: a call takes a token of every limit that counts it, and waits for it.

What the product says itself goes before any number: a 429 with Retry-After pauses its bucket for everybody, and one
without halves the rate. A product that publishes no limit has a bucket that only learns from its refusals.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence

from cachetools import LRUCache

import telemetry
from vendors.errors import VendorBusyError
from vendors.ports.health import RateLimit
from vendors.ports.source import System
from vendors.resilience.bucket import Bucket, LocalBucket
from vendors.resilience.call import Call, Clockwork, Inner, T, not_asked
from vendors.resilience.limits import Limit, RateHeaders
from vendors.resilience.policy import LimiterPolicy
from vendors.resilience.shared_bucket import Ledger, SharedBucket

ALL = "all"  # the name under which an installation limits a product that publishes nothing
UNPUBLISHED = Limit(name="", requests=1000, seconds=1.0)  # no process makes more: it counts, and holds nobody
MOST_SHARES = 1000  # buckets of one limit; the one that rested longest is dropped


class Limiter:
    """The buckets of one product's account, each made when a call first needs it.

    With a `ledger` the processes that name the same `account` keep its limits together.
    """

    def __init__(
        self,
        system: System,
        limits: Sequence[Limit],
        policy: LimiterPolicy,
        clock: Clockwork,
        *,
        account: str = "",
        ledger: Ledger | None = None,
    ) -> None:
        """Raises ValueError for a rate whose name the product does not have."""
        self._system, self._policy, self._clock = system, policy, clock
        self._account, self._ledger = account, ledger
        self._limits = sorted(_agreed(limits, policy), key=lambda limit: limit.width)
        self._buckets: Mapping[str, LRUCache[str, Bucket]] = {
            limit.name: LRUCache(MOST_SHARES) for limit in (*self._limits, UNPUBLISHED)
        }
        self._counting: dict[tuple[str, str], Sequence[Limit]] = {}
        self._waiting = 0

    async def __call__(self, call: Call, inner: Inner[T]) -> T:
        """Raises VendorBusyError at once if there is no token before the deadline."""
        buckets = [self._bucket(limit, call.share if limit.each else "") for limit in self._limits_of(call)]
        await self._admit(call, buckets)
        began = self._clock.now()
        try:
            return await inner()
        except VendorBusyError as error:
            if error.was_asked:
                self._throttled(buckets[0], began, error.retry_after_seconds)
            raise

    def heard(self, call: Call, headers: Mapping[str, str]) -> None:
        """What a reply's headers say of the limits that count such a call."""
        for limit in self._limits_of(call):
            if limit.headers is not None:
                self._bucket(limit, call.share if limit.each else "").told(*_read(limit, limit.headers, headers))

    def state(self) -> RateLimit | None:
        """The limit that is nearest to its end."""
        told = [bucket.state() for buckets in self._buckets.values() for bucket in buckets.values()]
        known = [state for state in told if state is not None]
        return min(known, key=lambda state: (state.remaining / state.limit, state.limit), default=None)

    def _limits_of(self, call: Call) -> Sequence[Limit]:
        """Never empty, the narrowest first."""
        key = call.operation, call.method
        if (known := self._counting.get(key)) is None:
            known = self._counting[key] = [limit for limit in self._limits if limit.covers(*key)] or [UNPUBLISHED]
        return known

    def _bucket(self, limit: Limit, share: str) -> Bucket:
        buckets = self._buckets[limit.name]
        if (bucket := buckets.get(share)) is None:
            chosen = limit.name in self._policy.rates
            holds = chosen or (self._policy.enforce and limit is not UNPUBLISHED)
            local = LocalBucket(limit, self._clock.now, holds=holds, learns=not chosen)
            bucket = buckets[share] = local
            if self._ledger is not None and holds:
                name = f"{self._account} {limit.name} {share}"
                bucket = buckets[share] = SharedBucket(name, limit, local, self._ledger, self._clock.now)
        return bucket

    async def _admit(self, call: Call, buckets: Sequence[Bucket]) -> None:
        while True:
            tokens = await self._tokens(call, buckets)
            pause = max(tokens) - self._clock.now()
            if pause <= 0:
                return
            await self._wait(call, pause, buckets, tokens)
            now = self._clock.now()
            if not any(bucket.paused_until > now for bucket in buckets):
                return

    async def _tokens(self, call: Call, buckets: Sequence[Bucket]) -> list[float]:
        taken: list[float] = []
        for bucket in buckets:
            moment = await bucket.take(call.ends)
            if moment is None:
                _give_back(buckets, taken)
                raise self._refused(call, "its rate limit leaves no room before the deadline")
            taken.append(moment)
        return taken

    async def _wait(self, call: Call, seconds: float, buckets: Sequence[Bucket], tokens: Sequence[float]) -> None:
        if self._waiting >= self._policy.max_waiting:
            _give_back(buckets, tokens)
            raise self._refused(call, "too many calls wait for its rate limit")
        telemetry.vendor_waited(self._system.value, call.operation, seconds)
        self._waiting += 1
        try:
            await self._clock.sleep(seconds)
        except BaseException:
            _give_back(buckets, tokens)
            raise
        finally:
            self._waiting -= 1

    def _refused(self, call: Call, why: str) -> VendorBusyError:
        telemetry.vendor_refused(self._system.value, call.operation, telemetry.LIMITED)
        return not_asked(VendorBusyError(self._system, call.operation, why))

    def _throttled(self, bucket: Bucket, began: float, retry_after_seconds: float | None) -> None:
        if retry_after_seconds is None:
            bucket.slow_down(began, self._policy.longest_pause_seconds)
        else:
            bucket.pause(self._clock.now() + min(retry_after_seconds, self._policy.longest_pause_seconds))


def _agreed(limits: Sequence[Limit], policy: LimiterPolicy) -> list[Limit]:
    """The published limits with the installation's numbers in their place."""
    known = {limit.name: limit for limit in limits}
    agreed = {ALL: Limit(name=ALL, requests=1, seconds=1.0), **known} if ALL in policy.rates else dict(known)
    for name, rate in policy.rates.items():
        if name not in agreed:
            raise ValueError(f"limiter.rates.{name}: no such limit; there are {', '.join([*known, ALL])}")
        found = agreed[name]
        agreed[name] = Limit(
            name=name, requests=rate.requests, seconds=rate.seconds, operations=found.operations,
            methods=found.methods, each=found.each, headers=found.headers,
        )  # fmt: skip
    return list(agreed.values())


def _give_back(buckets: Sequence[Bucket], tokens: Sequence[float]) -> None:
    for bucket, moment in zip(buckets, tokens, strict=False):  # of those that were taken
        bucket.give_back(moment)


def _read(
    counted: Limit, names: RateHeaders, headers: Mapping[str, str]
) -> tuple[int | None, int | None, float | None]:
    limit, remaining, reset = (headers.get(name, "") for name in (names.limit, names.remaining, names.reset))
    seconds = float(reset) if reset.isdecimal() else None
    if seconds is not None and names.reset_is_moment:  # a vendor's clock that is wrong holds nobody beyond a window
        seconds = min(max(0.0, seconds - time.time()), counted.seconds)
    return int(limit) if limit.isdecimal() else None, int(remaining) if remaining.isdecimal() else None, seconds
