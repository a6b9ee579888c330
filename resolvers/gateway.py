"""What the gateway says of itself: who is asking, what he may see, how the vendors are, and what was done."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime
from enum import Enum
from typing import Annotated, Any

import msgspec
from typing_extensions import Doc

from auth.audit_chain import Phase, StoredRecord
from execution.connections import Connection, at_most
from resolvers.context import Access, Context
from resolvers.lists import MOST, After, First
from resolvers.player import Root
from resolvers.scope import in_scope
from vendors.errors import VendorError
from vendors.ports.health import VendorHealth
from vendors.ports.keys import Key
from vendors.ports.pam import PlayerKey
from vendors.ports.source import System

QUIET_TURNS = 12  # turns of the loop without a read under way after which nothing more is coming


class Viewer(msgspec.Struct, frozen=True):
    """The caller, as his token tells. Empty brands or markets mean all of them."""

    id: str
    roles: Sequence[str]
    permissions: Sequence[str]
    brands: Sequence[str]
    markets: Sequence[str]


class SourceState(Enum):
    """How a system did in this answer."""

    OK = "OK"
    RATE_LIMITED = "RATE_LIMITED"
    TIMEOUT = "TIMEOUT"
    UNAVAILABLE = "UNAVAILABLE"
    NOT_ASKED = "NOT_ASKED"


class SourceStatus(msgspec.Struct, frozen=True):
    """One system in this answer; `error_code` is that of its last failure."""

    system: System
    state: SourceState
    error_code: str | None


class AuditEntry(msgspec.Struct, frozen=True):
    """One record of the chain, as stored; hashes in hexadecimal."""

    id: str
    sequence: int
    stream: str
    at: datetime
    phase: Phase
    action: str
    actor: str
    roles: Sequence[str]
    subject: str
    player: str | None
    reason_code: str | None
    ticket_ref: str | None
    outcome: str | None
    policy_version: str | None
    hash: str


class AuditFilter(msgspec.Struct, frozen=True):
    """Which records; criteria left out do not filter."""

    actor: Annotated[str | None, Doc("Who acted.")] = None
    subject: Annotated[str | None, Doc("What was acted on, a typed id.")] = None
    action: Annotated[str | None, Doc("Such as withdrawal.approve.")] = None


async def viewer_of(roots: Sequence[Root], ctx: Context) -> Sequence[Viewer]:
    """Who is asking."""
    who = ctx.principal
    viewer = Viewer(who.subject, sorted(who.roles), sorted(ctx.scopes), sorted(who.brands), sorted(who.markets))
    return [viewer for _ in roots]


async def vendor_health_of(roots: Sequence[Root], ctx: Context) -> Sequence[Sequence[VendorHealth]]:
    """Every product, as it has answered this process."""
    health = [log.now() for log in ctx.reads.ports.health]
    return [health for _ in roots]


async def explain_access_of(
    roots: Sequence[Root],
    ctx: Context,
    *,
    type_name: Annotated[str, Doc("Such as Player.")],
    field_name: Annotated[str, Doc("Such as email.")],
) -> Sequence[Access | None]:
    """The rule of a field and who passes it; null if there is no such field."""
    access = ctx.explain(f"{type_name}.{field_name}")
    return [access for _ in roots]


async def audit_of(
    roots: Sequence[Root], ctx: Context, *, filter: AuditFilter, first: First = 50, after: After = None
) -> Sequence[Connection[AuditEntry]]:
    """Records of the chain in the order they were written."""
    of = f"audit {filter}"
    start = ctx.cursors.open(after, of, int) or 0
    criteria: dict[str, Any] = msgspec.structs.asdict(filter)
    found = await ctx.audit.records(at_most(first, MOST) + 1, after=start, **criteria)
    part = found[:first]
    judged = await in_scope([_owner(record) for record in part], ctx)
    kept = [record for record, allowed in zip(part, judged, strict=True) if allowed is True or ctx.scope.is_everywhere]
    answer = ctx.cursors.connection(
        [_entry(record) for record in kept], [record.stamp.sequence for record in kept], of=of,
        more=len(found) > first, after=after, end=part[-1].stamp.sequence if part else None,
    )  # fmt: skip
    return [answer for _ in roots]


def _owner(stored: StoredRecord) -> Key | None:
    """Whose record it is; one that names nobody is for those alone who see everything."""
    player = stored.record.details.get("player")
    return Key.parse(player) if player else None


def _entry(stored: StoredRecord) -> AuditEntry:
    record, details = stored.record, stored.record.details
    return AuditEntry(
        record.audit_id, stored.stamp.sequence, stored.stream, stored.at, record.phase, record.action, record.actor,
        details.get("roles", []), record.subject, details.get("player"), record.reason_code, record.ticket_ref,
        record.outcome, details.get("policy"), stored.stamp.hash.hex(),
    )  # fmt: skip


async def sources_of(players: Sequence[PlayerKey], ctx: Context) -> Sequence[Sequence[SourceStatus]]:
    """Every system in this answer, told when nothing of the rest of the operation is under way any more."""
    quiet = 0
    while quiet < QUIET_TURNS:
        await ctx.reads.outcomes.idle()
        await asyncio.sleep(0)
        quiet = 0 if ctx.reads.outcomes.in_flight else quiet + 1
    told = [
        SourceStatus(
            system, _state(outcome.answered, outcome.failure), outcome.failure.code if outcome.failure else None
        )
        for system, outcome in ctx.reads.outcomes.by_system.items()
    ]
    return [told for _ in players]


def _state(answered: int, failure: VendorError | None) -> SourceState:
    if failure is None:
        return SourceState.OK if answered else SourceState.NOT_ASKED
    known = {"VENDOR_TIMEOUT": SourceState.TIMEOUT, "VENDOR_RATE_LIMITED": SourceState.RATE_LIMITED}
    return known.get(failure.code, SourceState.UNAVAILABLE)
