"""Where a payment, a verification or a ticket stood and since when, as the gateway saw it; and whose doing it was.

The vendors keep no such list for us, or none that is documented: every entry is OBSERVED. Whose doing a step was is
worked out from the audit: it tells what went through this gateway, and what only a person at the operator can have
decided did not go through it otherwise.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from enum import Enum
from typing import Any, TypeVar

import msgspec

from auth.audit_chain import Phase, StoredRecord
from cache.history import Observation, SeenBy, Step, timeline, with_current
from cache.observing import state_shown
from resolvers.context import Context
from vendors.ports.cashier import Transaction, TransactionStatus
from vendors.ports.kyc import KycProfile, KycStatus
from vendors.ports.ticketing import Ticket, TicketStatus

SKEW = timedelta(seconds=5)  # by which a vendor's clock, or its rounding to seconds, may differ from the audit's
_HAPPENED = (None, "EXECUTED", "PARTIAL", "INDETERMINATE")  # outcomes after which a vendor may have changed something


class Evidence(Enum):
    """What an entry rests on."""

    OBSERVED = "OBSERVED"


class ChangedBy(Enum):
    """Whose doing a step was. VENDOR_PANEL: decided at the operator, and not through this gateway."""

    GATEWAY = "GATEWAY"
    VENDOR_PANEL = "VENDOR_PANEL"
    OTHER = "OTHER"


class StatusEvent(msgspec.Struct, frozen=True):
    """An entry; `by` is None for the first, of which nobody saw how it came about."""

    at: datetime
    first_seen_at: datetime
    seen_by: SeenBy
    evidence: Evidence
    gap_before: bool
    vendor_status: str | None
    by: ChangedBy | None
    audit_id: str | None


class TransactionStatusEvent(StatusEvent, frozen=True):
    """A payment's status from `at` on."""

    status: TransactionStatus
    previous: TransactionStatus | None


class KycStatusEvent(StatusEvent, frozen=True):
    """A verification's status from `at` on."""

    status: KycStatus
    previous: KycStatus | None


class TicketStatusEvent(StatusEvent, frozen=True):
    """A ticket's status from `at` on."""

    status: TicketStatus
    previous: TicketStatus | None


R = TypeVar("R", Transaction, KycProfile, Ticket)
E = TypeVar("E", bound=StatusEvent)
Decided = Callable[[Any, Any], bool]  # (previous, status): whether only a person at the operator brings it about

_T, _K, _D = TransactionStatus, KycStatus, TicketStatus
_LET_GO = frozenset({_T.PROCESSING, _T.SUCCEEDED, _T.SCHEDULED, _T.AUTHORISED, _T.AWAITING_CALLBACK})
_BRINGS: Mapping[str, frozenset[Enum]] = {  # what an action of ours leads to
    "withdrawal.approve": _LET_GO,
    "withdrawal.deny": frozenset({_T.CANCELLED_BY_OPERATOR}),
    "withdrawal.hold": frozenset({_T.ON_HOLD}),
    "withdrawal.release": _LET_GO | {_T.AWAITING_APPROVAL},
    "ticket.comment.add": frozenset(),  # to the status it was asked to set, if any
}


async def payment_timeline_of(
    payments: Sequence[Transaction], ctx: Context
) -> Sequence[Sequence[TransactionStatusEvent]]:
    """Oldest first; the last is the status it has now."""
    return await _timelines(payments, ctx, TransactionStatusEvent, TransactionStatus, _payment_decided)


async def kyc_timeline_of(profiles: Sequence[KycProfile], ctx: Context) -> Sequence[Sequence[KycStatusEvent]]:
    """Oldest first; the last is the status it has now."""
    return await _timelines(profiles, ctx, KycStatusEvent, KycStatus, _kyc_decided)


async def ticket_timeline_of(tickets: Sequence[Ticket], ctx: Context) -> Sequence[Sequence[TicketStatusEvent]]:
    """Oldest first; the last is the status it has now."""
    return await _timelines(tickets, ctx, TicketStatusEvent, TicketStatus, _ticket_decided)


def _payment_decided(previous: TransactionStatus | None, status: TransactionStatus) -> bool:
    waited = previous in (_T.AWAITING_APPROVAL, _T.ON_HOLD)
    return status in (_T.ON_HOLD, _T.CANCELLED_BY_OPERATOR) or (
        waited and status in _LET_GO | {_T.AWAITING_APPROVAL}
    )  # fmt: skip


def _kyc_decided(previous: KycStatus | None, status: KycStatus) -> bool:
    """What waited for the operator, and what was sent back to the start after an answer."""
    answered = previous in (_K.APPROVED, _K.REJECTED)
    return previous is _K.AWAITING_OPERATOR or (answered and status is _K.DOCUMENTS_REQUESTED)


def _ticket_decided(previous: TicketStatus | None, status: TicketStatus) -> bool:
    """A player's message opens a ticket again, and a rule closes it; these only the desk sets."""
    return status in (_D.PENDING_PLAYER, _D.ON_HOLD, _D.SOLVED)


async def _timelines(
    records: Sequence[R], ctx: Context, event: type[E], words: type[Enum], decided: Decided
) -> list[Sequence[E]]:
    now = [state for record in records if (state := state_shown(record)) is not None]
    seen = await ctx.states([state.subject for state in now])
    acts = await _acts(now, ctx)
    return [
        _events(
            timeline(with_current(seen.get(state.subject, ()), state), getattr(record, "created_at", None)),
            acts[str(state.subject)], event, words, decided,
        )
        for record, state in zip(records, now, strict=True)
    ]  # fmt: skip


def _events(
    steps: Sequence[Step], acts: Sequence[StoredRecord], event: type[E], words: type[Enum], decided: Decided
) -> list[E]:
    events, free = list[E](), list(acts)
    for step, last in zip(steps, (None, *steps), strict=False):
        status, previous = words(step.status), words(step.previous) if step.previous else None
        act = _claimed(step, last, status, free) if last else None
        by = ChangedBy.VENDOR_PANEL if decided(previous, status) else ChangedBy.OTHER
        shared = (step.at, step.first_seen_at, step.seen_by, Evidence.OBSERVED, step.gap_before, step.vendor_status)
        whose = ChangedBy.GATEWAY if act else by if last else None
        events.append(event(*shared, whose, act.record.audit_id if act else None, status, previous))  # type: ignore[call-arg]  # every E ends with these two
    return events


def _claimed(step: Step, last: Step, status: Enum, free: list[StoredRecord]) -> StoredRecord | None:
    """The action of ours that led to a step: the right one, in its time, and not of another step already."""
    for act in free:
        if _brings(act, status) and last.at - SKEW <= act.at <= step.at + SKEW:
            free.remove(act)
            return act
    return None


def _brings(act: StoredRecord, status: Enum) -> bool:
    return status in _BRINGS[act.record.action] or act.record.details.get("setStatus") == status.value


async def _acts(states: Sequence[Observation], ctx: Context) -> Mapping[str, Sequence[StoredRecord]]:
    """Intents of ours on each subject that may have changed something, in order."""
    found = await ctx.audit.about(sorted({str(state.subject) for state in states}))
    ended = {one.record.audit_id: one.record.outcome for one in found if one.record.phase is Phase.OUTCOME}
    acts = defaultdict[str, list[StoredRecord]](list)
    for one in found:
        record = one.record
        if record.phase is Phase.INTENT and record.action in _BRINGS and ended.get(record.audit_id) in _HAPPENED:
            acts[record.subject].append(one)
    return acts
