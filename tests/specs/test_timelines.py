"""Timelines: what the gateway saw of a status, whose doing it was, and where it may have missed something."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Caller
from tests.specs.test_actions import act, withdrawal
from tests.specs.test_webhooks import applicant, send
from vendors.sandbox.credentials import Credentials, sandbox

CASHIER, TICKETING = 1, 6
ENTRY = "status previous by auditId evidence seenBy gapBefore"
PAYMENT = f"query ($id: ID!) {{ transaction(id: $id) {{ status statusTimeline {{ {ENTRY} }} }} }}"
TICKET = f"query ($id: ID!) {{ ticket(id: $id) {{ status statusTimeline {{ {ENTRY} }} }} }}"


@pytest.fixture
def own(tmp_path: Path, caller: Caller) -> Credentials:
    return sandbox(tmp_path)


async def timeline(caller: Caller, query: str, subject: str, role: str = "compliance_officer") -> list[Any]:
    body = await caller.ask(query, role, {"id": subject})
    assert "errors" not in body, body
    (found,) = body["data"].values()
    entries: list[Any] = found["statusTimeline"]
    assert entries[-1]["status"] == found["status"]
    return entries


async def in_the_panel(caller: Caller, own: Credentials, number: str, operation: str) -> None:
    """What an operator's clerk does in PaymentIQ's own back office."""
    base, merchant = f"http://127.0.0.1:{caller._base + CASHIER}/paymentiq", own.merchant_ids["acme"]
    token = await caller._vendors.post(
        f"{base}/oauth/token", params={"grant_type": "client_credentials"}, auth=own.cashier_client
    )
    reply = await caller._vendors.post(
        f"{base}/admin/v1/payments/{operation}/{number}", params={"merchantId": merchant}, json={},
        headers={"authorization": f"Bearer {token.json()['access_token']}"},
    )  # fmt: skip
    reply.raise_for_status()


async def test_an_action_of_ours_is_told_as_ours_and_what_followed_is_not(caller: Caller) -> None:
    answer = await act(caller, "approveWithdrawal", withdrawal("90007"))
    first, second = await timeline(caller, PAYMENT, "withdrawal:acme:90007")
    assert (first["status"], first["by"], first["previous"]) == ("AWAITING_APPROVAL", None, None)
    assert (second["status"], second["previous"]) == ("PROCESSING", "AWAITING_APPROVAL")
    assert (second["by"], second["auditId"]) == ("GATEWAY", answer["auditId"])
    async with asyncio.timeout(10):
        while (  # noqa: ASYNC110
            steps := await timeline(caller, PAYMENT, "withdrawal:acme:90007")
        )[-1]["status"] != "SUCCEEDED":
            await asyncio.sleep(0.1)
    assert [step["by"] for step in steps] == [None, "GATEWAY", "OTHER"]


async def test_a_change_in_the_vendors_own_panel_is_told_as_such(caller: Caller, own: Credentials) -> None:
    await timeline(caller, PAYMENT, "withdrawal:acme:90007")
    await in_the_panel(caller, own, "90007", "deny")
    steps = await timeline(caller, PAYMENT, "withdrawal:acme:90007")
    assert (steps[-1]["status"], steps[-1]["by"], steps[-1]["auditId"]) == (
        "CANCELLED_BY_OPERATOR",
        "VENDOR_PANEL",
        None,
    )
    assert (steps[-1]["evidence"], steps[-1]["seenBy"], steps[-1]["gapBefore"]) == ("OBSERVED", "READ", True)


async def test_a_hold_of_ours_does_not_cover_what_was_then_done_in_the_panel(caller: Caller, own: Credentials) -> None:
    await act(caller, "holdWithdrawal", withdrawal("90007", reason="RISK_REVIEW"))
    await timeline(caller, PAYMENT, "withdrawal:acme:90007")
    await in_the_panel(caller, own, "90007", "deny")
    steps = await timeline(caller, PAYMENT, "withdrawal:acme:90007")
    assert [step["status"] for step in steps] == ["AWAITING_APPROVAL", "ON_HOLD", "CANCELLED_BY_OPERATOR"]
    assert [step["by"] for step in steps] == [None, "GATEWAY", "VENDOR_PANEL"]


async def test_what_was_seen_once_is_not_forgotten(caller: Caller) -> None:
    """A second look adds nothing while nothing changes."""
    assert await timeline(caller, PAYMENT, "withdrawal:acme:90001") == await timeline(
        caller, PAYMENT, "withdrawal:acme:90001"
    )


async def test_a_green_that_comes_after_the_red_that_followed_it_stands_before_it(
    caller: Caller, tmp_path: Path
) -> None:
    red = {"reviewAnswer": "RED", "reviewRejectType": "FINAL"}
    await send(caller.http, applicant(2, reviewResult=red, createdAtMs="2036-11-20 18:00:00.000"), tmp_path)
    await send(caller.http, applicant(1, createdAtMs="2036-11-20 16:00:00.000"), tmp_path)
    query = '{ player(id: "player:acme:s-004") { kyc { statusTimeline { status vendorStatus seenBy } } } }'
    body = await caller.ask(query, "kyc_analyst")
    seen = [step for step in body["data"]["player"]["kyc"]["statusTimeline"] if step["seenBy"] == "WEBHOOK"]
    assert [step["vendorStatus"] for step in seen] == ["completed GREEN", "completed RED FINAL"]


async def test_a_ticket_is_solved_by_us_and_opened_again_at_the_desk(caller: Caller, own: Credentials) -> None:
    await timeline(caller, TICKET, "ticket:acme:9001")
    mutation = """mutation { addTicketComment(input: {ticketId: "ticket:acme:9001", body: "x", public: true,
      setStatus: PENDING_PLAYER, context: {idempotencyKey: "t-1"}}) { outcome auditId userErrors { code } } }"""
    body = await caller.ask(mutation, "support_l2")
    assert body["data"]["addTicketComment"]["outcome"] == "EXECUTED", body
    base = f"http://127.0.0.1:{caller._base + TICKETING}/api/v2/tickets/9001"
    (await caller._vendors.put(base, json={"ticket": {"status": "hold"}}, auth=own.desk_login)).raise_for_status()
    steps = await timeline(caller, TICKET, "ticket:acme:9001")
    assert [(step["status"], step["by"]) for step in steps][-2:] == [
        ("PENDING_PLAYER", "GATEWAY"),
        ("ON_HOLD", "VENDOR_PANEL"),
    ]


async def test_support_is_not_told_whose_doing_it_was(caller: Caller) -> None:
    await act(caller, "approveWithdrawal", withdrawal("90007"))
    steps = await timeline(caller, PAYMENT, "withdrawal:acme:90007", "support_l1")
    assert {step["by"] for step in steps} == {None}
    assert {step["auditId"] for step in steps} == {None}


async def test_a_timeline_costs_the_vendor_no_call_of_its_own(caller: Caller) -> None:
    await timeline(caller, PAYMENT, "withdrawal:acme:90001")
    assert (await caller.calls())["searchPayments"] == 1
