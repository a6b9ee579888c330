"""The one road of every action: seen before? -> allowed? -> still true? -> INTENT durable -> act -> OUTCOME durable.

Knows neither GraphQL nor a vendor: an action brings two functions, one that reads what it rests on and says why it must
not be, one that does it. The promise is at most once, else INDETERMINATE: what may have happened is never done again.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
import uuid
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from enum import Enum
from typing import Annotated, Any
from weakref import WeakValueDictionary

import msgspec
from typing_extensions import Doc

from auth.audit import AuditStore
from auth.audit_chain import AuditRecord, AuditUnavailable, Phase
from auth.identity import Principal
from auth.policy import Policy

REMEMBERED = timedelta(hours=24)  # for how long an idempotency key stands for what it first asked
log = logging.getLogger("player_graph.acting")


class MutationOutcome(Enum):
    """How an action ended. INDETERMINATE: it may have happened; it is never repeated before somebody has looked."""

    EXECUTED = "EXECUTED"
    PENDING_APPROVAL = "PENDING_APPROVAL"
    REJECTED_BY_POLICY = "REJECTED_BY_POLICY"
    REJECTED_BY_VENDOR = "REJECTED_BY_VENDOR"
    NOOP = "NOOP"
    PARTIAL = "PARTIAL"
    INDETERMINATE = "INDETERMINATE"


class UserError(msgspec.Struct, frozen=True):
    """Why an action did not happen: a stable code and a sentence for the person who asked."""

    code: str
    message: str


class Step(msgspec.Struct, frozen=True):
    """What one system did. `reference` is the system's own id of it."""

    system: str
    outcome: MutationOutcome
    reference: str | None = None
    message: str | None = None


class Result(msgspec.Struct, frozen=True):
    """What the caller is told. `audit_id` is None for a dry run, which leaves no trace; `replayed`: told before."""

    outcome: MutationOutcome
    user_errors: Sequence[UserError] = ()
    audit_id: str | None = None
    replayed: bool = False
    dry_run: bool = False
    steps: Sequence[Step] = ()


class ActionContext(msgspec.Struct, frozen=True):
    """What every action carries beside its own input."""

    idempotency_key: Annotated[str, Doc("Chosen by the client: the same key and input give the same result for 24 h.")]
    reason_code: Annotated[str | None, Doc("One of the action's reason codes, where its rule asks for one.")] = None
    note: Annotated[str | None, Doc("Why, in the agent's words; the audit keeps its digest.")] = None
    ticket_ref: Annotated[str | None, Doc("The ticket that asked for it.")] = None
    expected_version: Annotated[str | None, Doc("`version` of the object the agent looked at.")] = None
    dry_run: Annotated[bool, Doc("Check everything and change nothing.")] = False


class Act(msgspec.Struct, frozen=True):
    """An action as asked. `input` is what makes two requests the same; `details` is what the audit may keep of it."""

    action: str
    subject: str
    player: str
    context: ActionContext
    input: Any
    details: Mapping[str, Any] = msgspec.field(default_factory=dict)
    exclusive: bool = False  # no action on this subject while another is under way or in doubt


class Finding(msgspec.Struct, frozen=True):
    """What the preconditions found: `errors`, or nothing wrong; `noop` if all is as asked already."""

    errors: Sequence[UserError] = ()
    noop: bool = False
    version: str | None = None
    amount: tuple[str, int] | None = None  # (ISO 4217, minor units): what a threshold is compared with
    steps: Sequence[Step] = ()  # what would be done


Check = Callable[[], Awaitable[Finding]]
Perform = Callable[[str], Awaitable[Sequence[Step]]]


