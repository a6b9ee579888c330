"""Four eyes: a second person decides a saved mutation, which then travels the same road.

With the last signature the approval, the decision and the mutation's INTENT become durable together or not at all: a
crash leaves it pending, or begun and on record, and never approved and forgotten.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from enum import Enum

import msgspec
from sqlalchemy.ext.asyncio import AsyncConnection

from auth.acting import Check, Perform, Road
from auth.acts import Act, Finding, MutationOutcome, Result, UserError
from auth.approvals import Approval, ApprovalDecision, ApprovalStatus, Signature, change
from auth.audit import Guard, Overtaken
from auth.audit_chain import AuditRecord, Phase
from auth.duties import Duty
from auth.identity import Principal
from auth.requests import malformed_context


class DenialReason(Enum):
    """Why somebody may not decide."""

    MISSING_PERMISSION = "MISSING_PERMISSION"
    WRONG_STATE = "WRONG_STATE"
    SEGREGATION_OF_DUTIES = "SEGREGATION_OF_DUTIES"
    OWN_ACCOUNT = "OWN_ACCOUNT"


_SAYS = {
    DenialReason.MISSING_PERMISSION: ("FORBIDDEN", "A signature of your roles is not wanted here."),
    DenialReason.WRONG_STATE: ("PRECONDITION_FAILED", "It has been decided, or its time is over."),
    DenialReason.SEGREGATION_OF_DUTIES: ("FORBIDDEN", "You asked for it, signed it, or did what excludes it."),
    DenialReason.OWN_ACCOUNT: ("FORBIDDEN", "Nobody acts on an own account."),
}
_LATE = UserError("PRECONDITION_FAILED", "Somebody else has just decided it, or begun something on its subject.")
_STALE = UserError("STALE_VERSION", "It has changed since the approval was asked for; it has to be asked for again.")
_DONE = {MutationOutcome.EXECUTED, MutationOutcome.NOOP, MutationOutcome.PARTIAL}


class Saved(msgspec.Struct, frozen=True):
    """An approval with the mutation it stands for, as it would be done now."""

    approval: Approval
    act: Act
    check: Check
    perform: Perform


class Deciding:
    """The second person's side of the road."""

    def __init__(self, road: Road) -> None:
        self._road = road

    async def denials(self, who: Principal, approvals: Sequence[Approval]) -> list[DenialReason | None]:
        """Why this person may not decide each of them now; None where he may. Raises AuditUnavailable."""
        plain = [self._plain_denial(who, one) for one in approvals]
        duties = [() if denied else _duties(who, one) for one, denied in zip(approvals, plain, strict=True)]
        barred = await self._road.barred([duty for both in duties for duty in both])
        return [
            DenialReason.SEGREGATION_OF_DUTIES if barred.intersection(both) else denied
            for both, denied in zip(duties, plain, strict=True)
        ]

    def _plain_denial(self, who: Principal, approval: Approval) -> DenialReason | None:
        """What can be told without the audit."""
        policy, asked = self._road.policy(), approval.requester
        rule = policy.four_eyes.get(approval.action)
        if approval.status_at(self._road.clock()) is not ApprovalStatus.PENDING:
            return DenialReason.WRONG_STATE
        if who.subject in (asked.subject, *(one.by for one in approval.signatures)):
            return DenialReason.SEGREGATION_OF_DUTIES
        if policy.is_own_account(who.subject, approval.player):
            return DenialReason.OWN_ACCOUNT
        held = [policy.scopes_of(one.roles) for one in (who, asked)]  # whoever asked may have lost his right meanwhile
        wanted = any(group & who.roles for group in self.wanted(approval))
        if rule is None or not all(rule.permissions & scopes for scopes in held) or not wanted:
            return DenialReason.MISSING_PERMISSION
        return None

    async def decide(self, who: Principal, act: Act, decision: ApprovalDecision, saved: Saved) -> Result:
        """Takes one person's decision; the last signature runs what is saved. `act` is the decision as an action."""
        if (told := malformed_context(act.context) or await self._road.told(who, act)) is not None:
            return told
        return await self._road.shielded(who, act, lambda: self._decide(who, act, decision, saved))

    async def _decide(self, who: Principal, act: Act, decision: ApprovalDecision, saved: Saved) -> Result:
        approval = saved.approval
        if objection := await self._objection(who, act, approval):
            return await self._refused(who, act, approval, [objection])
        signed = self._signed(who, approval, decision)
        try:
            if decision is ApprovalDecision.REJECT:
                return await self._closed(who, act, approval, signed.closed(ApprovalStatus.REJECTED))
            if self.wanted(signed):
                return await self._closed(who, act, approval, signed)
            async with self._road.alone(approval.subject):
                return await self._run(who, act, saved, signed)
        except Overtaken:
            return await self._road.recorded(who, act) or await self._refused(who, act, None, [_LATE])

    async def _objection(self, who: Principal, act: Act, approval: Approval) -> UserError | None:
        if errors := self._road.forbidden(who, act):
            return errors[0]
        [found] = await self.denials(who, [approval])
        return UserError(*_SAYS[found]) if found else None

    async def _run(self, who: Principal, act: Act, saved: Saved, signed: Approval) -> Result:
        """Reads afresh, then begins the mutation in the very transaction that takes the last signature."""
        finding, before = await saved.check(), saved.approval
        known = finding.version is not None or not finding.errors  # what could not be read has not changed
        if finding.noop or (known and finding.version != before.subject_version):
            errors = [*finding.errors, _STALE]
            return await self._refused(who, act, before, errors, before.closed(ApprovalStatus.STALE))
        if finding.errors:
            return await self._refused(who, act, before, finding.errors)
        if act.context.dry_run:
            return Result(MutationOutcome.EXECUTED, dry_run=True, steps=finding.steps, approval=before.id)
        chained = msgspec.structs.replace(saved, act=_chained(saved.act, finding, signed))
        return await self._begin(who, act, chained, signed)

    async def _begin(self, who: Principal, act: Act, saved: Saved, signed: Approval) -> Result:
        road, before, decision_id = self._road, saved.approval, str(uuid.uuid4())
        approved = msgspec.structs.replace(signed, status=ApprovalStatus.APPROVED)

        async def guard(connection: AsyncConnection) -> None:
            await road.free(connection, saved.act)
            await change(connection, before, approved)

        await road.audit.enter(
            [
                road.record(Phase.INTENT, who, act, decision_id, None),
                road.record(Phase.INTENT, before.requester, saved.act, before.audit_id, None),
            ],
            guard,
        )

        def ended(result: Result) -> tuple[Sequence[AuditRecord], Guard]:
            told = msgspec.structs.replace(result, audit_id=decision_id, approval=before.id)
            record = road.record(Phase.OUTCOME, who, act, decision_id, told)
            return [record], _changing(approved, _executed(approved, result, road))

        result = await road.perform(before.requester, saved.act, before.audit_id, saved.perform, ended)
        return msgspec.structs.replace(result, audit_id=decision_id, approval=before.id)

    async def _closed(self, who: Principal, act: Act, before: Approval, after: Approval) -> Result:
        """A rejection, or a signature that is not the last."""
        waits = after.status is ApprovalStatus.PENDING
        outcome = MutationOutcome.PENDING_APPROVAL if waits else MutationOutcome.EXECUTED
        if act.context.dry_run:
            return Result(outcome, dry_run=True, approval=before.id)
        result = Result(outcome, audit_id=str(uuid.uuid4()), approval=before.id)
        record = self._road.record(Phase.OUTCOME, who, act, result.audit_id or "", result)
        await self._road.audit.enter([record], _changing(before, after))
        return result

    async def _refused(
        self,
        who: Principal,
        act: Act,
        before: Approval | None,
        errors: Sequence[UserError],
        after: Approval | None = None,
    ) -> Result:
        """On record too, with what it found out: that the approval is stale or has expired."""
        outcome, audit_id = MutationOutcome.REJECTED_BY_POLICY, str(uuid.uuid4())
        if act.context.dry_run:
            return Result(outcome, errors, dry_run=True)
        if before and before.status is not before.status_at(self._road.clock()):
            after = before.closed(ApprovalStatus.EXPIRED)
        result = Result(outcome, errors, audit_id, approval=before.id if before else None)
        record = self._road.record(Phase.DENIED, who, act, audit_id, result)
        await self._road.audit.enter([record], _changing(before, after) if before and after else None)
        return result

    def _signed(self, who: Principal, approval: Approval, decision: ApprovalDecision) -> Approval:
        mine = Signature(who.subject, self._road.clock(), decision, who.roles)
        return msgspec.structs.replace(approval, signatures=[*approval.signatures, mine])

    def wanted(self, approval: Approval) -> Sequence[frozenset[str]]:
        """The groups of roles whose signature is missing by the policy of now."""
        rule = self._road.policy().four_eyes.get(approval.action)
        return rule.unsigned(*approval.amount, [one.roles for one in approval.signatures]) if rule else ()


