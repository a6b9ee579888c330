"""The Sumsub adapter reads its simulator, and trouble stays with the player it belongs to."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import msgspec
import pytest

from vendors.client import Client
from vendors.errors import VendorAuthError, VendorError, VendorMalformedError, VendorTimeoutError
from vendors.kyc.sumsub import Sumsub, sign
from vendors.ports.keys import Key
from vendors.ports.kyc import KycProfile, KycStatus, RejectLabel
from vendors.ports.source import System
from vendors.sandbox import sumsub as sandbox
from vendors.sandbox.facts import PlayerFacts
from vendors.sandbox.world import World, build

NOW = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)
WORLD = build(NOW)
TOKEN, SECRET = "sbx:token", "sandbox-secret"
PLAYER = Key("player", "acme", "s-001")
PATH = "/resources/applicants/-;externalUserId=acme%3As-001/one"
Review = tuple[str, str | None, str | None, tuple[str, ...]]


def now() -> datetime:
    return NOW


def wire(world: World = WORLD) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(app=sandbox.stage(world, TOKEN, SECRET, now).app))


def replying(reply: Any) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.MockTransport(lambda request: httpx.Response(200, json=reply)))


def adapter(
    http: httpx.AsyncClient, *, secret: str = SECRET, clock: Callable[[], datetime] = now, timeout_seconds: float = 2.0
) -> Sumsub:
    client = Client(System.KYC, "http://sumsub", http, sign(TOKEN, secret, clock), timeout_seconds=timeout_seconds)
    return Sumsub(client, now)


async def read(http: httpx.AsyncClient, *players: Key) -> Mapping[Key, KycProfile | VendorError]:
    async with http:
        return await adapter(http).profiles(players or (PLAYER,))


async def profile(http: httpx.AsyncClient, player: Key = PLAYER) -> KycProfile:
    answer = (await read(http, player))[player]
    assert isinstance(answer, KycProfile)
    return answer


def reviewed(*review: Any) -> World:
    facts: PlayerFacts = msgspec.structs.replace(WORLD.players["acme", "s-001"], review=review)
    return World(NOW, {("acme", "s-001"): facts})


def applicant(**review: Any) -> dict[str, Any]:
    return {"id": "5b594ade0a975a36c9349e66", "externalUserId": "acme:s-001", "review": review}


async def test_a_blurred_passport_is_asked_for_again() -> None:
    found = await profile(wire())
    assert (found.status, found.vendor_status) == (KycStatus.RESUBMISSION_REQUIRED, "completed RED RETRY")
    assert found.labels == (RejectLabel("LOW_QUALITY", player_safe=True),)
    assert found.player_comment == "The photo of your passport is blurred."
    assert found.staff_comment == "Staff only: LOW_QUALITY."
    assert (found.since, found.level, found.attempt) == (NOW - timedelta(hours=20), "basic-kyc-level", 1)
    assert (found.source.system, found.source.vendor, found.source.fetched_at) == (System.KYC, "Sumsub", NOW)


@pytest.mark.parametrize(
    ("local", "status", "age"),
    [
        ("s-002", KycStatus.IN_PROGRESS, timedelta(hours=9)),
        ("s-007", KycStatus.APPROVED, timedelta(days=200)),
        ("s-008", KycStatus.APPROVED, timedelta(hours=3)),
    ],
)
async def test_a_scenario_says_where_the_player_stands(local: str, status: KycStatus, age: timedelta) -> None:
    found = await profile(wire(), Key("player", "acme", local))
    assert (found.status, found.since) == (status, NOW - age)


@pytest.mark.parametrize(
    ("review", "status"),
    [
        (("init", None, None, ()), KycStatus.DOCUMENTS_REQUESTED),
        (("init", "RED", "FINAL", ()), KycStatus.DOCUMENTS_REQUESTED),  # an earlier attempt's answer
        (("pending", "GREEN", None, ()), KycStatus.IN_PROGRESS),
        (("prechecked", None, None, ()), KycStatus.IN_PROGRESS),
        (("queued", None, None, ()), KycStatus.IN_PROGRESS),
        (("awaitingUser", None, None, ()), KycStatus.AWAITING_PLAYER),
        (("awaitingService", "GREEN", None, ()), KycStatus.AWAITING_VENDOR),
        (("onHold", None, None, ()), KycStatus.AWAITING_OPERATOR),
        (("completed", "GREEN", None, ()), KycStatus.APPROVED),
        (("completed", "RED", "RETRY", ()), KycStatus.RESUBMISSION_REQUIRED),
        (("completed", "RED", "FINAL", ()), KycStatus.REJECTED),
    ],
)
async def test_every_documented_word_has_one_status(review: Review, status: KycStatus) -> None:
    assert (await profile(wire(reviewed(*review)))).status is status


@pytest.mark.parametrize(
    "review",
    [
        ("approved", "GREEN", None, ()),
        ("Completed", "GREEN", None, ()),
        ("completed", None, None, ()),
        ("completed", "YELLOW", None, ()),
        ("completed", "GREEN", "FINAL", ()),
        ("completed", "RED", None, ()),
    ],
)
async def test_a_word_we_do_not_know_is_unknown_and_never_approved(review: Review) -> None:
    assert (await profile(wire(reviewed(*review)))).status is KycStatus.UNKNOWN


@pytest.mark.parametrize(
    "code",
    ["FORGERY", "FRAUDULENT_PATTERNS", "BLOCKLIST", "BLACKLIST", "COMPROMISED_PERSONS", "CRIMINAL", "PEP", "SANCTIONS",
     "ADVERSE_MEDIA", "A_LABEL_OF_NEXT_YEAR"],
)  # fmt: skip
async def test_a_concealed_label_is_not_player_safe(code: str) -> None:
    labels = (await profile(wire(reviewed("completed", "RED", "FINAL", (code, "LOW_QUALITY"))))).labels
    assert labels == (RejectLabel(code, player_safe=False), RejectLabel("LOW_QUALITY", player_safe=True))


async def test_a_player_sumsub_has_never_seen_is_left_out() -> None:
    stranger, elsewhere = Key("player", "acme", "nobody"), Key("player", "corona", "s-001")
    assert set(await read(wire(), stranger, PLAYER, elsewhere)) == {PLAYER}


async def test_a_player_asked_twice_costs_one_call() -> None:
    async with wire() as http:
        await adapter(http).profiles([PLAYER, PLAYER, Key("player", "acme", "s-002")])
        stats = (await http.get("http://sumsub/__stats")).json()
    assert stats["getApplicantByExternalUserId"]["calls"] == 2


async def test_a_wrong_secret_is_our_credential_problem() -> None:
    async with wire() as http:
        answers = await adapter(http, secret="another").profiles([PLAYER])
    assert isinstance(answers[PLAYER], VendorAuthError)


@pytest.mark.parametrize(("seconds", "admitted"), [(-61, False), (-60, True), (60, True), (61, False)])
async def test_a_timestamp_more_than_a_minute_off_is_refused(seconds: int, admitted: bool) -> None:
    async with wire() as http:
        answers = await adapter(http, clock=lambda: NOW + timedelta(seconds=seconds)).profiles([PLAYER])
    assert isinstance(answers[PLAYER], KycProfile if admitted else VendorAuthError)


async def test_a_refusal_has_sumsubs_error_body() -> None:
    async with wire() as http:
        reply = await http.get("http://sumsub" + PATH)
    assert reply.status_code == 401
    assert set(reply.json()) == {"description", "code", "correlationId"}


async def test_the_signature_covers_the_quoted_path_and_the_query() -> None:
    async with wire() as http:
        client = Client(System.KYC, "http://sumsub", http, sign(TOKEN, SECRET, now))
        path = "/resources/applicants/-;externalUserId={id}/one"
        answer = await client.ask("any", "GET", path, into=dict, at={"id": "acme ü;=?"}, query={"lang": "en GB"})
    assert answer is None  # not found, hence admitted


async def test_a_hang_is_a_timeout_for_that_player_alone() -> None:
    other = Key("player", "acme", "s-002")
    async with wire() as http:
        fault = {"operation": "getApplicantByExternalUserId", "kind": "hang", "key": "acme:s-001"}
        await http.post("http://sumsub/__faults", json=fault)
        answers = await adapter(http, timeout_seconds=0.2).profiles([PLAYER, other])
    assert isinstance(answers[PLAYER], VendorTimeoutError)
    assert isinstance(answers[other], KycProfile)


@pytest.mark.parametrize(
    "reply",
    [
        None,
        [],
        {"id": "1", "externalUserId": "acme:s-001"},
        applicant(),
        applicant(reviewStatus=7),
        applicant(reviewStatus="pending", createDate="yesterday"),
        {**applicant(reviewStatus="completed"), "externalUserId": "acme:s-002"},
    ],
)
async def test_a_record_that_cannot_be_read_is_malformed(reply: Any) -> None:
    assert isinstance((await read(replying(reply)))[PLAYER], VendorMalformedError)


@pytest.mark.parametrize(
    ("status", "hour"),
    [("completed", 18), ("pending", 17)],  # decided; submitted, though an earlier decision is on the record
)
async def test_since_is_the_decision_once_there_is_one(status: str, hour: int) -> None:
    dates = {"createDate": "2024-02-02 17:00:00+0000", "reviewDate": "2024-02-02 18:00:00+0000"}
    found = await profile(replying(applicant(reviewStatus=status, **dates)))
    assert found.since == datetime(2024, 2, 2, hour, tzinfo=UTC)


async def test_a_review_without_dates_or_result_is_still_a_profile() -> None:
    found = await profile(replying(applicant(reviewStatus="init")))
    assert (found.since, found.attempt, found.level, found.labels) == (None, None, None, ())
