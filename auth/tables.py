"""What is kept: the tables, the triggers that keep the chain append-only, and the indexes that find a record."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import BigInteger, Column, Integer, LargeBinary, MetaData, Table, Text, literal_column
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

IN_ORDER = Text().with_variant(Text(collation="C"), "postgresql")  # compared byte by byte, whatever the locale

METADATA = MetaData()
AUDIT = Table(
    "audit",
    METADATA,
    Column("sequence", BigInteger, primary_key=True, autoincrement=False),
    Column("stream", Text, nullable=False),
    Column("at", IN_ORDER, nullable=False),
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
        Column("id", IN_ORDER, primary_key=True),
        Column("status", Text, nullable=False, index=True),
        Column("signatures", Integer, nullable=False),
        Column("requested_at", IN_ORDER, nullable=False),
        Column("expires_at", IN_ORDER, nullable=False),
        Column("body", LargeBinary, nullable=False),
    )
)
API_KEYS = Table(  # `body` is a key without its secret; of the secret the digest alone is kept
    "api_keys",
    METADATA,
    Column("prefix", Text, primary_key=True),
    Column("digest", LargeBinary, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("revoked_at", Text),
)


class Told(FunctionElement[str]):
    """What a stored body says at a place of its JSON, such as `record.details.player`; NULL where it says nothing."""

    inherit_cache = True
    type = Text()

    def __init__(self, place: str) -> None:
        super().__init__(AUDIT.c.body, literal_column(place))


@compiles(Told, "sqlite")
def _in_a_file(element: Told, compiler: Any, **how: Any) -> str:
    body, place = element.clauses
    return f"json_extract(CAST({compiler.process(body, **how)} AS TEXT), '$.{compiler.process(place, **how)}')"


@compiles(Told, "postgresql")
def _on_a_server(element: Told, compiler: Any, **how: Any) -> str:
    body, place = element.clauses
    return f"audit_told({compiler.process(body, **how)}, '{compiler.process(place, **how)}')"


_PLACES = {"key": "record.details.idempotencyKey", "subject": "record.subject", "player": "record.details.player"}
actor_of, action_of, outcome_of = Told("record.actor"), Told("record.action"), Told("record.outcome")
key_of, subject_of, player_of = (Told(_PLACES[name]) for name in ("key", "subject", "player"))
decides_of = Told("record.details.decides")

_TAKEN = "EXISTS (SELECT 1 FROM audit WHERE sequence = NEW.sequence)"
_REFUSED = "SELECT RAISE(ABORT, 'audit is append-only')"
FURTHER: Mapping[str, Sequence[str]] = {
    "sqlite": (  # INSERT OR REPLACE deletes without firing a delete trigger, hence the third
        f"CREATE TRIGGER IF NOT EXISTS audit_no_update BEFORE UPDATE ON audit BEGIN {_REFUSED}; END",
        f"CREATE TRIGGER IF NOT EXISTS audit_no_delete BEFORE DELETE ON audit BEGIN {_REFUSED}; END",
        f"CREATE TRIGGER IF NOT EXISTS audit_no_replace BEFORE INSERT ON audit WHEN {_TAKEN} BEGIN {_REFUSED}; END",
        *(  # the expressions as they are asked, or no index would be used
            f"CREATE INDEX IF NOT EXISTS audit_by_{name} ON audit (json_extract(CAST(body AS TEXT), '$.{place}'))"
            for name, place in _PLACES.items()
        ),
    ),
    "postgresql": (
        """CREATE OR REPLACE FUNCTION audit_refuses() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN RAISE EXCEPTION 'audit is append-only'; END $$""",
        """CREATE OR REPLACE TRIGGER audit_is_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit
        FOR EACH STATEMENT EXECUTE FUNCTION audit_refuses()""",
        # a body may hold the one character that PostgreSQL's texts cannot
        r"""CREATE OR REPLACE FUNCTION audit_told(body bytea, place text) RETURNS text LANGUAGE sql IMMUTABLE STRICT AS
        $$ SELECT replace(convert_from(body, 'UTF8'), '\u0000', '\ufffd')\:\:json #>> string_to_array(place, '.') $$""",
        *(
            f"CREATE INDEX IF NOT EXISTS audit_by_{name} ON audit (audit_told(body, '{place}'))"
            for name, place in _PLACES.items()
        ),
    ),
}
