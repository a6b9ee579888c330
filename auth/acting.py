"""The one road of every action: seen before? -> allowed? -> still true? -> INTENT durable -> act -> OUTCOME durable.

Knows neither GraphQL nor a vendor: an action brings two functions, one that reads what it rests on and says why it must
not be, one that does it. The promise is at most once, else INDETERMINATE: what may have happened is never done again.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
import re
import uuid
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from weakref import WeakValueDictionary

import msgspec

from auth.acts import Act, Finding, MutationOutcome, Result, Step, UserError
from auth.audit import AuditStore
from auth.audit_chain import AuditRecord, AuditUnavailable, Phase
from auth.identity import Principal
from auth.policy import Policy

MOST_KEY, TICKET_REF = 255, re.compile(r"[A-Za-z0-9:._#/-]{1,64}")
REMEMBERED = timedelta(hours=24)  # for how long an idempotency key stands for what it first asked
log = logging.getLogger("player_graph.acting")


Check = Callable[[], Awaitable[Finding]]
Perform = Callable[[str], Awaitable[Sequence[Step]]]


class Road:
    """One process's road. Results of the last 24 h are found in the audit itself, so that a restart forgets nothing."""

    def __init__(self, audit: AuditStore, policy: Callable[[], Policy]) -> None:
        self._audit, self._policy = audit, policy
        self._under_way: dict[tuple[str, str, str], tuple[str, asyncio.Task[Result]]] = {}
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()  # gone with who last waited

    async def travel(self, who: Principal, act: Act, check: Check, perform: Perform) -> Result:
        """Does the action at most once, however often and by whatever impatient client it is asked for."""
        context = act.context
        if not context.idempotency_key.strip() or len(context.idempotency_key) > MOST_KEY:
            return _refused("INVALID_INPUT", f"idempotencyKey must have 1 to {MOST_KEY} characters.")
        if context.ticket_ref is not None and not TICKET_REF.fullmatch(context.ticket_ref):
            return _refused("INVALID_INPUT", "ticketRef must be a ticket's number or id.")
        if context.dry_run:
            return await self._evidenced(self._decide(who, act, check, perform))
        if (told := await self.told(who, act)) is not None:
            return told
        key, digest = _request(who, act), _digest(act)
        if key in self._under_way:  # begun while the audit was read
            other, running = self._under_way[key]
            return _replay(await asyncio.shield(running)) if other == digest else _DUPLICATE
        task = asyncio.create_task(self._evidenced(self._once(who, act, check, perform)))
        self._under_way[key] = (digest, task)
        task.add_done_callback(lambda _: self._under_way.pop(key, None))
        return await asyncio.shield(task)  # a caller that hangs up does not stop what has begun

    async def told(self, who: Principal, act: Act) -> Result | None:
        """What this very request was told before: asked first, before anything that may fail is read.

        A refusal did nothing, so it is judged again; what was begun is told again.
        """
        if act.context.dry_run:
            return None
        key, digest = _request(who, act), _digest(act)
        if key in self._under_way:
            other, task = self._under_way[key]
            return _replay(await asyncio.shield(task)) if other == digest else _DUPLICATE
        try:
            found = await self._audit.of_request(*key, datetime.now(UTC) - REMEMBERED)
        except AuditUnavailable:
            log.exception("no audit, no action")
            return _UNAVAILABLE
        known = [one.record for one in found if one.record.phase is not Phase.DENIED]
        return _replayed(known, digest) if known else None

    async def _evidenced(self, deciding: Coroutine[Any, Any, Result]) -> Result:
        try:
            return await deciding
        except AuditUnavailable:
            log.exception("no audit, no action")
            return _UNAVAILABLE

    async def _once(self, who: Principal, act: Act, check: Check, perform: Perform) -> Result:
        lock = self._locks.setdefault(act.subject, asyncio.Lock())
        async with lock:
            return await self._decide(who, act, check, perform)

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
        return await self._act(who, _with_found(act, finding), audit_id, perform)

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
            unrecorded = UserError("AUDIT_UNAVAILABLE", "It was done, but how it ended could not be recorded.")
            doubt = MutationOutcome.INDETERMINATE
            return msgspec.structs.replace(result, outcome=doubt, user_errors=[*result.user_errors, unrecorded])
        return result

    def _forbidden(self, who: Principal, act: Act) -> list[UserError]:
        policy = self._policy()
        if policy.is_own_account(who.subject, act.player):
            return [UserError("FORBIDDEN", "Nobody acts on an own account.")]
        problem = policy.reason_problem(act.action, act.context.reason_code, act.context.note)
        return [UserError("REASON_REQUIRED", problem)] if problem else []

    def _too_much(self, who: Principal, act: Act, finding: Finding) -> list[UserError]:
        action = (
            "withdrawal.approve" if act.action == "withdrawal.deny" else act.action
        )  # one line of the policy for both
        if finding.amount is None or self._policy().may_alone(who.roles, action, *finding.amount):
            return []
        return [UserError("THRESHOLD_EXCEEDED", "One person with your roles may not decide this amount alone.")]

    async def _record(self, phase: Phase, who: Principal, act: Act, audit_id: str, result: Result | None) -> None:
        note = _hashed(act.context.note) if act.context.note else None
        details = {
            **act.details, "player": act.player, "roles": sorted(who.roles), "policy": self._policy().version,
            "idempotencyKey": _hashed(act.context.idempotency_key), "digest": _digest(act), "noteDigest": note,
            "result": msgspec.to_builtins(result) if result else None,
        }  # fmt: skip
        outcome, context = result.outcome.value if result else None, act.context
        known = {code.code for code in self._policy().reasons(act.action).codes}
        reason = context.reason_code if context.reason_code in known else None  # what was refused may be anybody's name
        await self._audit.append(
            AuditRecord(audit_id, phase, act.action, who.subject, act.subject, reason, context.ticket_ref,
                        outcome, details)
        )  # fmt: skip


def _request(who: Principal, act: Act) -> tuple[str, str, str]:
    """What makes a request findable again: who, what, and the client's key, which may be anything and so is hashed."""
    return who.subject, act.action, _hashed(act.context.idempotency_key)


def _hashed(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _with_found(act: Act, finding: Finding) -> Act:
    """The action with what it rested on: evidence of what was known when it was decided."""
    return msgspec.structs.replace(act, details={**act.details, "version": finding.version, "amount": finding.amount})


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
_UNAVAILABLE = _refused(
    "AUDIT_UNAVAILABLE",
    "The audit store does not answer; this request did nothing. An earlier one with its key may have.",
)
