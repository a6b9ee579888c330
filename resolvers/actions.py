"""What staff may do: each action declares its preconditions and its one vendor call; the road around it is shared."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Annotated

import msgspec
from typing_extensions import Doc

from auth.acting import ActionContext, Check, Finding, MutationOutcome, Result, Step, UserError
from resolvers.acting import MutationRoot, act, asked, not_found, precondition, refused, text, unread
from resolvers.context import Context
from resolvers.payments import diagnosis_of
from resolvers.scope import in_scope, parse_key
from resolvers.withdrawal_diagnosis import Diagnosis
from vendors.errors import VendorError
from vendors.ports.cashier import Transaction, TransactionStatus, Withdrawal, WithdrawalAction, WithdrawalCommand
from vendors.ports.keys import Id, Key
from vendors.ports.pam import NewNote, Player, Restrict, RestrictionScope
from vendors.ports.source import System
from vendors.ports.ticketing import NewComment, NewTicket, Ticket, TicketPriority, TicketStatus

MOST_NOTE, MOST_SUBJECT, MOST_BODY = 2_000, 150, 10_000


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


class CreateTicketInput(msgspec.Struct, frozen=True):
    """A ticket in the player's name."""

    player_id: Annotated[Id, Doc("`player:<brand>:<id>`.")]
    subject: Annotated[str, Doc(f"At most {MOST_SUBJECT} characters.")]
    body: Annotated[str, Doc(f"At most {MOST_BODY} characters.")]
    context: ActionContext
    public: Annotated[bool, Doc("Whether the player sees the message.")] = False
    priority: Annotated[TicketPriority, Doc("How soon it wants an answer.")] = TicketPriority.NORMAL


class CommentInput(msgspec.Struct, frozen=True):
    """A message in a ticket."""

    ticket_id: Annotated[Id, Doc("`ticket:<brand>:<id>`.")]
    body: Annotated[str, Doc(f"At most {MOST_BODY} characters.")]
    public: Annotated[bool, Doc("Whether the player sees it.")]
    context: ActionContext
    set_status: Annotated[TicketStatus | None, Doc("The ticket's status from then on.")] = None


class TransactionPayload(Result, frozen=True):
    """What became of an action on a payment."""

    subject: Key | None = None


class PlayerPayload(Result, frozen=True):
    """What became of an action on a player."""

    subject: Key | None = None


class TicketPayload(Result, frozen=True):
    """What became of an action on a ticket."""

    ticket: Ticket | None = None


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
    key = parse_key(input.withdrawal_id, "withdrawal")
    found = (await ctx.reads.transactions.load([key]))[0] if ctx.scope.holds_brand(key.brand) else None
    if not isinstance(found, Withdrawal):
        return _paid(not_found() if found is None else refused("VENDOR_UNAVAILABLE", _sentence(found)), None)
    cashier = ctx.reads.ports.cashier
    if action not in cashier.supports:
        return _paid(refused("UNSUPPORTED_BY_VENDOR", "The cashier documents no operation that does this."), None)

    async def perform(audit_id: str) -> str | None:
        await cashier.act(WithdrawalCommand(key, action, input.context.reason_code, audit_id))
        return key.local

    request = asked(f"withdrawal.{action.value.lower()}", key, found.player, input.context, input)
    request = msgspec.structs.replace(request, exclusive=True)
    check = lambda: _withdrawal_finding(ctx, key, action)  # noqa: E731  # the road reads it when its turn comes
    result = await act(ctx, request, owner=found.player, system=System.CASHIER, check=check, perform=perform)
    ctx.reads.transactions.forget([key])
    (visible,) = await in_scope([found.player], ctx)
    return _paid(result, key if visible is True else None)


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
    amount = (payment.amount.currency, payment.amount.amount_minor) if action is WithdrawalAction.APPROVE else None
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
    return [precondition(blocker.summary) for blocker in diagnosis.blockers if blocker.forbids_approval]


async def transaction_after(
    payloads: Sequence[TransactionPayload], ctx: Context
) -> Sequence[Transaction | VendorError | None]:
    """The payment as it is now."""
    keys = [payload.subject for payload in payloads if payload.subject]
    found = dict(zip(keys, await ctx.reads.transactions.load(keys), strict=True))
    return [found.get(payload.subject) if payload.subject else None for payload in payloads]


async def player_after(payloads: Sequence[PlayerPayload], ctx: Context) -> Sequence[Player | VendorError | None]:
    """The player as he is now."""
    keys = [payload.subject for payload in payloads if payload.subject]
    found = dict(zip(keys, await ctx.reads.players.load(keys), strict=True))
    return [found.get(payload.subject) if payload.subject else None for payload in payloads]


