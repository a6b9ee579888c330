"""The audit chain: what a record is, how it is hashed over its stored bytes, and how the chain is verified.

Verification reads alone and needs nothing of the store that wrote it.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Mapping, Sequence
from contextlib import closing
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

import msgspec
from sqlalchemy import URL, text

from auth.database import AWAY, close, connected

GENESIS = bytes(32)  # what the first record names as its predecessor


class AuditUnavailable(Exception):
    """The record is not known to be durable: whoever gets this must not act."""

    code = "AUDIT_UNAVAILABLE"


class Phase(StrEnum):
    """INTENT before the vendor is called, OUTCOME after it answered, DENIED when nothing was tried."""

    INTENT = "INTENT"
    OUTCOME = "OUTCOME"
    DENIED = "DENIED"


class AuditRecord(msgspec.Struct, frozen=True):
    """One fact to keep. `details` is redacted by the caller: what is written here can never be taken back."""

    audit_id: str
    phase: Phase
    action: str
    actor: str
    subject: str
    reason_code: str | None = None
    ticket_ref: str | None = None
    outcome: str | None = None
    details: Mapping[str, Any] = msgspec.field(default_factory=dict)


class Stamp(msgspec.Struct, frozen=True):
    """A record's place in the chain."""

    sequence: int
    hash: bytes


class StoredRecord(msgspec.Struct, frozen=True):
    """A record as read back, with when and by which stream it was written."""

    stamp: Stamp
    stream: str
    at: datetime
    record: AuditRecord


class Verification(msgspec.Struct, frozen=True):
    """`first_broken` is the first sequence at which the chain does not hold: altered there, or missing."""

    records: int
    intact: bool
    first_broken: int | None


class Body(msgspec.Struct, frozen=True):
    """What is hashed: the record and the columns beside it, so that no column can be altered alone."""

    stream: str
    at: str
    record: AuditRecord


canonical = msgspec.json.Encoder(order="sorted")
reader = msgspec.json.Decoder(Body)


def chain_hash(previous: bytes, body: bytes, sequence: int) -> bytes:
    """SHA-256 over the predecessor's hash, the stored bytes and the sequence as eight big-endian bytes."""
    return hashlib.sha256(previous + body + sequence.to_bytes(8, "big")).digest()


_ROWS = "SELECT sequence, stream, at, phase, audit_id, body, prev_hash, hash FROM audit ORDER BY sequence"


class _Walk:
    """A chain read from its beginning, a row after the other."""

    def __init__(self) -> None:
        self._previous, self._count = GENESIS, 0
        self._broken: int | None = None

    def see(self, row: Sequence[Any]) -> None:
        self._count += 1
        if self._broken is None and not _holds(row, self._count, self._previous):
            self._broken = self._count
        self._previous = row[-1]

    def found(self) -> Verification:
        return Verification(self._count, self._broken is None, self._broken)


def verify(path: Path) -> Verification:
    """Walks the chain of a file, read-only, and finds a changed byte, a removed row or a reordering.

    It cannot see a cut tail, nor a chain recomputed from some record on: both are intact chains. Only a head shipped
    elsewhere shows them. Raises AuditUnavailable where nothing can be read.
    """
    walk = _Walk()
    try:
        with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as connection:
            for row in connection.execute(_ROWS):
                walk.see(row)
    except sqlite3.Error as error:
        raise AuditUnavailable("The audit store could not be read.") from error
    return walk.found()


async def verify_server(url: URL) -> Verification:
    """As `verify`, of a database on a server."""
    walk, engine = _Walk(), connected(url)
    try:
        async with engine.connect() as connection:
            async for row in await connection.stream(text(_ROWS)):
                walk.see(row)
    except AWAY as error:
        raise AuditUnavailable("The audit store could not be read.") from error
    finally:
        await close(engine)
    return walk.found()


def _holds(row: Sequence[Any], expected: int, previous: bytes) -> bool:
    """Whether a row is the one expected here, unaltered, and its columns say what its body says."""
    sequence, *beside, stored, prev_hash, own_hash = row
    if sequence != expected or prev_hash != previous or not isinstance(stored, bytes):
        return False
    if own_hash != chain_hash(previous, stored, sequence):
        return False
    try:
        body = reader.decode(stored)
    except msgspec.DecodeError:
        return False
    return beside == [body.stream, body.at, body.record.phase.value, body.record.audit_id]
