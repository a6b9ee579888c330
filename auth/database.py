"""Where records are kept: one SQLite file for one host, or one PostgreSQL server for as many hosts as there are.

Both are asked for what survives a power cut before anything is written, and both let one writer in at a time: who holds
the write lock reads the head of what stands there and goes on from it.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, MetaData, event, make_url, text
from sqlalchemy.exc import ArgumentError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.schema import CreateIndex, CreateTable

Place = Path | URL  # a file of this host, or a database of a server
Further = Mapping[str, Sequence[str]]  # what a schema needs beyond its tables, by dialect; every statement repeatable

AWAY = (SQLAlchemyError, OSError)  # what is raised where a database cannot be read or written
PRAGMAS: dict[str, tuple[str, str | int]] = {  # what is asked of SQLite, and what it must answer
    "journal_mode": ("WAL", "wal"),
    "synchronous": ("FULL", 2),
}
DURABLE: dict[str, frozenset[str]] = {  # what PostgreSQL must answer; all but the first are its defaults' kin
    "fsync": frozenset({"on"}),
    "full_page_writes": frozenset({"on"}),
    "synchronous_commit": frozenset({"on", "local", "remote_write", "remote_apply"}),
}
CONNECT_SECONDS, COMMAND_SECONDS, CONNECTIONS = 5, 10, 10


class Unfit(Exception):
    """A database that would not keep what it was given; says by which setting."""


def address(text: str) -> URL:
    """`postgresql://user:password@host/database` as it is opened. Raises ValueError, which shows nothing of it."""
    try:
        url = make_url(text)
    except (ArgumentError, ValueError):
        raise ValueError("is no address of a database") from None
    if url.drivername not in {"postgresql", "postgres", "postgresql+asyncpg"} or not url.database:
        raise ValueError("is not postgresql://USER:PASSWORD@HOST/DATABASE")
    return url.set(drivername="postgresql+asyncpg")


@asynccontextmanager
async def opened(place: Place, schema: MetaData, further: Further, name: str) -> AsyncIterator[AsyncEngine]:
    """An engine over the schema, which is created where it is missing; `name` is its write lock.

    Raises Unfit, or one of AWAY.
    """
    engine = connected(place)
    try:
        await _prepare(engine, schema, further, name)
        yield engine
    finally:
        await close(engine)


async def close(engine: AsyncEngine) -> None:
    """Ends its connections; one that was lost is let go of in the loop's next turn."""
    await engine.dispose()
    await asyncio.sleep(0)


def writing(engine: AsyncEngine, name: str) -> AsyncEngine:
    """The engine for whoever writes: its transactions begin with the write lock of that name."""
    return engine.execution_options(writes=name)


def connected(place: Place) -> AsyncEngine:
    """An engine; nothing is opened yet."""
    if isinstance(place, Path):
        engine = create_async_engine(URL.create("sqlite+aiosqlite", database=str(place)))
        event.listen(engine.sync_engine, "connect", _configure)
    else:
        engine = create_async_engine(
            place, pool_size=CONNECTIONS, max_overflow=0, pool_pre_ping=True,
            connect_args={"timeout": CONNECT_SECONDS, "command_timeout": COMMAND_SECONDS},
        )  # fmt: skip
    event.listen(engine.sync_engine, "begin", _begin)
    return engine


def _configure(connection: Any, _record: object) -> None:
    """Asks the settings of every new connection: `synchronous` is not kept in the file."""
    connection.isolation_level = None  # transactions begin when we say so, and how
    with closing(connection.cursor()) as cursor:
        for name, (asked, _) in PRAGMAS.items():
            cursor.execute(f"PRAGMA {name} = {asked}")


def _begin(connection: Connection) -> None:
    """A writer takes the write lock at once: a head that was read without it may be another's before the insert."""
    name = connection.get_execution_options().get("writes")
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("BEGIN IMMEDIATE" if name else "BEGIN")
    elif name:
        connection.exec_driver_sql("SELECT pg_advisory_xact_lock(hashtext($1))", (name,))


async def _prepare(engine: AsyncEngine, schema: MetaData, further: Further, name: str) -> None:
    """Checks what the database made of the settings and creates what is missing of the schema."""
    async with writing(engine, name).begin() as connection:
        await (_judge_file if engine.dialect.name == "sqlite" else _judge_server)(connection)
        for table in schema.tables.values():
            await connection.execute(CreateTable(table, if_not_exists=True))
            for index in table.indexes:
                await connection.execute(CreateIndex(index, if_not_exists=True))
        for statement in further.get(engine.dialect.name, ()):
            await connection.execute(text(statement))


async def _judge_file(connection: Any) -> None:
    for name, (_, expected) in PRAGMAS.items():
        found = (await connection.exec_driver_sql(f"PRAGMA {name}")).scalar()
        if found != expected:
            raise Unfit(f"SQLite answers {name} = {found}, not {expected}.")


async def _judge_server(connection: Any) -> None:
    for name, fit in DURABLE.items():
        found = (await connection.exec_driver_sql(f"SHOW {name}")).scalar()
        if found not in fit:
            raise Unfit(f"PostgreSQL answers {name} = {found}, not {' or '.join(sorted(fit))}.")
