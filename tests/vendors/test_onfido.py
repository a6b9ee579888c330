"""The Onfido adapter over its simulator: the newest run of whom it names, and never anybody else's."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest
import yaml

from vendors.client import Client
from vendors.errors import VendorAuthError, VendorBusyError, VendorDownError, VendorError, VendorMalformedError
from vendors.kyc.onfido import STATUSES, Onfido
from vendors.ports.keys import Key
from vendors.ports.kyc import Applicant, KycProfile, KycRequirement, KycStatus, RequirementState
from vendors.ports.source import System
from vendors.product import always
from vendors.sandbox import onfido as sandbox
from vendors.sandbox import overlays
from vendors.sandbox.onfido_store import WORKFLOW
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


APPLICANT = Applicant(PLAYER, "5b3c7d2e-0000-4000-8000-000000000001")


def run(number: int = 1, status: str = "approved", **changed: Any) -> dict[str, Any]:
    return {
        "id": f"run-{number}", "applicant_id": APPLICANT.vendor_id, "customer_user_id": "acme:s-001",
        "tags": ["acme:s-001"], "status": status, "created_at": f"2026-11-{number:02}T10:00:00Z",
        "updated_at": "2026-11-24T10:00:00Z",
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
    assert (found.status, found.vendor_status, found.level) == (status, word, WORKFLOW)
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


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        ({"kind": "status", "value": 503}, VendorDownError),
        ({"kind": "status", "value": 403}, VendorAuthError),
        ({"kind": "html"}, VendorMalformedError),
        ({"kind": "truncate"}, VendorMalformedError),
    ],
)
@pytest.mark.parametrize("operation", ["list_workflow_runs", "list_tasks", "find_task", "list_documents"])
async def test_trouble_anywhere_on_the_way_is_told_as_what_it_is(
    operation: str, fault: dict[str, Any], error: type[VendorError]
) -> None:
    async with simulator(reviewed("completed", "GREEN", None, ())) as http:
        found = (await adapter(http).profiles([PLAYER]))[PLAYER]
        assert isinstance(found, KycProfile)
        applicant = Applicant(PLAYER, found.source.vendor_id or "")
        await http.post("http://onfido/__faults", json={"operation": operation, **fault})
        told = (await adapter(http).requirements([applicant]))[applicant]
    assert isinstance(told, error)


async def test_too_many_calls_are_told_with_how_long_to_wait() -> None:
    async with simulator() as http:
        await http.post("http://onfido/__faults", json={"operation": "*", "kind": "rate_limit", "value": 7})
        busy = (await adapter(http).profiles([PLAYER]))[PLAYER]
    assert isinstance(busy, VendorBusyError)
    assert busy.retry_after_seconds == 7


async def test_an_id_that_tries_to_be_a_query_stays_a_value() -> None:
    asked: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.params["tags"])
        return httpx.Response(200, json=[])

    async with replying(answer) as http:
        await adapter(http).profiles([Key("player", "acme", "x&tags=acme:s-002#/../")])
    assert asked == ["acme:x&tags=acme:s-002#/../"]


async def steps(world: World, player: Key = PLAYER) -> Sequence[KycRequirement]:
    async with simulator(world) as http:
        one = adapter(http)
        found = (await one.profiles([player]))[player]
        assert isinstance(found, KycProfile)
        applicant = Applicant(player, found.source.vendor_id or "")
        told = (await one.requirements([applicant]))[applicant]
    assert not isinstance(told, VendorError)
    return told


@pytest.mark.parametrize(
    ("review", "document"),
    [
        (("completed", "GREEN", None, ()), State.SATISFIED),
        (("completed", "RED", "FINAL", ()), State.FAILED),
        (("onHold", None, None, ()), State.IN_REVIEW),
        (("pending", None, None, ()), State.IN_REVIEW),
    ],
)
async def test_the_tasks_are_the_steps_and_no_list_of_persons_is_one(review: Any, document: State) -> None:
    assert {step.step: step.state for step in await steps(reviewed(*review))} == {
        "profile_data": State.SATISFIED, "upload_document_photo": State.SATISFIED, "document_check": document,
        "upload_face_photo": State.SATISFIED, "face_check_photo": State.SATISFIED,
    }  # fmt: skip


async def test_who_has_handed_nothing_in_is_asked_for_it() -> None:
    told = await steps(reviewed("init", None, None, ()))
    assert [(step.step, step.state, step.vendor_status, step.documents) for step in told] == [
        ("profile_data", State.SATISFIED, None, ()), ("upload_document_photo", State.NOT_SUBMITTED, None, ()),
    ]  # fmt: skip


async def test_a_refused_document_is_asked_for_again() -> None:
    told = {step.step: step for step in await steps(reviewed("completed", "RED", "RETRY", ()))}
    assert told["upload_document_photo"].state is State.NOT_SUBMITTED
    assert told["document_check"].state is State.RETRY_NEEDED


async def test_the_word_for_a_forged_document_is_no_players_to_read() -> None:
    (check,) = (one for one in await steps(reviewed("completed", "RED", "FINAL", ())) if one.step == "document_check")
    (document,) = check.documents
    assert (document.kind, document.country, check.vendor_status) == ("passport", "GB", "complete consider")
    assert [(label.code, label.player_safe) for label in document.labels] == [("suspected", False)]


async def test_neither_number_nor_name_comes_through() -> None:
    told = str(await steps(reviewed("completed", "GREEN", None, ())))
    assert not [word for word in ("999999999", "Scenario1", "Sam", "jpg") if word in told]


def told_by(tasks: Sequence[Mapping[str, Any]], **changed: Any) -> httpx.AsyncClient:
    """An Onfido with one run of these tasks."""

    def answer(request: httpx.Request) -> httpx.Response:
        path = request.url.path
        if path == "/v3.6/workflow_runs":
            return httpx.Response(200, json=[run(**changed)])
        if path == "/v3.6/documents":
            return httpx.Response(200, json={"documents": [{"id": "d-1", "type": "passport"}, {"id": "d-2"}]})
        if path == "/v3.6/workflow_runs/run-1/tasks":
            return httpx.Response(200, json=tasks)
        return httpx.Response(200, json=next(task for task in tasks if path.endswith("/tasks/" + task["id"])))

    return replying(answer)


async def told_steps(http: httpx.AsyncClient) -> Sequence[KycRequirement] | VendorError | None:
    async with http:
        return (await adapter(http).requirements([APPLICANT])).get(APPLICANT)


OUTPUTS: list[tuple[Any, State, str | None]] = [
    (None, State.IN_REVIEW, None),
    ({"status": "complete", "result": "perhaps"}, State.UNKNOWN, "complete perhaps"),
    ({"status": "withdrawn"}, State.UNKNOWN, "withdrawn"),
    ({"status": "awaiting_data"}, State.NOT_SUBMITTED, "awaiting_data"),
    ({"status": "awaiting_approval"}, State.IN_REVIEW, "awaiting_approval"),
    ({"status": "complete", "result": "unidentified"}, State.RETRY_NEEDED, "complete unidentified"),
    ({"status": "complete", "result": "consider"}, State.IN_REVIEW, "complete consider"),
    ({"result": {"of": "another shape"}}, State.UNKNOWN, None),
    (["a list"], State.UNKNOWN, None),
]


@pytest.mark.parametrize(("output", "state", "words"), OUTPUTS)
async def test_a_report_in_words_nobody_explained_is_unknown(output: Any, state: State, words: str | None) -> None:
    tasks = [{"id": "t-1", "task_def_id": "document_check", "input": {"document_ids": "none"}, "output": output}]
    told = await told_steps(told_by(tasks))
    assert isinstance(told, list)
    assert [(step.state, step.vendor_status, step.documents) for step in told] == [(state, words, ())]


async def test_the_last_task_of_a_kind_counts_and_a_document_without_a_kind_is_none() -> None:
    check, used = {"task_def_id": "document_check"}, {"document_ids": [{"id": "d-1"}, {"id": "d-2"}, {"id": "x"}]}
    clear = {"output": {"status": "complete", "result": "clear"}, "input": used}
    tasks: list[dict[str, Any]] = [
        {**check, **clear, "id": "t-2", "created_at": "2026-11-02T10:00:00Z"},
        {**check, "id": "t-1", "created_at": "2026-11-01T10:00:00Z", "output": None},
    ]
    told = await told_steps(told_by(tasks))
    assert isinstance(told, list)
    assert [step.state for step in told] == [State.SATISFIED]
    assert [(document.kind, document.country) for document in told[0].documents] == [("passport", None)]


@pytest.mark.parametrize("name", ["watchlist_aml_check", "known_faces_check", "device_intelligence_check", "new_check"])
async def test_what_nobody_has_looked_at_is_no_step(name: str) -> None:
    assert await told_steps(told_by([{"id": "t-1", "task_def_id": name, "output": {"result": "consider"}}])) == []


async def test_the_steps_of_another_player_on_the_same_applicant_are_not_his() -> None:
    assert await told_steps(told_by([], customer_user_id="acme:s-002")) is None


async def test_a_run_of_another_applicant_is_no_answer() -> None:
    other = "5b3c7d2e-0000-4000-8000-000000000002"
    assert isinstance(await told_steps(told_by([], applicant_id=other)), VendorMalformedError)


async def test_more_kinds_of_steps_than_anybody_has_are_not_asked_for() -> None:
    tasks = [{"id": f"t-{number}", "task_def_id": f"upload_{number}"} for number in range(21)]
    assert isinstance(await told_steps(told_by(tasks)), VendorMalformedError)


async def test_an_applicant_is_the_player_all_his_runs_name() -> None:
    async with simulator() as http:
        one = adapter(http)
        found = (await one.profiles([PLAYER]))[PLAYER]
        assert isinstance(found, KycProfile)
        own = found.source.vendor_id or ""
        assert await one.identified([own, APPLICANT.vendor_id, "nobody"]) == {own: PLAYER}
    async with pages([run(1), run(2, customer_user_id="acme:s-002")]) as http:
        assert await adapter(http).identified([APPLICANT.vendor_id]) == {}


async def test_the_simulator_refuses_what_the_document_requires() -> None:
    asked = {
        "/v3.6/documents": 422, "/v3.6/workflow_runs?page=0": 422, "/v3.6/workflow_runs/none/tasks": 404,
        "/v3.6/workflow_runs/none/tasks/one": 404,
    }  # fmt: skip
    async with simulator() as http:
        for path, status in asked.items():
            reply = await http.get("http://onfido" + path, headers={"Authorization": f"Token token={TOKEN}"})
            assert (reply.status_code, set(reply.json()["error"])) == (status, {"type", "message", "fields"})


def written(folder: Path, said: dict[str, Any]) -> World:
    """The world with acme:x-1 in it, of whom a scenario file says this at Onfido."""
    file = folder / "own.yaml"
    head = {"scenario": "one", "says": "Something is so", "market": "UKGC-GB", "player": "x-1", "copy": "s-001"}
    file.write_text(yaml.safe_dump({**head, "kyc.onfido": said}))
    return overlays.laid_over(WORLD, [file])


X_1 = Key("player", "acme", "x-1")


@pytest.mark.parametrize(
    ("word", "status"), [*STATUSES.items(), ("error", KycStatus.UNKNOWN), ("teleported", KycStatus.UNKNOWN)]
)
async def test_a_scenario_file_tells_any_status(tmp_path: Path, word: str, status: KycStatus) -> None:
    found = await profile(simulator(written(tmp_path, {"run": {"status": word, "age": "PT5H"}})), X_1)
    assert isinstance(found, KycProfile)
    assert (found.status, found.vendor_status, found.labels) == (status, word, ())
    assert found.since == NOW - timedelta(hours=5)


async def test_a_scenario_file_tells_tasks_and_documents(tmp_path: Path) -> None:
    caution = {"status": "complete", "result": "consider", "sub_result": "caution"}
    task = {"task_def_id": "document_check", "input": {"document_ids": [{"id": "d-1"}]}, "output": caution}
    documents = [{"id": "d-1", "type": "driving_licence", "issuing_country": "MLT"}]
    world = written(tmp_path, {"run": {"reasons": ["MANUAL"]}, "tasks": [task], "documents": documents})
    (check,) = await steps(world, X_1)
    assert (check.step, check.state) == ("document_check", State.IN_REVIEW)
    assert [(document.kind, document.country) for document in check.documents] == [("driving_licence", "MT")]


async def test_a_scenario_file_tells_of_somebody_never_seen(tmp_path: Path) -> None:
    assert await profile(simulator(written(tmp_path, {"run": None})), X_1) is None
