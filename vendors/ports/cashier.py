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
from vendors.ports.paging import Listing, Page, Position
from vendors.ports.source import Source
from vendors.ports.versions import version_of


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

    @property
    def version(self) -> str:
        """Changes whenever the cashier's state of it does."""
        return version_of(self.vendor_state, self.vendor_status_code, self.updated_at)


class Deposit(Transaction, frozen=True, tag=True):
    """Money into the wallet."""


class Withdrawal(Transaction, frozen=True, tag=True):
    """Money out of the wallet."""


class InstrumentStatus(Enum):
    """Whether the cashier lets it be used; UNKNOWN is a vendor word the gateway does not know."""

    ACTIVE = "ACTIVE"
    INACTIVE = "INACTIVE"
    BLOCKED = "BLOCKED"
    DELETED = "DELETED"
    UNKNOWN = "UNKNOWN"


class InstrumentVerification(Enum):
    """Whether it is proven to be the player's; UNKNOWN is a vendor word the gateway does not know."""

    UNVERIFIED = "UNVERIFIED"
    REQUESTED = "REQUESTED"
    VERIFIED = "VERIFIED"
    UNKNOWN = "UNKNOWN"


class PaymentInstrument(msgspec.Struct, frozen=True):
    """A card or account the player pays with; `masked` is all the cashier gives of its number."""

    id: Key
    player: Key
    kind: str | None
    masked: str
    holder: str | None
    expiry: str | None
    status: InstrumentStatus
    verification: InstrumentVerification
    block_reason: str | None
    first_used_at: datetime | None
    last_used_at: datetime | None
    last_success_at: datetime | None
    success_count: int | None
    failure_count: int | None
    source: Source
    vendor_status: str | None = None  # the vendor's own words
    vendor_verification: str | None = None


class PaymentSearch(msgspec.Struct, frozen=True):
    """Payments of one brand, newest first, beyond `before`; criteria left out do not filter."""

    brand: str
    first: int
    before: Position | None = None
    direction: Direction | None = None
    statuses: tuple[TransactionStatus, ...] = ()
    created_from: datetime | None = None
    created_to: datetime | None = None
    psp_reference: str | None = None


class Hold(msgspec.Struct, frozen=True):
    """A withdrawal that somebody holds. `text` is what he left with it: may hint at an investigation."""

    withdrawal: Key
    text: str | None
    since: datetime


class WithdrawalAction(Enum):
    """What may be done to a withdrawal that waits."""

    APPROVE = "APPROVE"
    DENY = "DENY"
    HOLD = "HOLD"
    RELEASE = "RELEASE"


class WithdrawalCommand(msgspec.Struct, frozen=True):
    """An action on a withdrawal; the product keeps the audit id and the reason beside it."""

    withdrawal: Key
    action: WithdrawalAction
    reason_code: str | None
    audit_id: str


class CashierPort(Protocol):
    """Reads answer per key: a value, a VendorError, or nothing. Writes raise.

    `supports` are the actions that the product documents; `act` refuses the others without a call.
    """

    supports: frozenset[WithdrawalAction]

    async def transactions(self, keys: Sequence[Key]) -> Mapping[Key, Transaction | VendorError]:
        """By transaction id, many in one call where the product takes a list."""

    async def open_withdrawals(self, players: Sequence[Key]) -> Mapping[Key, Sequence[Withdrawal] | VendorError]:
        """Withdrawals not in a terminal state, newest first."""

    async def holds(self, players: Sequence[Key]) -> Mapping[Key, Sequence[Hold] | VendorError]:
        """A player's withdrawals on hold; a read of its own, so that who may not see it causes no call."""

    async def payments_of(self, listings: Sequence[Listing]) -> Mapping[Listing, Page[Transaction] | VendorError]:
        """A player's deposits and withdrawals, newest first."""

    async def search(
        self, searches: Sequence[PaymentSearch]
    ) -> Mapping[PaymentSearch, Page[Transaction] | VendorError]:
        """Payments of a brand."""

    async def instruments(self, players: Sequence[Key]) -> Mapping[Key, Sequence[PaymentInstrument] | VendorError]:
        """What a player pays with, last used first."""

    async def act(self, command: WithdrawalCommand) -> None:
        """Approves, denies, holds or releases. Raises VendorConflictError if its state does not allow it."""
