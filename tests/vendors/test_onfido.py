"""The Onfido adapter over its simulator: the newest run of whom it names, and never anybody else's."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

import httpx
import msgspec
import pytest

from vendors.client import Client
from vendors.errors import VendorAuthError, VendorBusyError, VendorError, VendorMalformedError
from vendors.kyc.onfido import STATUSES, Onfido
from vendors.ports.keys import Key
from vendors.ports.kyc import Applicant, KycProfile, KycStatus, RequirementState
from vendors.ports.source import System
from vendors.product import always
from vendors.sandbox import onfido as sandbox
from vendors.sandbox.world import World, build

NOW = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)
WORLD = build(NOW)
TOKEN, PLAYER = "sandbox-token", Key("player", "acme", "s-001")
State = RequirementState


def over(app: Any) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=app)


def simulator(world: World = WORLD) -> httpx.AsyncClient:
    return over(httpx.ASGITransport(app=sandbox.stage(world, TOKEN).app))


def replying(answer: Callable[[httpx.Request], httpx.Response]) -> httpx.AsyncClient:
    return over(httpx.MockTransport(answer))


def adapter(http: httpx.AsyncClient, token: str = TOKEN) -> Onfido:
    return Onfido(
        Client(System.KYC, "http://onfido", http, always({"Authorization": f"Token token={token}"})), lambda: NOW
    )


async def profile(http: httpx.AsyncClient, player: Key = PLAYER) -> KycProfile | VendorError | None:
    async with http:
        return (await adapter(http).profiles([player])).get(player)


def reviewed(*review: Any) -> World:
    facts = msgspec.structs.replace(WORLD.players["acme", "s-001"], review=review)
    return World(NOW, {("acme", "s-001"): facts})


def run(number: int = 1, status: str = "approved", **changed: Any) -> dict[str, Any]:
    return {
        "id": f"run-{number}", "applicant_id": "a-1", "customer_user_id": "acme:s-001", "tags": ["acme:s-001"],
        "status": status, "created_at": f"2026-11-{number:02}T10:00:00Z", "updated_at": "2026-11-24T10:00:00Z",
    } | changed  # fmt: skip


def pages(*told: list[dict[str, Any]]) -> httpx.AsyncClient:
    def answer(request: httpx.Request) -> httpx.Response:
        page = int(request.url.params["page"])
        return httpx.Response(200, json=told[page - 1] if page <= len(told) else [])

    return replying(answer)


@pytest.mark.parametrize(
    ("review", "status", "word"),
    [
        (("completed", "GREEN", None, ()), KycStatus.APPROVED, "approved"),
        (("completed", "RED", "FINAL", ("FORGERY",)), KycStatus.REJECTED, "declined"),
        (("completed", "RED", "RETRY", ("LOW_QUALITY",)), KycStatus.AWAITING_PLAYER, "awaiting_input"),
        (("onHold", None, None, ()), KycStatus.AWAITING_OPERATOR, "review"),
        (("pending", None, None, ()), KycStatus.IN_PROGRESS, "processing"),
    ],
)
async def test_the_run_tells_where_a_player_stands(review: Any, status: KycStatus, word: str) -> None:
    found = await profile(simulator(reviewed(*review)))
    assert isinstance(found, KycProfile)
    assert (found.status, found.vendor_status, found.level) == (status, word, sandbox.WORKFLOW)
    assert [(label.code, label.player_safe) for label in found.labels] == [(code, False) for code in review[3]]
    assert (found.source.vendor, found.source.fetched_at, found.player_comment) == ("Onfido", NOW, None)


@pytest.mark.parametrize("word", [*STATUSES, "error", "teleported"])
async def test_a_word_nobody_explained_is_unknown_and_shown(word: str) -> None:
    found = await profile(pages([run(status=word)]))
    assert isinstance(found, KycProfile)
    assert (found.status, found.vendor_status) == (STATUSES.get(word, KycStatus.UNKNOWN), word)


async def test_the_newest_run_counts_on_whatever_page_it_stands() -> None:
    older = [run(number, "declined") for number in range(1, 11)]
    found = await profile(pages(older, [run(20, "approved")]))
    assert isinstance(found, KycProfile)
    assert (found.status, found.attempt) == (KycStatus.APPROVED, 11)


async def test_pages_without_an_end_are_no_answer() -> None:
    found = await profile(pages(*[[run(number) for number in range(1, 11)]] * 50))
    assert isinstance(found, VendorMalformedError)


@pytest.mark.parametrize("other", ["acme:s-002", None, "s-001"])
async def test_a_run_that_names_another_is_nobodys(other: str | None) -> None:
    assert await profile(pages([run(customer_user_id=other)])) is None


async def test_whoever_has_no_run_is_left_out_and_trouble_stays_with_its_player() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        tag = request.url.params["tags"]
        whole = {"acme:s-001": httpx.Response(200, json=[run()]), "acme:s-002": httpx.Response(200, text="<html>")}
        return whole.get(tag, httpx.Response(200, json=[]))

    players = [Key("player", "acme", name) for name in ("s-001", "s-002", "s-003", "s-001")]
    async with replying(answer) as http:
        found = await adapter(http).profiles(players)
    assert set(found) == set(players[:2])
    assert isinstance(found[players[0]], KycProfile)
    assert isinstance(found[players[1]], VendorMalformedError)


async def test_a_wrong_token_is_told_as_ours() -> None:
    async with simulator() as http:
        found = await adapter(http, "other").profiles([PLAYER])
    assert isinstance(found[PLAYER], VendorAuthError)


async def test_too_many_calls_are_told_as_such() -> None:
    busy = await profile(replying(lambda request: httpx.Response(429, json={"error": {"type": "rate_limit"}})))
    assert isinstance(busy, VendorBusyError)


async def test_an_id_that_tries_to_be_a_query_stays_a_value() -> None:
    asked: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.params["tags"])
        return httpx.Response(200, json=[])

    async with replying(answer) as http:
        await adapter(http).profiles([Key("player", "acme", "x&tags=acme:s-002#/../")])
    assert asked == ["acme:x&tags=acme:s-002#/../"]


async def requirements(world: World) -> Mapping[str, State]:
    async with simulator(world) as http:
        one = adapter(http)
        found = (await one.profiles([PLAYER]))[PLAYER]
        assert isinstance(found, KycProfile)
        applicant = Applicant(PLAYER, found.source.vendor_id or "")
        steps = (await one.requirements([applicant]))[applicant]
        assert not isinstance(steps, VendorError)
        assert await one.identified([applicant.vendor_id, "nobody"]) == {applicant.vendor_id: PLAYER}
    return {step.step: step.state for step in steps}


@pytest.mark.parametrize(
    ("review", "document"),
    [
        (("completed", "GREEN", None, ()), State.SATISFIED),
        (("completed", "RED", "FINAL", ()), State.FAILED),
        (("completed", "RED", "RETRY", ()), State.RETRY_NEEDED),
        (("onHold", None, None, ()), State.IN_REVIEW),
        (("init", None, None, ()), State.NOT_SUBMITTED),
    ],
)
async def test_the_reports_are_the_steps_and_no_list_of_persons_is_one(review: Any, document: State) -> None:
    photo = State.NOT_SUBMITTED if review[0] == "init" else State.SATISFIED
    assert await requirements(reviewed(*review)) == {"document": document, "facial_similarity_photo": photo}


async def test_a_report_in_words_nobody_explained_is_unknown() -> None:
    replies: dict[str, Any] = {
        "/v3.6/checks": {"checks": [{"id": "c-1"}, {"id": "c-2", "created_at": "2026-11-20T10:00:00Z"}]},
        "/v3.6/reports": {"reports": [{"id": "r", "name": "document", "status": "complete", "result": "perhaps"}]},
        "/v3.6/documents": {"documents": []},
    }
    asked: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.query.decode())
        return httpx.Response(200, json=replies[request.url.path])

    applicant = Applicant(PLAYER, "a-1")
    async with replying(answer) as http:
        steps = (await adapter(http).requirements([applicant]))[applicant]
    assert not isinstance(steps, VendorError)
    assert [(step.state, step.vendor_status) for step in steps] == [(State.UNKNOWN, "complete perhaps")]
    assert asked == ["applicant_id=a-1", "check_id=c-2", "applicant_id=a-1"]


async def test_the_word_for_a_forged_document_is_no_players_to_read() -> None:
    async with simulator(reviewed("completed", "RED", "FINAL", ())) as http:
        one = adapter(http)
        found = (await one.profiles([PLAYER]))[PLAYER]
        assert isinstance(found, KycProfile)
        applicant = Applicant(PLAYER, found.source.vendor_id or "")
        steps = (await one.requirements([applicant]))[applicant]
    assert not isinstance(steps, VendorError)
    (document,) = steps[0].documents
    assert (document.kind, document.country, steps[0].vendor_status) == ("passport", "GB", "complete consider")
    assert [(label.code, label.player_safe) for label in document.labels] == [("suspected", False)]
