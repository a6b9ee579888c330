"""Who did what: an append-only, hash-chained record that is on disk before `append` answers.

One sequencer a process takes what is waiting and commits it together, so that one fsync serves many callers. Processes
take turns by the database's own write lock: whoever holds it reads the head and goes on from there, so there is one
chain, and a condition that is checked under the lock still holds when the record stands. The schema is made at open
until the Alembic migrations come.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Iterable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime
from itertools import groupby, islice
from typing import Any

import msgspec
from sqlalchemy import Row, Select, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from auth.audit_chain import (
    GENESIS,
    AuditRecord,
    AuditUnavailable,
    Body,
    Phase,
    Stamp,
    StoredRecord,
    canonical,
    chain_hash,
    reader,
)
from auth.database import AWAY, Place, Unfit, opened, writing
from auth.liveness import Living, living
from auth.queries import done_query, doubt_query, doubtful, request_query
from auth.tables import AUDIT, FURTHER, METADATA, action_of, actor_of, subject_of

LOCK = "audit"  # the one writer's, among all processes
GROUP = 200  # records in one commit: beyond this the fsync is already paid off


Guard = Callable[[AsyncConnection], Awaitable[None]]


class Overtaken(Exception):
    """Somebody was quicker, in this process or in another: nothing of the entry was written."""


class _Waiting(msgspec.Struct, frozen=True):
    """Records on their way to disk together, on a condition or none, and whoever waits for them."""

    entries: Sequence[tuple[Body, bytes]]
    guard: Guard | None
    done: asyncio.Future[list[Stamp]]


class AuditStore:
    """The chain of one database. Made by `open_store`, which starts the sequencer and drains it at the end."""

    def __init__(self, engine: AsyncEngine, stream: str, living: Living) -> None:
        self._engine, self._stream, self.process, self._living = engine, stream, living.name, living
        self._queue: asyncio.Queue[_Waiting | None] = asyncio.Queue()
        self._closed = False

    async def append(self, record: AuditRecord) -> Stamp:
        """Returns once the record is durable, else raises AuditUnavailable; a cancelled caller's record is kept."""
        return (await self.enter([record]))[0]

    async def enter(self, records: Sequence[AuditRecord], guard: Guard | None = None) -> list[Stamp]:
        """All of the records, and what `guard` writes, or nothing; durable when it returns, else AuditUnavailable.

        The guard runs under the database's write lock. It raises Overtaken to call the entry off.
        """
        if self._closed:
            raise AuditUnavailable("The audit store is closed.")
        now = datetime.now(UTC).isoformat()
        bodies = [Body(self._stream, now, record) for record in records]
        done: asyncio.Future[list[Stamp]] = asyncio.get_running_loop().create_future()
        self._queue.put_nowait(_Waiting([(body, canonical.encode(body)) for body in bodies], guard, done))
        return await done

    async def records(
        self,
        limit: int,
        after: int = 0,
        actor: str | None = None,
        subject: str | None = None,
        action: str | None = None,
    ) -> list[StoredRecord]:
        """Up to `limit` records in order, beyond the sequence `after`, that match every given criterion."""
        query = select(AUDIT).where(AUDIT.c.sequence > after).order_by(AUDIT.c.sequence).limit(limit)
        for found, value in ((actor_of, actor), (subject_of, subject), (action_of, action)):
            if value is not None:
                query = query.where(found == value)
        return await self._read(query)

    async def orphans(self) -> list[StoredRecord]:
        """INTENTs without an OUTCOME: in flight now, or in doubt since a crash and to be reconciled."""
        other = AUDIT.alias()
        ended = select(other.c.sequence).where(
            other.c.audit_id == AUDIT.c.audit_id,
            other.c.phase == Phase.OUTCOME.value,
            other.c.sequence > AUDIT.c.sequence,  # an approval was an outcome before it was begun
        )
        query = select(AUDIT).where(AUDIT.c.phase == Phase.INTENT.value, ~ended.exists())
        return await self._read(query.order_by(AUDIT.c.sequence))

    async def of_request(self, actor: str, action: str, idempotency_key: str, since: datetime) -> list[StoredRecord]:
        """What is on record of one person's action under one idempotency key, in order."""
        return await self._read(request_query(actor, action, idempotency_key, since))

    async def about(self, subjects: Sequence[str]) -> list[StoredRecord]:
        """Everything on record of any of these subjects, in order."""
        return await self._read(select(AUDIT).where(subject_of.in_(subjects)).order_by(AUDIT.c.sequence))

    async def in_doubt(self, subject: str) -> bool:
        """Whether the last action begun on a subject has no outcome, or one that says it may have happened."""
        return doubtful(await self._read(doubt_query(subject)))

    async def done(
        self, actors: Collection[str], players: Collection[str], actions: Collection[str], since: datetime
    ) -> frozenset[tuple[str, str]]:
        """(actor, player) where he did one of the actions on him, or signed one; what was refused does not count."""
        rows = await self.rows(done_query(actors, players, actions, since))
        return frozenset((actor, player) for actor, player in rows)

    async def is_alive(self, process: str) -> bool:
        """Whether another process that writes here still lives. Raises AuditUnavailable."""
        try:
            return await self._living.alive(process)
        except AWAY as error:
            raise AuditUnavailable("The audit store could not be read.") from error

    async def rows(self, query: Select[*tuple[Any, ...]]) -> list[Row[*tuple[Any, ...]]]:
        """What stands in the tables beside the chain. Raises AuditUnavailable."""
        if self._closed:
            raise AuditUnavailable("The audit store is closed.")
        try:
            async with self._engine.connect() as connection:
                return list(await connection.execute(query))
        except AWAY as error:
            raise AuditUnavailable("The audit store could not be read.") from error

    async def run(self) -> None:
        """The sequencer: one group after the other until closed. Whoever still waits when it ends is told so."""
        try:
            while group := await self._next_group():
                await self._settle(group)
        finally:
            self._closed = True
            _fail(self._waiting_now(), AuditUnavailable("The audit store stopped."))

    def close(self) -> None:
        """Takes no more records; `run` ends when those already taken are settled."""
        self._closed = True
        self._queue.put_nowait(None)

    async def _next_group(self) -> list[_Waiting]:
        """Waits for a record and takes along what else is waiting; empty when closed and drained."""
        first = await self._queue.get()
        return [] if first is None else [first, *self._waiting_now(GROUP - 1)]

    def _waiting_now(self, most: int | None = None) -> list[_Waiting]:
        """What is queued at this moment; the closing mark is put back for the next round."""
        taken: list[_Waiting] = []
        while not self._queue.empty() and (most is None or len(taken) < most):
            item = self._queue.get_nowait()
            if item is None:
                self._queue.put_nowait(None)
                break
            taken.append(item)
        return taken

    async def _settle(self, group: list[_Waiting]) -> None:
        """Commits a group and answers its callers."""
        try:
            answers = await self._commit(group)
        except BaseException as error:
            _fail(group, AuditUnavailable("The audit record could not be made durable."), error)
            if not isinstance(error, Exception):
                raise
            return
        for waiting, answer in zip(group, answers, strict=True):
            if waiting.done.done():
                continue
            if isinstance(answer, Overtaken):
                waiting.done.set_exception(answer)
            else:
                waiting.done.set_result(answer)

    async def _commit(self, group: list[_Waiting]) -> list[list[Stamp] | Overtaken]:
        """One transaction for the whole group; an entry that is called off leaves the others alone."""
        answers: list[list[Stamp] | Overtaken] = []
        async with writing(self._engine, LOCK).begin() as connection:
            head = await _durable_head(connection)
            for free, several in groupby(group, key=lambda waiting: waiting.guard is None):
                if free:  # one statement for all of them
                    found = await _inserted(connection, list(several), head)
                    answers.extend(found)
                    head = found[-1][-1]
                    continue
                for waiting in several:
                    answer = await _on_condition(connection, waiting, head)
                    answers.append(answer)
                    head = head if isinstance(answer, Overtaken) else answer[-1]
        return answers

    async def _read(self, query: Select[Any]) -> list[StoredRecord]:
        """Runs a query and reads the stored bytes, not the columns beside them."""
        return [_stored(row) for row in await self.rows(query)]


