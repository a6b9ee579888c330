"""How late the event loop itself runs: what a busy machine takes from everything that is timed on it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import TypeVar

T = TypeVar("T")
TICK_SECONDS, PRECISE_SECONDS, MOST_RUNS = 0.005, 0.05, 5


class Lag:
    """`seconds` is the worst lateness of a task that only ever wants to wake up."""

    def __init__(self) -> None:
        self.seconds, self._due = 0.0, time.monotonic()

    def look(self) -> None:
        """Takes in how late it is by now."""
        self.seconds = max(self.seconds, time.monotonic() - self._due)

    async def tick(self) -> None:
        """Until it is cancelled."""
        while True:
            self._due = time.monotonic() + TICK_SECONDS
            await asyncio.sleep(TICK_SECONDS)
            self.look()


@asynccontextmanager
async def lagging() -> AsyncIterator[Lag]:
    """The loop's lag while the block runs, known when it has ended."""
    lag = Lag()
    ticking = asyncio.create_task(lag.tick())
    try:
        yield lag
    finally:
        lag.look()
        ticking.cancel()


async def precise(run: Callable[[], Awaitable[T]], holds: Callable[[T], bool]) -> T:
    """What a run found; made again where it does not hold and the loop was late itself: that proves nothing."""
    for _ in range(MOST_RUNS):
        async with lagging() as lag:
            found = await run()
        if holds(found) or lag.seconds < PRECISE_SECONDS:
            break
    return found
