"""PaymentIQ's notifications as they are sent: Integration API, "notification", snapshot 2023-04.

A notification says that something happened to a payment and nothing of what. It is sent with the credential of the
merchant's configuration ("configure_authentication"); nothing is signed. A dispute is a transaction of its own, whose
number is assumed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from vendors.sandbox.emitting import CannotSay, Occasion, Teller
from vendors.signing import basic

_TYPES = {"Notification": "970", "DisputeFiled": "971", "DisputeResolved": "972"}
_DISPUTES = 900_000_000  # above every payment's number
_FIELDS = frozenset(
    {
        "txTypeId", "txName", "txRefId", "provider", "originTxId", "userId", "pspRefId", "pspStatusMessage",
        "accountId", "accountHolder", "maskedAccount", "attributes",
    }
)  # fmt: skip


def teller(user: str, password: str, payments: Callable[[], Mapping[int, Mapping[str, Any]]]) -> Teller:
    """`payments` are the store's by number, which is an event's key."""

    def body(occasion: Occasion) -> dict[str, Any]:
        payment = payments().get(int(occasion.key)) if occasion.key.isdecimal() else None
        if payment is None:
            raise CannotSay(f"key: no payment {occasion.key}")
        return _body(occasion, payment)

    return Teller(body, lambda content: basic(user, password), "Authorization", _FIELDS)


def _body(occasion: Occasion, payment: Mapping[str, Any]) -> dict[str, Any]:
    """A notification of the payment by its own type and name, or a dispute that names it."""
    if occasion.event not in _TYPES:
        raise CannotSay(f"event: one of {', '.join(_TYPES)}")
    number, merchant = payment["id"], payment["merchantId"]
    is_dispute = occasion.event != "Notification"
    told = {
        "txTypeId": _TYPES[occasion.event],
        "txName": occasion.event,
        "txRefId": f"{merchant}A{_DISPUTES + number if is_dispute else number}",
        "provider": payment.get("pspService"),
        "originTxId": str(number) if is_dispute else None,
        "userId": payment["merchantUserId"],
        "pspRefId": payment.get("pspRefId"),
        "maskedAccount": payment.get("maskedUserAccount"),
    }
    return {name: value for name, value in told.items() if value is not None}
