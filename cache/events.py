"""What vendors told, on disk before anybody is thanked; and the states they told of, beside it in one transaction.

One writer a process commits what is waiting together, as the audit does. An event is taken once, by its product's own
id; a state older than one already known of its subject is late, kept, and changes nothing that came after it.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Row, func, insert, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from auth.database import AWAY, Place, Unfit, opened, writing
from cache.event_tables import EVENTS, STATES, TABLES, EventsUnavailable, micros, state_of, state_row
from cache.group_commit import Closed, GroupCommit
from cache.history import Observation, observed, order, read_as_news
from vendors.ports.keys import Key
from vendors.ports.webhooks import VendorEvent


class Taken(msgspec.Struct, frozen=True):
    """What became of an event. `ask`: the vendor has to be read to know where its subjects stand now."""

    sequence: int
    event: VendorEvent
    replayed: bool = False
    late: bool = False
    ask: bool = False


class _Receipt(msgspec.Struct, frozen=True):
    """An event and when it came."""

    event: VendorEvent
    at: datetime


class _Handled(msgspec.Struct, frozen=True):
    """Events whose consequences were drawn."""

    sequences: tuple[int, ...]


_Item = _Receipt | Observation | _Handled
LOCK = "events"  # the one writer's, among all processes


class EventStore:
    """The events and states of one database. Made by `open_events`, which starts and drains the writer."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._writer: GroupCommit[_Item, Taken | None] = GroupCommit(self._write)

    async def take(self, events: Sequence[VendorEvent], now: datetime) -> list[Taken]:
        """Returns once every event is durable. Raises EventsUnavailable."""
        try:
            answers = await asyncio.gather(*(self._writer.put(_Receipt(event, now)) for event in events))
        except (*AWAY, Closed) as error:
            raise EventsUnavailable("The event store could not be written.") from error
        return [taken for taken in answers if taken is not None]

    def observe(self, state: Observation) -> bool:
        """Takes a state that was read, to be written soon and only if it is news. False: too much is waiting."""
        return self._writer.offer(state)

    async def handled(self, sequences: Sequence[int]) -> None:
        """Marks events as done with: they are not `pending` after a restart."""
        try:
            await self._writer.put(_Handled(tuple(sequences)))
        except (*AWAY, Closed) as error:
            raise EventsUnavailable("The event store could not be written.") from error

    async def pending(self, most: int) -> list[Taken]:
        """Events not marked yet, oldest first."""
        query = select(EVENTS).where(~EVENTS.c.handled).order_by(EVENTS.c.sequence).limit(most)
        return [
            Taken(row.sequence, _event_of.decode(row.body), late=row.late, ask=row.ask)
            for row in await self._rows(query)
        ]

    async def states(self, subjects: Sequence[Key]) -> Mapping[Key, Sequence[Observation]]:
        """Everything seen of each subject until now, in the order it was written; one never seen is left out."""
        if not self._writer.idle:
            await self.handled(())  # behind everything that was taken before
        found: defaultdict[Key, list[Observation]] = defaultdict(list)
        query = select(STATES).where(STATES.c.subject.in_([str(key) for key in subjects])).order_by(STATES.c.sequence)
        for row in await self._rows(query):
            state = state_of(row)
            found[state.subject].append(state)
        return found

    async def run(self) -> None:
        """The writer, until closed and drained."""
        await self._writer.run()

    def close(self) -> None:
        """Takes nothing more."""
        self._writer.close()

    async def _rows(self, query: Any) -> Sequence[Row[Any]]:
        try:
            async with self._engine.connect() as connection:
                return (await connection.execute(query)).all()
        except AWAY as error:
            raise EventsUnavailable("The event store could not be read.") from error

    async def _write(self, items: Sequence[_Item]) -> list[Taken | None]:
        """One transaction for the whole group."""
        async with writing(self._engine, LOCK).begin() as connection:
            group = await _Group.begun(connection, items)
            answers = [group.add(item) for item in items]
            await group.end(connection)
        return answers


