"""One query answers where the money is, for every named scenario and with any one vendor down."""

import pytest

from tests.conftest import Caller

QUERY = """{
  player(id: "player:acme:%s") {
    market account { restrictions } kyc { status } balances { withdrawable { amount } }
    openWithdrawals {
      status diagnosis { state waitingOn ownerTeam nextStep playerMessage unavailable blockers { code } }
    }
  }
}"""

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
]


@pytest.mark.parametrize(("player", "blockers", "waiting_on", "step"), EXPECTED)
async def test_each_scenario_gets_its_answer(
    caller: Caller, player: str, blockers: list[str], waiting_on: str, step: str
) -> None:
    answer = await caller.ask(QUERY % player)
    assert "errors" not in answer
    (withdrawal,) = answer["data"]["player"]["openWithdrawals"]
    diagnosis = withdrawal["diagnosis"]
    assert [blocker["code"] for blocker in diagnosis["blockers"]] == blockers
    assert (diagnosis["waitingOn"], diagnosis["nextStep"], diagnosis["state"]) == (waiting_on, step, "COMPLETE")


FAULTS = [
    ({"kind": "status", "value": 503}, "VENDOR_UNAVAILABLE"),
    ({"kind": "hang"}, "VENDOR_TIMEOUT"),
    ({"kind": "garbage"}, "VENDOR_BAD_RESPONSE"),
    ({"kind": "html"}, "VENDOR_BAD_RESPONSE"),
    ({"kind": "truncate"}, "VENDOR_BAD_RESPONSE"),
    ({"kind": "rate_limit"}, "VENDOR_RATE_LIMITED"),
]


@pytest.mark.parametrize(("fault", "code"), FAULTS)
async def test_a_failing_kyc_vendor_nulls_its_branch_and_the_diagnosis_is_partial(
    caller: Caller, fault: dict[str, object], code: str
) -> None:
    await caller.fault(2, operation="*", **fault)
    answer = await caller.ask(QUERY % "s-001")
    (error,) = answer["errors"]
    assert (error["path"], error["extensions"]) == (["player", "kyc"], {"code": code, "system": "KYC"})
    player = answer["data"]["player"]
    assert player["kyc"] is None
    assert player["balances"]
    diagnosis = player["openWithdrawals"][0]["diagnosis"]
    assert (diagnosis["state"], diagnosis["unavailable"]) == ("PARTIAL_SOURCES", ["KYC"])
    assert "KYC_NOT_STARTED" not in [blocker["code"] for blocker in diagnosis["blockers"]]


@pytest.mark.parametrize(("fault", "code"), FAULTS)
async def test_a_failing_cashier_nulls_its_branch_alone(caller: Caller, fault: dict[str, object], code: str) -> None:
    await caller.fault(1, operation="*", **fault)
    answer = await caller.ask(QUERY % "s-001")
    (error,) = answer["errors"]
    assert (error["path"], error["extensions"]) == (["player", "openWithdrawals"], {"code": code, "system": "CASHIER"})
    assert answer["data"]["player"]["kyc"] == {"status": "RESUBMISSION_REQUIRED"}


@pytest.mark.parametrize(("fault", "code"), FAULTS)
async def test_a_failing_pam_is_said_and_never_shown_as_not_found(
    caller: Caller, fault: dict[str, object], code: str
) -> None:
    await caller.fault(0, operation="*", **fault)
    answer = await caller.ask(QUERY % "s-001")
    assert answer["data"] == {"player": None}
    assert answer["errors"][0]["extensions"] == {"code": code, "system": "PAM"}


async def test_fifty_players_in_one_operation_ask_each_vendor_once_a_player(caller: Caller) -> None:
    aliases = "".join(f'p{n}: player(id: "player:{b}:p-{n:03d}") {{ kyc {{ status }} }} ' for n, b in _fifty())
    answer = await caller.ask("{" + aliases + "}")
    assert "errors" not in answer
    calls = await caller.calls()
    assert (calls["getUserProfile"], calls["getApplicantByExternalUserId"]) == (50, 50)


def _fifty() -> list[tuple[int, str]]:
    return [(n, ("acme", "borealis", "corona")[n % 3]) for n in range(1, 51)]
