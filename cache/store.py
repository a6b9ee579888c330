"""What is kept between requests, as the rest of the gateway sees it: reads through it, and evictions by tag.

A tag is a typed id: `player:<brand>:<id>` is every record of that player in every system, `ticket:<brand>:<id>` one
ticket and its messages. Records are kept, never answers: who may see them is decided anew by every request.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from typing import Any, Protocol, TypeVar

from cache.kinds import KINDS
from cache.memory import Memory
from cache.reading import Read, Reading, Tiers
from cache.shared import Shared, following

K = TypeVar("K")
V = TypeVar("V")


class Tags(Protocol):
    """What a webhook needs of the cache."""

    async def evict(self, tags: Iterable[str]) -> None:
        """Whatever hangs on these ids has changed: nothing read before now is used again. Never raises."""


class Store:
    """One process's tiers. With room for no entry it keeps nothing, and reads are the port's own.

    `flight_seconds` is the deadline of a read that several may wait for.
    """

    def __init__(
        self,
        most_entries: int = 0,
        clock: Callable[[], float] = time.time,
        *,
        flight_seconds: float = 10.0,
        shared: Shared | None = None,
    ) -> None:
        memory = Memory(most_entries, clock)
        self._tiers = Tiers(memory, clock, flight_seconds, shared) if most_entries else None
        self._readings: dict[str, Reading[Any, Any]] = {}

    def reading(self, name: str, port: object, read: Read[K, V]) -> Reading[K, V] | None:
        """The port's read by its kind's name, through the tiers; None if nothing is kept. The first of a name stays."""
        if self._tiers is None:
            return None
        if (known := self._readings.get(name)) is None:
            known = self._readings[name] = Reading(KINDS[name], type(port).__name__, read, self._tiers)
        return known

    async def evict(self, tags: Iterable[str]) -> None:
        """See `Tags`. What other processes keep is evicted as soon as the server that they share can be told."""
        if self._tiers is not None:
            self._tiers.generations.move_on(tags := list(tags))
            if self._tiers.shared:
                await self._tiers.shared.evict(tags)

    @asynccontextmanager
    async def following(self) -> AsyncIterator[None]:
        """What other processes evict is heard while the block runs."""
        async with contextlib.AsyncExitStack() as stack:
            if self._tiers and self._tiers.shared:
                generations = self._tiers.generations
                await stack.enter_async_context(
                    following(self._tiers.shared, generations.move_on, generations.move_all_on)
                )
            yield

    async def idle(self) -> None:
        """Returns when nothing is being renewed or written in the background."""
        while self._tiers and self._tiers.renewals:
            await asyncio.wait(list(self._tiers.renewals))
        if self._tiers and self._tiers.shared:
            await self._tiers.shared.idle()

    async def aclose(self) -> None:
        """Nothing goes on in the background after this."""
        renewals = list(self._tiers.renewals) if self._tiers else []
        for task in renewals:
            task.cancel()
        await asyncio.gather(*renewals, return_exceptions=True)
