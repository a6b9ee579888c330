"""SQLite as the audit wants it: settings that survive a power cut, and writers that take the lock at once."""

from __future__ import annotations

from contextlib import closing
from typing import Any

from sqlalchemy import Connection, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlalchemy.schema import CreateIndex, CreateTable

from auth.audit_chain import AuditUnavailable
from auth.tables import LOOKUPS, METADATA, TRIGGERS

PRAGMAS: dict[str, tuple[str, str | int]] = {  # what is asked of SQLite, and what it must answer
    "journal_mode": ("WAL", "wal"),
    "synchronous": ("FULL", 2),
}


def configure(connection: Any, _record: object) -> None:
    """Asks the settings of every new connection: `synchronous` is not kept in the file."""
    connection.isolation_level = None  # transactions begin when we say so, and how
    with closing(connection.cursor()) as cursor:
        for name, (asked, _) in PRAGMAS.items():
            cursor.execute(f"PRAGMA {name} = {asked}")


def begin(connection: Connection) -> None:
    """A writer takes the write lock at once: a head that was read without it may be another's before the insert."""
    writes = connection.get_execution_options().get("writes")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


async def prepare(engine: AsyncEngine) -> None:
    """Checks what SQLite made of the settings and creates what is missing of the schema."""
    try:
        async with engine.execution_options(writes=True).begin() as connection:
            for name, (_, expected) in PRAGMAS.items():
                found = (await connection.exec_driver_sql(f"PRAGMA {name}")).scalar()
                if found != expected:
                    raise AuditUnavailable(f"SQLite answers {name} = {found}, not {expected}.")
            for table in METADATA.tables.values():
                await connection.execute(CreateTable(table, if_not_exists=True))
                for index in table.indexes:
                    await connection.execute(CreateIndex(index, if_not_exists=True))
            for statement in (*TRIGGERS, *LOOKUPS):
                await connection.execute(text(statement))
    except SQLAlchemyError as error:
        raise AuditUnavailable("The audit store could not be opened.") from error
