"""What the rules say of records that no named scenario shows."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest

from resolvers.withdrawal_diagnosis import diagnose
from resolvers.withdrawal_facts import Diagnosis, DiagnosisState, Facts, WaitingOn
from vendors.errors import VendorError, VendorTimeoutError
from vendors.ports.bonus import BonusGrant, GrantStatus, Wagering
from vendors.ports.cashier import Direction, TransactionStatus, Withdrawal
from vendors.ports.keys import Key
from vendors.ports.kyc import KycProfile, KycStatus
from vendors.ports.money import Money
from vendors.ports.pam import Account, AccountStatus, Balance, GameRound, Player, RoundStatus
from vendors.ports.source import Source, System

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
PLAYER = Key("player", "acme", "p-1")
SOURCE = Source(System.GATEWAY, "test", None, NOW)
DOWN = VendorTimeoutError(System.KYC, "read")


def withdrawal(status: TransactionStatus, age: timedelta = timedelta(hours=2)) -> Withdrawal:
    money = Money("GBP", 12000)
    return Withdrawal(
        Key("withdrawal", "acme", "1"), PLAYER, Direction.WITHDRAWAL, money, status, "X", None, None, None, None, None,
        NOW - age, NOW - age, SOURCE,
    )  # fmt: skip


def player(status: AccountStatus = AccountStatus.ACTIVE) -> Player:
    account = Account(status, (), True)
    return Player(
        PLAYER, "UKGC-GB", None, None, None, None, None, None, None, None, None, None, None, (), (), account, SOURCE
    )


def kyc(status: KycStatus = KycStatus.APPROVED) -> KycProfile:
    return KycProfile(PLAYER, status, "x", None, (), None, None, NOW, 1, SOURCE)


def wallet(withdrawable: int) -> list[Balance]:
    return [Balance(Money("GBP", 50000), Money("GBP", 0), Money("GBP", withdrawable), None, None, SOURCE)]


def told(
    status: TransactionStatus = TransactionStatus.AWAITING_APPROVAL,
    *,
    age: timedelta = timedelta(hours=2),
    profile: KycProfile | VendorError | None = None,
    balances: Sequence[Balance] | VendorError | None = None,
    who: Player | VendorError | None = None,
    grants: Sequence[BonusGrant] | VendorError | None = None,
    rounds: Sequence[GameRound] | VendorError | None = (),
) -> Diagnosis:
    return diagnose(Facts(withdrawal(status, age), who or player(), profile or kyc(), balances, grants, rounds, NOW))


def codes(diagnosis: Diagnosis) -> list[str]:
    return [blocker.code for blocker in diagnosis.blockers]


def test_with_a_source_missing_nobody_is_told_to_approve() -> None:
    diagnosis = told(profile=DOWN, balances=wallet(50000))
    assert codes(diagnosis) == ["SOURCE_UNAVAILABLE", "AWAITING_FIRST_APPROVAL"]
    assert (diagnosis.state, diagnosis.next_step) == (DiagnosisState.PARTIAL_SOURCES, "WAIT")


@pytest.mark.parametrize(
    "status",
    [
        TransactionStatus.CANCELLED_BY_PLAYER,
        TransactionStatus.CANCELLED_BY_OPERATOR,
        TransactionStatus.CANCELLED_BY_PSP,
        TransactionStatus.EXPIRED,
        TransactionStatus.FAILED_TECHNICAL,
        TransactionStatus.DECLINED,
    ],
)
def test_an_ended_withdrawal_is_not_explained_by_stale_blockers(status: TransactionStatus) -> None:
    diagnosis = told(status, profile=kyc(KycStatus.RESUBMISSION_REQUIRED))
    assert not [code for code in codes(diagnosis) if code.startswith("KYC")]
    assert diagnosis.next_step in ("INFORM_PLAYER", "CHASE_PSP")
    assert "being reviewed" not in diagnosis.player_message


def test_a_payout_past_the_banks_time_is_chased_not_reviewed() -> None:
    diagnosis = told(TransactionStatus.SUCCEEDED, age=timedelta(days=4))
    assert (codes(diagnosis), diagnosis.next_step) == (["BANK_PROCESSING"], "CHASE_PSP")
    assert diagnosis.waiting_on is WaitingOn.BANK


def test_less_withdrawable_than_asked_is_a_blocker_also_without_a_bonus() -> None:
    assert codes(told(balances=wallet(5000)))[0] == "INSUFFICIENT_WITHDRAWABLE"


def test_funds_that_nobody_knows_are_not_ruled_out() -> None:
    diagnosis = told(balances=None)
    assert "withdrawable funds" not in diagnosis.checks_passed
    assert diagnosis.state is DiagnosisState.PARTIAL_SOURCES


def test_an_account_word_the_gateway_does_not_know_is_not_clear() -> None:
    diagnosis = told(balances=wallet(50000), who=player(AccountStatus.UNKNOWN))
    assert codes(diagnosis)[0] == "PLATFORM_ERROR"
    assert "account" not in diagnosis.checks_passed


def grant(status: GrantStatus, done: int, *, blocks: bool | None = None) -> BonusGrant:
    wagering = Wagering(Money("GBP", 70000), Money("GBP", done))
    return BonusGrant(
        Key("grant", "acme", "g-1"), PLAYER, "RELOAD50", status, "ongoing", Money("GBP", 2000), None, None, wagering,
        blocks, NOW, None, SOURCE,
    )  # fmt: skip


def open_round() -> GameRound:
    stake = Money("GBP", 40000)
    return GameRound(
        Key("round", "acme", "b-1"), PLAYER, "r-1", None, "sol-blackjackclub", "Blackjack Club", None, RoundStatus.OPEN,
        "open", stake, Money("GBP", 0), NOW, NOW, SOURCE,
    )  # fmt: skip


def test_money_short_by_a_bonus_and_an_open_round_names_both() -> None:
    found = told(balances=wallet(100), grants=[grant(GrantStatus.WAGERING, 30000)], rounds=[open_round()])
    assert codes(found)[:2] == ["BONUS_WAGERING_INCOMPLETE", "OPEN_ROUND"]
    assert "400.00 GBP" in found.headline
    assert found.blockers[0].evidence == ["grant:acme:g-1: ongoing"]


def test_a_bonus_in_a_state_we_do_not_know_still_holds_its_money() -> None:
    assert codes(told(balances=wallet(100), grants=[grant(GrantStatus.UNKNOWN, 0)]))[0] == "BONUS_WAGERING_INCOMPLETE"


@pytest.mark.parametrize("over", [GrantStatus.COMPLETED, GrantStatus.FORFEITED, GrantStatus.EXPIRED])
def test_a_bonus_that_is_over_explains_nothing(over: GrantStatus) -> None:
    assert codes(told(balances=wallet(100), grants=[grant(over, 0)]))[0] == "INSUFFICIENT_WITHDRAWABLE"


def test_wagering_is_no_reason_while_the_money_is_there() -> None:
    found = told(balances=wallet(50000), grants=[grant(GrantStatus.WAGERING, 0)])
    assert codes(found) == ["AWAITING_FIRST_APPROVAL"]


@pytest.mark.parametrize("system", [System.BONUS, System.PAM])
def test_a_silent_engine_or_bet_list_leaves_the_answer_partial(system: System) -> None:
    lost = VendorTimeoutError(system, "read")
    engine = system is System.BONUS
    found = told(balances=wallet(50000), grants=lost if engine else None, rounds=() if engine else lost)
    assert (found.state, list(found.unavailable)) == (DiagnosisState.PARTIAL_SOURCES, [system])
    assert "SOURCE_UNAVAILABLE" in codes(found)


def test_the_engines_own_word_holds_money_even_where_the_wallet_would_pay() -> None:
    found = told(balances=wallet(50000), grants=[grant(GrantStatus.ACTIVE, 70000, blocks=True)])
    assert codes(found)[0] == "BONUS_WAGERING_INCOMPLETE"


@pytest.mark.parametrize(
    "balances", [[], [Balance(Money("EUR", 1), Money("EUR", 0), Money("EUR", 1), None, None, SOURCE)]]
)
def test_without_a_wallet_in_its_currency_nobody_is_told_to_approve(balances: list[Balance]) -> None:
    found = told(balances=balances)
    assert codes(found)[0] == "PLATFORM_ERROR"
    assert "withdrawable funds" not in found.checks_passed


def test_a_locked_account_is_no_account_to_pay_from() -> None:
    assert codes(told(balances=wallet(50000), who=player(AccountStatus.LOCKED)))[0] == "ACCOUNT_SUSPENDED"


def test_while_the_engine_is_silent_nobody_is_told_that_he_asked_for_too_much() -> None:
    found = told(balances=wallet(100), grants=VendorTimeoutError(System.BONUS, "read"))
    assert codes(found)[0] == "SOURCE_UNAVAILABLE"


def test_a_pam_that_knows_the_player_but_not_his_bets_leaves_the_answer_partial() -> None:
    assert told(balances=wallet(50000), rounds=None).state is DiagnosisState.PARTIAL_SOURCES


def test_a_decline_does_not_quote_the_code_that_may_name_a_fraud_rule() -> None:
    assert told(TransactionStatus.DECLINED).blockers[0].evidence == ["CASHIER X"]


YOUNG, OLD = timedelta(minutes=10), timedelta(days=2)
ON_ITS_WAY = [  # status and its age; code, who moves, owner and next step; part of what the player is told
    ("INITIATED", YOUNG, ("AWAITING_CASHIER", "VENDOR", "PAYMENTS", "WAIT"), "has been received"),
    ("INITIATED", OLD, ("PLATFORM_ERROR", "OPERATOR_TEAM", "PAYMENTS", "RECONCILE"), "being reviewed"),
    ("AWAITING_PLAYER", YOUNG, ("AWAITING_PLAYER_INPUT", "PLAYER", "PAYMENTS", "INFORM_PLAYER"), "please finish"),
    ("AWAITING_PLAYER", OLD, ("PLAYER_ABANDONED", "PLAYER", "PAYMENTS", "INFORM_PLAYER"), "ask us to cancel"),
    ("AUTHORISED", YOUNG, ("PSP_PROCESSING", "PSP", "PAYMENTS", "WAIT"), "being paid out"),
    ("AUTHORISED", OLD, ("PSP_CALLBACK_OVERDUE", "PSP", "PAYMENTS", "CHASE_PSP"), "being paid out"),
]


@pytest.mark.parametrize(("status", "age", "answer", "says"), ON_ITS_WAY)
def test_a_withdrawal_on_its_way_says_who_moves_next(
    status: str, age: timedelta, answer: tuple[str, ...], says: str
) -> None:
    found = told(TransactionStatus(status), age=age, balances=wallet(50000))
    (blocker,) = found.blockers
    assert (blocker.code, found.waiting_on.value, found.owner_team, found.next_step) == answer
    assert says in found.player_message
    assert found.expected_by is not None
    assert blocker.evidence == ["CASHIER X"]


@pytest.mark.parametrize("status", [TransactionStatus.INITIATED, TransactionStatus.AWAITING_PLAYER])
def test_what_has_not_left_yet_is_also_kept_by_the_verification(status: TransactionStatus) -> None:
    found = told(status, age=YOUNG, profile=kyc(KycStatus.RESUBMISSION_REQUIRED), balances=wallet(50000))
    assert codes(found)[0] == "KYC_RESUBMISSION_REQUIRED"
    assert len(codes(found)) == 2


def test_what_the_psp_has_authorised_is_not_explained_by_the_verification() -> None:
    found = told(TransactionStatus.AUTHORISED, age=YOUNG, profile=kyc(KycStatus.RESUBMISSION_REQUIRED))
    assert (codes(found), found.state) == (["PSP_PROCESSING"], DiagnosisState.COMPLETE)


@pytest.mark.parametrize("age", [YOUNG, OLD], ids=["young", "old"])
@pytest.mark.parametrize("status", TransactionStatus, ids=lambda status: status.value)
def test_of_no_status_it_is_said_that_nothing_blocks_it(status: TransactionStatus, age: timedelta) -> None:
    found = told(status, age=age, balances=wallet(50000))
    assert found.blockers or found.next_step == "INFORM_PLAYER"
    assert "Nothing blocks" not in found.headline
