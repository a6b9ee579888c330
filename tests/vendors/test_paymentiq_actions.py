"""PaymentIQ's actions: what they change, what forbids them, and what is known when no answer comes."""

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Any

import httpx
import msgspec
import pytest

from tests.vendors.test_paymentiq import MERCHANTS, NOW, SECRET, URL, withdrawal
from vendors.cashier.paymentiq import PaymentIQ, PaymentIQTokens
from vendors.cashier.paymentiq_actions import OPERATIONS
from vendors.client import Client
from vendors.errors import (
    VendorAuthError,
    VendorConflictError,
    VendorDownError,
    VendorError,
    VendorMalformedError,
    VendorRejectedError,
    VendorTimeoutError,
)
from vendors.ports.cashier import Transaction, TransactionStatus, WithdrawalAction, WithdrawalCommand
from vendors.ports.keys import Key
from vendors.ports.source import System
from vendors.sandbox.paymentiq import stage
from vendors.sandbox.world import build

APPROVE, DENY, HOLD, RELEASE = WithdrawalAction
WAITING, HELD, DOUBTFUL = withdrawal("90007"), withdrawal("90012"), withdrawal("90003")
WRONG_STATE = (  # the examples of the pages "approve", "deny" and "onhold", snapshot 2023-04
    "Invalid transaction state, found current transaction status: SUCCESSFUL. "
    "Expected transaction state to be: WAITING_APPROVAL",
    "Invalid transaction state, found current transaction status: CANCELLED. "
    "Expected transaction state to be: WAITING_APPROVAL.",
    "Invalid transaction status, found current transaction statuscode: WAITING_WITHDRAWAL_ON_HOLD_APPROVAL.",
)


class Now:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.at = NOW

    def __call__(self) -> datetime:
        return self.at


@pytest.fixture
def now() -> Now:
    return Now()


@pytest.fixture
async def wire(now: Now) -> AsyncIterator[httpx.AsyncClient]:
    app = stage(build(NOW), "id", SECRET, MERCHANTS, clock=now).app
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url=URL) as client:
        yield client


def cashier(wire: httpx.AsyncClient, *, secret: str = SECRET, timeout_seconds: float = 2.0, **more: Any) -> PaymentIQ:
    tokens = PaymentIQTokens(URL, wire, "id", secret, lambda: NOW)
    client = Client(System.CASHIER, URL, wire, tokens.sign, renew=tokens.renew, timeout_seconds=timeout_seconds)
    return PaymentIQ(client, MERCHANTS, lambda: NOW, **more)


def command(action: WithdrawalAction, key: Key = WAITING, reason: str | None = None) -> WithdrawalCommand:
    return WithdrawalCommand(key, action, reason, "aud-1")


async def now_is(wire: httpx.AsyncClient, key: Key = WAITING) -> Transaction:
    found = (await cashier(wire).transactions([key]))[key]
    assert isinstance(found, Transaction)
    return found


async def stored(wire: httpx.AsyncClient, key: Key = WAITING) -> dict[str, Any]:
    """The payment as the product answers it."""
    headers = await PaymentIQTokens(URL, wire, "id", SECRET, lambda: NOW).sign("GET", "/", b"")
    query = {"merchantId": MERCHANTS[key.brand], "idList": key.local}
    rows = (await wire.get("/paymentiq/admin/v1/payments", params=query, headers=headers)).json()
    return dict(rows[0])


async def stats(wire: httpx.AsyncClient, operation: str) -> tuple[int, int]:
    """(calls, effects) so far."""
    found = (await wire.get("/__stats")).json().get(operation, {"calls": 0, "effects": 0})
    return found["calls"], found["effects"]


async def trouble(adapter: PaymentIQ, what: WithdrawalCommand) -> VendorError:
    with pytest.raises(VendorError) as caught:
        await adapter.act(what)
    return caught.value


async def test_an_approved_payout_is_paying_and_then_paid(wire: httpx.AsyncClient, now: Now) -> None:
    now.at += timedelta(seconds=30)
    await cashier(wire).act(command(APPROVE))
    paying = await now_is(wire)
    now.at += timedelta(seconds=2)
    paid = await now_is(wire)
    assert (paying.status, paying.vendor_status_code) == (TransactionStatus.PROCESSING, "PROCESSING_PROVIDER")
    assert (paid.status, paid.vendor_status_code) == (TransactionStatus.SUCCEEDED, "SUCCESS_WITHDRAWAL_APPROVAL")
    assert (paying.updated_at, paid.updated_at) == (NOW + timedelta(seconds=30), NOW + timedelta(seconds=32))
    assert await stats(wire, "approve") == (1, 1)


@pytest.mark.parametrize("key", [WAITING, HELD])
async def test_a_denied_payout_is_cancelled_by_the_operator_also_from_hold(wire: httpx.AsyncClient, key: Key) -> None:
    await cashier(wire).act(command(DENY, key, "KYC_FAILED"))
    found = await now_is(wire, key)
    assert (found.status, found.vendor_state) == (TransactionStatus.CANCELLED_BY_OPERATOR, "CANCELLED")


