"""Who did what: an append-only, hash-chained record that is on disk before `append` answers.

One sequencer a process takes what is waiting and commits it together, so the chain needs no lock and one fsync serves
many callers. The schema is made at open until the Alembic migrations come; signed heads are shipped by another part.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager, closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
from sqlalchemy import (
    URL,
    Column,
    Integer,
    LargeBinary,
    MetaData,
    Row,
    Select,
    Table,
    Text,
    cast,
    event,
    func,
    insert,
    select,
    text,
)
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.schema import CreateIndex, CreateTable

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

GROUP = 200  # records in one commit: beyond this the fsync is already paid off
PRAGMAS: dict[str, tuple[str, str | int]] = {  # what is asked of SQLite, and what it must answer
    "journal_mode": ("WAL", "wal"),
    "synchronous": ("FULL", 2),
}

AUDIT = Table(
    "audit",
    MetaData(),
    Column("sequence", Integer, primary_key=True, autoincrement=False),
    Column("stream", Text, nullable=False),
    Column("at", Text, nullable=False),
    Column("phase", Text, nullable=False),
    Column("audit_id", Text, nullable=False, index=True),
    Column("body", LargeBinary, nullable=False),
    Column("prev_hash", LargeBinary, nullable=False),
    Column("hash", LargeBinary, nullable=False),
)
GUARDS = (  # INSERT OR REPLACE deletes without firing a delete trigger, hence the third
    """CREATE TRIGGER IF NOT EXISTS audit_no_update BEFORE UPDATE ON audit
    BEGIN SELECT RAISE(ABORT, 'audit is append-only'); END""",
    """CREATE TRIGGER IF NOT EXISTS audit_no_delete BEFORE DELETE ON audit
    BEGIN SELECT RAISE(ABORT, 'audit is append-only'); END""",
    """CREATE TRIGGER IF NOT EXISTS audit_no_replace BEFORE INSERT ON audit
    WHEN EXISTS (SELECT 1 FROM audit WHERE sequence = NEW.sequence)
    BEGIN SELECT RAISE(ABORT, 'audit is append-only'); END""",
)


_key_of = func.json_extract(cast(AUDIT.c.body, Text), "$.record.details.idempotencyKey")
_subject_of = func.json_extract(cast(AUDIT.c.body, Text), "$.record.subject")
LOOKUPS = (  # the expressions as SQLAlchemy writes them, or SQLite would not use the index
    """CREATE INDEX IF NOT EXISTS audit_by_key
    ON audit (json_extract(CAST(body AS TEXT), '$.record.details.idempotencyKey'))""",
    "CREATE INDEX IF NOT EXISTS audit_by_subject ON audit (json_extract(CAST(body AS TEXT), '$.record.subject'))",
)


class _Waiting(msgspec.Struct, frozen=True):
    """A record on its way to disk, and whoever waits for it."""

    body: Body
    stored: bytes
    done: asyncio.Future[Stamp]


class AuditStore:
    """The chain of one file. Made by `open_store`, which starts the sequencer and drains it at the end."""

    def __init__(self, engine: AsyncEngine, stream: str) -> None:
        self._engine, self._stream = engine, stream
        self._queue: asyncio.Queue[_Waiting | None] = asyncio.Queue()
        self._head: Stamp | None = None  # None: not known, read it from the disk before the next commit
        self._closed = False

    async def append(self, record: AuditRecord) -> Stamp:
        """Returns once the record is durable, else raises AuditUnavailable; a cancelled caller's record is kept."""
        if self._closed:
            raise AuditUnavailable("The audit store is closed.")
        body = Body(self._stream, datetime.now(UTC).isoformat(), record)
        done: asyncio.Future[Stamp] = asyncio.get_running_loop().create_future()
        self._queue.put_nowait(_Waiting(body, canonical.encode(body), done))
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
        for name, value in (("actor", actor), ("subject", subject), ("action", action)):
            if value is not None:
                query = query.where(func.json_extract(cast(AUDIT.c.body, Text), f"$.record.{name}") == value)
        return await self._read(query)

    async def orphans(self) -> list[StoredRecord]:
        """INTENTs without an OUTCOME: in flight now, or in doubt since a crash and to be reconciled."""
        other = AUDIT.alias()
        ended = select(other.c.sequence).where(
            other.c.audit_id == AUDIT.c.audit_id, other.c.phase == Phase.OUTCOME.value
        )
        query = select(AUDIT).where(AUDIT.c.phase == Phase.INTENT.value, ~ended.exists())
        return await self._read(query.order_by(AUDIT.c.sequence))

    async def of_request(self, actor: str, action: str, idempotency_key: str, since: datetime) -> list[StoredRecord]:
        """What is on record of one person's action under one idempotency key, in order."""
        query = select(AUDIT).where(_key_of == idempotency_key, AUDIT.c.at >= since.isoformat())
        found = await self._read(query.order_by(AUDIT.c.sequence))
        return [one for one in found if (one.record.actor, one.record.action) == (actor, action)]

    async def about(self, subjects: Sequence[str]) -> list[StoredRecord]:
        """Everything on record of any of these subjects, in order."""
        return await self._read(select(AUDIT).where(_subject_of.in_(subjects)).order_by(AUDIT.c.sequence))

    async def in_doubt(self, subject: str) -> bool:
        """Whether the last action begun on a subject has no outcome, or one that says it may have happened."""
        about = select(AUDIT).where(_subject_of == subject, AUDIT.c.phase != Phase.DENIED.value)
        last = await self._read(about.order_by(AUDIT.c.sequence.desc()).limit(1))
        return bool(last) and (last[0].record.phase is Phase.INTENT or last[0].record.outcome == "INDETERMINATE")

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
        """Commits a group and answers its callers. After a failure the head is read again from what is durable."""
        head, self._head = self._head, None
        try:
            stamps = await self._commit(group, head)
        except BaseException as error:
            _fail(group, AuditUnavailable("The audit record could not be made durable."), error)
            if not isinstance(error, Exception):
                raise
            return
        self._head = stamps[-1]
        for waiting, stamp in zip(group, stamps, strict=True):
            if not waiting.done.done():
                waiting.done.set_result(stamp)

    async def _commit(self, group: list[_Waiting], head: Stamp | None) -> list[Stamp]:
        """One transaction for the whole group."""
        async with self._engine.begin() as connection:
            rows = _chained(group, head or await _durable_head(connection))
            await connection.execute(insert(AUDIT), rows)
        return [Stamp(row["sequence"], row["hash"]) for row in rows]

    async def _read(self, query: Select[Any]) -> list[StoredRecord]:
        """Runs a query and reads the stored bytes, not the columns beside them."""
        if self._closed:
            raise AuditUnavailable("The audit store is closed.")
        try:
            async with self._engine.connect() as connection:
                return [_stored(row) for row in await connection.execute(query)]
        except SQLAlchemyError as error:
            raise AuditUnavailable("The audit store could not be read.") from error


