"""One query answers where the money is, for every named scenario and with any one vendor down."""

from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Caller

QUERY = (Path(__file__).parents[2] / "operations" / "where-is-my-money.graphql").read_text()
PAM, CASHIER, KYC, BONUS, AGGREGATOR, CRM, TICKETING = range(7)

EXPECTED = [  # player, every blocker in order, who moves, next step
    ("s-001", ["KYC_RESUBMISSION_REQUIRED", "AWAITING_FIRST_APPROVAL"], "PLAYER", "RESUBMIT_DOCUMENT"),
    ("s-002", ["KYC_VENDOR_DELAY", "AWAITING_FIRST_APPROVAL"], "VENDOR", "REVIEW_KYC"),
    ("s-003", ["PSP_INCONSISTENT"], "OPERATOR_TEAM", "RECONCILE"),
    ("s-004", ["BONUS_WAGERING_INCOMPLETE", "AWAITING_FIRST_APPROVAL"], "PLAYER", "COMPLETE_WAGERING"),
    ("s-005", ["ACCOUNT_WITHDRAWAL_BLOCKED", "AWAITING_FIRST_APPROVAL"], "OPERATOR_TEAM", "NONE"),
    ("s-006", ["PSP_CALLBACK_OVERDUE"], "PSP", "CHASE_PSP"),
    ("s-007", ["AWAITING_FIRST_APPROVAL"], "OPERATOR_TEAM", "APPROVE_WITHDRAWAL"),
    ("s-008", ["KYC_IN_REVIEW", "AWAITING_FIRST_APPROVAL"], "OPERATOR_TEAM", "REVIEW_KYC"),
    ("s-009", ["BANK_PROCESSING"], "BANK", "WAIT"),
    ("s-010", ["OPEN_ROUND", "AWAITING_FIRST_APPROVAL"], "PLAYER", "WAIT"),
    ("s-011", ["AWAITING_FIRST_APPROVAL"], "OPERATOR_TEAM", "APPROVE_WITHDRAWAL"),
    ("s-012", ["MANUALLY_ON_HOLD"], "OPERATOR_TEAM", "RELEASE_HOLD"),
    ("s-013", ["MANUALLY_ON_HOLD"], "OPERATOR_TEAM", "RELEASE_HOLD"),
    ("s-015", ["AWAITING_FIRST_APPROVAL"], "OPERATOR_TEAM", "APPROVE_WITHDRAWAL"),
]


def of(player: str) -> dict[str, str]:
    return {"player": f"player:acme:{player}"}


@pytest.mark.parametrize(("player", "blockers", "waiting_on", "step"), EXPECTED)
async def test_each_scenario_gets_its_answer(
    caller: Caller, player: str, blockers: list[str], waiting_on: str, step: str
) -> None:
    answer = await caller.ask(QUERY, variables=of(player))
    assert "errors" not in answer
    (withdrawal,) = answer["data"]["player"]["openWithdrawals"]
    diagnosis = withdrawal["diagnosis"]
    assert [blocker["code"] for blocker in diagnosis["blockers"]] == blockers
    assert (diagnosis["waitingOn"], diagnosis["nextStep"], diagnosis["state"]) == (waiting_on, step, "COMPLETE")


async def test_every_system_answers_the_query_of_the_readme(caller: Caller) -> None:
    answer = await caller.ask(QUERY, "compliance_officer", of("s-004"))
    assert "errors" not in answer
    player = answer["data"]["player"]
    assert {source["system"]: source["state"] for source in player["sources"]} == dict.fromkeys(
        ("PAM", "CASHIER", "KYC", "BONUS", "AGGREGATOR", "CRM", "TICKETING"), "OK"
    )
    assert player["bonusGrants"][0]["wagering"] is not None or player["bonusGrants"][1]["wagering"] is not None
    assert player["gameRounds"]["edges"][0]["node"]["game"]["provider"] == "Northern Reels"
    assert player["tickets"]["edges"][0]["node"]["comments"][0]["body"] == "Where is my money?"
    assert player["tickets"]["edges"][0]["node"]["internalNotes"][0]["body"] == "Looking into it."
    assert player["crm"]["segments"] == [{"name": "slots lovers"}]


async def test_a_deposit_declined_by_the_fraud_rule_says_whose_rule_it_was(caller: Caller) -> None:
    query = '{ transaction(id: "deposit:acme:90014") { __typename status vendorStatusCode failure } }'
    assert (await caller.ask(query, "risk_manager"))["data"]["transaction"] == {
        "__typename": "Deposit",
        "status": "DECLINED",
        "vendorStatusCode": "ERR_DECLINED_FRAUD",
        "failure": "FRAUD_RULE",
    }


async def test_a_self_excluded_player_is_told_that_his_money_comes(caller: Caller) -> None:
    player = (await caller.ask(QUERY, variables=of("s-011")))["data"]["player"]
    assert player["responsibleGambling"]["exclusions"][0]["kind"] == "SELF_EXCLUSION"
    assert player["openWithdrawals"][0]["diagnosis"]["blockers"][0]["forbidsApproval"] is False


