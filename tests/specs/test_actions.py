"""Acting through the whole gateway: what is done, what is refused, what is in doubt, and what stands on record."""

import asyncio
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from auth import policy_file
from auth.audit_chain import verify
from tests.conftest import Caller

CASHIER, PAM, TICKETING = 1, 0, 6
ON_PAYMENT = """mutation Act($input: WithdrawalActionInput!) {
  answer: %s(input: $input) {
    outcome userErrors { code message } auditId replayed dryRun steps { system outcome reference }
    transaction { id status ... on Withdrawal { version } }
  }
}"""


def withdrawal(number: str, key: str = "k-1", reason: str | None = "CHECKS_PASSED", **context: Any) -> dict[str, Any]:
    act = {"idempotencyKey": key, "reasonCode": reason, **context}
    return {"input": {"withdrawalId": f"withdrawal:acme:{number}", "context": act}}


async def act(caller: Caller, name: str, variables: dict[str, Any], role: str = "payments_manager", **who: Any) -> Any:
    body = await caller.ask(ON_PAYMENT % name, role, variables, **who)
    assert "errors" not in body, body
    return body["data"]["answer"]


def codes(answer: Any) -> list[str]:
    return [error["code"] for error in answer["userErrors"]]


async def test_an_approved_withdrawal_is_paid_and_on_record(caller: Caller, tmp_path: Path) -> None:
    answer = await act(caller, "approveWithdrawal", withdrawal("90007"))
    assert (answer["outcome"], codes(answer), answer["replayed"]) == ("EXECUTED", [], False)
    assert answer["transaction"]["status"] == "PROCESSING"
    assert answer["steps"] == [{"system": "CASHIER", "outcome": "EXECUTED", "reference": "90007"}]
    query = """{ audit(filter: {subject: "withdrawal:acme:90007"}) { edges { node { id phase action actor roles outcome
      reasonCode player policyVersion hash } } } }"""
    edges = (await caller.ask(query, "auditor"))["data"]["audit"]["edges"]
    assert [edge["node"]["phase"] for edge in edges] == ["INTENT", "OUTCOME"]
    assert {edge["node"]["id"] for edge in edges} == {answer["auditId"]}
    last = edges[1]["node"]
    assert (last["action"], last["actor"], last["outcome"]) == ("withdrawal.approve", "agent-1", "EXECUTED")
    assert (last["reasonCode"], last["player"], last["roles"]) == (
        "CHECKS_PASSED",
        "player:acme:s-007",
        ["payments_manager"],
    )
    assert verify(tmp_path / "audit.db").intact


async def test_an_impatient_client_pays_once(caller: Caller) -> None:
    asked = [act(caller, "approveWithdrawal", withdrawal("90007")) for _ in range(5)]
    answers = await asyncio.gather(*asked)
    assert len({answer["auditId"] for answer in answers}) == 1
    assert sorted(answer["replayed"] for answer in answers) == [False, True, True, True, True]
    assert await caller.effects() == 1


async def test_two_aliases_with_two_keys_are_two_actions(caller: Caller) -> None:
    note = (
        'addPlayerNote(input: {playerId: "player:acme:s-001", body: "%s", context: {idempotencyKey: "%s"}}) { outcome }'
    )
    body = await caller.ask(f"mutation {{ a: {note % ('one', 'a')} b: {note % ('two', 'b')} }}", "support_l1")
    assert body == {"data": {"a": {"outcome": "EXECUTED"}, "b": {"outcome": "EXECUTED"}}}
    notes = (await caller.ask('{ player(id: "player:acme:s-001") { notes { body } } }'))["data"]["player"]["notes"]
    assert sum("one" in note["body"] or "two" in note["body"] for note in notes) == 2


BLOCKED = [  # player's withdrawal, why it must not be approved
    ("90001", "uploaded again"),
    ("90003", "reconcile"),
    ("90004", "wagered"),
    ("90005", "blocked"),
    ("90009", "SUCCEEDED"),
    ("90010", "open"),
    ("90012", "ON_HOLD"),
]


