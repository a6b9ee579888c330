"""What waits for a second person, and what he decides."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Annotated

import msgspec
from typing_extensions import Doc

from auth.acts import Act, ActionContext, Finding, Result, Step
from auth.approvals import (
    Approval,
    ApprovalDecision,
    ApprovalStatus,
    Signature,
    approvals,
    approvals_by_id,
)
from auth.deciding import Deciding, DenialReason, Saved
from execution.connections import Connection, at_most
from resolvers.acting import MutationRoot, not_found, text
from resolvers.actions import saved_approval
from resolvers.context import Context
from resolvers.lists import MOST, After, First
from resolvers.player import Root
from resolvers.scope import in_scope, parse_key
from vendors.ports.keys import Id, Key
from vendors.ports.money import Money, exponent_of

MOST_NOTE = 2_000
Rebuild = Callable[[Context, Approval], Saved]
SAVED: Mapping[str, Rebuild] = {"withdrawal.approve": saved_approval}  # how a saved mutation is prepared again


class ApprovalRequest(msgspec.Struct, frozen=True):
    """An approval as the viewer may see it."""

    id: Key
    action: str
    status: ApprovalStatus
    policy_version: str
    requested_by: str
    requested_at: datetime
    expires_at: datetime
    reason_code: str | None
    note: str | None
    ticket_ref: str | None
    player_id: Key
    subject_id: str
    subject_version: str | None
    input: str
    preview: Sequence[Step]
    amount: Money
    required_approvals: int
    approver_roles: Sequence[str]
    steps: Sequence[Signature]
    execution: str | None
    executed_at: datetime | None
    can_decide: bool
    denial: DenialReason | None


class ApprovalFilter(msgspec.Struct, frozen=True):
    """Which approvals; criteria left out do not filter."""

    statuses: Annotated[Sequence[ApprovalStatus], Doc("Any of these; none means all.")] = (ApprovalStatus.PENDING,)


class ApprovalDecisionInput(msgspec.Struct, frozen=True):
    """What a second person decides, and why."""

    approval_id: Annotated[Id, Doc("`approval:<brand>:<id>`.")]
    decision: Annotated[ApprovalDecision, Doc("APPROVE is a signature; with the last one it is done.")]
    note: Annotated[str, Doc(f"Why, at most {MOST_NOTE} characters; the audit keeps its digest.")]
    context: ActionContext


class ApprovalPayload(Result, frozen=True):
    """What became of a decision."""


async def approvals_of(
    roots: Sequence[Root], ctx: Context, *, filter: ApprovalFilter, first: First = 50, after: After = None
) -> Sequence[Connection[ApprovalRequest]]:
    """The oldest first, of players within the caller's scope."""
    of = f"approvals {filter}"
    place = ctx.cursors.open(after, of, tuple[str, str])
    found = await approvals(ctx.audit, at_most(first, MOST) + 1, place, filter.statuses)
    part = found[:first]
    judged = await in_scope([Key.parse(one.player) for one in part], ctx)
    kept = [one for one, allowed in zip(part, judged, strict=True) if allowed is True]
    places = [(one.requested_at.isoformat(), one.id) for one in part]
    shown = await _shown(kept, ctx)
    answer = ctx.cursors.connection(
        shown, [(one.requested_at.isoformat(), one.id) for one in kept], of=of, more=len(found) > first, after=after,
        end=places[-1] if places else None,
    )  # fmt: skip
    return [answer for _ in roots]


async def approval_after(payloads: Sequence[Result], ctx: Context) -> Sequence[ApprovalRequest | None]:
    """What an action waits for, or what was decided."""
    found = await approvals_by_id(ctx.audit, [one.approval for one in payloads if one.approval])
    shown = dict(zip(found, await _shown([*found.values()], ctx), strict=True))
    return [shown.get(one.approval or "") for one in payloads]


async def decide_approval(
    roots: Sequence[MutationRoot], ctx: Context, *, input: ApprovalDecisionInput
) -> Sequence[ApprovalPayload]:
    """Signs or rejects."""
    key, note = parse_key(input.approval_id, "approval"), text(input.note, "note", MOST_NOTE)
    found = (await approvals_by_id(ctx.audit, [key.local])).get(key.local)
    if found is None or Key.parse(found.player).brand != key.brand:
        return [_payload(not_found())]
    if (await in_scope([Key.parse(found.player)], ctx))[0] is not True:  # as if there were none
        return [_payload(not_found())]
    details = {"decides": found.action, "decision": input.decision.value, "approval": found.id}
    context = msgspec.structs.replace(input.context, note=note)
    asked = {"approval": str(key), "decision": input.decision.value, "note": note}
    act = Act("approval.decide", str(key), found.player, context, asked, details)
    if (told := await ctx.road.told(ctx.principal, act)) is not None:
        return [_payload(told)]
    result = await Deciding(ctx.road).decide(ctx.principal, act, input.decision, _saved(ctx, found))
    ctx.renew()
    return [_payload(result)]


def _saved(ctx: Context, found: Approval) -> Saved:
    """The mutation, prepared again; of a closed approval nothing is left to prepare, nor any need."""
    if found.input is not None:
        return SAVED[found.action](ctx, found)
    return Saved(found, Act(found.action, found.subject, found.player, ActionContext(""), None), _unread, _nothing)


async def _unread() -> Finding:
    return Finding()


async def _nothing(audit_id: str) -> Sequence[Step]:
    return []


async def _shown(found: Sequence[Approval], ctx: Context) -> list[ApprovalRequest]:
    deciding = Deciding(ctx.road)
    denials = await deciding.denials(ctx.principal, found)
    return [_request(one, denial, deciding, ctx) for one, denial in zip(found, denials, strict=True)]


def _request(one: Approval, denial: DenialReason | None, deciding: Deciding, ctx: Context) -> ApprovalRequest:
    rule = ctx.road.policy().four_eyes.get(one.action)
    everybody = rule.unsigned(*one.amount, []) if rule else ()
    return ApprovalRequest(
        Key("approval", Key.parse(one.player).brand, one.id), one.action, one.status_at(ctx.clock()),
        one.policy_version, one.requester.subject, one.requested_at, one.expires_at, one.reason_code, one.note,
        one.ticket_ref, Key.parse(one.player), one.subject, one.subject_version, one.shown, one.preview,
        Money(*one.amount, exponent_of(one.amount[0])), len(everybody),
        sorted(frozenset().union(*deciding.wanted(one))), one.signatures, one.execution, one.executed_at,
        denial is None, denial,
    )  # fmt: skip


def _payload(result: Result) -> ApprovalPayload:
    return ApprovalPayload(**msgspec.structs.asdict(result))
