"""How the player and what hangs on him is filled."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Annotated

import msgspec
from graphql import GraphQLError
from typing_extensions import Doc

from resolvers.context import Context
from resolvers.withdrawal_diagnosis import Diagnosis, Facts, diagnose
from vendors.errors import VendorError
from vendors.ports.cashier import Direction, Transaction
from vendors.ports.keys import Key
from vendors.ports.kyc import KycProfile
from vendors.ports.pam import Balance, Player


class Root(msgspec.Struct, frozen=True):
    """The query's root."""


async def player_of(
    roots: Sequence[Root], ctx: Context, *, id: Annotated[str, Doc("`player:<brand>:<id>`.")]
) -> Sequence[Player | VendorError | None]:
    """A player outside the caller's brands or markets is null, like one that does not exist."""
    key = _key(id, "player")
    if not ctx.scope.holds_brand(key.brand):
        return [None for _ in roots]
    found = (await ctx.reads.players.load([key]))[0]
    return [_released(found, key, ctx) for _ in roots]


def _released(found: Player | VendorError | None, key: Key, ctx: Context) -> Player | VendorError | None:
    if isinstance(found, Player) and (found.id != key or not ctx.scope.holds_market(found.market)):
        return None
    return found


async def transaction_of(
    roots: Sequence[Root], ctx: Context, *, id: Annotated[str, Doc("`withdrawal:<brand>:<id>` or `deposit:...`.")]
) -> Sequence[Transaction | VendorError | None]:
    """A payment is shown if its player is in the caller's scope; an owner that cannot be judged is not released."""
    key = _key(id, "withdrawal", "deposit")
    if not ctx.scope.holds_brand(key.brand):
        return [None for _ in roots]
    payment = (await ctx.reads.transactions.load([key]))[0]
    if not isinstance(payment, Transaction):
        return [payment for _ in roots]
    owner = (await ctx.reads.players.load([payment.player]))[0]
    judged = _released(owner, payment.player, ctx)
    return [payment if isinstance(judged, Player) else judged for _ in roots]


def _key(text: str, *kinds: str) -> Key:
    try:
        key = Key.parse(text)
    except ValueError as error:
        raise GraphQLError(f"id is {error}.", extensions={"code": "BAD_ID"}) from None
    if key.kind not in kinds:
        raise GraphQLError(f"id is not of a {' or '.join(kinds)}.", extensions={"code": "BAD_ID"})
    return key


async def balances_of(players: Sequence[Player], ctx: Context) -> Sequence[Sequence[Balance] | VendorError | None]:
    """Wallets, one entry a currency."""
    return await ctx.reads.balances.load([player.id for player in players])


async def kyc_of(players: Sequence[Player], ctx: Context) -> Sequence[KycProfile | VendorError | None]:
    """Verification at the KYC vendor; null if it has never seen the player."""
    return await ctx.reads.kyc.load([player.id for player in players])


async def open_withdrawals_of(
    players: Sequence[Player], ctx: Context
) -> Sequence[Sequence[Transaction] | VendorError | None]:
    """Withdrawals whose money has not arrived, newest first."""
    return await ctx.reads.open_withdrawals.load([player.id for player in players])


async def diagnosis_of(payments: Sequence[Transaction], ctx: Context) -> Sequence[Diagnosis | VendorError | None]:
    """Null for a deposit."""
    withdrawals = [payment for payment in payments if payment.direction is Direction.WITHDRAWAL]
    owners = [payment.player for payment in withdrawals]
    players, kyc, balances = await asyncio.gather(
        ctx.reads.players.load(owners), ctx.reads.kyc.load(owners), ctx.reads.balances.load(owners)
    )  # fmt: skip
    answers = {
        payment.id: diagnose(Facts(payment, player, profile, wallets, ctx.clock()))
        for payment, player, profile, wallets in zip(withdrawals, players, kyc, balances, strict=True)
    }
    return [answers.get(payment.id) for payment in payments]