FAULTS: list[tuple[dict[str, Any], str]] = [
    ({"kind": "status", "value": 503}, "VENDOR_UNAVAILABLE"),
    ({"kind": "reset"}, "VENDOR_BAD_RESPONSE"),
    ({"kind": "hang"}, "VENDOR_TIMEOUT"),
    ({"kind": "garbage"}, "VENDOR_BAD_RESPONSE"),
    ({"kind": "html"}, "VENDOR_BAD_RESPONSE"),
    ({"kind": "truncate"}, "VENDOR_BAD_RESPONSE"),
    ({"kind": "rate_limit"}, "VENDOR_RATE_LIMITED"),
]
BRANCHES = [  # system, the branch that dies, the branches of the diagnosis that then are unknown
    (CASHIER, "CASHIER", "openWithdrawals", None),
    (KYC, "KYC", "kyc", ["KYC"]),
    (BONUS, "BONUS", "bonusGrants", ["BONUS"]),
    (CRM, "CRM", "crm", []),
    (TICKETING, "TICKETING", "tickets", []),
]


@pytest.mark.parametrize(("fault", "code"), FAULTS, ids=[str(fault["kind"]) for fault, _ in FAULTS])
@pytest.mark.parametrize("dead", BRANCHES, ids=[b[1] for b in BRANCHES])
async def test_a_failing_vendor_nulls_its_branch_alone_and_says_so(
    caller: Caller, fault: dict[str, Any], code: str, dead: tuple[int, str, str, list[str] | None]
) -> None:
    place, system, branch, unknown = dead
    await caller.fault(place, operation="*", **fault)
    answer = await caller.ask(QUERY, variables=of("s-001"))
    assert {(error["extensions"]["code"], error["extensions"]["system"]) for error in answer["errors"]} == {
        (code, system)
    }
    assert ["player", branch] in [error["path"] for error in answer["errors"]]
    player = answer["data"]["player"]
    alive = {"balances", "kyc", "bonusGrants", "gameRounds", "crm", "tickets", "openWithdrawals"} - {branch}
    assert player[branch] is None
    assert all(player[name] is not None for name in alive)
    states = {source["system"]: source["errorCode"] for source in player["sources"]}
    assert states == {**dict.fromkeys(states), system: code}
    if unknown is not None:
        diagnosis = player["openWithdrawals"][0]["diagnosis"]
        assert diagnosis["unavailable"] == unknown
        assert diagnosis["state"] == ("PARTIAL_SOURCES" if unknown else "COMPLETE")


@pytest.mark.parametrize(("fault", "code"), FAULTS, ids=[str(fault["kind"]) for fault, _ in FAULTS])
async def test_a_failing_aggregator_nulls_the_titles_alone(caller: Caller, fault: dict[str, Any], code: str) -> None:
    await caller.fault(AGGREGATOR, operation="gameList", **fault)
    answer = await caller.ask(QUERY, variables=of("s-001"))
    (error,) = answer["errors"]
    assert error["extensions"] == {"code": code, "system": "AGGREGATOR"}
    assert answer["data"]["player"]["gameRounds"]["edges"][0]["node"]["gameName"]


@pytest.mark.parametrize(("fault", "code"), FAULTS, ids=[str(fault["kind"]) for fault, _ in FAULTS])
async def test_a_failing_pam_without_a_scope_record_is_said_and_never_shown_as_not_found(
    caller: Caller, fault: dict[str, Any], code: str
) -> None:
    await caller.fault(PAM, operation="*", **fault)
    answer = await caller.ask(QUERY, variables=of("s-001"))
    assert answer["data"] == {"player": None}
    (error,) = answer["errors"]
    assert error["extensions"] == {"code": code, "system": "PAM"}


@pytest.mark.parametrize(("fault", "code"), FAULTS, ids=[str(fault["kind"]) for fault, _ in FAULTS])
async def test_with_a_scope_record_the_other_six_answer_for_a_dead_pam(
    forgetful: Caller, fault: dict[str, Any], code: str
) -> None:
    await forgetful.ask('{ player(id: "player:acme:s-001") { id } }')
    await forgetful.fault(PAM, operation="*", **fault)
    answer = await forgetful.ask(QUERY, "compliance_officer", of("s-001"))
    player = answer["data"]["player"]
    assert player["id"] == "player:acme:s-001"
    assert {error["extensions"]["system"] for error in answer["errors"]} == {"PAM"}
    assert {error["extensions"]["code"] for error in answer["errors"]} == {code}
    assert player["firstName"] is None
    assert all(
        player[name] for name in ("openWithdrawals", "kyc", "bonusGrants", "crm", "tickets", "paymentInstruments")
    )
    assert player["openWithdrawals"][0]["diagnosis"]["unavailable"] == ["PAM"]


async def test_errors_stand_in_the_order_of_the_answer_and_not_of_their_arrival(caller: Caller) -> None:
    await caller.fault(KYC, operation="*", kind="hang")
    await caller.fault(CRM, operation="*", kind="status", value=500)
    query = (
        '{ player(id: "player:acme:s-001") { kyc { status } crm { segments { id } } balances { cash { amount } } } }'
    )
    answer = await caller.ask(query)
    assert [error["path"][1] for error in answer["errors"]] == ["kyc", "crm"]