def _duties(who: Principal, approval: Approval) -> tuple[Duty, Duty]:
    """A signature under another's request counts as doing it, so both must be free to do it."""
    asked = Duty(approval.requester.subject, approval.action, approval.player)
    return asked, msgspec.structs.replace(asked, by=who.subject)


def _chained(saved: Act, finding: Finding, signed: Approval) -> Act:
    """The saved mutation with its approval chain: what its records say of who let it happen."""
    chain = [{"by": one.by, "at": one.at.isoformat(), "roles": sorted(one.roles)} for one in signed.signatures]
    about = {"id": signed.id, "policy": signed.policy_version, "signatures": chain}
    details = {**saved.details, "version": finding.version, "amount": finding.amount, "approval": about}
    return msgspec.structs.replace(saved, details=details)


def _executed(approved: Approval, result: Result, road: Road) -> Approval:
    """In doubt it stays APPROVED: nobody knows yet what became of it."""
    told, now = result.outcome, road.clock()
    if told is MutationOutcome.INDETERMINATE:
        return msgspec.structs.replace(approved, execution=told.value, executed_at=now)
    status = ApprovalStatus.EXECUTED if told in _DONE else ApprovalStatus.EXECUTION_FAILED
    return approved.closed(status, execution=told.value, executed_at=now)


def _changing(before: Approval, after: Approval) -> Guard:
    async def guard(connection: AsyncConnection) -> None:
        await change(connection, before, after)

    return guard