@pytest.mark.parametrize(("number", "why"), BLOCKED)
async def test_what_keeps_the_money_also_keeps_the_approval(caller: Caller, number: str, why: str) -> None:
    answer = await act(caller, "approveWithdrawal", withdrawal(number))
    assert (answer["outcome"], set(codes(answer))) == ("REJECTED_BY_POLICY", {"PRECONDITION_FAILED"})
    assert why in " ".join(error["message"] for error in answer["userErrors"])
    assert await caller.effects() == 0


async def test_a_source_that_is_silent_keeps_the_approval_too(caller: Caller) -> None:
    await caller.fault(2, operation="*", kind="status", value=503)
    answer = await act(caller, "approveWithdrawal", withdrawal("90007"))
    assert set(codes(answer)) == {"VENDOR_UNAVAILABLE"}
    assert "not everything is known" in answer["userErrors"][0]["message"]
    assert await caller.effects() == 0


async def test_a_self_excluded_player_gets_his_money(caller: Caller) -> None:
    assert (await act(caller, "approveWithdrawal", withdrawal("90011")))["outcome"] == "EXECUTED"


@pytest.mark.parametrize("role", ["payments_agent", "payments_manager"])
async def test_above_the_threshold_one_person_is_not_enough(caller: Caller, role: str) -> None:
    answer = await act(caller, "approveWithdrawal", withdrawal("90015"), role)
    assert (answer["outcome"], codes(answer)) == ("PENDING_APPROVAL", ["APPROVAL_REQUIRED"])
    assert await caller.effects() == 0


async def test_a_payout_that_hangs_is_in_doubt_and_its_intent_is_readable_meanwhile(
    caller: Caller, tmp_path: Path
) -> None:
    await caller.fault(CASHIER, operation="approve", kind="hang")
    asking = asyncio.create_task(act(caller, "approveWithdrawal", withdrawal("90007")))
    read = "import sqlite3, sys; print(sqlite3.connect(sys.argv[1]).execute('SELECT phase FROM audit').fetchall())"
    command, seen = [sys.executable, "-c", read, str(tmp_path / "audit.db")], "[]"
    while seen == "[]" and not asking.done():
        run = await asyncio.to_thread(subprocess.run, command, capture_output=True, text=True, check=True)
        seen = run.stdout.strip()
    assert (seen, asking.done()) == ("[('INTENT',)]", False)
    answer = await asking
    assert (answer["outcome"], answer["steps"][0]["outcome"]) == ("INDETERMINATE", "INDETERMINATE")
    for name, reason in (("approveWithdrawal", "CHECKS_PASSED"), ("holdWithdrawal", "RISK_REVIEW")):
        again = await act(caller, name, withdrawal("90007", "k-2", reason))
        assert codes(again) == ["PRECONDITION_FAILED"]


async def test_a_token_that_cannot_be_had_means_that_nothing_was_sent(caller: Caller) -> None:
    await act(caller, "holdWithdrawal", withdrawal("90007", "k-0", "RISK_REVIEW", dryRun=True))
    await caller.fault(CASHIER, operation="onhold", kind="status", value=429)
    answer = await act(caller, "holdWithdrawal", withdrawal("90007", "k-1", "RISK_REVIEW"))
    assert (answer["outcome"], codes(answer)) == ("REJECTED_BY_VENDOR", ["VENDOR_ERROR"])
    assert "Nothing was done" in answer["userErrors"][0]["message"]


async def test_a_dry_run_tells_and_changes_nothing(caller: Caller, tmp_path: Path) -> None:
    answer = await act(caller, "approveWithdrawal", withdrawal("90007", dryRun=True))
    assert (answer["outcome"], answer["dryRun"], answer["auditId"]) == ("EXECUTED", True, None)
    assert await caller.effects() == 0
    assert verify(tmp_path / "audit.db").records == 0


async def test_who_looked_at_an_older_state_looks_again(caller: Caller) -> None:
    query = '{ transaction(id: "withdrawal:acme:90007") { version } }'
    version = (await caller.ask(query))["data"]["transaction"]["version"]
    await act(caller, "holdWithdrawal", withdrawal("90007", "k-0", "RISK_REVIEW"))
    stale = await act(
        caller, "denyWithdrawal", withdrawal("90007", "k-1", "DUPLICATE", note="asked twice", expectedVersion=version)
    )
    assert codes(stale) == ["STALE_VERSION"]