class _Group:
    """What one transaction knows and writes: ids already taken, the latest state of each subject, the new rows."""

    def __init__(self, sequence: int, ids: set[tuple[Any, ...]], latest: dict[Key, Observation]) -> None:
        self._sequence, self._ids, self._latest = sequence, ids, latest
        self._events: list[dict[str, Any]] = []
        self._states: list[Observation] = []
        self._handled: list[int] = []

    @classmethod
    async def begun(cls, connection: AsyncConnection, items: Sequence[_Item]) -> _Group:
        """Reads what the items have to be held against."""
        events = [item.event for item in items if isinstance(item, _Receipt)]
        subjects = {key for told in events for key in told.subjects}
        subjects |= {item.subject for item in items if isinstance(item, Observation)}
        last = (await connection.execute(select(func.max(EVENTS.c.sequence)))).scalar() or 0
        return cls(last, await _known(connection, events), await _latest(connection, subjects))

    def add(self, item: _Item) -> Taken | None:
        """What becomes of one item; only events have an answer."""
        if isinstance(item, _Handled):
            self._handled.extend(item.sequences)
        elif isinstance(item, Observation):
            if news := read_as_news(item, self._latest.get(item.subject)):
                self._keep(news)
        else:
            return self._take(item)
        return None

    def _take(self, receipt: _Receipt) -> Taken:
        told = receipt.event
        if told.id is not None:
            if _id(told) in self._ids:
                return Taken(0, told, replayed=True)
            self._ids.add(_id(told))
        self._sequence += 1
        states = observed(told, receipt.at)
        places = [self._place(state) for state in states]
        late, unsure = any(place < 0 for place in places), any(place == 0 for place in places)
        for state in states:
            self._keep(state)
        taken = Taken(self._sequence, told, late=late, ask=unsure or told.unsettled)
        self._events.append(_event_row(taken, receipt.at))
        return taken

    def _place(self, state: Observation) -> int:
        """Below zero before the latest known, above behind it, zero where nobody can tell."""
        latest = self._latest.get(state.subject)
        return 1 if latest is None or latest.status == state.status else order(state, latest)

    def _keep(self, state: Observation) -> None:
        self._states.append(state)
        latest = self._latest.get(state.subject)
        if latest is None or order(state, latest) >= 0:
            self._latest[state.subject] = state

    async def end(self, connection: AsyncConnection) -> None:
        """Writes what was added."""
        if self._events:
            await connection.execute(insert(EVENTS), self._events)
        if self._states:
            await connection.execute(insert(STATES), [state_row(state) for state in self._states])
        if self._handled:
            await connection.execute(update(EVENTS).where(EVENTS.c.sequence.in_(self._handled)).values(handled=True))


_event_of = msgspec.json.Decoder(VendorEvent)


def _id(told: VendorEvent) -> tuple[Any, ...]:
    return (told.system.value, told.product, told.id)


def _event_row(taken: Taken, received_at: datetime) -> dict[str, Any]:
    told = taken.event
    return {
        "sequence": taken.sequence, "system": told.system.value, "product": told.product, "event_id": told.id,
        "kind": told.kind, "received_at": micros(received_at), "late": taken.late, "ask": taken.ask, "handled": False,
        "body": msgspec.json.encode(told),
    }  # fmt: skip


async def _known(connection: AsyncConnection, events: Iterable[VendorEvent]) -> set[tuple[Any, ...]]:
    """Which of these ids were taken before."""
    columns = (EVENTS.c.system, EVENTS.c.product, EVENTS.c.event_id)
    asked = {_id(told) for told in events if told.id is not None}
    if not asked:
        return set()
    return {tuple(row) for row in await connection.execute(select(*columns).where(tuple_(*columns).in_(asked)))}


async def _latest(connection: AsyncConnection, subjects: Iterable[Key]) -> dict[Key, Observation]:
    """The newest state of each subject; among equals in time the one that follows the other."""
    of_these = STATES.c.subject.in_([str(key) for key in subjects])
    newest = select(STATES.c.subject, func.max(STATES.c.at)).where(of_these).group_by(STATES.c.subject)
    query = select(STATES).where(tuple_(STATES.c.subject, STATES.c.at).in_(newest)).order_by(STATES.c.sequence)
    latest: dict[Key, Observation] = {}
    for state in map(state_of, await connection.execute(query)):
        known = latest.get(state.subject)
        if known is None or order(state, known) >= 0:
            latest[state.subject] = state
    return latest


@asynccontextmanager
async def open_events(place: Place) -> AsyncIterator[EventStore]:
    """Opens or creates what is kept there, and drains at the end.

    Raises EventsUnavailable, for settings that would not survive a power cut, too.
    """
    async with AsyncExitStack() as stack:
        try:
            engine = await stack.enter_async_context(opened(place, TABLES, {}, LOCK))
        except Unfit as error:
            raise EventsUnavailable(str(error)) from error
        except AWAY as error:
            raise EventsUnavailable("The event store could not be opened.") from error
        store = EventStore(engine)
        writer = asyncio.create_task(store.run(), name="event-writer")
        try:
            yield store
        finally:
            store.close()
            await writer
