"""So many calls of a product at once and no more, that a slow one may not hold everything the process has."""

from __future__ import annotations

import asyncio
import math

import telemetry
from vendors.errors import VendorBusyError, VendorTimeoutError
from vendors.ports.source import System
from vendors.resilience.call import Call, Clockwork, Inner, T, not_asked
from vendors.resilience.policy import BulkheadPolicy


class Bulkhead:
    """Places for calls, and a queue for a place that is bounded and never outlasts a deadline."""

    def __init__(self, system: System, policy: BulkheadPolicy, clock: Clockwork) -> None:
        self._system, self._clock = system, clock
        self._places, self._most = asyncio.Semaphore(policy.max_concurrency), policy.max_waiting
        self.inside = self.waiting = 0

    async def __call__(self, call: Call, inner: Inner[T]) -> T:
        """Raises VendorBusyError if the queue is full, VendorTimeoutError if the deadline comes first."""
        if self._places.locked():
            await self._wait(call)
        else:
            await self._places.acquire()
        self.inside += 1
        try:
            return await inner()
        finally:
            self.inside -= 1
            self._places.release()

    async def _wait(self, call: Call) -> None:
        if self.waiting >= self._most:
            telemetry.vendor_refused(self._system.value, call.operation, telemetry.QUEUE_FULL)
            raise not_asked(VendorBusyError(self._system, call.operation, "too many calls wait for a place"))
        seconds = None if math.isinf(call.ends) else call.ends - self._clock.now()
        self.waiting += 1
        try:
            async with asyncio.timeout(seconds):
                await self._places.acquire()
        except TimeoutError as error:
            telemetry.vendor_refused(self._system.value, call.operation, telemetry.DEADLINE)
            raise not_asked(VendorTimeoutError(self._system, call.operation, "waited for a place")) from error
        finally:
            self.waiting -= 1