async def test_a_denied_withdrawal_is_cancelled_and_denying_it_again_is_a_noop(caller: Caller) -> None:
    first = await act(caller, "denyWithdrawal", withdrawal("90007", "k-1", "PLAYER_REQUEST", note="asked by phone"))
    assert (first["outcome"], first["transaction"]["status"]) == ("EXECUTED", "CANCELLED_BY_OPERATOR")
    again = await act(caller, "denyWithdrawal", withdrawal("90007", "k-2", "PLAYER_REQUEST", note="asked by phone"))
    assert again["outcome"] == "NOOP"
    assert await caller.effects() == 1


async def test_a_hold_cannot_be_released_where_the_product_documents_no_way(caller: Caller) -> None:
    answer = await act(caller, "releaseWithdrawal", withdrawal("90013", "k-1", "RISK_CLEARED"))
    assert codes(answer) == ["UNSUPPORTED_BY_VENDOR"]


@pytest.mark.parametrize(
    ("reason", "more", "code"),
    [(None, {}, "REASON_REQUIRED"), ("BECAUSE", {}, "REASON_REQUIRED"), ("FRAUD", {}, "REASON_REQUIRED")],
)
async def test_a_reason_is_asked_where_the_rule_asks_it(
    caller: Caller, reason: str | None, more: dict[str, Any], code: str
) -> None:
    assert codes(await act(caller, "denyWithdrawal", withdrawal("90007", "k", reason, **more))) == [code]


@pytest.mark.parametrize("role", ["support_l1", "analyst", "auditor", "kyc_analyst"])
async def test_who_may_not_approve_is_told_so_before_any_call(caller: Caller, role: str) -> None:
    """Staff that they may not; an analyst, whose schema has no such mutation, that there is none."""
    body = await caller.ask(ON_PAYMENT % "approveWithdrawal", role, withdrawal("90007"))
    expected = "GRAPHQL_VALIDATION_FAILED" if role == "analyst" else "FORBIDDEN"
    assert body["errors"][0]["extensions"]["code"] == expected
    assert await caller.calls() == {}


async def test_outside_the_callers_market_there_is_nothing_to_act_on(caller: Caller) -> None:
    answer = await act(caller, "approveWithdrawal", withdrawal("90007"), markets=("MGA-MT",))
    assert (codes(answer), answer["transaction"]) == (["NOT_FOUND"], None)
    nowhere = await act(caller, "approveWithdrawal", withdrawal("424242"), markets=("MGA-MT",))
    assert {**answer, "auditId": None} == {**nowhere, "auditId": None}
    assert await caller.effects() == 0


async def test_a_restriction_is_set_once_and_seen_at_once(caller: Caller) -> None:
    mutation = """mutation { restrictAccount(input: {playerId: "player:acme:s-007", scopes: [WITHDRAWAL],
      context: {idempotencyKey: "%s", reasonCode: "KYC_PENDING"}}) { outcome player { account { restrictions } } } }"""
    first = (await caller.ask(mutation % "a", "risk_manager"))["data"]["restrictAccount"]
    assert first == {"outcome": "EXECUTED", "player": {"account": {"restrictions": ["WITHDRAWAL"]}}}
    assert (await caller.ask(mutation % "b", "risk_manager"))["data"]["restrictAccount"]["outcome"] == "NOOP"
    assert await caller.effects() == 1


async def test_a_ticket_is_opened_once_and_answered(caller: Caller) -> None:
    create = """mutation { createTicket(input: {playerId: "player:acme:s-007", subject: "Payout", body: "Please check.",
      context: {idempotencyKey: "t-1"}}) { outcome replayed ticket { id subject status } } }"""
    first = (await caller.ask(create, "support_l2"))["data"]["createTicket"]
    assert (first["outcome"], first["ticket"]["subject"]) == ("EXECUTED", "Payout")
    again = (await caller.ask(create, "support_l2"))["data"]["createTicket"]
    assert (again["outcome"], again["replayed"]) == ("EXECUTED", True)
    comment = """mutation($id: ID!) { addTicketComment(input: {ticketId: $id, body: "Checked.", public: false,
      context: {idempotencyKey: "c-1"}}) { outcome ticket { internalNotes { body } } } }"""
    told = (await caller.ask(comment, "support_l2", {"id": first["ticket"]["id"]}))["data"]["addTicketComment"]
    assert told["outcome"] == "EXECUTED"
    assert "Checked." in [note["body"] for note in told["ticket"]["internalNotes"]]


