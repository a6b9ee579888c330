"""The cashier: deposits, withdrawals and what the PSP said of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import Enum
from typing import Protocol

import msgspec

from vendors.errors import VendorError
from vendors.ports.keys import Key
from vendors.ports.money import Money
from vendors.ports.source import Source


class Direction(Enum):
    """Into the player's wallet or out of it."""

    DEPOSIT = "DEPOSIT"
    WITHDRAWAL = "WITHDRAWAL"


class TransactionStatus(Enum):
    """Canonical lifecycle of a payment; the vendor's own word stands beside it."""

    INITIATED = "INITIATED"
    AWAITING_PLAYER = "AWAITING_PLAYER"
    AWAITING_APPROVAL = "AWAITING_APPROVAL"
    ON_HOLD = "ON_HOLD"
    SCHEDULED = "SCHEDULED"
    PROCESSING = "PROCESSING"
    AWAITING_CALLBACK = "AWAITING_CALLBACK"
    AUTHORISED = "AUTHORISED"
    SUCCEEDED = "SUCCEEDED"
    DECLINED = "DECLINED"
    FAILED_TECHNICAL = "FAILED_TECHNICAL"
    CANCELLED_BY_PLAYER = "CANCELLED_BY_PLAYER"
    CANCELLED_BY_OPERATOR = "CANCELLED_BY_OPERATOR"
    CANCELLED_BY_PSP = "CANCELLED_BY_PSP"
    EXPIRED = "EXPIRED"
    INDETERMINATE = "INDETERMINATE"
    UNKNOWN = "UNKNOWN"


class FailureClass(Enum):
    """Who caused a failure: the question a payments manager asks first."""

    PLAYER_ABANDONED = "PLAYER_ABANDONED"
    PLAYER_INPUT = "PLAYER_INPUT"
    ISSUER_DECLINE = "ISSUER_DECLINE"
    INSUFFICIENT_FUNDS = "INSUFFICIENT_FUNDS"
    FRAUD_RULE = "FRAUD_RULE"
    OPERATOR_RULE = "OPERATOR_RULE"
    KYC_RULE = "KYC_RULE"
    PSP_TECHNICAL = "PSP_TECHNICAL"
    PSP_OUTAGE = "PSP_OUTAGE"
    CONFIGURATION = "CONFIGURATION"
    OPERATOR_PLATFORM = "OPERATOR_PLATFORM"
    CALLBACK_DELAYED = "CALLBACK_DELAYED"
    INCONSISTENT = "INCONSISTENT"
    UNKNOWN = "UNKNOWN"


class Transaction(msgspec.Struct, frozen=True):
    """A deposit or withdrawal with the vendor's verbatim state; `failure` is None unless something failed or hangs."""

    id: Key
    player: Key
    direction: Direction
    amount: Money
    status: TransactionStatus
    vendor_state: str
    vendor_status_code: str | None
    failure: FailureClass | None
    method: str | None
    psp: str | None
    psp_reference: str | None
    created_at: datetime
    updated_at: datetime
    source: Source


class CashierPort(Protocol):
    """Reads answer per key: a value, a VendorError, or nothing."""

    async def transactions(self, keys: Sequence[Key]) -> Mapping[Key, Transaction | VendorError]:
        """By transaction id, many in one call where the product takes a list."""

    async def open_withdrawals(self, players: Sequence[Key]) -> Mapping[Key, Sequence[Transaction] | VendorError]:
        """Withdrawals not in a terminal state, newest first."""
