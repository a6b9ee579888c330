"""A payment of PaymentIQ's search in canonical words ("search", Admin API v1, snapshot 2023-04).

That page shows one object where a list must come; the JSON array is from an older copy of the reference (2017-11).
To be checked against the live swagger: `txAmount`, which the older copy shows as an object and we read as "12.00 EUR";
`txTypeName`, where both copies show `txTypeInt`; and that times without a zone are UTC, as PaymentIQ's logs write them.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

import msgspec

from vendors.cashier.paymentiq_statuses import canonical
from vendors.errors import VendorMalformedError
from vendors.ports.cashier import Deposit, Direction, Hold, Transaction, Withdrawal
from vendors.ports.keys import Key
from vendors.ports.money import Money
from vendors.ports.paging import Position
from vendors.ports.source import Source, System

SEARCH = "searchPayments"

_KINDS: Mapping[Direction, type[Transaction]] = {Direction.DEPOSIT: Deposit, Direction.WITHDRAWAL: Withdrawal}
_SUFFIXES = {"Deposit": Direction.DEPOSIT, "Withdrawal": Direction.WITHDRAWAL}
_OTHERS = frozenset(  # documented types that move no player's money in or out on their own: lists leave them out
    {
        "Cancel", "Capture", "ManualCancel", "ManualChargeBackWon", "ManualChargeback", "ManualRefund", "ManualVoid",
        "Refund", "SiruPriceCalc", "SiruStatus", "Void",
    }
)  # fmt: skip


class _Id(msgspec.Struct):
    """Only a payment's number, so that an unreadable payment is still known by it."""

    id: int


class _Type(msgspec.Struct, rename="camel"):
    """Only a payment's type, e.g. VisaWithdrawal."""

    tx_type_name: str


class _Payment(_Id, rename="camel"):
    """The fields of a payment that leave the adapter. Times are `yyyy-MM-dd HH:mm:ss` in UTC."""

    merchant_id: int | str
    merchant_user_id: str
    tx_type_name: str
    state: str
    tx_amount: str  # "12.00 EUR"
    created: str
    last_updated: str | None = None
    status_code: str | None = None
    psp_service: str | None = None
    psp_ref_id: str | None = None


class _Held(_Payment, rename="camel"):
    """A payment on hold with what the agent wrote; read by who may see it alone."""

    info: str | None = None


class Row(msgspec.Struct, frozen=True):
    """A line of a search: where it stands, and the payment unless it is of a kind that lists leave out."""

    position: Position
    payment: Transaction | None


def malformed(operation: str, reason: object) -> VendorMalformedError:
    return VendorMalformedError(System.CASHIER, operation, str(reason))


def number_of(raw: msgspec.Raw) -> str:
    """Raises VendorMalformedError if even the number cannot be read."""
    try:
        return str(msgspec.json.decode(raw, type=_Id).id)
    except msgspec.DecodeError as error:
        raise malformed(SEARCH, error) from error


def is_withdrawal(raw: msgspec.Raw) -> bool:
    """Raises VendorMalformedError if even the type cannot be read."""
    try:
        return msgspec.json.decode(raw, type=_Type).tx_type_name.endswith("Withdrawal")
    except msgspec.DecodeError as error:
        raise malformed(SEARCH, error) from error


def read(raw: msgspec.Raw, brand: str, merchant_id: str, now: datetime) -> Transaction:
    """A Deposit or a Withdrawal. Raises VendorMalformedError on another merchant's, or what means nothing."""
    try:
        return _transaction(_payment(raw, merchant_id), brand, now)
    except (msgspec.DecodeError, ValueError) as error:
        raise malformed(SEARCH, error) from error


def hold(raw: msgspec.Raw, player: Key, merchant_id: str) -> Hold:
    """A withdrawal of the player's that is on hold. Raises VendorMalformedError on anybody else's."""
    try:
        payment = msgspec.json.decode(raw, type=_Held)
        if str(payment.merchant_id) != merchant_id or payment.merchant_user_id != player.local:
            raise ValueError("another player's payment")
        since = instant(payment.last_updated or payment.created)
    except (msgspec.DecodeError, ValueError) as error:
        raise malformed(SEARCH, error) from error
    return Hold(Key("withdrawal", player.brand, str(payment.id)), payment.info, since)


def row(raw: msgspec.Raw, brand: str, merchant_id: str, now: datetime, owner: Key | None = None) -> Row:
    """As `read`, for a list, which may be of one `owner` only."""
    try:
        payment = _payment(raw, merchant_id)
        if owner is not None and payment.merchant_user_id != owner.local:
            raise ValueError("another player's payment")
        listed = payment.tx_type_name not in _OTHERS
        position = Position(instant(payment.created), str(payment.id))
        return Row(position, _transaction(payment, brand, now) if listed else None)
    except (msgspec.DecodeError, ValueError) as error:
        raise malformed(SEARCH, error) from error


def instant(text: str) -> datetime:
    return datetime.strptime(text, "%Y-%m-%d %H:%M:%S").replace(tzinfo=UTC)


def second(at: datetime) -> str:
    """A moment as the product's filters take it: in whole seconds, UTC."""
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S}"


def _payment(raw: msgspec.Raw, merchant_id: str) -> _Payment:
    payment = msgspec.json.decode(raw, type=_Payment)
    if str(payment.merchant_id) != merchant_id:
        raise ValueError("another merchant's payment")
    return payment


def _transaction(payment: _Payment, brand: str, now: datetime) -> Transaction:
    """Raises ValueError where a field does not mean what the page says."""
    direction = _direction(payment.tx_type_name)
    status, failure = canonical(payment.state, payment.status_code, direction)
    return _KINDS[direction](
        id=Key(direction.value.lower(), brand, str(payment.id)),
        player=Key.parse(f"player:{brand}:{payment.merchant_user_id}"),
        direction=direction,
        amount=_money(payment.tx_amount),
        status=status,
        vendor_state=payment.state,
        vendor_status_code=payment.status_code,
        failure=failure,
        method=payment.tx_type_name,
        psp=payment.psp_service,
        psp_reference=payment.psp_ref_id,
        created_at=instant(payment.created),
        updated_at=instant(payment.last_updated or payment.created),
        source=Source(System.CASHIER, "PaymentIQ", str(payment.id), now),
    )


def _direction(tx_type_name: str) -> Direction:
    for suffix, direction in _SUFFIXES.items():
        if tx_type_name.endswith(suffix):
            return direction
    raise ValueError("neither a deposit nor a withdrawal")


def _money(text: str) -> Money:
    """From "12.00 EUR". The sign is dropped: PaymentIQ's debits may carry one, and the direction says it already."""
    amount, currency = text.split(" ")
    return Money.from_decimal(amount.removeprefix("-"), currency)
