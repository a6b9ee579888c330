"""InfiGaming's wallets as balances (`/v1/backoffice/wallet/get`, document of 2026-04)."""

from __future__ import annotations

import msgspec

from vendors.pam.infigaming_replies import Call, one_a_currency
from vendors.ports.money import Money
from vendors.ports.pam import Balance
from vendors.ports.source import Source

WALLETS: Call = ("getWallets", "POST", "/v1/backoffice/wallet/get")


class _Wallet(msgspec.Struct, rename="camel"):
    """One currency; amounts are decimal strings in its major unit, thresholds sums over cash and bonus."""

    currency: str
    cash: str
    bonus: str
    withdrawable_cash: str
    turnover_threshold: str | None = None
    turnover: str | None = None


class Wallets(msgspec.Struct, rename="camel"):
    """A player's wallets. They do not say whose they are."""

    wallets: list[_Wallet]


def balances_of(reply: Wallets, source: Source) -> list[Balance]:
    """One balance a currency. Raises ValueError for an amount that is none, or two wallets of one that differ."""
    return [_balance(wallet, source) for wallet in one_a_currency(reply.wallets)]


def _balance(wallet: _Wallet, source: Source) -> Balance:
    def money(text: str) -> Money:
        return Money.from_decimal(text, wallet.currency)

    return Balance(
        cash=money(wallet.cash),
        bonus=money(wallet.bonus),
        withdrawable=money(wallet.withdrawable_cash),
        wagering_required=money(wallet.turnover_threshold) if wallet.turnover_threshold else None,
        wagering_done=money(wallet.turnover) if wallet.turnover else None,
        source=source,
    )
