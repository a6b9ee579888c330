"""What staff may do: each action declares its preconditions and its one vendor call; the road around it is shared."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Annotated

import msgspec
from typing_extensions import Doc

from auth.acting import Check
from auth.acts import Act, ActionContext, Finding, MutationOutcome, Result, Step, UserError
from auth.approvals import Approval
from auth.deciding import Saved
from execution.fields import Partial
from resolvers.acting import (
    MutationRoot,
    act,
    asked,
    not_found,
    player_finding,
    precondition,
    refused,
    sentence,
    stepped,
    text,
    unread,
)
from resolvers.context import Context
from resolvers.payments import diagnosis_of
from resolvers.scope import in_scope, parse_key, released
from resolvers.withdrawal_facts import SOURCE_UNAVAILABLE, Blocker, Diagnosis
from vendors.errors import VendorError
from vendors.ports.cashier import Transaction, TransactionStatus, Withdrawal, WithdrawalAction, WithdrawalCommand
from vendors.ports.keys import Id, Key
from vendors.ports.pam import NewNote, Player, Restrict, RestrictionScope
from vendors.ports.source import System

SECOND_APPROVAL = "WAITING_WITHDRAWAL_SECOND_APPROVAL"  # the cashier sees one client for all of our people
MOST_NOTE = 2_000


class WithdrawalActionInput(msgspec.Struct, frozen=True):
    """Which withdrawal, and why."""

    withdrawal_id: Annotated[Id, Doc("`withdrawal:<brand>:<id>`.")]
    context: ActionContext


class AddNoteInput(msgspec.Struct, frozen=True):
    """A note for all staff."""

    player_id: Annotated[Id, Doc("`player:<brand>:<id>`.")]
    body: Annotated[str, Doc(f"At most {MOST_NOTE} characters; kept by the PAM.")]
    context: ActionContext


class RestrictAccountInput(msgspec.Struct, frozen=True):
    """What the account may no longer do."""

    player_id: Annotated[Id, Doc("`player:<brand>:<id>`.")]
    scopes: Annotated[Sequence[RestrictionScope], Doc("Blocks to set; blocks not named stay as they are.")]
    context: ActionContext


class TransactionPayload(Result, frozen=True):
    """What became of an action on a payment."""

    subject: Key | None = None


class PlayerPayload(Result, frozen=True):
    """What became of an action on a player."""

    subject: Key | None = None


async def approve_withdrawal(
    roots: Sequence[MutationRoot], ctx: Context, *, input: WithdrawalActionInput
) -> Sequence[TransactionPayload]:
    """Pays."""
    return [await _withdrawal(ctx, input, WithdrawalAction.APPROVE)]


async def deny_withdrawal(
    roots: Sequence[MutationRoot], ctx: Context, *, input: WithdrawalActionInput
) -> Sequence[TransactionPayload]:
    """Refuses."""
    return [await _withdrawal(ctx, input, WithdrawalAction.DENY)]


async def hold_withdrawal(
    roots: Sequence[MutationRoot], ctx: Context, *, input: WithdrawalActionInput
) -> Sequence[TransactionPayload]:
    """Parks."""
    return [await _withdrawal(ctx, input, WithdrawalAction.HOLD)]


async def release_withdrawal(
    roots: Sequence[MutationRoot], ctx: Context, *, input: WithdrawalActionInput
) -> Sequence[TransactionPayload]:
    """Ends a hold."""
    return [await _withdrawal(ctx, input, WithdrawalAction.RELEASE)]


_FROM = {  # the status an action starts from, and the one that says it is done already
    WithdrawalAction.APPROVE: ({TransactionStatus.AWAITING_APPROVAL}, set[TransactionStatus]()),
    WithdrawalAction.DENY: (
        {TransactionStatus.AWAITING_APPROVAL, TransactionStatus.ON_HOLD, TransactionStatus.SCHEDULED},
        {TransactionStatus.CANCELLED_BY_OPERATOR},
    ),
    WithdrawalAction.HOLD: (
        {TransactionStatus.AWAITING_APPROVAL, TransactionStatus.SCHEDULED},
        {TransactionStatus.ON_HOLD},
    ),
    WithdrawalAction.RELEASE: ({TransactionStatus.ON_HOLD}, {TransactionStatus.AWAITING_APPROVAL}),
}


async def _withdrawal(ctx: Context, input: WithdrawalActionInput, action: WithdrawalAction) -> TransactionPayload:
    key, cashier = parse_key(input.withdrawal_id, "withdrawal"), ctx.reads.ports.cashier
    if action not in cashier.supports:
        return _paid(refused("UNSUPPORTED_BY_VENDOR", "The cashier documents no operation that does this."), None)
    again = asked(f"withdrawal.{action.value.lower()}", key, key, input.context, input)
    if ctx.scope.holds_brand(key.brand) and (told := await ctx.road.told(ctx.principal, again)) is not None:
        return await _withdrawal_told(ctx, key, told)
    found = (await ctx.reads.transactions.load([key]))[0] if ctx.scope.holds_brand(key.brand) else None
    if not isinstance(found, Withdrawal):
        return _paid(not_found() if found is None else refused("VENDOR_UNAVAILABLE", sentence(found)), None)

    request, check, perform = _prepared(ctx, input, action, found.player)
    result = await act(ctx, request, owner=found.player, system=System.CASHIER, check=check, perform=perform)
    ctx.reads.transactions.forget([key])
    (visible,) = await in_scope([found.player], ctx)
    return _paid(result, key if visible is True else None)


def _prepared(
    ctx: Context, input: WithdrawalActionInput, action: WithdrawalAction, owner: Key
) -> tuple[Act, Check, Callable[[str], Awaitable[str | None]]]:
    """The action as the audit names it, what it rests on, and its one call."""
    key, cashier = parse_key(input.withdrawal_id, "withdrawal"), ctx.reads.ports.cashier

    async def check() -> Finding:  # the road reads it when its turn comes
        return await _withdrawal_finding(ctx, key, action)

    async def perform(audit_id: str) -> str | None:
        await cashier.act(WithdrawalCommand(key, action, input.context.reason_code, audit_id))
        return key.local

    request = asked(f"withdrawal.{action.value.lower()}", key, owner, input.context, input)
    return msgspec.structs.replace(request, exclusive=True), check, perform


def saved_approval(ctx: Context, approval: Approval) -> Saved:
    """A payout that waits for a second person, prepared as it was asked for."""
    input = msgspec.convert(approval.input, WithdrawalActionInput)
    owner = Key.parse(approval.player)
    request, check, perform = _prepared(ctx, input, WithdrawalAction.APPROVE, owner)
    return Saved(approval, request, check, stepped(ctx, request, owner, System.CASHIER, perform))


async def _withdrawal_told(ctx: Context, key: Key, told: Result) -> TransactionPayload:
    """What was told before, with the payment as it is now, if it can be read and the caller may know of it."""
    payment = (await ctx.reads.transactions.load([key]))[0]
    owner = payment.player if isinstance(payment, Withdrawal) else None
    (visible,) = await in_scope([owner], ctx)
    return _paid(told, key if visible is True else None)


async def _withdrawal_finding(ctx: Context, key: Key, action: WithdrawalAction) -> Finding:
    """Read afresh: a decision about money never rests on what was read before."""
    ctx.reads.transactions.forget([key])
    payment = (await ctx.reads.transactions.load([key]))[0]
    if not isinstance(payment, Withdrawal):
        return unread(payment if isinstance(payment, VendorError) else None)
    start, done = _FROM[action]
    if payment.status in done:
        return Finding(noop=True, version=payment.version)
    errors: list[UserError] = []
    if payment.status is TransactionStatus.INDETERMINATE:
        errors.append(precondition("It is not known whether this was paid: reconcile it before anything else."))
    elif payment.status not in start:
        errors.append(precondition(f"It is {payment.status.value}; this action does not start from there."))
    elif action is WithdrawalAction.APPROVE:
        errors.extend(await _unapprovable(ctx, payment))
    decides = action in (WithdrawalAction.APPROVE, WithdrawalAction.DENY)
    amount = (payment.amount.currency, payment.amount.amount_minor) if decides else None
    step = Step(
        System.CASHIER.value, MutationOutcome.EXECUTED, key.local, f"Would {action.value.lower()} the withdrawal."
    )
    return Finding(errors, version=payment.version, amount=amount, steps=[step])


async def _unapprovable(ctx: Context, payment: Withdrawal) -> list[UserError]:
    """Every blocker that forbids approval, from a diagnosis of fresh records."""
    owner = [payment.player]
    for window in (ctx.reads.players, ctx.reads.kyc, ctx.reads.balances, ctx.reads.grants, ctx.reads.open_rounds):
        window.forget(owner)
    (diagnosis,) = await diagnosis_of([payment], ctx)
    if not isinstance(diagnosis, Diagnosis):
        return [precondition("Why it waits could not be told.")]
    if payment.vendor_status_code == SECOND_APPROVAL:
        return [precondition("It waits for a second person's approval, which cannot be given here.")]
    found = [blocker for blocker in diagnosis.blockers if blocker.forbids_approval]
    if found and "Withdrawal.diagnosis" in ctx.denied:  # who may not read why must not learn it by trying
        return [precondition("Something that you may not see forbids an approval.")]
    return [_as_error(blocker) for blocker in found]


def _as_error(blocker: Blocker) -> UserError:
    """A source that is silent is no verdict: ask again later. Anything else has to be resolved first."""
    if blocker.code == SOURCE_UNAVAILABLE:
        return UserError("VENDOR_UNAVAILABLE", f"{blocker.summary} Nothing was done.")
    return precondition(blocker.summary)


async def transaction_after(
    payloads: Sequence[TransactionPayload], ctx: Context
) -> Sequence[Transaction | VendorError | None]:
    """The payment as it is now."""
    keys = [payload.subject for payload in payloads if payload.subject]
    found = dict(zip(keys, await ctx.reads.transactions.load(keys), strict=True))
    return [found.get(payload.subject) if payload.subject else None for payload in payloads]


async def player_after(
    payloads: Sequence[PlayerPayload], ctx: Context
) -> Sequence[Player | Partial | VendorError | None]:
    """The player as he is now."""
    keys = [payload.subject for payload in payloads if payload.subject]
    found = dict(zip(keys, await released(keys, ctx), strict=True))
    return [found.get(payload.subject) if payload.subject else None for payload in payloads]


async def add_player_note(
    roots: Sequence[MutationRoot], ctx: Context, *, input: AddNoteInput
) -> Sequence[PlayerPayload]:
    """Adds a note."""
    key, body = parse_key(input.player_id, "player"), text(input.body, "body", MOST_NOTE)

    async def perform(audit_id: str) -> None:
        await ctx.reads.ports.pam.add_note(NewNote(key, body, audit_id))

    async def check() -> Finding:
        return await player_finding(ctx, key)

    return [await _on_player(ctx, "player.note.add", key, input, check=check, perform=perform)]


async def restrict_account(
    roots: Sequence[MutationRoot], ctx: Context, *, input: RestrictAccountInput
) -> Sequence[PlayerPayload]:
    """Sets blocks: protective, so it never waits for a second person."""
    key, scopes, pam = parse_key(input.player_id, "player"), tuple(input.scopes), ctx.reads.ports.pam
    if not scopes:
        return [_played(refused("INVALID_INPUT", "Name at least one scope."), None)]
    if unknown := [scope.value for scope in scopes if scope not in pam.supports]:
        return [_played(refused("UNSUPPORTED_BY_VENDOR", f"The PAM documents no block of {', '.join(unknown)}."), None)]

    async def check() -> Finding:
        finding = await player_finding(ctx, key)
        player = (await ctx.reads.players.load([key]))[0]
        done = isinstance(player, Player) and set(scopes) <= set(player.account.restrictions)
        return msgspec.structs.replace(finding, noop=done)

    async def perform(audit_id: str) -> None:
        await pam.restrict(Restrict(key, scopes, audit_id))

    return [await _on_player(ctx, "account.restrict", key, input, check=check, perform=perform)]


async def _on_player(
    ctx: Context,
    action: str,
    key: Key,
    input: AddNoteInput | RestrictAccountInput,
    *,
    check: Check,
    perform: Callable[[str], Awaitable[None]],
) -> PlayerPayload:
    scopes = [scope.value for scope in input.scopes] if isinstance(input, RestrictAccountInput) else None
    request = asked(action, key, key, input.context, input, scopes=scopes)
    result = await act(ctx, request, owner=key, system=System.PAM, check=check, perform=perform)
    ctx.reads.players.forget([key])
    (visible,) = await in_scope([key], ctx)
    return _played(result, key if visible is True else None)


def _paid(result: Result, subject: Key | None) -> TransactionPayload:
    return TransactionPayload(**msgspec.structs.asdict(result), subject=subject)


def _played(result: Result, subject: Key | None) -> PlayerPayload:
    return PlayerPayload(**msgspec.structs.asdict(result), subject=subject)
