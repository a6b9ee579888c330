"""An approval: a mutation that was saved until a second person decides, bound to its subject's version.

It lives in the audit's own database. Every change of it rests on a condition and is made in the transaction that writes
its record, so that of two people who press at the same instant, on whatever process, one is too late.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from enum import Enum
from typing import Any

import msgspec
from sqlalchemy import insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from auth.acts import Step
from auth.audit import AuditStore, Overtaken
from auth.identity import Principal
from auth.tables import APPROVALS


class ApprovalStatus(Enum):
    """APPROVED: signed, and being done, or it is not known whether it was. STALE: its subject changed meanwhile."""

    PENDING = "PENDING"
    APPROVED = "APPROVED"
    REJECTED = "REJECTED"
    EXPIRED = "EXPIRED"
    STALE = "STALE"
    EXECUTED = "EXECUTED"
    EXECUTION_FAILED = "EXECUTION_FAILED"


class ApprovalDecision(Enum):
    """What a second person says."""

    APPROVE = "APPROVE"
    REJECT = "REJECT"


class Signature(msgspec.Struct, frozen=True):
    """Who decided what, when (UTC), and with which roles."""

    by: str
    at: datetime
    decision: ApprovalDecision
    roles: frozenset[str]


class Approval(msgspec.Struct, frozen=True):
    """A saved mutation. `input` and `note` are the caller's words, forgotten when it is closed; `shown` has none."""

    id: str
    action: str
    subject: str
    player: str
    requester: Principal
    requested_at: datetime
    expires_at: datetime
    policy_version: str
    subject_version: str | None
    amount: tuple[str, int]  # ISO 4217, minor units
    audit_id: str
    input: Any
    shown: str
    reason_code: str | None = None
    note: str | None = None
    ticket_ref: str | None = None
    preview: Sequence[Step] = ()
    signatures: Sequence[Signature] = ()
    status: ApprovalStatus = ApprovalStatus.PENDING
    execution: str | None = None
    executed_at: datetime | None = None

    def status_at(self, now: datetime) -> ApprovalStatus:
        """What nobody decided in time has expired, whether anybody wrote it down or not."""
        late = self.status is ApprovalStatus.PENDING and now >= self.expires_at
        return ApprovalStatus.EXPIRED if late else self.status

    def closed(self, status: ApprovalStatus, **more: Any) -> Approval:
        """As it is kept when nothing more will come of it: without the caller's words."""
        return msgspec.structs.replace(self, status=status, input=None, note=None, **more)


async def save(connection: AsyncConnection, approval: Approval) -> None:
    """For a guard: stands with the record that says it was asked for."""
    await connection.execute(insert(APPROVALS), [{"id": approval.id, **_row(approval)}])


async def change(connection: AsyncConnection, before: Approval, after: Approval) -> None:
    """For a guard: raises Overtaken unless it is still as it was read."""
    same = update(APPROVALS).where(APPROVALS.c.id == before.id, APPROVALS.c.status == before.status.value)
    same = same.where(APPROVALS.c.signatures == len(before.signatures))
    done = await connection.execute(same.values(**_row(after)))
    if done.rowcount != 1:
        raise Overtaken


async def approvals(
    store: AuditStore, limit: int, after: tuple[str, str] | None = None, statuses: Sequence[ApprovalStatus] = ()
) -> list[Approval]:
    """The oldest first, beyond `after` (requested at, id); of any of the statuses, or of all."""
    place = APPROVALS.c.requested_at, APPROVALS.c.id
    query = select(APPROVALS).order_by(*place).limit(limit)
    if after:
        query = query.where(or_(place[0] > after[0], (place[0] == after[0]) & (place[1] > after[1])))
    if statuses:
        query = query.where(or_(*(_has(status) for status in statuses)))
    return [_approval(row.body) for row in await store.rows(query)]


async def approvals_by_id(store: AuditStore, ids: Sequence[str]) -> dict[str, Approval]:
    """Those that there are."""
    rows = await store.rows(select(APPROVALS).where(APPROVALS.c.id.in_(ids)))
    return {row.id: _approval(row.body) for row in rows}


def _has(status: ApprovalStatus) -> Any:
    now, pending = datetime.now(UTC).isoformat(), APPROVALS.c.status == "PENDING"
    if status is ApprovalStatus.PENDING:
        return pending & (APPROVALS.c.expires_at > now)
    if status is ApprovalStatus.EXPIRED:
        return (APPROVALS.c.status == "EXPIRED") | (pending & (APPROVALS.c.expires_at <= now))
    return APPROVALS.c.status == status.value


def _row(approval: Approval) -> dict[str, Any]:
    return {
        "status": approval.status.value, "signatures": len(approval.signatures),
        "requested_at": approval.requested_at.isoformat(), "expires_at": approval.expires_at.isoformat(),
        "body": msgspec.json.encode(approval, order="sorted"),
    }  # fmt: skip


_approval = msgspec.json.Decoder(Approval).decode