async def test_a_held_payout_is_on_hold(wire: httpx.AsyncClient) -> None:
    await cashier(wire).act(command(HOLD))
    assert (await now_is(wire)).status is TransactionStatus.ON_HOLD


async def test_the_reason_and_the_audit_id_can_be_read_back(wire: httpx.AsyncClient) -> None:
    await cashier(wire).act(command(HOLD, reason="DOCS_PENDING"))
    payment = await stored(wire)
    assert (payment["info"], payment["updatedBy"]) == ("DOCS_PENDING audit:aud-1", "id")
    await cashier(wire).act(command(DENY))
    assert (await stored(wire))["info"] == "audit:aud-1"


async def test_a_reason_with_a_tag_of_the_merchants_carries_it() -> None:
    bodies: list[Any] = []

    def answer(request: httpx.Request) -> httpx.Response:
        if "oauth" in request.url.path:
            return httpx.Response(200, json={"access_token": "t", "expires_in": 7200})
        bodies.append(msgspec.json.decode(request.content))
        return httpx.Response(200, json={"id": 90007, "merchantId": 100101})

    async with httpx.AsyncClient(transport=httpx.MockTransport(answer)) as wire:
        adapter = cashier(wire, tags={"FRAUD": "CP-1"})
        await adapter.act(command(DENY, reason="FRAUD"))
        await adapter.act(command(DENY, reason="DUPLICATE"))
    assert bodies == [{"info": "FRAUD audit:aud-1", "tagId": "CP-1"}, {"info": "DUPLICATE audit:aud-1"}]


@pytest.mark.parametrize(
    ("action", "key"), [(APPROVE, HELD), (HOLD, HELD), *((action, DOUBTFUL) for action in (APPROVE, DENY, HOLD))]
)
async def test_a_state_that_forbids_the_action_is_a_conflict_and_changes_nothing(
    wire: httpx.AsyncClient, action: WithdrawalAction, key: Key
) -> None:
    before = await stored(wire, key)
    error = await trouble(cashier(wire), command(action, key))
    assert isinstance(error, VendorConflictError)
    assert not error.write_may_have_happened
    assert await stored(wire, key) == before
    assert await stats(wire, OPERATIONS[action]) == (1, 0)


async def test_an_action_is_done_once_however_often_it_is_sent(wire: httpx.AsyncClient) -> None:
    await cashier(wire).act(command(APPROVE))
    assert isinstance(await trouble(cashier(wire), command(APPROVE)), VendorConflictError)
    assert await stats(wire, "approve") == (2, 1)


async def test_a_reset_puts_the_payment_back(wire: httpx.AsyncClient, now: Now) -> None:
    before = await stored(wire)
    await cashier(wire).act(command(APPROVE))
    await wire.post("/__reset")
    now.at += timedelta(hours=1)
    assert await stored(wire) == before


async def test_release_is_refused_without_a_call_because_the_product_documents_none(wire: httpx.AsyncClient) -> None:
    assert PaymentIQ.supports == {APPROVE, DENY, HOLD}
    error = await trouble(cashier(wire), command(RELEASE, HELD))
    assert (type(error), error.operation) == (VendorRejectedError, "release")
    assert "documents none" in error.detail
    assert (await wire.get("/__stats")).json() == {}


@pytest.mark.parametrize("key", [withdrawal("1"), withdrawal("90007", "corona")])
async def test_a_payment_that_is_not_there_or_another_brands_is_refused(wire: httpx.AsyncClient, key: Key) -> None:
    error = await trouble(cashier(wire), command(APPROVE, key))
    assert (type(error), error.write_may_have_happened) == (VendorRejectedError, False)
    assert (await stats(wire, "approve"))[1] == 0


@pytest.mark.parametrize(
    "what",
    [
        command(APPROVE, withdrawal("not-a-number")),
        command(APPROVE, withdrawal("9" * 19)),
        command(APPROVE, Key("deposit", "acme", "90014")),
        command(APPROVE, withdrawal("90007", "nowhere")),
        command(DENY, reason="R" * 200),
    ],
)
async def test_what_cannot_be_asked_is_refused_without_a_call(wire: httpx.AsyncClient, what: WithdrawalCommand) -> None:
    error = await trouble(cashier(wire), what)
    assert (type(error), error.write_may_have_happened) == (VendorRejectedError, False)
    assert (await wire.get("/__stats")).json() == {}


async def test_the_simulator_refuses_a_call_without_a_body(wire: httpx.AsyncClient) -> None:
    headers = await PaymentIQTokens(URL, wire, "id", SECRET, lambda: NOW).sign("POST", "/", b"")
    path, query = "/paymentiq/admin/v1/payments/approve/90007", {"merchantId": MERCHANTS["acme"]}
    assert (await wire.post(path, params=query, headers=headers)).status_code == 400
    assert (await wire.post(path, params=query, headers=headers, json={"info": "x" * 201})).status_code == 400
    assert (await wire.post(path, params=query, headers=headers, json={})).status_code == 200


