"""What happens with a vendor's event: durable first, then thanked for, then its consequences, again after a crash.

The consequences are: what the cache holds of its subjects is evicted, a subject whose state the event does not tell is
read, and whoever listens is told. Each may happen twice, none is left out.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any

import telemetry
from cache.bus import Bus, Published
from cache.event_tables import EventsUnavailable
from cache.events import EventStore, Taken
from cache.history import Observation
from cache.store import Tags
from vendors.ports.keys import Key
from vendors.ports.webhooks import BadSignature, WebhookReader

BATCH = 500  # events whose consequences are drawn together: one eviction, one read a subject
RETRY_SECONDS = 1.0
SWEEP_SECONDS = 15.0  # after which what another process took and did not live to conclude is looked for

log = logging.getLogger("player_graph.events")
Reread = Callable[[Sequence[Key]], Awaitable[Sequence[Observation]]]  # what vendors say of subjects now; never raises


class Intake:
    """The way in for events. `run` draws their consequences, oldest first, until cancelled."""

    def __init__(self, store: EventStore, cache: Tags, bus: Bus, reread: Reread, clock: Callable[[], datetime]) -> None:
        self._store, self._cache, self._bus, self._reread, self._clock = store, cache, bus, reread, clock
        self._arrived = asyncio.Event()
        self._arrived.set()  # something may be left of the last run

    async def receive(self, reader: WebhookReader, headers: Mapping[str, str], body: bytes) -> Any:
        """What the product wants to hear, once its events are durable. Raises BadSignature and EventsUnavailable."""
        system, product = reader.system.value, reader.product
        try:
            taken = await self._store.take(reader.read(headers, body), self._clock())
        except (BadSignature, EventsUnavailable) as error:
            telemetry.webhook(system, product, error.code)
            raise
        for one in taken:
            telemetry.webhook(system, product, _outcome(one))
        self._arrived.set()
        return reader.answer

    async def run(self) -> None:
        """Works off what is durable and not handled. What fails is tried again: a cache may be away for a while."""
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(SWEEP_SECONDS):
                    await self._arrived.wait()
            self._arrived.clear()
            try:
                while batch := await self._store.pending(BATCH):
                    await self._conclude(batch)
            except Exception:
                log.exception("events wait for their consequences")
                await asyncio.sleep(RETRY_SECONDS)
                self._arrived.set()

    async def _conclude(self, batch: Sequence[Taken]) -> None:
        await self._cache.evict(sorted({tag for one in batch for tag in one.event.tags}))
        asked = dict.fromkeys(subject for one in batch if one.ask for subject in one.event.subjects)
        for state in await self._reread(list(asked)) if asked else ():
            self._store.observe(state)
        await self._bus.publish([Published(one.sequence, one.event, one.late) for one in batch])
        await self._store.handled([one.sequence for one in batch])


def _outcome(taken: Taken) -> str:
    if taken.replayed:
        return "REPLAYED"
    if not taken.event.known:
        return "UNKNOWN"
    return "LATE" if taken.late else telemetry.OK


@asynccontextmanager
async def concluding(intake: Intake) -> AsyncIterator[None]:
    """The consequences are drawn while the block runs."""
    working = asyncio.create_task(intake.run(), name="event-consequences")
    try:
        yield
    finally:
        working.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await working
