"""Whichever cashier moves the money, the gateway is told each payment once, exactly, and never another player's."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any, ClassVar

from tests.contracts import worlds
from tests.contracts.contract import Contract
from tests.contracts.peopled import PER_PAGE, Peopled
from tests.contracts.writing import Writing
from vendors.ports.cashier import PaymentSearch, WithdrawalAction, WithdrawalCommand
from vendors.ports.keys import Key
from vendors.ports.paging import Listing
from vendors.ports.source import System

HOUR = timedelta(hours=1)
DEPOSITS = (  # PaymentIQ's states and codes: the facts' words
    ("REGISTERED", "REGISTERED"), ("WAITING_INPUT", "WAITING_INPUT"), ("WAITING_INPUT", "WAITING_3D_SECURE"),
    ("PROCESSING", "WAITING_NOTIFICATION"), ("SUCCESSFUL", "SUCCESS"), ("SUCCESSFUL", "SUCCESS_WAITING_CAPTURE"),
    ("FAILED", "ERR_DECLINED_NO_FUNDS"), ("FAILED", "ERR_DECLINED_FRAUD"), ("FAILED", "ERR_DECLINED_KYC_BLOCK"),
    ("FAILED", "ERR_PSP_OUT_OF_SERVICE"), ("FAILED", "ERR_DECLINED_3D_EXPIRED"), ("FAILED", "ERR_READ_TIMEOUT"),
    ("CANCELLED", "ERR_CANCELLED_BY_USER"), ("CANCELLED", "ERR_CANCELLED_BY_PSP"),
)  # fmt: skip
WITHDRAWALS = (
    ("WAITING_APPROVAL", "WAITING_WITHDRAWAL_APPROVAL"), ("WAITING_APPROVAL", "WAITING_WITHDRAWAL_ON_HOLD_APPROVAL"),
    ("WAITING_APPROVAL", "WAITING_WITHDRAWAL_AUTO_APPROVAL"), ("PROCESSING", "PROCESSING_PROVIDER"),
    ("INCONSISTENT", "ERR_INCONSISTENT_TRANSACTION"), ("SUCCESSFUL", "SUCCESS_WITHDRAWAL_APPROVAL"),
    ("FAILED", "ERR_READ_TIMEOUT"), ("CANCELLED", "ERR_CANCELLED_BY_MERCHANT"),
)  # fmt: skip
PAYMENTS = [*(("DEPOSIT", *one) for one in DEPOSITS), *(("WITHDRAWAL", *one) for one in WITHDRAWALS)]


def payments(count: int) -> Mapping[str, Any]:
    return {"payments": tuple(worlds.payment(10_000 + n, age) for n, age in enumerate(worlds.ages(count)))}


class TestCashier(Contract, Peopled, Writing):
    system = System.CASHIER
    of_players = "open_withdrawals"
    has_money = True
    writes: ClassVar[Any] = {
        "act": lambda audit: WithdrawalCommand(
            Key("withdrawal", "acme", "90007"), WithdrawalAction.DENY, "PLAYER_REQUEST", audit
        )
    }
    lists: ClassVar[Any] = {"payments_of": payments, "search": payments}
    words: ClassVar[Mapping[str, Mapping[str, Any]]] = {
        f"{kind} {code}": {"payments": (worlds.payment(8000 + n, HOUR, state, code, kind=kind),)}
        for n, (kind, state, code) in enumerate(PAYMENTS)
    }

    def asks_of(self, read: str) -> Sequence[Any]:
        return [Listing(worlds.RICH, PER_PAGE) if read == "payments_of" else PaymentSearch(worlds.BRAND, PER_PAGE)]
