"""One ask per key: what is asked for in the same turn of the loop leaves as one plural read.

A window belongs to one request; waiters share a read, and one waiter's cancellation never reaches another.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Generic, TypeVar

from vendors.errors import VendorError
from vendors.ports.source import System

K = TypeVar("K")
V = TypeVar("V")
Read = Callable[[Sequence[K]], Awaitable[Mapping[K, V | VendorError]]]


class Outcome:
    """What one system did in this request: how often it answered, and the last failure."""

    def __init__(self, system: System) -> None:
        self.system, self.answered = system, 0
        self.failure: VendorError | None = None


class Outcomes:
    """Every system's outcome, and whether a read is still under way."""

    def __init__(self, saw: Callable[[Sequence[object]], None] = lambda answers: None) -> None:
        self._saw = saw
        self.by_system: dict[System, Outcome] = {}
        self.in_flight = 0
        self._idle = asyncio.Event()
        self._idle.set()

    async def idle(self) -> None:
        """Returns when no read is under way; the next may leave in the same turn."""
        await self._idle.wait()

    def of(self, system: System) -> Callable[[int, Sequence[object]], None]:
        """Where a window of this system reports: +1 when a read leaves, -1 with its answers when it is back."""
        outcome = self.by_system[system] = Outcome(system)

        def report(change: int, answers: Sequence[object]) -> None:
            self.in_flight += change
            (self._idle.clear if self.in_flight else self._idle.set)()
            self._saw(answers)
            for answer in answers:
                if isinstance(answer, VendorError):
                    outcome.failure = answer
                else:
                    outcome.answered += 1

        return report


class Window(Generic[K, V]):
    """Gathers keys until the loop turns, reads each once, remembers the answers for as long as it lives."""

    def __init__(self, read: Read[K, V], report: Callable[[int, Sequence[object]], None] = lambda *_: None) -> None:
        self._read, self._report = read, report
        self._asked: dict[K, asyncio.Future[V | VendorError | None]] = {}
        self._waiting: list[tuple[K, asyncio.Future[V | VendorError | None]]] = []
        self._flights: set[asyncio.Task[None]] = set()

    async def load(self, keys: Sequence[K]) -> list[V | VendorError | None]:
        """One answer per key, in order: a value, the vendor's error for that key, or None if there is nothing."""
        loop = asyncio.get_running_loop()
        for key in keys:
            if key not in self._asked:
                self._asked[key] = loop.create_future()
                self._waiting.append((key, self._asked[key]))
                if len(self._waiting) == 1:  # the first to wait books the flight
                    loop.call_soon(self._depart)
        asked = [self._asked[key] for key in keys]
        return [await asyncio.shield(one) for one in asked]

    def forget(self, keys: Sequence[K]) -> None:
        """The next load of these keys asks the vendor again: a decision must not rest on what was read before it."""
        for key in keys:
            self._asked.pop(key, None)

    def _depart(self) -> None:
        flights, self._waiting = self._waiting, []
        self._report(1, ())
        flight = asyncio.create_task(self._fly(flights))
        self._flights.add(flight)
        flight.add_done_callback(self._flights.discard)

    async def _fly(self, flights: Sequence[tuple[K, asyncio.Future[V | VendorError | None]]]) -> None:
        answers: Mapping[K, V | VendorError] = {}
        try:
            answers = await self._read([key for key, _ in flights])
        except BaseException as error:
            for _, future in flights:
                future.set_exception(error if isinstance(error, Exception) else RuntimeError("cancelled"))
                future.exception()  # retrieved: a waiter that left must not make the loop complain
            if not isinstance(error, Exception):
                raise
            return
        finally:
            self._report(-1, [answers.get(key) for key, _ in flights])
        for key, future in flights:
            future.set_result(answers.get(key))
