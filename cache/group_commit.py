"""Group commit: what waits is written together, so one fsync serves many, and the writer needs no lock."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

T = TypeVar("T")
R = TypeVar("R")
GROUP = 200  # items in one commit: beyond this the fsync is already paid off


class Closed(Exception):
    """Nothing is written any more."""


class GroupCommit(Generic[T, R]):
    """One writer. `write` makes a group durable and answers one result an item; it raises for all or for none."""

    def __init__(self, write: Callable[[Sequence[T]], Awaitable[Sequence[R]]], most_waiting: int = 10_000) -> None:
        self._write, self._most = write, most_waiting
        self._queue: asyncio.Queue[tuple[T, asyncio.Future[R]] | None] = asyncio.Queue()
        self._closed, self._writing = False, False

    @property
    def idle(self) -> bool:
        """Nothing waits and nothing is being written."""
        return not self._writing and self._queue.empty()

    async def put(self, item: T) -> R:
        """Returns once the item is durable, else raises what the write raised, or Closed.

        A cancelled caller's item is written all the same.
        """
        return await asyncio.shield(self._take(item))

    def offer(self, item: T) -> bool:
        """Takes an item nobody waits for. False: too much is waiting already, and it was not taken."""
        if self._closed or self._queue.qsize() >= self._most:
            return False
        self._take(item)
        return True

    def _take(self, item: T) -> asyncio.Future[R]:
        if self._closed:
            raise Closed
        done: asyncio.Future[R] = asyncio.get_running_loop().create_future()
        done.add_done_callback(lambda future: future.cancelled() or future.exception())  # perhaps nobody looks
        self._queue.put_nowait((item, done))
        return done

    async def run(self) -> None:
        """Writes one group after the other until closed and drained."""
        try:
            while group := await self._next():
                await self._settle(group)
        finally:
            self._closed = True
            self._fail(self._waiting(None), Closed())

    def close(self) -> None:
        """Takes nothing more; `run` ends when what was taken is written."""
        self._closed = True
        self._queue.put_nowait(None)

    async def _next(self) -> list[tuple[T, asyncio.Future[R]]]:
        first = await self._queue.get()
        return [] if first is None else [first, *self._waiting(GROUP - 1)]

    def _waiting(self, most: int | None) -> list[tuple[T, asyncio.Future[R]]]:
        taken: list[tuple[T, asyncio.Future[R]]] = []
        while not self._queue.empty() and (most is None or len(taken) < most):
            item = self._queue.get_nowait()
            if item is None:  # the closing mark stays for the next round
                if most is not None:
                    self._queue.put_nowait(None)
                break
            taken.append(item)
        return taken

    async def _settle(self, group: list[tuple[T, asyncio.Future[R]]]) -> None:
        self._writing = True
        try:
            results = await self._write([item for item, _ in group])
        except BaseException as error:
            self._fail(group, error if isinstance(error, Exception) else Closed())
            if not isinstance(error, Exception):
                raise
            return
        finally:
            self._writing = False
        for (_, done), result in zip(group, results, strict=True):
            done.set_result(result)

    @staticmethod
    def _fail(group: Sequence[tuple[T, asyncio.Future[R]]], error: Exception) -> None:
        for _, done in group:
            done.set_exception(error)
