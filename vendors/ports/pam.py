"""Player account management: who the player is, what the account may do, and its money."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from enum import Enum
from typing import Protocol

import msgspec

from vendors.errors import VendorError
from vendors.ports.keys import Key
from vendors.ports.money import Money
from vendors.ports.source import Source


class RestrictionScope(Enum):
    """What a restriction stops."""

    LOGIN = "LOGIN"
    DEPOSIT = "DEPOSIT"
    WITHDRAWAL = "WITHDRAWAL"
    ALL_PLAY = "ALL_PLAY"


class AccountStatus(Enum):
    """Canonical account status; UNKNOWN is a word of the vendor's that the gateway does not know."""

    ACTIVE = "ACTIVE"
    RESTRICTED = "RESTRICTED"
    LOCKED = "LOCKED"
    UNKNOWN = "UNKNOWN"


class Account(msgspec.Struct, frozen=True):
    """One status and independent restrictions. `verified` is the PAM's own KYC flag, None if it does not say."""

    status: AccountStatus
    restrictions: Sequence[RestrictionScope]
    verified: bool | None


class Player(msgspec.Struct, frozen=True):
    """The PAM's record of a player. Contact fields are personal data."""

    id: Key
    market: str | None
    username: str | None
    first_name: str | None
    last_name: str | None
    date_of_birth: date | None
    email: str | None
    phone: str | None
    email_verified: bool | None
    phone_verified: bool | None
    registered_at: datetime | None
    account: Account
    source: Source


class Balance(msgspec.Struct, frozen=True):
    """One currency's wallet: `cash` is real money, `withdrawable` what of it may leave now."""

    cash: Money
    bonus: Money
    withdrawable: Money
    wagering_required: Money | None
    wagering_done: Money | None
    source: Source


class PamPort(Protocol):
    """Reads answer per key: a value, a VendorError, or nothing for a player the PAM does not know."""

    async def players(self, keys: Sequence[Key]) -> Mapping[Key, Player | VendorError]:
        """Profiles."""

    async def balances(self, keys: Sequence[Key]) -> Mapping[Key, Sequence[Balance] | VendorError]:
        """Wallets, one entry a currency."""
