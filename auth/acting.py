"""The one road of every action: seen before? -> allowed? -> still true? -> INTENT durable -> act -> OUTCOME durable.

Knows neither GraphQL nor a vendor: an action brings two functions, one that reads what it rests on and says why it must
not be, one that does it. The promise is at most once, else INDETERMINATE: what may have happened is never done again.
"""

from __future__ import annotations

import asyncio
import logging
import uuid
from collections.abc import Awaitable, Callable, Collection, Coroutine, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from weakref import WeakValueDictionary

import msgspec
from sqlalchemy.ext.asyncio import AsyncConnection

from auth.acts import Act, Finding, MutationOutcome, Result, Step, UserError
from auth.approvals import Approval, save
from auth.audit import AuditStore, Guard, Overtaken, stored
from auth.audit_chain import AuditRecord, AuditUnavailable, Phase
from auth.duties import Duty
from auth.identity import Principal
from auth.policy import Policy
from auth.queries import doubt_query, doubtful, request_query
from auth.requests import DUPLICATE, digest_of, hashed, malformed_context, refusal, replay, request_key, retold

POLL_SECONDS = 0.05  # how often a request that another process has begun is looked at
_EXCLUDED = UserError("FORBIDDEN", "You did what excludes this on the same player not long ago.")
REMEMBERED = timedelta(hours=24)  # for how long an idempotency key stands for what it first asked
log = logging.getLogger("player_graph.acting")


Check = Callable[[], Awaitable[Finding]]
Perform = Callable[[str], Awaitable[Sequence[Step]]]
Ended = Callable[[Result], tuple[Sequence[AuditRecord], Guard | None]]
Clock = Callable[[], datetime]
Doing = Callable[[], Coroutine[Any, Any, Result]]


def _utc_now() -> datetime:
    return datetime.now(UTC)


