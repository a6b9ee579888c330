"""PaymentIQ's user accounts: what a player pays with."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from tests.vendors.test_paymentiq import MERCHANTS, NOW, SECRET, URL, calls, cashier, replying
from vendors.errors import VendorBusyError, VendorDownError, VendorMalformedError, VendorRejectedError
from vendors.ports.cashier import InstrumentStatus, InstrumentVerification, PaymentInstrument
from vendors.ports.keys import Key
from vendors.sandbox.facts import InstrumentFacts, PlayerFacts
from vendors.sandbox.paymentiq import stage
from vendors.sandbox.world import World, build

PLAYER, OTHER, POOR = Key("player", "acme", "a-1"), Key("player", "acme", "s-001"), Key("player", "acme", "a-2")
DAY = timedelta(days=1)


def world() -> World:
    accounts = (
        InstrumentFacts("u-1", "Visa", "4444********1234", "2/2028", "ACTIVE", "VERIFIED", 9 * DAY, 3 * DAY, 20, 10),
        InstrumentFacts("u-2", "Skrill", "a***@x", None, "BLOCKED", "REQUESTED", 8 * DAY, 1 * DAY, 0, 4),
    )
    player = PlayerFacts("a-1", "acme", "MGA-MT", "Ann", "Account", 1990, 50 * DAY, 0, instruments=accounts)
    poor = PlayerFacts("a-2", "acme", "MGA-MT", "Pia", "Poor", 1990, 50 * DAY, 0)
    return World(NOW, {**build(NOW).players, ("acme", "a-1"): player, ("acme", "a-2"): poor})


@pytest.fixture
async def wire() -> AsyncIterator[httpx.AsyncClient]:
    app = stage(world(), "id", SECRET, MERCHANTS).app
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url=URL) as client:
        yield client


async def instruments(wire: httpx.AsyncClient, player: Key = PLAYER) -> list[PaymentInstrument]:
    found = (await cashier(wire).instruments([player]))[player]
    assert not isinstance(found, Exception), found
    return list(found)


async def test_instruments_are_last_used_first_and_say_what_the_vendor_says(wire: httpx.AsyncClient) -> None:
    wallet, card = await instruments(wire)
    assert (card.id, card.player, card.kind) == (Key("instrument", "acme", "u-1"), PLAYER, "CREDITCARD")
    assert (card.masked, card.holder, card.expiry) == ("4444********1234", "Ann Account", "2028-02-29")
    assert (card.first_used_at, card.last_used_at) == (NOW - 9 * DAY, NOW - 3 * DAY)
    assert (card.success_count, card.failure_count, card.source.vendor_id) == (20, 10, "u-1")
    assert (wallet.status, wallet.verification) == (InstrumentStatus.BLOCKED, InstrumentVerification.REQUESTED)
    assert (wallet.expiry, wallet.last_success_at, wallet.block_reason) == (None, None, "Blocked by an agent.")


async def test_a_player_who_never_paid_has_an_empty_list(wire: httpx.AsyncClient) -> None:
    assert await instruments(wire, POOR) == []


async def test_each_player_is_one_call_and_brands_do_not_mix(wire: httpx.AsyncClient) -> None:
    stranger, nowhere = Key("player", "corona", "a-1"), Key("player", "nowhere", "a-1")
    found = await cashier(wire).instruments([PLAYER, OTHER, PLAYER, stranger, nowhere])
    assert (found[stranger], type(found[nowhere])) == ([], VendorRejectedError)
    assert await calls(wire, "searchAccounts") == 3


async def test_trouble_stays_with_its_player(wire: httpx.AsyncClient) -> None:
    fault = {"operation": "searchAccounts", "kind": "status", "value": 500, "key": "merchantUserId=s-001"}
    await wire.post("/__faults", json=fault)
    found = await cashier(wire).instruments([PLAYER, OTHER])
    assert isinstance(found[OTHER], VendorDownError)
    assert not isinstance(found[PLAYER], Exception)
    await wire.post("/__faults", json={"operation": "searchAccounts", "kind": "rate_limit", "value": 7})
    busy = (await cashier(wire).instruments([PLAYER]))[PLAYER]
    assert isinstance(busy, VendorBusyError)
    assert busy.retry_after_seconds == 7


def account(**changes: object) -> dict[str, object]:
    """The worked example of the page "accounts/search" (snapshot 2023-04), for a merchant and player of ours."""
    return {
        "id": 1, "merchantId": 100101, "accountUuid": "958acd6b-b386-4a2c-bead-e3ed49613d44",
        "merchantUserId": "a-1", "holder": "testuser", "type": "CreditcardDeposit", "providerType": "CREDITCARD",
        "hashedAccount": "958acd6b-b386-4a2c-bead-e3ed49613d44", "maskedAccount": "4444********1234",
        "startDate": "2021-01-01 00:00:00", "expiryDate": "2021-01-01 00:00:00", "firstUsed": "2021-01-01 00:00:00",
        "lastUsed": "2021-01-01 00:00:00", "lastSuccess": "2021-01-01 00:00:00", "noSuccessfulTx": 20,
        "noFailedTx": 10, "description": "Example string", "status": "ACTIVE", "visible": True,
        "blockReason": "Blocked because of credit abuse.", "blockScopeMid": 100, "service": "SKRILL",
        "verificationStatus": "VERIFIED", **changes,
    }  # fmt: skip


async def test_the_vendors_own_example_can_be_read() -> None:
    async with replying([account()]) as wire:
        (found,) = await instruments(wire)
    assert found.id.local == "958acd6b-b386-4a2c-bead-e3ed49613d44"
    assert (found.last_success_at, found.block_reason) == (
        datetime(2021, 1, 1, tzinfo=UTC), "Blocked because of credit abuse.",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("word", "status"),
    [
        ("ACTIVE", InstrumentStatus.ACTIVE), ("INACTIVE", InstrumentStatus.INACTIVE), ("NEW", InstrumentStatus.UNKNOWN),
        ("DELETED", InstrumentStatus.DELETED), ("BLOCKED", InstrumentStatus.BLOCKED),
        ("NOVEL", InstrumentStatus.UNKNOWN), (None, InstrumentStatus.UNKNOWN),
    ],
)  # fmt: skip
async def test_every_documented_status_is_read_and_a_new_one_is_unknown(
    word: str | None, status: InstrumentStatus
) -> None:
    async with replying([account(status=word)]) as wire:
        (found,) = await instruments(wire)
    assert (found.status, found.vendor_status) == (status, word)


@pytest.mark.parametrize(
    ("word", "verification"),
    [
        ("REQUESTED", InstrumentVerification.REQUESTED), ("VERIFIED", InstrumentVerification.VERIFIED),
        ("UNVERIFIED", InstrumentVerification.UNVERIFIED), ("NOVEL", InstrumentVerification.UNKNOWN),
        (None, InstrumentVerification.UNKNOWN),
    ],
)  # fmt: skip
async def test_every_documented_verification_is_read_and_a_new_one_is_unknown(
    word: str | None, verification: InstrumentVerification
) -> None:
    async with replying([account(verificationStatus=word)]) as wire:
        (found,) = await instruments(wire)
    assert (found.verification, found.vendor_verification) == (verification, word)


@pytest.mark.parametrize(
    "change",
    [
        {"merchantUserId": "a-2"}, {"merchantId": 7}, {"accountUuid": None}, {"accountUuid": "a/b"},
        {"maskedAccount": None}, {"lastUsed": "yesterday"}, {"noFailedTx": "ten"},
    ],
)  # fmt: skip
async def test_one_account_amiss_is_an_error_never_a_shorter_list(change: dict[str, object]) -> None:
    async with replying([account(accountUuid="u-9"), account(**change)]) as wire:
        found = await cashier(wire).instruments([PLAYER])
    assert isinstance(found[PLAYER], VendorMalformedError)


async def test_a_list_that_may_be_cut_is_an_error() -> None:
    async with replying([account(accountUuid=f"u-{n}") for n in range(1000)]) as wire:
        found = await cashier(wire).instruments([PLAYER])
    assert isinstance(found[PLAYER], VendorMalformedError)
