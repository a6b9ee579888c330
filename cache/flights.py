"""Single flight: a key that is being read is not asked for again; who comes meanwhile waits for the same answer."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Generic, NamedTuple, TypeVar

from cache.generations import Generations
from cache.kept import tags_of

K = TypeVar("K")
A = TypeVar("A")


class _Flight(NamedTuple, Generic[K, A]):
    since: int
    task: asyncio.Task[Mapping[K, A]]


class Flights(Generic[K, A]):
    """Reads under way. One waiter's cancellation never reaches another, nor the read."""

    def __init__(self, read: Callable[[Sequence[K]], Awaitable[Mapping[K, A]]], generations: Generations) -> None:
        self._read, self._generations = read, generations
        self._under_way: dict[K, _Flight[K, A]] = {}

    async def ask(self, keys: Sequence[K]) -> dict[K, A]:
        """The answers, keys left out that have none. What changed after a flight had left is asked for again."""
        boarded = {key: self._boardable(key) for key in keys}
        if alone := [key for key, flight in boarded.items() if flight is None]:
            boarded |= dict.fromkeys(alone, self._depart(alone))
        flights = {key: flight for key, flight in boarded.items() if flight is not None}
        await asyncio.gather(*(asyncio.shield(task) for task in {flight.task for flight in flights.values()}))
        answers = {key: flight.task.result() for key, flight in flights.items()}
        return {key: answered[key] for key, answered in answers.items() if key in answered}

    def _boardable(self, key: K) -> _Flight[K, A] | None:
        flight = self._under_way.get(key)
        return flight if flight and self._generations.holds(flight.since, tags_of(key)) else None

    def _depart(self, keys: Sequence[K]) -> _Flight[K, A]:
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
