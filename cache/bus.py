"""What happened, told to whoever listens. In memory within a process; a Protocol, so that a shared log may fill it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import contextmanager
from typing import Protocol

import msgspec

from vendors.ports.webhooks import VendorEvent

BEHIND = 1_000  # events a listener may be behind before the oldest are dropped for him


class Published(msgspec.Struct, frozen=True):
    """An event as the gateway took it: its place in the store; `late` if something newer of its subject is known."""

    sequence: int
    event: VendorEvent
    late: bool


class Bus(Protocol):
    """Publishing never waits for a listener. Delivery is at least once: a listener knows an event by `sequence`."""

    async def publish(self, events: Sequence[Published]) -> None:
        """Hands events to every listener, in order."""


class Listener:
    """One listener's events, oldest first. `missed` counts what was dropped because he was too slow."""

    def __init__(self) -> None:
        self._queue: asyncio.Queue[Published] = asyncio.Queue(BEHIND)
        self.missed = 0

    def put(self, event: Published) -> None:
        if self._queue.full():
            self._queue.get_nowait()
            self.missed += 1
        self._queue.put_nowait(event)

    async def __aiter__(self) -> AsyncIterator[Published]:
        while True:
            yield await self._queue.get()


class MemoryBus:
    """A Bus for listeners of this process."""

    def __init__(self) -> None:
        self._listeners: set[Listener] = set()

    async def publish(self, events: Sequence[Published]) -> None:
        """As the Protocol says."""
        for listener in self._listeners:
            for event in events:
                listener.put(event)

    @contextmanager
    def listening(self) -> Iterator[Listener]:
        """A listener that hears while the block runs."""
        listener = Listener()
        self._listeners.add(listener)
        try:
            yield listener
        finally:
            self._listeners.discard(listener)
