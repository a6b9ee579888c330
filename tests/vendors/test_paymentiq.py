"""PaymentIQ's adapter against its simulator: what it says of payments, how often it asks, what it does in doubt."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import httpx
import msgspec
import pytest

from vendors.cashier.paymentiq import PaymentIQ, PaymentIQTokens
from vendors.cashier.paymentiq_statuses import canonical
from vendors.client import Client
from vendors.errors import VendorAuthError, VendorDownError, VendorError, VendorMalformedError, VendorRejectedError
from vendors.ports.cashier import Direction, FailureClass, Transaction, TransactionStatus
from vendors.ports.keys import Key
from vendors.ports.money import Money
from vendors.ports.source import System
from vendors.sandbox.facts import PaymentFacts, PlayerFacts
from vendors.sandbox.paymentiq import stage
from vendors.sandbox.world import World, build

NOW = datetime(2026, 11, 20, 12, 0, 0, tzinfo=UTC)
URL = "http://paymentiq.test"
SECRET = "secret"
MERCHANTS = {"acme": "100101", "borealis": "100102", "corona": "100103"}


def paid(number: str, code: str, *, state: str, days: float, updated_days: float | None = None) -> PaymentFacts:
    ages = timedelta(days=days), timedelta(days=days if updated_days is None else updated_days)
    return PaymentFacts(number, "WITHDRAWAL", "VisaWithdrawal", 1200, state, code, *ages)


def world() -> World:
    """The canonical world and one player with withdrawals at the edges."""
    edges = (
        paid("95001", "SUCCESS", state="SUCCESSFUL", days=9, updated_days=1),
        paid("95002", "SUCCESS", state="SUCCESSFUL", days=9),
        paid("95003", "ERR_INVALID_RESPONSE", state="FAILED", days=1),
        paid("95004", "ERR_DECLINED_NO_FUNDS", state="FAILED", days=1),
        paid("95005", "SOMETHING_NEW", state="PROCESSING", days=40),
        PaymentFacts(
            "95006", "DEPOSIT", "VisaDeposit", 500, "PROCESSING", "PROCESSING_PROVIDER", timedelta(0), timedelta(0)
        ),
    )
    edge = PlayerFacts("e-1", "acme", "MGA-MT", "E", "Edge", 1990, timedelta(days=50), 0, payments=edges)
    built = build(NOW)
    return World(NOW, {**built.players, ("acme", "e-1"): edge})


def cashier(wire: httpx.AsyncClient, secret: str = SECRET) -> PaymentIQ:
    tokens = PaymentIQTokens(URL, wire, "id", secret, lambda: NOW)
    client = Client(System.CASHIER, URL, wire, tokens.sign, renew=tokens.renew)
    return PaymentIQ(client, MERCHANTS, lambda: NOW)


@pytest.fixture
async def wire() -> AsyncIterator[httpx.AsyncClient]:
    app = stage(world(), "id", SECRET, MERCHANTS).app
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url=URL) as client:
        yield client


async def calls(wire: httpx.AsyncClient, operation: str) -> int:
    return int((await wire.get("/__stats")).json()[operation]["calls"])


def withdrawal(number: str, brand: str = "acme") -> Key:
    return Key("withdrawal", brand, number)


def good(answer: object) -> Transaction:
    assert isinstance(answer, Transaction)
    return answer


@pytest.mark.parametrize(
    ("number", "status", "failure"),
    [
        ("90001", TransactionStatus.AWAITING_APPROVAL, None),
        ("90003", TransactionStatus.INDETERMINATE, FailureClass.INCONSISTENT),
        ("90006", TransactionStatus.AWAITING_CALLBACK, FailureClass.CALLBACK_DELAYED),
        ("90009", TransactionStatus.SUCCEEDED, None),
        ("95005", TransactionStatus.UNKNOWN, FailureClass.UNKNOWN),
    ],
)
async def test_scenarios_read_as_they_are_told(
    wire: httpx.AsyncClient, number: str, status: TransactionStatus, failure: FailureClass | None
) -> None:
    found = good((await cashier(wire).transactions([withdrawal(number)]))[withdrawal(number)])
    assert (found.status, found.failure) == (status, failure)


async def test_a_payment_carries_its_money_times_and_source(wire: httpx.AsyncClient) -> None:
    found = good((await cashier(wire).transactions([withdrawal("90001")]))[withdrawal("90001")])
    assert (found.amount, found.player) == (Money("GBP", 12000, 2), Key("player", "acme", "s-001"))
    assert (found.created_at, found.method, found.psp) == (NOW - timedelta(hours=26), "VisaWithdrawal", "Worldpay")
    assert (found.source.vendor, found.source.vendor_id, found.psp_reference) == ("PaymentIQ", "90001", "psp-90001")


async def test_many_ids_are_one_call_per_brand(wire: httpx.AsyncClient) -> None:
    deposits = [Key("deposit", p.brand, f.id) for p in build(NOW).players.values() for f in p.payments][:290]
    found = await cashier(wire).transactions(deposits)
    assert set(found) == set(deposits)
    assert (await calls(wire, "searchPayments"), await calls(wire, "token")) == (len({k.brand for k in deposits}), 1)


async def test_what_does_not_exist_is_absent(wire: httpx.AsyncClient) -> None:
    strangers = [
        Key("deposit", "acme", "90001"),
        withdrawal("1"),
        withdrawal("no-number"),
        withdrawal("90001", "corona"),
    ]
    assert await cashier(wire).transactions(strangers) == {}


async def test_a_brand_without_a_merchant_fails_alone(wire: httpx.AsyncClient) -> None:
    found = await cashier(wire).transactions([withdrawal("90001"), withdrawal("1", "nowhere")])
    assert isinstance(found[withdrawal("1", "nowhere")], VendorRejectedError)
    assert good(found[withdrawal("90001")])


async def test_open_withdrawals_are_newest_first_and_keep_doubt_and_travel(wire: httpx.AsyncClient) -> None:
    edge, calm = Key("player", "acme", "e-1"), Key("player", "acme", "s-007")
    found = await cashier(wire).open_withdrawals([edge, calm, edge])
    edges, calms = found[edge], found[calm]
    assert not isinstance(edges, VendorError)
    assert not isinstance(calms, VendorError)
    assert [t.id.local for t in edges] == ["95003", "95001", "95005"]
    assert [t.id.local for t in calms] == ["90007"]
    assert await calls(wire, "searchPayments") == 4


async def test_an_expired_token_is_renewed_once_however_many_learn_of_it(wire: httpx.AsyncClient) -> None:
    adapter = cashier(wire)
    await adapter.transactions([withdrawal("90001")])
    await wire.post("/__reset")  # forgets the tokens and the counts
    players = [Key("player", "acme", f"s-00{number}") for number in range(1, 10)]
    found = await adapter.open_withdrawals(players)
    assert not [answer for answer in found.values() if isinstance(answer, VendorError)]
    assert await calls(wire, "token") == 1


async def test_a_late_refusal_does_not_drop_a_token_fetched_since(wire: httpx.AsyncClient) -> None:
    tokens = PaymentIQTokens(URL, wire, "id", SECRET, lambda: NOW)
    refused = asyncio.Event()

    async def late() -> None:
        await tokens.sign("GET", "/", b"")
        await refused.wait()
        tokens.renew()

    slow = asyncio.create_task(late())
    await asyncio.sleep(0.05)
    await tokens.sign("GET", "/", b"")
    tokens.renew()
    fresh = await tokens.sign("GET", "/", b"")
    refused.set()
    await slow
    assert await tokens.sign("GET", "/", b"") == fresh
    assert await calls(wire, "token") == 2


async def test_a_token_is_given_up_before_it_expires(wire: httpx.AsyncClient) -> None:
    times = iter([NOW, NOW, NOW + timedelta(seconds=7141), NOW + timedelta(seconds=7141)])
    tokens = PaymentIQTokens(URL, wire, "id", SECRET, lambda: next(times))
    first = await tokens.sign("GET", "/", b"")  # one reading: there is no token yet
    assert await tokens.sign("GET", "/", b"") == first
    assert await tokens.sign("GET", "/", b"") != first


async def test_trouble_at_the_token_endpoint_is_a_vendor_error(wire: httpx.AsyncClient) -> None:
    wrong = await cashier(wire, secret="wrong").transactions([withdrawal("90001")])
    assert isinstance(wrong[withdrawal("90001")], VendorAuthError)
    await wire.post("/__faults", json={"operation": "token", "kind": "status", "value": 503})
    down = await cashier(wire).open_withdrawals([Key("player", "acme", "s-001")])
    assert isinstance(down[Key("player", "acme", "s-001")], VendorDownError)


@pytest.mark.parametrize("code", ["ERR_READ_TIMEOUT", "ERR_IO_EXCEPTION", "ERR_UNKNOWN_RESPONSE"])
def test_a_lost_answer_leaves_a_withdrawal_in_doubt_and_fails_a_deposit(code: str) -> None:
    lost = FailureClass.PSP_TECHNICAL
    assert canonical("INCONSISTENT", code, Direction.WITHDRAWAL) == (TransactionStatus.INDETERMINATE, lost)
    assert canonical("INCONSISTENT", code, Direction.DEPOSIT) == (TransactionStatus.FAILED_TECHNICAL, lost)


@pytest.mark.parametrize(
    ("state", "code"),
    [("SUCCESSFUL", "SUCCESS_OF_A_NEW_KIND"), ("SUCCESSFUL", None), ("FAILED", "SUCCESS"), ("NEW_STATE", "NEW_CODE")],
)
def test_an_unknown_word_is_never_clear(state: str, code: str | None) -> None:
    assert canonical(state, code, Direction.WITHDRAWAL) == (TransactionStatus.UNKNOWN, FailureClass.UNKNOWN)


def spoilt(**changes: object) -> dict[str, object]:
    return {
        "id": 1, "merchantId": 100101, "merchantUserId": "p-1", "txTypeName": "VisaWithdrawal",
        "txAmount": "-12.00 EUR",
        "state": "PROCESSING", "statusCode": "PROCESSING_PROVIDER", "created": "2026-11-19 10:00:00", **changes,
    }  # fmt: skip


def replying(payments: list[dict[str, object]]) -> httpx.AsyncClient:
    def answer(request: httpx.Request) -> httpx.Response:
        token = {"access_token": "t", "expires_in": 7200}
        return httpx.Response(200, content=msgspec.json.encode(token if "oauth" in request.url.path else payments))

    return httpx.AsyncClient(transport=httpx.MockTransport(answer))


@pytest.mark.parametrize(
    "change",
    [
        {"txAmount": "twelve"}, {"txAmount": "12.001 EUR"}, {"created": "yesterday"}, {"state": None},
        {"merchantUserId": "a b"}, {"txTypeName": "Refund"}, {"merchantId": 7},
    ],
)  # fmt: skip
async def test_one_unreadable_payment_does_not_hide_the_others(change: dict[str, object]) -> None:
    async with replying([spoilt(**change), spoilt(id=2)]) as wire:
        found = await cashier(wire).transactions([withdrawal("1"), withdrawal("2")])
    assert isinstance(found[withdrawal("1")], VendorMalformedError)
    assert good(found[withdrawal("2")]).amount == Money("EUR", 1200, 2)


async def test_a_payment_without_a_number_may_be_any_that_is_missing() -> None:
    async with replying([spoilt(id=None), spoilt(id=2)]) as wire:
        found = await cashier(wire).transactions([withdrawal("1"), withdrawal("2")])
    assert isinstance(found[withdrawal("1")], VendorMalformedError)
    assert good(found[withdrawal("2")])


@pytest.mark.parametrize("change", [{"txAmount": "twelve"}, {"txTypeName": None}, {"merchantUserId": "p-2"}])
async def test_an_unreadable_withdrawal_is_never_an_empty_list(change: dict[str, object]) -> None:
    player = Key("player", "acme", "p-1")
    async with replying([spoilt(**change)]) as wire:
        found = await cashier(wire).open_withdrawals([player])
    assert isinstance(found[player], VendorMalformedError)
