"""What is kept between requests: what it saves, what it stands in for, and what is never judged by it."""

import asyncio
from typing import Any

import pytest

from tests.conftest import Caller

PAM, CASHIER, KYC, CRM = 0, 1, 2, 5
SHOWN = """{ player(id: "player:acme:s-001") { firstName account { status } source { stale fetchedAt }
  crm { segments { name } source { stale } } paymentInstruments { masked } } }"""
DIAGNOSED = """{ player(id: "player:acme:s-001") { firstName openWithdrawals { id source { stale }
  diagnosis { state unavailable headline } } } }"""
DOWN = {"operation": "*", "kind": "status", "value": 503}


async def test_what_is_asked_twice_is_read_once(caller: Caller) -> None:
    first = await caller.ask(SHOWN)
    calls = await caller.calls()
    assert (await caller.ask(SHOWN)) == first
    assert await caller.calls() == calls


async def test_only_who_is_missing_is_asked_for(caller: Caller) -> None:
    query = "query($ids: [ID!]!) { players(ids: $ids) { firstName } }"
    await caller.ask(query, variables={"ids": ["player:acme:s-001", "player:acme:s-002"]})
    ids = [f"player:acme:s-00{number}" for number in (1, 2, 3)]
    answer = await caller.ask(query, variables={"ids": ids})
    assert all(player["firstName"] for player in answer["data"]["players"])
    assert (await caller.calls())["getUserProfile"] == 3


async def test_many_who_ask_at_once_are_one_read(caller: Caller) -> None:
    await caller.fault(PAM, operation="getUserProfile", kind="latency", value=0.2)
    query = '{ player(id: "player:acme:s-001") { firstName } }'
    answers = await asyncio.gather(*(caller.ask(query) for _ in range(20)))
    assert {answer["data"]["player"]["firstName"] for answer in answers} == {"S***"}
    assert await caller.calls() == {"getUserProfile": 1}


@pytest.mark.parametrize("fault", [DOWN, {"operation": "*", "kind": "reset"}, {"operation": "*", "kind": "garbage"},
                                   {"operation": "*", "kind": "rate_limit"}])  # fmt: skip
async def test_a_record_stands_in_for_a_vendor_that_fails_and_says_so(caller: Caller, fault: dict[str, Any]) -> None:
    query = '{ player(id: "player:acme:s-001") { balances { cash { amount } source { stale fetchedAt } } } }'
    (before,) = (await caller.ask(query))["data"]["player"]["balances"]
    await caller.fault(PAM, **fault)
    answer = await caller.ask(query)
    assert "errors" not in answer
    (after,) = answer["data"]["player"]["balances"]
    assert (before["source"]["stale"], after["source"]["stale"]) == (False, True)
    assert after["source"]["fetchedAt"] == before["source"]["fetchedAt"]
    assert after["cash"] == before["cash"]


async def test_sources_tell_the_failure_that_a_record_stands_in_for(caller: Caller) -> None:
    query = '{ player(id: "player:acme:s-001") { balances { cash { amount } } sources { system state } } }'
    await caller.ask(query)
    await caller.fault(PAM, **DOWN)
    sources = (await caller.ask(query))["data"]["player"]["sources"]
    assert {"system": "PAM", "state": "UNAVAILABLE"} in sources


async def test_limits_and_exclusions_are_never_kept(caller: Caller) -> None:
    query = '{ player(id: "player:acme:s-001") { responsibleGambling { playAllowed } } }'
    await caller.ask(query)
    await caller.fault(PAM, **DOWN)
    answer = await caller.ask(query)
    assert answer["data"]["player"]["responsibleGambling"] is None
    assert answer["errors"][0]["extensions"]["code"] == "VENDOR_UNAVAILABLE"


async def test_an_empty_list_stands_in_for_nothing(caller: Caller) -> None:
    query = '{ player(id: "player:acme:p-009") { openWithdrawals { id } } }'
    assert (await caller.ask(query))["data"]["player"]["openWithdrawals"] == []
    await caller.fault(CASHIER, **DOWN)
    answer = await caller.ask(query)
    assert answer["data"]["player"]["openWithdrawals"] is None


