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


def done_query(
    actors: Collection[str], players: Collection[str], actions: Collection[str], since: datetime
) -> Select[str, str]:
    """Who of them did one of the actions, or signed one, on which of the players: (actor, player)."""
    found = select(actor_of, player_of).where(player_of.in_(players), actor_of.in_(actors)).distinct()
    found = found.where(AUDIT.c.at >= since.isoformat(), AUDIT.c.phase != Phase.DENIED.value)
    found = found.where(outcome_of.is_distinct_from("PENDING_APPROVAL"))
    return found.where(or_(action_of.in_(actions), decides_of.in_(actions)))
