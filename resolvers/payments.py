"""Money on its way: payments by id and in lists, what a player pays with, the queue, and why a withdrawal waits."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime
from typing import Annotated

import msgspec
from graphql import GraphQLError
from typing_extensions import Doc

from execution.connections import Connection, at_most
from execution.fields import Partial
from resolvers.context import Context
from resolvers.lists import MOST, After, First, connections
from resolvers.player import Root
from resolvers.scope import in_scope, parse_key, released
from resolvers.withdrawal_diagnosis import diagnose
from resolvers.withdrawal_facts import Diagnosis, Facts
from vendors.errors import VendorError
from vendors.ports.cashier import (
    Direction,
    FailureClass,
    PaymentInstrument,
    PaymentSearch,
    Transaction,
    TransactionStatus,
    Withdrawal,
)
from vendors.ports.keys import Id
from vendors.ports.paging import Page, Position
from vendors.ports.pam import Player, PlayerKey

WAITING = (TransactionStatus.AWAITING_APPROVAL, TransactionStatus.ON_HOLD, TransactionStatus.SCHEDULED)


class TransactionFilter(msgspec.Struct, frozen=True):
    """Which payments of a brand; criteria left out do not filter."""

    brand: Annotated[str, Doc("Whose payments: an operator's brand, such as acme.")]
    direction: Annotated[Direction | None, Doc("Into the wallet or out of it.")] = None
    statuses: Annotated[Sequence[TransactionStatus], Doc("Any of these; none means all.")] = ()
    created_from: Annotated[datetime | None, Doc("Requested at or after, UTC.")] = None
    created_to: Annotated[datetime | None, Doc("Requested before, UTC.")] = None
    psp_reference: Annotated[str | None, Doc("The PSP's own reference.")] = None


async def transaction_of(
    roots: Sequence[Root], ctx: Context, *, id: Annotated[Id, Doc("`withdrawal:<brand>:<id>` or `deposit:...`.")]
) -> Sequence[Transaction | VendorError | None]:
    """A payment is shown if its player is in the caller's scope; an owner that cannot be judged is not released."""
    key = parse_key(id, "withdrawal", "deposit")
    if not ctx.scope.holds_brand(key.brand):
        return [None for _ in roots]
    payment = (await ctx.reads.transactions.load([key]))[0]
    if not isinstance(payment, Transaction):
        return [payment for _ in roots]
    judged = (await in_scope([payment.player], ctx))[0]
    answer = judged if isinstance(judged, VendorError) else payment if judged else None
    return [answer for _ in roots]


async def open_withdrawals_of(
    players: Sequence[PlayerKey], ctx: Context
) -> Sequence[Sequence[Withdrawal] | VendorError | None]:
    """Withdrawals whose money has not arrived, newest first."""
    return await ctx.reads.open_withdrawals.load([player.id for player in players])


async def payments_of(
    players: Sequence[PlayerKey], ctx: Context, *, first: First = 20, after: After = None
) -> Sequence[Connection[Transaction] | Exception | None]:
    """Deposits and withdrawals, newest first."""
    keys = [player.id for player in players]
    return await connections(ctx.reads.payments, keys, ctx, name="Player.transactions", first=first, after=after)


async def instruments_of(
    players: Sequence[PlayerKey], ctx: Context
) -> Sequence[Sequence[PaymentInstrument] | VendorError | None]:
    """Cards and accounts."""
    return await ctx.reads.instruments.load([player.id for player in players])


async def failure_of(payments: Sequence[Transaction], ctx: Context) -> Sequence[FailureClass | None]:
    """Who caused it. A fraud rule is named only to who may read risk; to others it is a failure of no known cause."""
    return [FailureClass.UNKNOWN if _concealed(payment, ctx) else payment.failure for payment in payments]


async def status_code_of(payments: Sequence[Transaction], ctx: Context) -> Sequence[str | None]:
    """The cashier's own code, unless it names a fraud rule to who may not read risk."""
    return [None if _concealed(payment, ctx) else payment.vendor_status_code for payment in payments]


def _concealed(payment: Transaction, ctx: Context) -> bool:
    return payment.failure is FailureClass.FRAUD_RULE and "risk.read" not in ctx.scopes


async def payment_owner_of(
    payments: Sequence[Transaction], ctx: Context
) -> Sequence[Player | Partial | VendorError | None]:
    """Whose payment it is, judged by what the PAM says of him now."""
    return await released([payment.player for payment in payments], ctx)


async def transactions_of(
    roots: Sequence[Root],
    ctx: Context,
    *,
    filter: TransactionFilter,  # GraphQL's name for it
    first: First = 50,
    after: After = None,
) -> Sequence[Connection[Transaction] | VendorError]:
    """Payments of a brand, of players within the caller's scope; `totalCount` is never counted."""
    return [await _search(filter, "transactions", first, after, ctx)] * len(roots)


async def withdrawal_queue_of(
    roots: Sequence[Root],
    ctx: Context,
    *,
    brand: Annotated[str, Doc("Whose queue.")],
    states: Annotated[
        Sequence[TransactionStatus], Doc("Which of those that wait for the operator; none means all.")
    ] = (),
    first: First = 50,
    after: After = None,
) -> Sequence[Connection[Transaction] | VendorError]:
    """Withdrawals that wait for somebody at the operator, newest first."""
    if any(state not in WAITING for state in states):
        names = ", ".join(state.value for state in WAITING)
        raise GraphQLError(f"states must be of {names}.", extensions={"code": "BAD_STATE"})
    waiting = TransactionFilter(brand, Direction.WITHDRAWAL, tuple(states) or WAITING)
    return [await _search(waiting, "withdrawalQueue", first, after, ctx)] * len(roots)


async def _search(
    asked: TransactionFilter, name: str, first: int, after: str | None, ctx: Context
) -> Connection[Transaction] | VendorError:
    of = f"{name} {asked}"
    before = ctx.cursors.open(after, of, Position)
    if not ctx.scope.holds_brand(asked.brand):
        return ctx.cursors.connection([], [], of=of, more=False, after=after)
    search = PaymentSearch(first=at_most(first, MOST), before=before, **msgspec.structs.asdict(asked))
    page = (await ctx.reads.payment_search.load([search]))[0]
    if not isinstance(page, Page):
        return page or ctx.cursors.connection([], [], of=of, more=False, after=after)
    judged = await in_scope([payment.player for payment in page.items], ctx)
    if failed := next((one for one in judged if isinstance(one, VendorError)), None):
        return failed
    kept = [pair for pair, allowed in zip(zip(page.items, page.positions, strict=True), judged, strict=True) if allowed]
    items, positions = [item for item, _ in kept], [position for _, position in kept]
    end = page.positions[-1] if page.positions else None
    return ctx.cursors.connection(items, positions, of=of, more=page.more, after=after, end=end)


async def diagnosis_of(payments: Sequence[Withdrawal], ctx: Context) -> Sequence[Diagnosis | VendorError | None]:
    """Joins what the systems know of the player now and hands it to the rules: nothing older is judged by."""
    owners = [payment.player for payment in payments]
    reads = ctx.reads
    answers = await asyncio.gather(
        reads.players.judge(owners), reads.kyc.judge(owners), reads.balances.judge(owners), reads.grants.judge(owners),
        reads.open_rounds.judge(owners),
    )  # fmt: skip
    return [
        diagnose(Facts(payment, player, kyc, balances, grants, rounds, ctx.clock()))
        for payment, player, kyc, balances, grants, rounds in zip(payments, *answers, strict=True)
    ]
