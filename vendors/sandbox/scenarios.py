"""The named players: what is true of each so that one thing, and only that, keeps the money away."""

from __future__ import annotations

import random
from datetime import timedelta

from vendors.sandbox.facts import (
    CommentFacts,
    ExclusionFacts,
    FreeBetFacts,
    GrantFacts,
    LimitFacts,
    NoteFacts,
    PaymentFacts,
    PlayerFacts,
    RoundFacts,
    TicketFacts,
    TouchFacts,
    visa,
)


def _withdrawal(
    number: str, state: str, code: str, hours: float, amount_minor: int = 12000, **more: str
) -> PaymentFacts:
    age = timedelta(hours=hours)
    return PaymentFacts(number, "WITHDRAWAL", "VisaWithdrawal", amount_minor, state, code, age, age, **more)


def _asking(number: int) -> TicketFacts:
    """What a player who waits has written."""
    words = CommentFacts("Where is my money?", True, True, timedelta(hours=3))
    note = CommentFacts("Looking into it.", False, False, timedelta(hours=2))
    return TicketFacts(f"{9000 + number}", "Where is my money?", "open", "high", timedelta(hours=3), timedelta(hours=2),
                       ("withdrawal",), (words, note))  # fmt: skip


def scenarios() -> list[PlayerFacts]:
    """Brand acme, market UKGC-GB; what each says is what the gateway must answer."""
    waiting = ("WAITING_APPROVAL", "WAITING_WITHDRAWAL_APPROVAL")
    held = ("WAITING_APPROVAL", "WAITING_WITHDRAWAL_ON_HOLD_APPROVAL")

    def one(number: int, name: str, says: str, *payments: PaymentFacts, **more: object) -> PlayerFacts:
        facts: dict[str, object] = {
            "cash_minor": 50000, "tickets": (_asking(number),), "segments": ("slots lovers",),
            "instruments": (visa(f"i-s{number:03d}", random.Random(number)),),
            "rounds": (RoundFacts(f"bs{number}01", "nor-auroraspins", 200, 150, "settled", timedelta(days=2),
                                  f"tx-s{number}-1"),),
            "grants": (GrantFacts(f"g-s{number:03d}", "WELCOME25", "completed", 2500, 25000, 25000,
                                  timedelta(days=60)),),
            "touches": (TouchFacts(f"dgTouchS{number}", 7, "email", timedelta(days=4), ("sent", "delivered")),),
            "notes": (NoteFacts("kim", "Prefers to be called in the evening.", timedelta(days=30)),),
            "limits": (LimitFacts("deposit", "month", 100000),), **more,
        }  # fmt: skip
        return PlayerFacts(
            f"s-{number:03d}", "acme", "UKGC-GB", "Sam", f"Scenario{number}", 1985, timedelta(days=400),
            payments=payments, scenario=name, says=says, **facts,  # type: ignore[arg-type]
        )  # fmt: skip

    wagering = GrantFacts(
        "g-s004", "RELOAD50", "ongoing", 2000, 70000, 30000, timedelta(days=2), timedelta(days=12), True
    )
    spins = FreeBetFacts("6f1d3c52-8a1e-4b07-9d1f-0c8f2f4f7a11", "nor-auroraspins", 20, 5, 10, "FRS_ACTIVE",
                         timedelta(days=1), timedelta(days=6))  # fmt: skip
    open_round = RoundFacts("bs1001", "sol-blackjackclub", 40000, 0, "open", timedelta(minutes=20), "tx-s10-1")
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
            _withdrawal("90004", *waiting, 3), withdrawable_minor=5000, bonus_minor=2000, wagering=(30000, 70000),
            grants=(wagering,), free_bets=(spins,)),
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
        one(10, "open-round", "A blackjack round is open and holds part of the cash",
            _withdrawal("90010", *waiting, 1), withdrawable_minor=10000, rounds=(open_round,)),
        one(11, "self-excluded-open-payout", "The player excluded himself; his payout is still owed",
            _withdrawal("90011", *waiting, 5), bans=("game",),
            exclusions=(ExclusionFacts("selfExclusion", timedelta(days=2), timedelta(days=180)),)),
        one(12, "aml-hold", "Compliance holds the payout; nobody outside compliance may sense it",
            _withdrawal("90012", *held, 20, info="AML-HOLD case opened")),
        one(13, "routine-hold", "A routine review holds the payout: the benign twin of aml-hold",
            _withdrawal("90013", *held, 20, info="ROUTINE review")),
        one(14, "deposit-declined-by-fraud-rule", "A deposit was declined by the PSP's fraud rule",
            PaymentFacts("90014", "DEPOSIT", "VisaDeposit", 5000, "FAILED", "ERR_DECLINED_FRAUD",
                         timedelta(hours=2), timedelta(hours=2), psp_code="59")),
        one(15, "payout-above-threshold", "Nothing is wrong, but one person alone may not approve so much",
            _withdrawal("90015", *waiting, 2, 2500000), cash_minor=3000000),
    ]  # fmt: skip
