"""One ask per key: what is asked for in the same turn of the loop leaves as one plural read.

A window belongs to one request; waiters share a read, and one waiter's cancellation never reaches another.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Generic, TypeVar

from vendors.errors import VendorError

K = TypeVar("K")
V = TypeVar("V")
Read = Callable[[Sequence[K]], Awaitable[Mapping[K, V | VendorError]]]


class Window(Generic[K, V]):
    """Gathers keys until the loop turns, reads each once, remembers the answers for as long as it lives."""

    def __init__(self, read: Read[K, V]) -> None:
        self._read = read
        self._asked: dict[K, asyncio.Future[V | VendorError | None]] = {}
        self._waiting: list[K] = []
        self._flights: set[asyncio.Task[None]] = set()

    async def load(self, keys: Sequence[K]) -> list[V | VendorError | None]:
        """One answer per key, in order: a value, the vendor's error for that key, or None if there is nothing."""
        loop = asyncio.get_running_loop()
        for key in keys:
            if key not in self._asked:
                self._asked[key] = loop.create_future()
                self._waiting.append(key)
                if len(self._waiting) == 1:  # the first to wait books the flight
                    loop.call_soon(self._depart)
        return [await asyncio.shield(self._asked[key]) for key in keys]

    def _depart(self) -> None:
        keys, self._waiting = self._waiting, []
        flight = asyncio.create_task(self._fly(keys))
        self._flights.add(flight)
        flight.add_done_callback(self._flights.discard)

    async def _fly(self, keys: Sequence[K]) -> None:
        try:
            answers = await self._read(keys)
        except BaseException as error:
            for key in keys:
                self._asked[key].set_exception(error if isinstance(error, Exception) else RuntimeError("cancelled"))
                self._asked[key].exception()  # retrieved: a waiter that left must not make the loop complain
            if not isinstance(error, Exception):
                raise
            return
        for key in keys:
            self._asked[key].set_result(answers.get(key))