async def add_player_note(
    roots: Sequence[MutationRoot], ctx: Context, *, input: AddNoteInput
) -> Sequence[PlayerPayload]:
    """Adds a note."""
    key, body = parse_key(input.player_id, "player"), text(input.body, "body", MOST_NOTE)

    async def perform(audit_id: str) -> None:
        await ctx.reads.ports.pam.add_note(NewNote(key, body, audit_id))

    async def check() -> Finding:
        return await _player_finding(ctx, key)

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
        finding = await _player_finding(ctx, key)
        player = (await ctx.reads.players.load([key]))[0]
        done = isinstance(player, Player) and set(scopes) <= set(player.account.restrictions)
        return msgspec.structs.replace(finding, noop=done)

    async def perform(audit_id: str) -> None:
        await pam.restrict(Restrict(key, scopes, audit_id))

    return [await _on_player(ctx, "account.restrict", key, input, check=check, perform=perform)]


async def _player_finding(ctx: Context, key: Key) -> Finding:
    ctx.reads.players.forget([key])
    player = (await ctx.reads.players.load([key]))[0]
    return Finding(version=player.version) if isinstance(player, Player) else unread(player)


async def _on_player(
    ctx: Context,
    action: str,
    key: Key,
    input: AddNoteInput | RestrictAccountInput,
    *,
    check: Check,
    perform: Callable[[str], Awaitable[None]],
) -> PlayerPayload:
    request = asked(action, key, key, input.context, input)
    result = await act(ctx, request, owner=key, system=System.PAM, check=check, perform=perform)
    ctx.reads.players.forget([key])
    (visible,) = await in_scope([key], ctx)
    return _played(result, key if visible is True else None)


async def create_ticket(
    roots: Sequence[MutationRoot], ctx: Context, *, input: CreateTicketInput
) -> Sequence[TicketPayload]:
    """Opens a ticket."""
    key, opened = parse_key(input.player_id, "player"), list[Ticket]()
    subject, body = text(input.subject, "subject", MOST_SUBJECT), text(input.body, "body", MOST_BODY)

    async def perform(audit_id: str) -> str | None:
        ticket = NewTicket(key, subject, body, input.public, input.priority, (), audit_id)
        opened.append(await ctx.reads.ports.ticketing.create(ticket))
        return opened[0].id.local

    request = asked("ticket.create", key, key, input.context, input)
    check = lambda: _player_finding(ctx, key)  # noqa: E731
    result = await act(ctx, request, owner=key, system=System.TICKETING, check=check, perform=perform)
    return [TicketPayload(**msgspec.structs.asdict(result), ticket=opened[0] if opened else None)]


async def add_ticket_comment(
    roots: Sequence[MutationRoot], ctx: Context, *, input: CommentInput
) -> Sequence[TicketPayload]:
    """Adds a message to a ticket."""
    key, body, answered = parse_key(input.ticket_id, "ticket"), text(input.body, "body", MOST_BODY), list[Ticket]()
    found = (await ctx.reads.tickets.load([key]))[0] if ctx.scope.holds_brand(key.brand) else None
    if not isinstance(found, Ticket) or found.player is None:
        failed = refused("VENDOR_UNAVAILABLE", _sentence(found)) if isinstance(found, VendorError) else not_found()
        return [TicketPayload(**msgspec.structs.asdict(failed))]

    async def check() -> Finding:
        ctx.reads.tickets.forget([key])
        ticket = (await ctx.reads.tickets.load([key]))[0]
        if not isinstance(ticket, Ticket):
            return unread(ticket)
        errors = [precondition("A closed ticket takes no messages.")] if ticket.status is TicketStatus.CLOSED else []
        return Finding(errors, version=ticket.version)

    async def perform(audit_id: str) -> str | None:
        comment = NewComment(key, body, input.public, input.set_status, audit_id)
        answered.append(await ctx.reads.ports.ticketing.comment(comment))
        return key.local

    request = asked("ticket.comment.add", key, found.player, input.context, input)
    result = await act(ctx, request, owner=found.player, system=System.TICKETING, check=check, perform=perform)
    return [TicketPayload(**msgspec.structs.asdict(result), ticket=answered[0] if answered else None)]


def _paid(result: Result, subject: Key | None) -> TransactionPayload:
    return TransactionPayload(**msgspec.structs.asdict(result), subject=subject)


def _played(result: Result, subject: Key | None) -> PlayerPayload:
    return PlayerPayload(**msgspec.structs.asdict(result), subject=subject)


def _sentence(error: object) -> str:
    return f"{error.public_message} Nothing was done." if isinstance(error, VendorError) else "Nothing was done."
