"""The tables of what vendors told and where things stood, their rows, and the settings a power cut asks for.

Instants are microseconds since 1970: exact, and in order as they are.
"""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Boolean, Column, Index, Integer, LargeBinary, MetaData, Row, Table, Text, event
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from cache.history import Observation, SeenBy
from vendors.ports.keys import Key

PRAGMAS: dict[str, tuple[str, str | int]] = {  # what is asked of SQLite, and what it must answer
    "journal_mode": ("WAL", "wal"),
    "synchronous": ("FULL", 2),
}
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_tables = MetaData()
EVENTS = Table(
    "events",
    _tables,
    Column("sequence", Integer, primary_key=True, autoincrement=False),
    Column("system", Text, nullable=False),
    Column("product", Text, nullable=False),
    Column("event_id", Text),  # the product's; none where it names none, and then nothing is a repeat
    Column("kind", Text, nullable=False),
    Column("received_at", Integer, nullable=False),
    Column("late", Boolean, nullable=False),
    Column("ask", Boolean, nullable=False),
    Column("handled", Boolean, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Index("events_by_id", "system", "product", "event_id", unique=True),
)
Index("events_to_handle", EVENTS.c.sequence, sqlite_where=~EVENTS.c.handled)
STATES = Table(
    "states",
    _tables,
    Column("sequence", Integer, primary_key=True),
    Column("subject", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("vendor_status", Text),
    Column("previous", Text),
    Column("at", Integer, nullable=False),
    Column("first_seen_at", Integer, nullable=False),
    Column("seen_by", Text, nullable=False),
    Index("states_of_subject", "subject", "at"),
)


class EventsUnavailable(Exception):
    """The store cannot be read or written: nothing may be thanked for."""

    code = "UNAVAILABLE"


def state_row(state: Observation) -> dict[str, Any]:
    """A state as the row that keeps it."""
    return {
        "subject": str(state.subject), "status": state.status, "vendor_status": state.vendor_status,
        "previous": state.previous, "at": micros(state.at), "first_seen_at": micros(state.first_seen_at),
        "seen_by": state.seen_by.value,
    }  # fmt: skip


def state_of(row: Row[Any]) -> Observation:
    """The state that a row keeps."""
    return Observation(
        Key.parse(row.subject), row.status, row.vendor_status, moment(row.at), moment(row.first_seen_at),
        SeenBy(row.seen_by), row.previous,
    )  # fmt: skip


def micros(at: datetime) -> int:
    """An instant as it is kept."""
    return (at - _EPOCH) // timedelta(microseconds=1)


def moment(kept: int) -> datetime:
    """The instant kept, UTC."""
    return _EPOCH + timedelta(microseconds=kept)


def connected(path: Path) -> AsyncEngine:
    """An engine over the file; nothing is opened yet."""
    engine = create_async_engine(URL.create("sqlite+aiosqlite", database=str(path)))
    event.listen(engine.sync_engine, "connect", _configure)
    return engine


def _configure(connection: Any, _record: object) -> None:
    """Asks the settings of every new connection: `synchronous` is not kept in the file."""
    with closing(connection.cursor()) as cursor:
        for name, (asked, _) in PRAGMAS.items():
            cursor.execute(f"PRAGMA {name} = {asked}")


async def prepare(engine: AsyncEngine) -> None:
    """Checks what SQLite made of the settings and creates what is missing of the schema."""
    try:
        async with engine.begin() as connection:
            for name, (_, expected) in PRAGMAS.items():
                found = (await connection.exec_driver_sql(f"PRAGMA {name}")).scalar()
                if found != expected:
                    raise EventsUnavailable(f"SQLite answers {name} = {found}, not {expected}.")
            await connection.run_sync(_tables.create_all)
    except SQLAlchemyError as error:
        raise EventsUnavailable("The event store could not be opened.") from error