class Road:
    """One process's road. Results of the last 24 h are found in the audit itself, so that a restart forgets nothing."""

    def __init__(self, audit: AuditStore, policy: Callable[[], Policy]) -> None:
        self._audit, self._policy = audit, policy
        self._under_way: dict[str, tuple[str, asyncio.Task[Result]]] = {}
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()  # gone with who last waited

    async def travel(self, who: Principal, act: Act, check: Check, perform: Perform) -> Result:
        """Does the action at most once, however often and by whatever impatient client it is asked for."""
        if not act.context.idempotency_key or len(act.context.idempotency_key) > 255:
            return _refused("INVALID_INPUT", "idempotencyKey must have 1 to 255 characters.")
        if act.context.dry_run:
            return await self._decide(who, act, check, perform)
        key, digest = f"{who.subject}|{act.action}|{act.context.idempotency_key}", _digest(act)
        if key in self._under_way:
            other, task = self._under_way[key]
            return _replay(await asyncio.shield(task)) if other == digest else _DUPLICATE
        task = asyncio.create_task(self._once(who, act, digest, check, perform))
        self._under_way[key] = (digest, task)
        task.add_done_callback(lambda _: self._under_way.pop(key, None))
        return await asyncio.shield(task)  # a caller that hangs up does not stop what has begun

    async def _once(self, who: Principal, act: Act, digest: str, check: Check, perform: Perform) -> Result:
        try:
            since = datetime.now(UTC) - REMEMBERED
            if known := await self._audit.of_request(who.subject, act.action, act.context.idempotency_key, since):
                return _replayed([found.record for found in known], digest)
            lock = self._locks.setdefault(act.subject, asyncio.Lock())
            async with lock:
                return await self._decide(who, act, check, perform)
        except AuditUnavailable:
            log.exception("no audit, no action")
            return _refused("AUDIT_UNAVAILABLE", "The audit store does not answer; nothing was done.")

    async def _decide(self, who: Principal, act: Act, check: Check, perform: Perform) -> Result:
        errors = self._forbidden(who, act)
        if not errors and act.exclusive and await self._audit.in_doubt(act.subject):
            errors = [UserError("PRECONDITION_FAILED", "An earlier action on it is under way or in doubt.")]
        finding = Finding(errors) if errors else await check()
        errors = [*finding.errors, *self._too_much(who, act, finding), *_stale(act, finding)]
        if act.context.dry_run:
            outcome = MutationOutcome.NOOP if finding.noop else MutationOutcome.EXECUTED
            outcome = MutationOutcome.REJECTED_BY_POLICY if errors else outcome
            return Result(outcome, errors, dry_run=True, steps=finding.steps)
        audit_id = str(uuid.uuid4())
        if errors or finding.noop:
            outcome = MutationOutcome.REJECTED_BY_POLICY if errors else MutationOutcome.NOOP
            result = Result(outcome, errors, audit_id)
            await self._record(Phase.DENIED if errors else Phase.OUTCOME, who, act, audit_id, result)
            return result
        return await self._act(who, act, audit_id, perform)

    async def _act(self, who: Principal, act: Act, audit_id: str, perform: Perform) -> Result:
        await self._record(Phase.INTENT, who, act, audit_id, None)
        try:
            steps = await perform(audit_id)
        except Exception:
            log.exception("action %s crashed", audit_id)
            steps = [Step("GATEWAY", MutationOutcome.INDETERMINATE, None, "The gateway failed while acting.")]
        result = Result(_together(steps), _told(steps), audit_id, steps=steps)
        try:
            await self._record(Phase.OUTCOME, who, act, audit_id, result)
        except AuditUnavailable:  # done, but not on record: the intent stands without an outcome until it is looked at
            log.exception("the outcome of %s could not be recorded", audit_id)
            return msgspec.structs.replace(result, outcome=MutationOutcome.INDETERMINATE)
        return result

    def _forbidden(self, who: Principal, act: Act) -> list[UserError]:
        policy = self._policy()
        if policy.is_own_account(who.subject, act.player):
            return [UserError("FORBIDDEN", "Nobody acts on an own account.")]
        problem = policy.reason_problem(act.action, act.context.reason_code, act.context.note)
        return [UserError("REASON_REQUIRED", problem)] if problem else []

    def _too_much(self, who: Principal, act: Act, finding: Finding) -> list[UserError]:
        if finding.amount is None or self._policy().may_alone(who.roles, act.action, *finding.amount):
            return []
        return [UserError("THRESHOLD_EXCEEDED", "One person with your roles may not decide this amount alone.")]

    async def _record(self, phase: Phase, who: Principal, act: Act, audit_id: str, result: Result | None) -> None:
        note = hashlib.sha256(act.context.note.encode()).hexdigest() if act.context.note else None
        details = {
            **act.details, "player": act.player, "roles": sorted(who.roles), "policy": self._policy().version,
            "idempotencyKey": act.context.idempotency_key, "digest": _digest(act), "noteDigest": note,
            "result": msgspec.to_builtins(result) if result else None,
        }  # fmt: skip
        outcome = result.outcome.value if result else None
        context = act.context
        await self._audit.append(
            AuditRecord(audit_id, phase, act.action, who.subject, act.subject, context.reason_code, context.ticket_ref,
                        outcome, details)
        )  # fmt: skip


def _stale(act: Act, finding: Finding) -> list[UserError]:
    expected = act.context.expected_version
    if expected is None or finding.version is None or expected == finding.version:
        return []
    return [UserError("STALE_VERSION", "It has changed since you looked at it; look again before you act.")]


def _together(steps: Sequence[Step]) -> MutationOutcome:
    """One outcome of several: doubt outweighs everything, and what was half done is PARTIAL."""
    found = {step.outcome for step in steps}
    if MutationOutcome.INDETERMINATE in found:
        return MutationOutcome.INDETERMINATE
    return found.pop() if len(found) == 1 else MutationOutcome.PARTIAL


def _told(steps: Sequence[Step]) -> list[UserError]:
    return [
        UserError("VENDOR_ERROR", step.message or "The vendor did not do it.")
        for step in steps
        if step.outcome is not MutationOutcome.EXECUTED
    ]


def _digest(act: Act) -> str:
    """What makes two requests the same: subject and input with everything of the context but the key."""
    context = msgspec.structs.replace(act.context, idempotency_key="")
    asked = {"subject": act.subject, "input": act.input, "context": context}
    return hashlib.sha256(msgspec.json.encode(asked, order="sorted")).hexdigest()


def _replayed(known: Sequence[AuditRecord], digest: str) -> Result:
    """What was told the first time; an intent without an outcome is a crash that nobody has looked at yet."""
    last = known[-1]
    if last.details.get("digest") != digest:
        return _DUPLICATE
    if last.phase is Phase.INTENT:
        doubt = UserError("VENDOR_ERROR", "The gateway stopped while it acted; whether it happened is not known yet.")
        return Result(MutationOutcome.INDETERMINATE, [doubt], last.audit_id, replayed=True)
    return _replay(msgspec.convert(last.details["result"], Result))


def _refused(code: str, message: str) -> Result:
    return Result(MutationOutcome.REJECTED_BY_POLICY, [UserError(code, message)])


def _replay(result: Result) -> Result:
    return msgspec.structs.replace(result, replayed=True)


_DUPLICATE = _refused("DUPLICATE_REQUEST", "This idempotencyKey was used with another input.")