class Road:
    """One process's road. Results of the last 24 h are found in the audit itself, so that a restart forgets nothing."""

    def __init__(
        self, audit: AuditStore, policy: Callable[[], Policy], clock: Clock = lambda: datetime.now(UTC)
    ) -> None:
        self.audit, self.policy, self.clock = audit, policy, clock
        self._under_way: dict[tuple[str, str, str], tuple[str, asyncio.Task[Result]]] = {}
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()  # gone with who last waited

    async def travel(self, who: Principal, act: Act, check: Check, perform: Perform) -> Result:
        """Does the action at most once, however often and by whatever impatient client it is asked for."""
        if (malformed := malformed_context(act.context)) is not None:
            return malformed
        if act.context.dry_run:
            return await self.evidenced(self._decide(who, act, check, perform))
        if (told := await self.told(who, act)) is not None:
            return told
        return await self.shielded(who, act, lambda: self._once(who, act, check, perform))

    async def shielded(self, who: Principal, act: Act, doing: Doing) -> Result:
        """Does it once for all who ask in this process; a caller that hangs up does not stop what has begun."""
        key, digest = request_key(who, act), digest_of(act)
        if key in self._under_way:  # begun while the audit was read
            other, running = self._under_way[key]
            return replay(await asyncio.shield(running)) if other == digest else DUPLICATE
        task = asyncio.create_task(self.evidenced(doing()))
        self._under_way[key] = (digest, task)
        task.add_done_callback(lambda _: self._under_way.pop(key, None))
        return await asyncio.shield(task)

    async def told(self, who: Principal, act: Act) -> Result | None:
        """What this very request was told before: asked first, before anything that may fail is read.

        A refusal did nothing, so it is judged again; what was begun is told again.
        """
        if act.context.dry_run:
            return None
        key, digest = request_key(who, act), digest_of(act)
        if key in self._under_way:
            other, task = self._under_way[key]
            return replay(await asyncio.shield(task)) if other == digest else DUPLICATE
        try:
            return await self.recorded(who, act)
        except AuditUnavailable:
            log.exception("no audit, no action")
            return _UNAVAILABLE

    async def recorded(self, who: Principal, act: Act) -> Result | None:
        """As `told`, from the audit alone: what another process did, too. Raises AuditUnavailable."""
        while known := await self._known(who, act):
            process = known[-1].details.get("process", "")
            begun = known[-1].phase is Phase.INTENT and known[-1].details.get("digest") == digest_of(act)
            if not begun or process == self.audit.process:
                break
            if not await self.audit.is_alive(process):
                known = await self._known(who, act)  # it may have ended well between the two looks
                break
            await asyncio.sleep(POLL_SECONDS)
        return retold(known, digest_of(act)) if known else None

    async def _known(self, who: Principal, act: Act) -> list[AuditRecord]:
        found = await self.audit.of_request(*request_key(who, act), self.clock() - REMEMBERED)
        return [one.record for one in found if one.record.phase is not Phase.DENIED]

    async def evidenced(self, deciding: Coroutine[Any, Any, Result]) -> Result:
        """What was decided, or that without the audit nothing was."""
        try:
            return await deciding
        except AuditUnavailable:
            log.exception("no audit, no action")
            return _UNAVAILABLE

    async def _once(self, who: Principal, act: Act, check: Check, perform: Perform) -> Result:
        async with self.alone(act.subject):
            try:
                return await self._decide(who, act, check, perform)
            except Overtaken:  # by another process: it has begun this very request, or something on the same subject
                return await self.recorded(who, act) or _OVERTAKEN

    def alone(self, subject: str) -> asyncio.Lock:
        """One at a time a subject, in this process."""
        return self._locks.setdefault(subject, asyncio.Lock())

    async def _decide(self, who: Principal, act: Act, check: Check, perform: Perform) -> Result:
        errors = self.forbidden(who, act)
        if not errors and await self.barred([Duty(who.subject, act.action, act.player)]):
            errors = [_EXCLUDED]
        if not errors and act.exclusive and await self.audit.in_doubt(act.subject):
            if not act.context.dry_run and await self._known(who, act):
                raise Overtaken  # what is under way is this very request: another process began it after `told` looked
            errors = [UserError("PRECONDITION_FAILED", "An earlier action on it is under way or in doubt.")]
        finding = Finding(errors) if errors else await check()
        errors = [*finding.errors, *self._too_much(who, act, finding), *_stale(act, finding)]
        outcome = MutationOutcome.NOOP if finding.noop else MutationOutcome.EXECUTED
        outcome = MutationOutcome.PENDING_APPROVAL if self._above(who, act, finding) else outcome
        outcome = MutationOutcome.REJECTED_BY_POLICY if errors else outcome
        if act.context.dry_run:
            return Result(outcome, errors, dry_run=True, steps=finding.steps)
        audit_id, act = str(uuid.uuid4()), _with_found(act, finding)
        if outcome is MutationOutcome.PENDING_APPROVAL:
            return await self._save(who, act, finding, audit_id)
        if errors or finding.noop:
            result = Result(outcome, errors, audit_id)
            record = self.record(Phase.DENIED if errors else Phase.OUTCOME, who, act, audit_id, result)
            await self.audit.enter([record], None if errors else self._first(who, act))
            return result
        await self.audit.enter([self.record(Phase.INTENT, who, act, audit_id, None)], self._first(who, act))
        return await self.perform(who, act, audit_id, perform)

    async def _save(self, who: Principal, act: Act, finding: Finding, audit_id: str) -> Result:
        """Keeps what one person may not do alone until a second one decides."""
        now, policy, context = self.clock(), self.policy(), act.context
        asked = Approval(
            str(uuid.uuid4()), act.action, act.subject, act.player, who, now,
            now + timedelta(hours=policy.four_eyes[act.action].hours), policy.version, finding.version,
            finding.amount or ("", 0), audit_id, act.input, act.shown, context.reason_code, context.note,
            context.ticket_ref, finding.steps,
        )  # fmt: skip
        result = Result(MutationOutcome.PENDING_APPROVAL, [_SECOND], audit_id, steps=finding.steps, approval=asked.id)

        async def guard(connection: AsyncConnection) -> None:
            await self._first(who, act)(connection)
            await save(connection, asked)

        await self.audit.enter([self.record(Phase.OUTCOME, who, act, audit_id, result)], guard)
        return result

    def _first(self, who: Principal, act: Act) -> Guard:
        """Nothing is begun that another process has begun meanwhile, nor beside something on an exclusive subject."""

        async def guard(connection: AsyncConnection) -> None:
            known = await stored(connection, request_query(*request_key(who, act), self.clock() - REMEMBERED))
            if any(one.record.phase is not Phase.DENIED for one in known):
                raise Overtaken
            await self.free(connection, act)

        return guard

    async def free(self, connection: AsyncConnection, act: Act) -> None:
        """For a guard: raises Overtaken if an exclusive subject is taken."""
        if act.exclusive and doubtful(await stored(connection, doubt_query(act.subject))):
            raise Overtaken

    async def perform(
        self, who: Principal, act: Act, audit_id: str, perform: Perform, ended: Ended | None = None
    ) -> Result:
        """Does what stands on record as intended, and records how it ended, with what `ended` adds."""
        try:
            steps = await perform(audit_id)
        except Exception:
            log.exception("action %s crashed", audit_id)
            steps = [Step("GATEWAY", MutationOutcome.INDETERMINATE, None, "The gateway failed while acting.")]
        result = Result(_together(steps), _told(steps), audit_id, steps=steps)
        more, guard = ended(result) if ended else ([], None)
        try:
            await self.audit.enter([self.record(Phase.OUTCOME, who, act, audit_id, result), *more], guard)
        except AuditUnavailable:  # done, but not on record: the intent stands without an outcome until it is looked at
            log.exception("the outcome of %s could not be recorded", audit_id)
            unrecorded = UserError("AUDIT_UNAVAILABLE", "It was done, but how it ended could not be recorded.")
            doubt = MutationOutcome.INDETERMINATE
            return msgspec.structs.replace(result, outcome=doubt, user_errors=[*result.user_errors, unrecorded])
        return result

    async def barred(self, duties: Collection[Duty]) -> set[Duty]:
        """Segregation of duties: those whose person has lately done on the same player what excludes them."""
        found: set[Duty] = set()
        for rule in self.policy().incompatible:
            since = self.clock() - timedelta(hours=rule.hours)
            for action in {duty.action for duty in duties}:
                if others := rule.against(action):
                    those = [duty for duty in duties if duty.action == action]
                    done = await self.audit.done(
                        {one.by for one in those}, {one.player for one in those}, others, since
                    )
                    found |= {one for one in those if (one.by, one.player) in done}
        return found

    def forbidden(self, who: Principal, act: Act) -> list[UserError]:
        """An own account, or a reason that will not do."""
        policy = self.policy()
        if policy.is_own_account(who.subject, act.player):
            return [UserError("FORBIDDEN", "Nobody acts on an own account.")]
        problem = policy.reason_problem(act.action, act.context.reason_code, act.context.note)
        return [UserError("REASON_REQUIRED", problem)] if problem else []

    def _above(self, who: Principal, act: Act, finding: Finding) -> bool:
        action = "withdrawal.approve" if act.action == "withdrawal.deny" else act.action  # one line of the policy
        return finding.amount is not None and not self.policy().may_alone(who.roles, action, *finding.amount)

    def _too_much(self, who: Principal, act: Act, finding: Finding) -> list[UserError]:
        if act.action in self.policy().four_eyes or not self._above(who, act, finding):
            return []
        return [UserError("THRESHOLD_EXCEEDED", "One person with your roles may not decide this amount alone.")]

    def record(self, phase: Phase, who: Principal, act: Act, audit_id: str, result: Result | None) -> AuditRecord:
        """What the audit keeps of a step of an action: nothing that a client wrote freely."""
        note = hashed(act.context.note) if act.context.note else None
        details = {
            **act.details, **({"via": who.via} if who.via else {}), "player": act.player,
            "roles": sorted(who.roles), "policy": self.policy().version,
            "idempotencyKey": hashed(act.context.idempotency_key), "digest": digest_of(act), "noteDigest": note,
            "result": msgspec.to_builtins(result) if result else None, "process": self.audit.process,
        }  # fmt: skip
        outcome, context = result.outcome.value if result else None, act.context
        known = {code.code for code in self.policy().reasons(act.action).codes}
        reason = context.reason_code if context.reason_code in known else None  # what was refused may be anybody's name
        return AuditRecord(
            audit_id, phase, act.action, who.subject, act.subject, reason, context.ticket_ref, outcome, details
        )


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


_OVERTAKEN = refusal("PRECONDITION_FAILED", "Somebody else has just begun something on it; look again before you act.")
_SECOND = UserError("APPROVAL_REQUIRED", "A second person has to decide this amount.")
_UNAVAILABLE = refusal(
    "AUDIT_UNAVAILABLE",
    "The audit store does not answer; this request did nothing. An earlier one with its key may have.",
)
