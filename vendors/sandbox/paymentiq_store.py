"""What PaymentIQ keeps, built from the world: payments, user accounts, and what an action makes of a payment.

Pages of PaymentIQ's documentation, snapshot 2023-04: "search" of payments and of accounts, "approve", "deny", "onhold",
"Transaction States And Status Codes", "Approval Rules". Where they are silent this room assumes:

- an approved payout is at the provider for a while and then paid, as nobody calls it back here;
- what is on hold cannot be approved: "Approval Rules" has it lifted first, for which the API has no operation;
- `updatedBy` names the API client, `expiryDate` is the last day of a card's month.

Of a scenario file's payment what is left out is that of a payment by the player's first account, now, unless `age`
says when; no status code fits every state, so that one is left out. An account of his is one in good standing.
"""

from __future__ import annotations

import calendar
import itertools
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from vendors.ports.money import Money, exponent_of
from vendors.sandbox.ages import age_of, verbatim
from vendors.sandbox.facts import InstrumentFacts, PaymentFacts, PlayerFacts
from vendors.sandbox.world import World

Fields = dict[str, Any]

_CARDS = ("Visa", "Mastercard", "Amex", "Maestro")


class WrongState(Exception):
    """An action that the payment's state forbids; its text is the product's `errorMessage`."""


class Store:
    """Every brand's payments by number and accounts; `clock` is the product's time in UTC."""

    def __init__(
        self, world: World, merchant_ids: Mapping[str, str], clock: Callable[[], datetime], paying_time: timedelta
    ) -> None:
        self._clock, self._paying_time = clock, paying_time
        self._arrivals: dict[int, datetime] = {}  # payment -> when the provider will have paid it
        self._payments: dict[int, Fields] = {}
        self.accounts: list[Fields] = []
        numbers = itertools.count(70001)
        for player in world.players.values():
            if player.brand not in merchant_ids:
                continue
            merchant_id = int(merchant_ids[player.brand])
            mine = {i.uuid: _account(next(numbers), merchant_id, player, i, world.now) for i in player.instruments}
            payments = [
                _payment(merchant_id, player, payment, mine.get(payment.instrument or "", {}), world.now)
                for payment in player.payments
            ]
            laid, accounts = world.laid(player, "cashier.paymentiq"), list(mine.values())
            if "accounts" in laid:
                accounts = [_laid_account(merchant_id, player, said, world.now) for said in laid["accounts"]]
            if "payments" in laid:
                first = accounts[0] if accounts else {}
                payments = [_laid_payment(merchant_id, player, said, first, world.now) for said in laid["payments"]]
            self.accounts.extend(accounts)
            self._payments.update({payment["id"]: payment for payment in payments})

    def payments(self) -> Mapping[int, Fields]:
        """As they are now: what a provider has paid meanwhile is paid."""
        for number, arrival in list(self._arrivals.items()):
            if arrival <= self._clock():
                del self._arrivals[number]
                self._move(number, arrival, "SUCCESSFUL", "SUCCESS_WITHDRAWAL_APPROVAL")
        return self._payments

    def act(self, operation: str, number: int, info: str | None, by: str) -> Fields:
        """Approves, denies or holds; raises WrongState with the product's words where the state forbids it."""
        payment = self.payments()[number]
        if payment["state"] != "WAITING_APPROVAL":
            raise WrongState(
                f"Invalid transaction state, found current transaction status: {payment['state']}. "
                "Expected transaction state to be: WAITING_APPROVAL"
            )
        if operation != "deny" and "_ON_HOLD_" in payment.get("statusCode", ""):
            raise WrongState(
                f"Invalid transaction status, found current transaction statuscode: {payment['statusCode']}."
            )
        payment.update({"updatedBy": by} if info is None else {"updatedBy": by, "info": info})
        now = self._clock()
        if operation == "approve":
            self._arrivals[number] = now + self._paying_time
        return self._move(number, now, *_outcome(operation, payment))

    def _move(self, number: int, at: datetime, state: str, code: str) -> Fields:
        self._payments[number].update(state=state, statusCode=code, lastUpdated=_text(at))
        return self._payments[number]