async def stored(connection: AsyncConnection, query: Select[Any]) -> list[StoredRecord]:
    """Records, read by a guard under the write lock."""
    return [_stored(row) for row in await connection.execute(query)]


async def _on_condition(connection: AsyncConnection, waiting: _Waiting, head: Stamp) -> list[Stamp] | Overtaken:
    """One guarded entry; when it is called off, what its guard wrote is undone."""
    try:
        async with connection.begin_nested():
            if waiting.guard:
                await waiting.guard(connection)
            return (await _inserted(connection, [waiting], head))[0]
    except Overtaken as overtaken:
        return overtaken


async def _inserted(connection: AsyncConnection, group: Sequence[_Waiting], head: Stamp) -> list[list[Stamp]]:
    """Writes what follows `head`; the stamps, an entry each."""
    rows = _chained([entry for waiting in group for entry in waiting.entries], head)
    await connection.execute(insert(AUDIT), rows)
    stamps = iter([Stamp(row["sequence"], row["hash"]) for row in rows])
    return [list(islice(stamps, len(waiting.entries))) for waiting in group]


def _chained(entries: Iterable[tuple[Body, bytes]], head: Stamp) -> list[dict[str, Any]]:
    """The rows that follow `head`."""
    rows: list[dict[str, Any]] = []
    for sequence, (body, written) in enumerate(entries, head.sequence + 1):
        previous = rows[-1]["hash"] if rows else head.hash
        rows.append(
            {
                "sequence": sequence, "stream": body.stream, "at": body.at, "phase": body.record.phase.value,
                "audit_id": body.record.audit_id, "body": written, "prev_hash": previous,
                "hash": chain_hash(previous, written, sequence),
            }
        )  # fmt: skip
    return rows


