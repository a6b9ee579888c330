"""PaymentIQ's notifications to the operator: Integration API, pages of the snapshot of 2023-04.

notification              what is sent and the answer it wants: type, name and reference of a payment
configure_authentication  Basic or a static bearer token in the merchant's configuration; nothing is signed

A notification names neither an id of its own, nor an instant, nor a status: it says that something happened to a
payment, so the payment is read again. It is sent for some providers only. `verifyuser`, `authorize`, `transfer`
and `cancel` of the same API ask the operator's wallet for decisions and are not addressed to this gateway.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import msgspec

from vendors import signing
from vendors.ports.keys import Key
from vendors.ports.source import System
from vendors.ports.webhooks import VendorEvent
from vendors.webhooks import decoded, key, must_equal, unreadable

PRODUCT = "paymentiq"
_EVENTS = {"970": "Notification", "971": "DisputeFiled", "972": "DisputeResolved"}
_KINDS = {"Deposit": ("deposit",), "Withdrawal": ("withdrawal",)}  # by how the name of a payment's type ends
_REFERENCE = re.compile(r"^([0-9]{1,18})A([0-9]{1,18})\Z")  # {merchantId}A{txId}, such as 25A0324


class _Notification(msgspec.Struct, rename="camel"):
    """The fields that leave the reader; holder and account are never decoded."""

    tx_type_id: str
    tx_name: str
    tx_ref_id: str
    origin_tx_id: str | None = None
    user_id: str | None = None


class PaymentIQWebhooks:
    """WebhookReader of one client; `user` and `password` are those the merchants' configuration sends."""

    system, product, answer = System.CASHIER, PRODUCT, {"success": True}

    def __init__(self, user: str, password: str, merchant_ids: Mapping[str, str]) -> None:
        self._expected = signing.basic(user, password)["Authorization"]
        self._brands = {merchant: brand for brand, merchant in merchant_ids.items()}

    def read(self, headers: Mapping[str, str], body: bytes) -> Sequence[VendorEvent]:
        """One event a request. Raises BadSignature."""
        must_equal(headers.get("authorization", ""), self._expected)
        told = decoded(body, _Notification)
        return unreadable(self.system, PRODUCT, body) if told is None else [self._event(told)]

    def _event(self, told: _Notification) -> VendorEvent:
        name = _EVENTS.get(told.tx_type_id, told.tx_name)
        subjects = self._subjects(told)
        brand = subjects[0].brand if subjects else ""
        return VendorEvent(
            System.CASHIER,
            PRODUCT,
            None,
            name,
            known=told.tx_type_id in _EVENTS or _kinds(told.tx_name) is not None,
            subjects=subjects,
            player=key("player", brand, told.user_id or ""),
            unsettled=bool(subjects),
        )

    def _subjects(self, told: _Notification) -> tuple[Key, ...]:
        """The payment by its number. A dispute names the payment it is about beside its own, and not its direction."""
        reference = _REFERENCE.match(told.tx_ref_id)
        if reference is None or (brand := self._brands.get(reference[1])) is None:
            return ()
        number = told.origin_tx_id or reference[2]
        if not number.isdecimal():
            return ()
        return tuple(Key(kind, brand, str(int(number))) for kind in _kinds(told.tx_name) or ("deposit", "withdrawal"))


def _kinds(tx_name: str) -> tuple[str, ...] | None:
    return next((kinds for ending, kinds in _KINDS.items() if tx_name.endswith(ending)), None)
