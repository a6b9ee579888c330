"""What is kept between requests, as the rest of the gateway sees it: reads through it, and evictions by tag.

A tag is a typed id: `player:<brand>:<id>` is every record of that player in every system, `ticket:<brand>:<id>` one
ticket and its messages. Records are kept, never answers: who may see them is decided anew by every request.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable
from typing import Any, Protocol, TypeVar

from cache.kinds import KINDS
from cache.memory import Memory
from cache.reading import Read, Reading, Tiers

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
        self, most_entries: int = 0, clock: Callable[[], float] = time.time, *, flight_seconds: float = 10.0
    ) -> None:
        self._tiers = Tiers(Memory(most_entries, clock), clock, flight_seconds) if most_entries else None
        self._readings: dict[str, Reading[Any, Any]] = {}

    def reading(self, name: str, port: object, read: Read[K, V]) -> Reading[K, V] | None:
        """The port's read by its kind's name, through the tiers; None if nothing is kept. The first of a name stays."""
        if self._tiers is None:
            return None
        if (known := self._readings.get(name)) is None:
            known = self._readings[name] = Reading(KINDS[name], type(port).__name__, read, self._tiers)
        return known

    async def evict(self, tags: Iterable[str]) -> None:
        """See `Tags`."""
        if self._tiers is not None:
            self._tiers.generations.move_on(tags)

    async def idle(self) -> None:
        """Returns when nothing is being renewed in the background."""
        while self._tiers and self._tiers.renewals:
            await asyncio.wait(list(self._tiers.renewals))

    async def aclose(self) -> None:
        """Nothing goes on in the background after this."""
        renewals = list(self._tiers.renewals) if self._tiers else []
        for task in renewals:
            task.cancel()
        await asyncio.gather(*renewals, return_exceptions=True)