def _outcome(operation: str, payment: Fields) -> tuple[str, str]:
    direction = "DEPOSIT" if payment["txTypeName"].endswith("Deposit") else "WITHDRAWAL"
    return {
        "approve": ("PROCESSING", "PROCESSING_PROVIDER"),
        "deny": ("CANCELLED", "ERR_CANCELLED_BY_MERCHANT"),
        "onhold": ("WAITING_APPROVAL", f"WAITING_{direction}_ON_HOLD_APPROVAL"),
    }[operation]


def _payment(merchant_id: int, player: PlayerFacts, payment: PaymentFacts, account: Fields, now: datetime) -> Fields:
    money = Money(player.currency, payment.amount_minor, exponent_of(player.currency))
    fields = {
        "id": int(payment.id),
        "merchantId": merchant_id,
        "merchantTxId": f"m-{payment.id}",
        "merchantUserId": player.id,
        "merchantUserEmail": player.email,
        "txTypeName": payment.method,
        "state": payment.state,
        "statusCode": payment.code,
        "txAmount": f"{money.amount} {money.currency}",
        "pspService": payment.psp,
        "pspRefId": f"psp-{payment.id}",
        "pspStatusCode": payment.psp_code,
        "info": payment.info,
        "userPspAccountId": account.get("id"),
        "maskedUserAccount": account.get("maskedAccount"),
        "accountHolderName": account.get("holder"),
        "created": _text(now - payment.created_age),
        "lastUpdated": _text(now - payment.updated_age),
    }
    return {name: value for name, value in fields.items() if value is not None}


def _laid_payment(
    merchant_id: int, player: PlayerFacts, said: Mapping[str, Any], account: Fields, now: datetime
) -> Fields:
    """A scenario file's payment over the usual one."""
    age = age_of(said)
    usual = PaymentFacts(str(said["id"]), "", said["txTypeName"], 0, said["state"], "", age, age)
    return verbatim(_payment(merchant_id, player, usual, account, now), "statusCode") | verbatim(said)


def _laid_account(merchant_id: int, player: PlayerFacts, said: Mapping[str, Any], now: datetime) -> Fields:
    """A scenario file's account over the usual one."""
    age, number = age_of(said), said["id"]
    usual = InstrumentFacts(
        f"i-{number}", "Visa", said["maskedAccount"], None, said["status"], "VERIFIED", age, age, 1, 0
    )
    return _account(number, merchant_id, player, usual, now) | verbatim(said)


def _account(number: int, merchant_id: int, player: PlayerFacts, facts: InstrumentFacts, now: datetime) -> Fields:
    card = facts.kind in _CARDS
    fields = {
        "id": number,
        "merchantId": merchant_id,
        "accountUuid": facts.uuid,
        "merchantUserId": player.id,
        "holder": f"{player.first_name} {player.last_name}",
        "type": "CreditcardDeposit" if card else f"{facts.kind}Deposit",
        "providerType": "CREDITCARD" if card else facts.kind.upper(),
        "maskedAccount": facts.masked,
        "expiryDate": _month_end(facts.expiry),
        "firstUsed": _text(now - facts.first_age),
        "lastUsed": _text(now - facts.last_age),
        "lastSuccess": _text(now - facts.last_age) if facts.successes else None,
        "noSuccessfulTx": facts.successes,
        "noFailedTx": facts.failures,
        "status": facts.status,
        "visible": facts.status == "ACTIVE",
        "blockReason": "Blocked by an agent." if facts.status == "BLOCKED" else None,
        "verificationStatus": facts.verification,
    }
    return {name: value for name, value in fields.items() if value is not None}


def _month_end(expiry: str | None) -> str | None:
    if expiry is None:
        return None
    month, year = map(int, expiry.split("/"))
    return f"{year:04d}-{month:02d}-{calendar.monthrange(year, month)[1]:02d} 00:00:00"


def _text(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M:%S}"