async def test_a_diagnosis_is_made_of_what_the_vendors_say_now(caller: Caller) -> None:
    await caller.ask('{ player(id: "player:acme:s-001") { firstName kyc { status } } }')
    before = await caller.calls()
    answer = await caller.ask(DIAGNOSED)
    assert answer["data"]["player"]["openWithdrawals"][0]["diagnosis"]["state"] == "COMPLETE"
    after = await caller.calls()
    for operation in ("getUserProfile", "getApplicantByExternalUserId"):
        assert after[operation] == before[operation] + 1


async def test_a_diagnosis_does_not_judge_by_what_stands_in(caller: Caller) -> None:
    await caller.ask(DIAGNOSED)
    await caller.fault(PAM, **DOWN)
    player = (await caller.ask(DIAGNOSED))["data"]["player"]
    assert player["firstName"] == "S***"
    diagnosis = player["openWithdrawals"][0]["diagnosis"]
    assert (diagnosis["state"], diagnosis["unavailable"]) == ("PARTIAL_SOURCES", ["PAM"])


async def test_a_withdrawal_that_stands_in_is_not_told_as_where_it_is_now(caller: Caller) -> None:
    await caller.ask(DIAGNOSED)
    await caller.fault(CASHIER, **DOWN)
    (shown,) = (await caller.ask(DIAGNOSED))["data"]["player"]["openWithdrawals"]
    assert shown["source"]["stale"] is True
    assert shown["diagnosis"]["state"] == "PARTIAL_SOURCES"
    assert shown["diagnosis"]["unavailable"] == ["CASHIER"]


APPROVE = """mutation { approveWithdrawal(input: { withdrawalId: "withdrawal:acme:90007",
  context: { idempotencyKey: "k-1", reasonCode: "CHECKS_PASSED" } }) { outcome userErrors { code } } }"""


async def test_money_is_not_paid_on_what_is_kept(caller: Caller) -> None:
    owner = '{ transaction(id: "withdrawal:acme:90007") { status player { id firstName kyc { status } } } }'
    await caller.ask(owner, "payments_manager")
    await caller.fault(KYC, **DOWN)
    result = (await caller.ask(APPROVE, "payments_manager"))["data"]["approveWithdrawal"]
    assert result["outcome"] == "REJECTED_BY_POLICY"
    assert await caller.effects() == 0


async def test_what_was_changed_is_read_anew(caller: Caller) -> None:
    query = '{ player(id: "player:acme:s-001") { account { restrictions } } }'
    assert (await caller.ask(query))["data"]["player"]["account"]["restrictions"] == []
    change = """mutation { restrictAccount(input: { playerId: "player:acme:s-001", scopes: [LOGIN],
      context: { idempotencyKey: "k-2", reasonCode: "%s" } }) { outcome userErrors { message } } }"""
    outcome = await caller.ask(change % "COMPLIANCE_REVIEW", "compliance_officer")
    assert outcome["data"]["restrictAccount"]["outcome"] == "EXECUTED", outcome
    assert (await caller.ask(query))["data"]["player"]["account"]["restrictions"] == ["LOGIN"]


async def test_a_record_kept_for_one_caller_is_no_answer_for_another(caller: Caller) -> None:
    query = '{ player(id: "player:acme:s-001") { firstName email } }'
    await caller.ask(query, "compliance_officer")
    elsewhere = await caller.ask(query, "compliance_officer", brands=("borealis",))
    assert elsewhere["data"] == {"player": None}
    abroad = await caller.ask(query, "compliance_officer", markets=("MGA-MT",))
    assert abroad["data"] == {"player": None}
    masked = await caller.ask(query, "support_l1")
    assert "***" in masked["data"]["player"]["firstName"]


async def test_players_who_are_known_are_answered_while_the_pam_is_dead(caller: Caller) -> None:
    ids = [f"player:acme:p-{number:03d}" for number in range(3, 63, 3)]
    query = "query($ids: [ID!]!) { players(ids: $ids) { firstName source { stale } balances { source { stale } } } }"
    warm = (await caller.ask(query, variables={"ids": ids}))["data"]["players"]
    await caller.fault(PAM, **DOWN)
    answers = await asyncio.gather(*(caller.ask(query, variables={"ids": ids}) for _ in range(10)))
    for answer in answers:
        assert "errors" not in answer
        cold = answer["data"]["players"]
        assert [player["firstName"] for player in cold] == [player["firstName"] for player in warm]
        assert all(balance["source"]["stale"] for player in cold for balance in player["balances"])
