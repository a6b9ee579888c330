"""What stands on disk: the tables, the triggers that keep the chain append-only, and the indexes that find a record."""

from __future__ import annotations

from sqlalchemy import Column, Integer, LargeBinary, MetaData, Table, Text, cast, func

METADATA = MetaData()
AUDIT = Table(
    "audit",
    METADATA,
    Column("sequence", Integer, primary_key=True, autoincrement=False),
    Column("stream", Text, nullable=False),
    Column("at", Text, nullable=False),
    Column("phase", Text, nullable=False),
    Column("audit_id", Text, nullable=False, index=True),
    Column("body", LargeBinary, nullable=False),
    Column("prev_hash", LargeBinary, nullable=False),
    Column("hash", LargeBinary, nullable=False),
)
APPROVALS = (
    Table(  # `body` is an approval; the columns beside it are what is asked for and what is changed on condition
        "approvals",
        METADATA,
        Column("id", Text, primary_key=True),
        Column("status", Text, nullable=False, index=True),
        Column("signatures", Integer, nullable=False),
        Column("requested_at", Text, nullable=False),
        Column("expires_at", Text, nullable=False),
        Column("body", LargeBinary, nullable=False),
    )
)
TRIGGERS = (  # INSERT OR REPLACE deletes without firing a delete trigger, hence the third
    """CREATE TRIGGER IF NOT EXISTS audit_no_update BEFORE UPDATE ON audit
    BEGIN SELECT RAISE(ABORT, 'audit is append-only'); END""",
    """CREATE TRIGGER IF NOT EXISTS audit_no_delete BEFORE DELETE ON audit
    BEGIN SELECT RAISE(ABORT, 'audit is append-only'); END""",
    """CREATE TRIGGER IF NOT EXISTS audit_no_replace BEFORE INSERT ON audit
    WHEN EXISTS (SELECT 1 FROM audit WHERE sequence = NEW.sequence)
    BEGIN SELECT RAISE(ABORT, 'audit is append-only'); END""",
)


_BODY = cast(AUDIT.c.body, Text)
actor_of = func.json_extract(_BODY, "$.record.actor")
action_of = func.json_extract(_BODY, "$.record.action")
outcome_of = func.json_extract(_BODY, "$.record.outcome")
key_of = func.json_extract(_BODY, "$.record.details.idempotencyKey")
subject_of = func.json_extract(_BODY, "$.record.subject")
player_of = func.json_extract(_BODY, "$.record.details.player")
decides_of = func.json_extract(_BODY, "$.record.details.decides")
LOOKUPS = tuple(  # the expressions as SQLAlchemy writes them, or SQLite would not use the index
    f"CREATE INDEX IF NOT EXISTS audit_by_{name} ON audit (json_extract(CAST(body AS TEXT), '$.record.{place}'))"
    for name, place in (("key", "details.idempotencyKey"), ("subject", "subject"), ("player", "details.player"))
)
