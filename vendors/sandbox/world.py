"""One set of players in all systems: facts in nobody's dialect; each simulator turns them into its product's store.

Deterministic: the same `now` gives the same world. Ages are relative to `now`, so that a scenario stays what it says.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import msgspec

MARKETS: Mapping[str, tuple[str, str]] = {  # market -> (country ISO 3166-1 alpha-2, currency)
    "UKGC-GB": ("GB", "GBP"),
    "MGA-MT": ("MT", "EUR"),
    "SGA-SE": ("SE", "SEK"),
    "DGA-DK": ("DK", "DKK"),
    "GGL-DE": ("DE", "EUR"),
    "NJDGE-US": ("US", "USD"),
}
BRANDS = ("acme", "borealis", "corona")


class PaymentFacts(msgspec.Struct, frozen=True):
    """A payment as it happened. `state` and `code` are PaymentIQ's words, the first product; amounts in minor units."""

    id: str
    kind: str  # DEPOSIT or WITHDRAWAL
    method: str
    amount_minor: int
    state: str
    code: str
    created_age: timedelta
    updated_age: timedelta
    psp: str = "Worldpay"


class PlayerFacts(msgspec.Struct, frozen=True):
    """One player in all systems; `review` is (status, answer, reject type, labels) in Sumsub's words."""

    id: str
    brand: str
    market: str
    first_name: str
    last_name: str
    birth_year: int
    registered_age: timedelta
    cash_minor: int
    bonus_minor: int = 0
    withdrawable_minor: int | None = None  # None: all cash
    wagering: tuple[int, int] | None = None  # (done, required) in minor units
    verified_in_pam: bool = True
    bans: tuple[str, ...] = ()  # login, game, withdraw, locked
    review: tuple[str, str | None, str | None, tuple[str, ...]] = ("completed", "GREEN", None, ())
    review_age: timedelta = timedelta(days=200)
    review_comment: str | None = None
    payments: tuple[PaymentFacts, ...] = ()
    says: str | None = None  # a named scenario's sentence
    scenario: str | None = None

    @property
    def country(self) -> str:
        return MARKETS[self.market][0]

    @property
    def currency(self) -> str:
        return MARKETS[self.market][1]

    @property
    def email(self) -> str:
        return f"{self.first_name}.{self.last_name}.{self.id}@players.example".lower()

    @property
    def phone(self) -> str:
        return "+441632960" + f"{sum(map(ord, self.id)) % 1000:03d}"  # Ofcom's range for fiction


class World(msgspec.Struct, frozen=True):
    """All players by (brand, id) and the instant their ages count back from."""

    now: datetime
    players: Mapping[tuple[str, str], PlayerFacts]


def build(now: datetime | None = None) -> World:
    """The canonical world: 300 ordinary players over brands and markets, and the named scenarios (brand acme)."""
    ordinary = [_ordinary(number) for number in range(1, 301)]
    everyone = {(p.brand, p.id): p for p in (*ordinary, *_scenarios())}
    return World(now or datetime.now(UTC).replace(microsecond=0), everyone)


_FIRST = ("Ada", "Bo", "Cleo", "Dag", "Elin", "Finn", "Greta", "Hugo", "Iris", "Jonas")
_LAST = ("Ash", "Birch", "Cedar", "Elm", "Hazel", "Linden", "Maple", "Oak", "Rowan", "Willow")


def _ordinary(number: int) -> PlayerFacts:
    dice = random.Random(number)
    market = list(MARKETS)[number % len(MARKETS)]
    payments = tuple(
        PaymentFacts(
            f"{number}{turn:02d}", "DEPOSIT", "VisaDeposit", dice.randrange(1000, 20000), "SUCCESSFUL", "SUCCESS",
            timedelta(days=30 * turn + 1), timedelta(days=30 * turn + 1),
        )
        for turn in range(dice.randrange(1, 4))
    )  # fmt: skip
    return PlayerFacts(
        f"p-{number:03d}", BRANDS[number % 3], market, dice.choice(_FIRST), dice.choice(_LAST),
        dice.randrange(1950, 2004), timedelta(days=dice.randrange(30, 2000)), dice.randrange(0, 50000),
        payments=payments,
    )  # fmt: skip


def _withdrawal(number: str, state: str, code: str, hours: float, amount_minor: int = 12000) -> PaymentFacts:
    age = timedelta(hours=hours)
    return PaymentFacts(number, "WITHDRAWAL", "VisaWithdrawal", amount_minor, state, code, age, age)


def _scenarios() -> list[PlayerFacts]:
    waiting = ("WAITING_APPROVAL", "WAITING_WITHDRAWAL_APPROVAL")

    def one(number: int, name: str, says: str, payment: PaymentFacts, **more: object) -> PlayerFacts:
        facts = {"cash_minor": 50000, **more}
        return PlayerFacts(
            f"s-{number:03d}", "acme", "UKGC-GB", "Sam", f"Scenario{number}", 1985, timedelta(days=400),
            payments=(payment,), scenario=name, says=says, **facts,  # type: ignore[arg-type]
        )  # fmt: skip

    return [
        one(1, "kyc-resubmission-blocks-payout", "Payout waits because the passport must be uploaded again",
            _withdrawal("90001", *waiting, 26), review=("completed", "RED", "RETRY", ("LOW_QUALITY",)),
            review_age=timedelta(hours=20), review_comment="The photo of your passport is blurred.",
            verified_in_pam=False),
        one(2, "kyc-review-late", "KYC has been in review past its service level",
            _withdrawal("90002", *waiting, 30), review=("pending", None, None, ()), review_age=timedelta(hours=9),
            verified_in_pam=False),
        one(3, "payout-inconsistent", "Cashier and PSP disagree whether the payout was paid",
            _withdrawal("90003", "INCONSISTENT", "ERR_INCONSISTENT_TRANSACTION", 5)),
        one(4, "wagering-incomplete", "Bonus wagering holds part of the cash",
            _withdrawal("90004", *waiting, 3), withdrawable_minor=5000, bonus_minor=2000, wagering=(30000, 70000)),
        one(5, "withdrawals-banned", "The PAM bans withdrawals on this account",
            _withdrawal("90005", *waiting, 8), bans=("withdraw",)),
        one(6, "callback-overdue", "The PSP accepted the payout and never called back",
            _withdrawal("90006", "PROCESSING", "WAITING_NOTIFICATION", 7)),
        one(7, "awaiting-first-approval", "Nothing is wrong: a payments agent has to approve",
            _withdrawal("90007", *waiting, 2)),
        one(8, "kyc-green-pam-unverified", "KYC is green at the vendor but the PAM never learnt it",
            _withdrawal("90008", *waiting, 4), review_age=timedelta(hours=3), verified_in_pam=False),
        one(9, "all-clear-at-the-bank", "The payout left; the bank is crediting it",
            _withdrawal("90009", "SUCCESSFUL", "SUCCESS_WITHDRAWAL_APPROVAL", 6)),
    ]  # fmt: skip