def _fail(group: Iterable[_Waiting], reason: AuditUnavailable, cause: BaseException | None = None) -> None:
    """Tells every caller that still waits."""
    reason.__cause__ = cause
    for waiting in group:
        if not waiting.done.done():
            waiting.done.set_exception(reason)


async def _durable_head(connection: AsyncConnection) -> Stamp:
    """The last record on disk."""
    query = select(AUDIT.c.sequence, AUDIT.c.hash).order_by(AUDIT.c.sequence.desc()).limit(1)
    row = (await connection.execute(query)).one_or_none()
    return Stamp(row.sequence, row.hash) if row else Stamp(0, GENESIS)


def _stored(row: Row[Any]) -> StoredRecord:
    """A row as its body tells it."""
    body = reader.decode(row.body)
    return StoredRecord(Stamp(row.sequence, row.hash), body.stream, datetime.fromisoformat(body.at), body.record)


@asynccontextmanager
async def open_store(place: Place, stream: str = "gateway") -> AsyncIterator[AuditStore]:
    """Opens or creates what is kept there, and drains at the end.

    Raises AuditUnavailable, for settings that would not survive a power cut, too.
    """
    async with AsyncExitStack() as stack:
        try:
            engine = await stack.enter_async_context(opened(place, METADATA, FURTHER, LOCK))
            alive = await stack.enter_async_context(living(place, engine))
        except Unfit as error:
            raise AuditUnavailable(str(error)) from error
        except AWAY as error:
            raise AuditUnavailable("The audit store could not be opened.") from error
        store = AuditStore(engine, stream, alive)
        sequencer = asyncio.create_task(store.run(), name="audit-sequencer")
        try:
            yield store
        finally:
            store.close()
            await sequencer
