"""Single flight: a key that is being read is not asked for again; who comes meanwhile waits for the same answer."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Generic, NamedTuple, TypeVar

from cache.generations import Generations
from cache.kept import tags_of
from vendors.resilience import deadline

K = TypeVar("K")
A = TypeVar("A")


class _Flight(NamedTuple, Generic[K, A]):
    since: int
    task: asyncio.Task[Mapping[K, A]]


class Flights(Generic[K, A]):
    """Reads under way. One waiter's cancellation never reaches another, nor the read.

    A read belongs to all who wait, so it runs under a deadline of its own, `seconds` from its departure. Each waits for
    it by his own deadline; `late` is his answer where that comes first.
    """

    def __init__(
        self,
        read: Callable[[Sequence[K]], Awaitable[Mapping[K, A]]],
        generations: Generations,
        late: Callable[[K], A],
        seconds: float,
    ) -> None:
        self._read, self._generations, self._late, self._seconds = read, generations, late, seconds
        self._under_way: dict[K, _Flight[K, A]] = {}

    async def ask(self, keys: Sequence[K]) -> dict[K, A]:
        """The answers, keys left out that have none. What changed after a flight had left is asked for again."""
        left = deadline.ends() - time.monotonic()
        if left <= 0:
            return {key: self._late(key) for key in keys}
        boarded = {key: self._boardable(key) for key in keys}
        if alone := [key for key, flight in boarded.items() if flight is None]:
            boarded |= dict.fromkeys(alone, self._depart(alone))
        flights = {key: flight.task for key, flight in boarded.items() if flight is not None}
        await asyncio.wait(set(flights.values()), timeout=min(left, self._seconds), return_when=asyncio.FIRST_EXCEPTION)
        landed = {key: task.result() for key, task in flights.items() if task.done()}
        late = {key: self._late(key) for key in flights if key not in landed}
        return {**{key: answers[key] for key, answers in landed.items() if key in answers}, **late}

    def _boardable(self, key: K) -> _Flight[K, A] | None:
        flight = self._under_way.get(key)
        return flight if flight and self._generations.holds(flight.since, tags_of(key)) else None

    def _depart(self, keys: Sequence[K]) -> _Flight[K, A]:
        with deadline.afresh(self._seconds):
            task = asyncio.ensure_future(self._read(keys))
        flight = _Flight(self._generations.now, task)
        self._under_way.update(dict.fromkeys(keys, flight))
        task.add_done_callback(lambda _: self._land(keys, flight))
        return flight

    def _land(self, keys: Sequence[K], flight: _Flight[K, A]) -> None:
        for key in keys:
            if self._under_way.get(key) is flight:
                del self._under_way[key]
        if not flight.task.cancelled():
            flight.task.exception()  # retrieved: waiters that have left must not make the loop complain
