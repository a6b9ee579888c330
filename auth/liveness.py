"""Whether the process that began something still lives: it holds a lock that is taken away with it.

On one host, as SQLite has it, the lock is a file's, and a process that was killed is known to be dead at once. On a
PostgreSQL server it is a session's: dead once the server has missed the connection, and thought dead for a second when
the server itself was restarted. Who asks about a dead process takes what it began for doubtful, never for undone.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import logging
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Protocol

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from auth.database import AWAY, Place

HEARTBEAT_SECONDS = 1.0
_HELD = text(
    "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objsubid = 1 AND granted AND"
    " database = (SELECT oid FROM pg_database WHERE datname = current_database()) AND"
    " ((CAST(classid AS bigint) << 32) | CAST(objid AS bigint)) = :key"
)
_TAKEN = text("SELECT pg_try_advisory_lock(:key)")
log = logging.getLogger("player_graph.liveness")


class Living(Protocol):
    """This process among those that write to the same place, under a `name` that nobody else has."""

    name: str

    async def alive(self, name: str) -> bool:
        """Whether that process still lives. Raises one of AWAY."""


@asynccontextmanager
async def living(place: Place, engine: AsyncEngine) -> AsyncIterator[Living]:
    """Others find this process alive while the block runs."""
    if isinstance(place, Path):
        with _OnHost(place.with_name(f"{place.name}.living")) as one:
            yield one
        return
    async with _on_server(engine) as other:
        yield other


class _OnHost:
    """A locked file a process, in a folder beside the store."""

    def __init__(self, folder: Path) -> None:
        self._folder, self.name = folder, uuid.uuid4().hex

    def __enter__(self) -> _OnHost:
        self._folder.mkdir(parents=True, exist_ok=True)
        self._file = (self._folder / self.name).open("wb")
        fcntl.flock(self._file, fcntl.LOCK_EX)
        return self

    def __exit__(self, *_: object) -> None:
        (self._folder / self.name).unlink(missing_ok=True)
        self._file.close()

    async def alive(self, name: str) -> bool:
        """Whether it holds its lock; the file of one that does not is removed."""
        if not name.isalnum():
            return False
        try:
            with (self._folder / name).open("rb") as file:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        except OSError:
            return False
        with contextlib.suppress(OSError):
            (self._folder / name).unlink()
        return False


class _OnServer:
    """An advisory lock a process, held by a connection of its own."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine, self.name = engine, uuid.uuid4().hex
        self._held: AsyncConnection | None = None

    async def alive(self, name: str) -> bool:
        try:
            key = _key(name)
        except ValueError:
            return False
        async with self._engine.connect() as connection:
            return bool((await connection.execute(_HELD, {"key": key})).scalar())

    async def hold(self) -> None:
        """Keeps the lock until cancelled, on another connection when one is lost."""
        while True:
            await asyncio.sleep(HEARTBEAT_SECONDS)
            try:
                if self._held is not None:
                    await self._held.execute(text("SELECT 1"))
            except AWAY:
                log.warning("the database let go of this process's lock")
                with contextlib.suppress(*AWAY):
                    await self.take()

    async def take(self) -> None:
        """Takes the lock on a fresh connection. Raises one of AWAY."""
        await self.let_go()
        self._held = await self._engine.execution_options(isolation_level="AUTOCOMMIT").connect()
        await self._held.execute(_TAKEN, {"key": _key(self.name)})

    async def let_go(self) -> None:
        """Ends the connection that holds the lock: in the pool it would hold it for somebody else."""
        if self._held is not None:
            with contextlib.suppress(*AWAY):
                await self._held.invalidate()
                await self._held.close()


@asynccontextmanager
async def _on_server(engine: AsyncEngine) -> AsyncIterator[_OnServer]:
    one = _OnServer(engine)
    await one.take()
    holding = asyncio.create_task(one.hold(), name="liveness")
    try:
        yield one
    finally:
        holding.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await holding
        await one.let_go()


def _key(name: str) -> int:
    """A name as the server's locks are numbered; raises ValueError for what is none."""
    return int(name[:15], 16)