def _chained(group: Iterable[_Waiting], head: Stamp) -> list[dict[str, Any]]:
    """The rows that follow `head`."""
    rows: list[dict[str, Any]] = []
    for sequence, waiting in enumerate(group, head.sequence + 1):
        previous = rows[-1]["hash"] if rows else head.hash
        record = waiting.body.record
        rows.append(
            {
                "sequence": sequence, "stream": waiting.body.stream, "at": waiting.body.at,
                "phase": record.phase.value, "audit_id": record.audit_id, "body": waiting.stored,
                "prev_hash": previous, "hash": chain_hash(previous, waiting.stored, sequence),
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
async def open_store(path: Path, stream: str = "gateway") -> AsyncIterator[AuditStore]:
    """Opens or creates the file, refuses settings that would not survive a power cut, and drains at the end."""
    engine = create_async_engine(URL.create("sqlite+aiosqlite", database=str(path)))
    event.listen(engine.sync_engine, "connect", _configure)
    try:
        await _prepare(engine)
        store = AuditStore(engine, stream)
        sequencer = asyncio.create_task(store.run(), name="audit-sequencer")
        try:
            yield store
        finally:
            store.close()
            await sequencer
    finally:
        await engine.dispose()


def _configure(connection: Any, _record: object) -> None:
    """Asks the settings of every new connection: `synchronous` is not kept in the file."""
    with closing(connection.cursor()) as cursor:
        for name, (asked, _) in PRAGMAS.items():
            cursor.execute(f"PRAGMA {name} = {asked}")


async def _prepare(engine: AsyncEngine) -> None:
    """Checks what SQLite made of the settings and creates what is missing of the schema."""
    try:
        async with engine.begin() as connection:
            for name, (_, expected) in PRAGMAS.items():
                found = (await connection.exec_driver_sql(f"PRAGMA {name}")).scalar()
                if found != expected:
                    raise AuditUnavailable(f"SQLite answers {name} = {found}, not {expected}.")
            await connection.execute(CreateTable(AUDIT, if_not_exists=True))
            for index in AUDIT.indexes:
                await connection.execute(CreateIndex(index, if_not_exists=True))
            for guard in (*GUARDS, *LOOKUPS):
                await connection.execute(text(guard))
    except SQLAlchemyError as error:
        raise AuditUnavailable("The audit store could not be opened.") from error
