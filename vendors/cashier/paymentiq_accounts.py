"""What a player pays with: PaymentIQ's user accounts ("accounts/search", Admin API v1, snapshot 2023-04).

The page explains none of its words. NEW is read as UNKNOWN, for it does not say whether such an account may be used.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

import msgspec

from vendors.cashier.paymentiq_payments import instant, malformed
from vendors.ports.cashier import InstrumentStatus, InstrumentVerification, PaymentInstrument
from vendors.ports.keys import Key
from vendors.ports.source import Source, System

OPERATION = "searchAccounts"
PATH = "/paymentiq/admin/v1/accounts"
LIMIT = 1000  # the product's maximum

_NEVER = datetime.min.replace(tzinfo=UTC)
_STATUSES: Mapping[str | None, InstrumentStatus] = {
    "ACTIVE": InstrumentStatus.ACTIVE,
    "INACTIVE": InstrumentStatus.INACTIVE,
    "BLOCKED": InstrumentStatus.BLOCKED,
    "DELETED": InstrumentStatus.DELETED,
}
_VERIFICATIONS: Mapping[str | None, InstrumentVerification] = {
    "UNVERIFIED": InstrumentVerification.UNVERIFIED,
    "REQUESTED": InstrumentVerification.REQUESTED,
    "VERIFIED": InstrumentVerification.VERIFIED,
}


class _Account(msgspec.Struct, rename="camel"):
    """The fields of an account that leave the adapter; the hash of its number does not."""

    account_uuid: str
    merchant_id: int | str
    merchant_user_id: str
    masked_account: str
    provider_type: str | None = None
    holder: str | None = None
    expiry_date: str | None = None
    status: str | None = None
    verification_status: str | None = None
    block_reason: str | None = None
    first_used: str | None = None
    last_used: str | None = None
    last_success: str | None = None
    no_successful_tx: int | None = None
    no_failed_tx: int | None = None


def read(raw: msgspec.Raw, player: Key, merchant_id: str, now: datetime) -> PaymentInstrument:
    """`expiry` is a date, yyyy-MM-dd. Raises VendorMalformedError on another's account, or what cannot be read."""
    try:
        account = msgspec.json.decode(raw, type=_Account)
        if (str(account.merchant_id), account.merchant_user_id) != (merchant_id, player.local):
            raise ValueError("another player's account")
        return _instrument(account, player, now)
    except (msgspec.DecodeError, ValueError) as error:
        raise malformed(OPERATION, error) from error


def last_use(instrument: PaymentInstrument) -> tuple[datetime, str]:
    """What "last used first" is ordered by; what was never used stands last."""
    return instrument.last_used_at or _NEVER, instrument.id.local


def _instrument(account: _Account, player: Key, now: datetime) -> PaymentInstrument:
    expiry = _when(account.expiry_date)
    return PaymentInstrument(
        id=Key.parse(f"instrument:{player.brand}:{account.account_uuid}"),
        player=player,
        kind=account.provider_type,
        masked=account.masked_account,
        holder=account.holder,
        expiry=f"{expiry:%Y-%m-%d}" if expiry else None,
        status=_STATUSES.get(account.status, InstrumentStatus.UNKNOWN),
        verification=_VERIFICATIONS.get(account.verification_status, InstrumentVerification.UNKNOWN),
        block_reason=account.block_reason,
        first_used_at=_when(account.first_used),
        last_used_at=_when(account.last_used),
        last_success_at=_when(account.last_success),
        success_count=account.no_successful_tx,
        failure_count=account.no_failed_tx,
        source=Source(System.CASHIER, "PaymentIQ", account.account_uuid, now),
        vendor_status=account.status,
        vendor_verification=account.verification_status,
    )


def _when(text: str | None) -> datetime | None:
    return instant(text) if text else None
