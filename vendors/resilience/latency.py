"""How long the product takes, from the last requests of the last minutes."""

from __future__ import annotations

import asyncio
from collections import deque

from vendors.ports.health import Latency
from vendors.resilience.call import Call, Clockwork, Inner, T

WINDOW_SECONDS, MOST = 300.0, 1024


class Stopwatch:
    """Innermost: it times the wire alone, not what a call waited for before it."""

    def __init__(self, clock: Clockwork) -> None:
        self._clock = clock
        self._seconds: deque[tuple[float, float]] = deque(maxlen=MOST)  # (moment, how long)

    async def __call__(self, call: Call, inner: Inner[T]) -> T:
        """`call.wire_seconds` is set whatever happens; a request whose caller left says nothing of the product."""
        start, left = self._clock.now(), False
        try:
            return await inner()
        except asyncio.CancelledError:
            left = True
            raise
        finally:
            now = self._clock.now()
            call.wire_seconds = now - start
            if not left:
                self._seconds.append((now, now - start))

    def latency(self) -> Latency | None:
        """None until something was asked lately."""
        since = self._clock.now() - WINDOW_SECONDS
        told = sorted(seconds for moment, seconds in self._seconds if moment > since)
        if not told:
            return None
        p50, p95, p99 = (round(1000 * told[min(len(told) - 1, len(told) * share // 100)]) for share in (50, 95, 99))
        return Latency(len(told), p50, p95, p99)
