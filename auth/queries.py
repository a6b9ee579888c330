"""The questions that are asked of the chain, of the store and under its write lock alike."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Select, or_, select

from auth.audit_chain import Phase, StoredRecord
from auth.tables import AUDIT, action_of, actor_of, decides_of, key_of, outcome_of, player_of, subject_of


def request_query(actor: str, action: str, idempotency_key: str, since: datetime) -> Select[Any]:
    """The records of one request, in order; `idempotency_key` as it stands in them, hashed."""
    of_it = select(AUDIT).where(key_of == idempotency_key, actor_of == actor, action_of == action)
    return of_it.where(AUDIT.c.at >= since.isoformat()).order_by(AUDIT.c.sequence)


def doubt_query(subject: str) -> Select[Any]:
    """The last record of what was begun on a subject: neither a refusal nor a wish that waits for a second person."""
    about = select(AUDIT).where(subject_of == subject, AUDIT.c.phase != Phase.DENIED.value)
    about = about.where(outcome_of.is_distinct_from("PENDING_APPROVAL"))
    return about.order_by(AUDIT.c.sequence.desc()).limit(1)


def doubtful(last: Sequence[StoredRecord]) -> bool:
    """Whether that record says that something is under way, or may have happened."""
    return bool(last) and (last[0].record.phase is Phase.INTENT or last[0].record.outcome == "INDETERMINATE")


def done_query(actor: str, player: str, actions: Collection[str], since: datetime) -> Select[Any]:
    """One record of what somebody did on a player, or signed, if there is any."""
    by_him = select(AUDIT.c.sequence).where(player_of == player, actor_of == actor, AUDIT.c.at >= since.isoformat())
    by_him = by_him.where(AUDIT.c.phase != Phase.DENIED.value, outcome_of.is_distinct_from("PENDING_APPROVAL"))
    return by_him.where(or_(action_of.in_(actions), decides_of.in_(actions))).limit(1)
