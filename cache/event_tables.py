"""The tables of what vendors told and where things stood, and their rows.

Instants are microseconds since 1970: exact, and in order as they are.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, LargeBinary, MetaData, Row, Table, Text

from cache.history import Observation, SeenBy
from vendors.ports.keys import Key

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
TABLES = MetaData()
EVENTS = Table(
    "events",
    TABLES,
    Column("sequence", BigInteger, primary_key=True, autoincrement=False),
    Column("system", Text, nullable=False),
    Column("product", Text, nullable=False),
    Column("event_id", Text),  # the product's; none where it names none, and then nothing is a repeat
    Column("kind", Text, nullable=False),
    Column("received_at", BigInteger, nullable=False),
    Column("late", Boolean, nullable=False),
    Column("ask", Boolean, nullable=False),
    Column("handled", Boolean, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Index("events_by_id", "system", "product", "event_id", unique=True),
)
Index("events_to_handle", EVENTS.c.sequence, sqlite_where=~EVENTS.c.handled, postgresql_where=~EVENTS.c.handled)
STATES = Table(
    "states",
    TABLES,
    Column("sequence", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    Column("subject", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("vendor_status", Text),
    Column("previous", Text),
    Column("at", BigInteger, nullable=False),
    Column("first_seen_at", BigInteger, nullable=False),
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