def refusing(status: int, body: object) -> httpx.AsyncClient:
    def answer(request: httpx.Request) -> httpx.Response:
        token = {"access_token": "t", "expires_in": 7200}
        return httpx.Response(200, json=token) if "oauth" in request.url.path else httpx.Response(status, json=body)

    return httpx.AsyncClient(transport=httpx.MockTransport(answer))


@pytest.mark.parametrize("text", WRONG_STATE)
@pytest.mark.parametrize("status", [200, 400, 404, 409, 422, 500])  # no page says which
async def test_a_wrong_state_is_a_conflict_under_any_status(status: int, text: str) -> None:
    async with refusing(status, {"errorMessage": text}) as wire:
        error = await trouble(cashier(wire), command(APPROVE))
    assert (type(error), error.write_may_have_happened) == (VendorConflictError, False)


@pytest.mark.parametrize("status", [400, 404])
@pytest.mark.parametrize("body", [{"errorMessage": "no such thing: 4111111111111111"}])
async def test_any_other_refusal_is_a_rejection_that_repeats_no_text(status: int, body: object) -> None:
    async with refusing(status, body) as wire:
        error = await trouble(cashier(wire), command(APPROVE))
    assert (type(error), error.write_may_have_happened) == (VendorRejectedError, False)
    assert "4111" not in str(error)


@pytest.mark.parametrize(
    "body",
    [{"id": 1, "merchantId": 100101}, {"id": 90007, "merchantId": 7}, {"id": 90007}, {}, [], None, {"id": "x"}],
)
async def test_an_answer_about_another_payment_leaves_the_action_in_doubt(body: object) -> None:
    async with refusing(200, body) as wire:
        error = await trouble(cashier(wire), command(APPROVE))
    assert (type(error), error.write_may_have_happened) == (VendorMalformedError, True)


async def fault(wire: httpx.AsyncClient, operation: str, kind: str, value: float | None = None) -> None:
    await wire.post("/__faults", json={"operation": operation, "kind": kind, "value": value})


async def test_an_action_that_hangs_may_have_happened(wire: httpx.AsyncClient) -> None:
    await fault(wire, "approve", "hang")
    error = await trouble(cashier(wire, timeout_seconds=0.1), command(APPROVE))
    assert (type(error), error.write_may_have_happened) == (VendorTimeoutError, True)


@pytest.mark.parametrize("kind", ["truncate", "garbage"])
async def test_an_action_whose_answer_cannot_be_read_may_have_happened(wire: httpx.AsyncClient, kind: str) -> None:
    await fault(wire, "approve", kind)
    error = await trouble(cashier(wire), command(APPROVE))
    assert (type(error), error.write_may_have_happened) == (VendorMalformedError, True)
    assert await stats(wire, "approve") == (1, 1)


async def test_an_action_that_ends_in_a_server_error_may_have_happened(wire: httpx.AsyncClient) -> None:
    await fault(wire, "deny", "status", 502)
    error = await trouble(cashier(wire), command(DENY))
    assert (type(error), error.write_may_have_happened) == (VendorDownError, True)
    assert (await stats(wire, "deny"))[0] == 1, "a write is never sent twice"


@pytest.mark.parametrize(
    ("kind", "value", "expected"),
    [
        ("status", 503, VendorDownError),
        ("hang", None, VendorTimeoutError),
        ("garbage", None, VendorMalformedError),
        ("status", 401, VendorAuthError),
    ],
)
async def test_without_a_token_nothing_has_happened(
    wire: httpx.AsyncClient, kind: str, value: float | None, expected: type[VendorError]
) -> None:
    await fault(wire, "token", kind, value)
    error = await trouble(cashier(wire, timeout_seconds=0.1), command(APPROVE))
    assert (type(error), error.write_may_have_happened) == (expected, False)
    assert await stats(wire, "approve") == (0, 0)


async def test_a_wrong_secret_is_an_auth_error_and_nothing_has_happened(wire: httpx.AsyncClient) -> None:
    error = await trouble(cashier(wire, secret="wrong"), command(APPROVE))
    assert (type(error), error.write_may_have_happened) == (VendorAuthError, False)


async def test_an_expired_token_is_renewed_and_the_action_done_once(wire: httpx.AsyncClient) -> None:
    adapter = cashier(wire)
    await adapter.transactions([WAITING])
    await wire.post("/__reset")  # forgets the tokens
    await adapter.act(command(APPROVE))
    assert await stats(wire, "approve") == (2, 1)


@pytest.mark.parametrize(
    "more", [{"errorMessage": "Read timed out at provider"}, {"state": "INCONSISTENT"}],
)  # fmt: skip
async def test_a_good_status_that_tells_of_trouble_leaves_the_action_in_doubt(more: dict[str, str]) -> None:
    async with refusing(200, {"id": 90007, "merchantId": 100001, **more}) as wire:
        error = await trouble(cashier(wire), command(APPROVE))
    assert (type(error), error.write_may_have_happened) == (VendorMalformedError, True)


@pytest.mark.parametrize("status", [408, 499])
async def test_a_proxys_word_for_a_lost_request_leaves_the_action_in_doubt(status: int) -> None:
    async with refusing(status, {}) as wire:
        error = await trouble(cashier(wire), command(APPROVE))
    assert error.write_may_have_happened