@pytest.mark.parametrize("body", ["", " ", "x" * 2001, "a\x00b", "a\u202eb"])
async def test_a_note_has_a_length(caller: Caller, body: str) -> None:
    mutation = """mutation($body: String!) { addPlayerNote(input: {playerId: "player:acme:s-001", body: $body,
      context: {idempotencyKey: "n"}}) { outcome } }"""
    answer = await caller.ask(mutation, "support_l1", {"body": body})
    assert answer["errors"][0]["extensions"]["code"] == "BAD_TEXT"
    assert await caller.effects() == 0


async def test_a_retry_is_told_what_was_told_though_the_vendor_is_ill_meanwhile(caller: Caller) -> None:
    first = await act(caller, "approveWithdrawal", withdrawal("90007"))
    await caller.fault(CASHIER, operation="searchPayments", kind="status", value=503)
    again = await act(caller, "approveWithdrawal", withdrawal("90007"))
    assert (again["outcome"], again["auditId"], again["replayed"]) == ("EXECUTED", first["auditId"], True)
    assert await caller.effects() == 1


async def test_a_refusal_for_an_outage_is_judged_again_with_the_same_key(caller: Caller) -> None:
    await caller.fault(2, operation="getApplicantByExternalUserId", kind="status", value=503, count=3)  # each attempt
    assert codes(await act(caller, "approveWithdrawal", withdrawal("90007"))) == ["VENDOR_UNAVAILABLE"]
    assert (await act(caller, "approveWithdrawal", withdrawal("90007")))["outcome"] == "EXECUTED"


async def test_a_denial_above_the_threshold_needs_another_person_too(caller: Caller) -> None:
    asked = withdrawal("90015", "k", "PLAYER_REQUEST", note="by phone")
    assert codes(await act(caller, "denyWithdrawal", asked, "payments_agent")) == ["THRESHOLD_EXCEEDED"]


async def test_what_a_client_writes_freely_never_stands_in_the_audit(caller: Caller, tmp_path: Path) -> None:
    secret = "anna.larsson@example.com"
    await act(caller, "holdWithdrawal", withdrawal("90007", secret, secret))
    await act(caller, "holdWithdrawal", withdrawal("90007", secret + "2", "RISK_REVIEW", note=secret))
    refused = await act(caller, "holdWithdrawal", withdrawal("90007", "k", "RISK_REVIEW", ticketRef="Anna Larsson"))
    assert codes(refused) == ["INVALID_INPUT"]
    assert secret.encode() not in _audit_bytes(tmp_path)


def _audit_bytes(folder: Path) -> bytes:
    return b"".join(file.read_bytes() for file in folder.rglob("audit.db*") if file.is_file())


async def test_the_intent_says_what_it_rested_on(caller: Caller, tmp_path: Path) -> None:
    await act(caller, "approveWithdrawal", withdrawal("90007"))
    with closing(sqlite3.connect(tmp_path / "audit.db")) as other:
        (body,) = other.execute("SELECT body FROM audit WHERE phase = 'INTENT'").fetchone()
    assert b'"amount":["GBP",12000]' in body


async def test_closing_a_ticket_by_a_comment_needs_the_right_to_change_tickets(caller: Caller) -> None:
    comment = """mutation { addTicketComment(input: {ticketId: "ticket:acme:9001", body: "x", public: false,
      setStatus: SOLVED, context: {idempotencyKey: "a"}}) { outcome } }"""
    roles = policy_file.load().roles
    only_replies = next((r for r, s in roles.items() if "ticket.reply" in s and "ticket.update" not in s), None)
    if only_replies is not None:
        answer = await caller.ask(comment, only_replies)
        assert answer["errors"][0]["extensions"]["code"] == "FORBIDDEN"
    assert (await caller.ask(comment, "support_lead"))["data"]["addTicketComment"]["outcome"] == "EXECUTED"
