"""One ask per key: what is asked for in the same turn of the loop leaves as one plural read.

A window belongs to one request; waiters share a read, and one waiter's cancellation never reaches another. An answer
that an earlier request left is good enough to show, and never good enough to judge by.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Generic, TypeVar

from cache.kept import Kept
from vendors.errors import VendorError
from vendors.ports.source import System

log = logging.getLogger("player_graph.cache")

K = TypeVar("K")
V = TypeVar("V")
Read = Callable[[Sequence[K]], Awaitable[Mapping[K, V | VendorError]]]
Tiered = Callable[[Sequence[K]], Awaitable[Mapping[K, V | Kept[V] | VendorError]]]
_Awaited = asyncio.Future[V | Kept[V] | VendorError | None]


class Outcome:
    """What one system did in this request: how often it answered, and the last failure.

    `reads` are batches of `keys`, of which `kept` were answered by what an earlier request left.
    """

    def __init__(self, system: System) -> None:
        self.system, self.answered = system, 0
        self.reads = self.keys = self.kept = 0
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
            outcome.reads += change < 0
            outcome.keys += len(answers)
            outcome.kept += sum(isinstance(answer, Kept) for answer in answers)
            (self._idle.clear if self.in_flight else self._idle.set)()
            for answer in answers:
                failure = answer.failure if isinstance(answer, Kept) else answer
                if isinstance(failure, VendorError):
                    outcome.failure = failure
                else:
                    outcome.answered += 1
            self._tell(answers)

        return report

    def _tell(self, answers: Sequence[object]) -> None:
        """Whoever watches is no part of the read: what he makes of an answer cannot cost anybody that answer."""
        try:
            self._saw(answers)
        except Exception:
            log.exception("what was read could not be watched")


class Window(Generic[K, V]):
    """Gathers keys until the loop turns, reads each once, remembers the answers for as long as it lives.

    `read` may answer from what is kept between requests; `now` asks the vendor. They are one where nothing is kept.
    """

    def __init__(
        self,
        read: Tiered[K, V],
        report: Callable[[int, Sequence[object]], None] = lambda *_: None,
        now: Tiered[K, V] | None = None,
    ) -> None:
        self._read, self._report, self._now = read, report, now or read
        self._asked: dict[K, _Awaited[V]] = {}
        self._waiting: list[tuple[K, _Awaited[V]]] = []
        self._judged: set[K] = set()  # of those that wait
        self._flights: set[asyncio.Task[None]] = set()

    async def load(self, keys: Sequence[K]) -> list[V | VendorError | None]:
        """One answer per key, in order: a value, the vendor's error for that key, or None if there is nothing."""
        answers = await self._answers(keys)
        return [answer.value if isinstance(answer, Kept) else answer for answer in answers]

    async def judge(self, keys: Sequence[K]) -> list[V | VendorError | None]:
        """Like `load`, but as the vendor answers within this request: nothing older stands in for a failure."""
        self._judged.update(keys)
        answers = await self._answers(keys)
        old = [key for key, answer in zip(keys, answers, strict=True) if _was_not_asked(answer)]
        for key in old:
            if self._asked[key].done() and _was_not_asked(self._asked[key].result()):
                self.forget([key])  # unless another who judges has asked again already
        self._judged.update(old)
        again = dict(zip(old, await self._answers(old), strict=True))
        known = [again.get(key, answer) for key, answer in zip(keys, answers, strict=True)]
        return [answer.failure if isinstance(answer, Kept) else answer for answer in known]

    def forget(self, keys: Sequence[K]) -> None:
        """The next load of these keys asks again: a decision must not rest on what was read before it."""
        for key in keys:
            self._asked.pop(key, None)

    async def _answers(self, keys: Sequence[K]) -> list[V | Kept[V] | VendorError | None]:
        loop = asyncio.get_running_loop()
        for key in keys:
            if key not in self._asked:
                self._asked[key] = loop.create_future()
                self._waiting.append((key, self._asked[key]))
                if len(self._waiting) == 1:  # the first to wait books the flight
                    loop.call_soon(self._depart)
        asked = [self._asked[key] for key in keys]
        return [await asyncio.shield(one) for one in asked]

    def _depart(self) -> None:
        waiting, self._waiting = self._waiting, []
        judged, self._judged = self._judged, set()
        if self._now is self._read:
            return self._leave(self._read, waiting)
        self._leave(self._read, [one for one in waiting if one[0] not in judged])
        self._leave(self._now, [one for one in waiting if one[0] in judged])

    def _leave(self, read: Tiered[K, V], passengers: Sequence[tuple[K, _Awaited[V]]]) -> None:
        if not passengers:
            return
        self._report(1, ())
        flight = asyncio.create_task(self._fly(read, passengers))
        self._flights.add(flight)
        flight.add_done_callback(self._flights.discard)

    async def _fly(self, read: Tiered[K, V], passengers: Sequence[tuple[K, _Awaited[V]]]) -> None:
        try:
            answers = await read([key for key, _ in passengers])
        except BaseException as error:
            self._report(-1, ())
            for _, future in passengers:
                future.set_exception(error if isinstance(error, Exception) else RuntimeError("cancelled"))
                future.exception()  # retrieved: a waiter that left must not make the loop complain
            if not isinstance(error, Exception):
                raise
            return
        for key, future in passengers:
            future.set_result(answers.get(key))
        self._report(-1, [answers.get(key) for key, _ in passengers])


def _was_not_asked(answer: object) -> bool:
    """Whether an earlier request's answer was shown without the vendor being asked in this one."""
    return isinstance(answer, Kept) and answer.failure is None
