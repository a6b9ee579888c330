"""Four eyes through the whole gateway: who is asked, who decides, and that it is paid once at most."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from auth.audit_chain import verify
from tests.conftest import Caller
from tests.specs.test_actions import codes, withdrawal

CASHIER = 1
ASK = """mutation($input: WithdrawalActionInput!) { answer: approveWithdrawal(input: $input) {
  outcome userErrors { code } auditId approval { id status requiredApprovals approverRoles } } }"""
DECIDE = """mutation($input: ApprovalDecisionInput!) { answer: decideApproval(input: $input) {
  outcome userErrors { code message } auditId replayed
  steps { system outcome } approval { status execution note } } }"""
LIST = """query($filter: ApprovalFilter!) { approvals(filter: $filter) { edges { node { id status requestedBy amount { amount currency }
  note input subjectId canDecide denial steps { by decision } preview { message } } } } }"""  # noqa: E501


async def asked(caller: Caller, **who: Any) -> str:
    """The id of an approval that waits."""
    variables = withdrawal("90015", "k", "REVIEW_CLEARED", note="Anna called")
    answer = (await caller.ask(ASK, "payments_manager", variables, **who))["data"]["answer"]
    assert (answer["outcome"], codes(answer)) == ("PENDING_APPROVAL", ["APPROVAL_REQUIRED"])
    approval: str = answer["approval"]["id"]
    return approval


async def decide(
    caller: Caller, approval: str, role: str = "finance", decision: str = "APPROVE", *, sub: str = "agent-2",
    key: str = "d", **who: Any,
) -> Any:  # fmt: skip
    given = {"approvalId": approval, "decision": decision, "note": "seen", "context": {"idempotencyKey": key}}
    body = await caller.ask(DECIDE, role, {"input": given}, sub=sub, **who)
    assert "errors" not in body, body
    return body["data"]["answer"]


async def waiting(caller: Caller, *statuses: str, **who: Any) -> list[dict[str, Any]]:
    body = await caller.ask(LIST, "finance", {"filter": {"statuses": statuses}}, **who)
    return [edge["node"] for edge in body["data"]["approvals"]["edges"]]


async def test_a_second_person_pays_what_one_may_not_pay_alone(caller: Caller, tmp_path: Path) -> None:
    approval = await asked(caller)
    assert await caller.effects() == 0
    (shown,) = await waiting(caller, "PENDING", sub="agent-2")
    assert (shown["id"], shown["requestedBy"], shown["canDecide"]) == (approval, "agent-1", True)
    assert (shown["amount"]["amount"], shown["note"], "Anna" in shown["input"]) == ("25000.00", "Anna called", False)
    assert shown["preview"] == [{"message": "Would approve the withdrawal."}]
    answer = await decide(caller, approval)
    assert (answer["outcome"], answer["steps"]) == ("EXECUTED", [{"system": "CASHIER", "outcome": "EXECUTED"}])
    assert answer["approval"] == {"status": "EXECUTED", "execution": "EXECUTED", "note": None}
    again = await decide(caller, approval)
    assert (again["outcome"], again["replayed"], again["auditId"]) == ("EXECUTED", True, answer["auditId"])
    assert codes(await decide(caller, approval, key="e", sub="agent-3")) == ["PRECONDITION_FAILED"]
    assert await caller.effects() == 1
    assert (await waiting(caller, "PENDING"), len(await waiting(caller, "EXECUTED"))) == ([], 1)
    assert verify(tmp_path / "audit.db").intact


async def test_whoever_asked_does_not_decide_whatever_else_he_is(caller: Caller) -> None:
    approval = await asked(caller)
    assert (await waiting(caller, "PENDING", sub="agent-1"))[0]["denial"] == "SEGREGATION_OF_DUTIES"
    assert codes(await decide(caller, approval, sub="agent-1")) == ["FORBIDDEN"]
    query = '{ audit(filter: {action: "approval.decide"}) { edges { node { phase actor outcome } } } }'
    edges = (await caller.ask(query, "auditor"))["data"]["audit"]["edges"]
    assert [edge["node"] for edge in edges] == [
        {"phase": "DENIED", "actor": "agent-1", "outcome": "REJECTED_BY_POLICY"}
    ]
    assert await caller.effects() == 0


@pytest.mark.parametrize("role", ["payments_manager", "kyc_analyst", "compliance_officer", "rg_officer"])
async def test_who_may_decide_other_things_does_not_decide_this(caller: Caller, role: str) -> None:
    assert codes(await decide(caller, await asked(caller), role)) == ["FORBIDDEN"]
    assert await caller.effects() == 0


@pytest.mark.parametrize("role", ["payments_agent", "auditor", "service_embed", "administrator", "support_l1"])
async def test_who_decides_nothing_is_told_so_before_any_call(caller: Caller, role: str) -> None:
    given = {"approvalId": "approval:acme:x", "decision": "APPROVE", "note": "x", "context": {"idempotencyKey": "d"}}
    body = await caller.ask(DECIDE, role, {"input": given})
    expected = "GRAPHQL_VALIDATION_FAILED" if role == "service_embed" else "FORBIDDEN"  # none in the tool's schema
    assert body["errors"][0]["extensions"]["code"] == expected


async def test_outside_the_market_there_is_no_approval(caller: Caller) -> None:
    approval = await asked(caller)
    for scope in ({"markets": ("MGA-MT",)}, {"brands": ("borealis",)}):
        answer = await decide(caller, approval, key=str(scope), **scope)  # type: ignore[arg-type]
        nothing = await decide(caller, "approval:acme:424242", key=str(scope), **scope)  # type: ignore[arg-type]
        assert answer == nothing
        assert await waiting(caller, "PENDING", sub="agent-2", **scope) == []
    assert (await decide(caller, approval))["outcome"] == "EXECUTED"


async def test_a_withdrawal_that_changed_meanwhile_makes_it_stale(caller: Caller) -> None:
    approval = await asked(caller)
    hold = "mutation($input: WithdrawalActionInput!) { holdWithdrawal(input: $input) { outcome } }"
    await caller.ask(hold, "payments_manager", withdrawal("90015", "h", "RISK_REVIEW"))
    answer = await decide(caller, approval)
    assert ("STALE_VERSION" in codes(answer), answer["approval"]["status"]) == (True, "STALE")
    assert await caller.effects() == 1  # the hold


async def test_a_rejection_is_final(caller: Caller) -> None:
    approval = await asked(caller)
    answer = await decide(caller, approval, decision="REJECT")
    assert (answer["outcome"], answer["approval"]["status"]) == ("EXECUTED", "REJECTED")
    assert codes(await decide(caller, approval, key="e", sub="agent-3")) == ["PRECONDITION_FAILED"]
    assert await caller.effects() == 0


async def test_two_who_press_at_once_pay_once(caller: Caller) -> None:
    approval = await asked(caller)
    roles = (("finance", "agent-2"), ("risk_manager", "agent-3"))
    answers = await asyncio.gather(*(decide(caller, approval, role, sub=sub, key=sub) for role, sub in roles))
    assert sorted(answer["outcome"] for answer in answers) == ["EXECUTED", "REJECTED_BY_POLICY"]
    assert await caller.effects() == 1


async def test_a_signed_payout_that_hangs_is_in_doubt_and_is_not_paid_again(caller: Caller) -> None:
    approval = await asked(caller)
    await caller.fault(CASHIER, operation="approve", kind="hang")
    answer = await decide(caller, approval)
    assert (answer["outcome"], answer["approval"]["status"]) == ("INDETERMINATE", "APPROVED")
    assert codes(await decide(caller, approval, "risk_manager", sub="agent-3")) == ["PRECONDITION_FAILED"]
