"""Onfido v3.6 as its OpenAPI document (onfido-openapi-spec, 2026-07) describes it, under `/v3.6` as its servers are.

Everybody has one workflow run, tagged with and naming his external id, and one check of a document, a photo and a
watchlist report. What a scenario says in Sumsub's words is told in Onfido's: see `_STATUSES`. Assumed: a page holds 20
runs, and a page behind the last is an empty list; a filter by several tags asks for runs that carry all of them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from vendors.sandbox.facts import PlayerFacts
from vendors.sandbox.onfido_webhooks import teller
from vendors.sandbox.stage import Operation, Refused, Stage
from vendors.sandbox.world import World

PREFIX, PAGE = "/v3.6", 20
WORKFLOW = str(UUID(int=0x5EED_0000_4000_8000_0000_0000_0001))
_STATUSES: Mapping[
    tuple[str, str | None, str | None], str
] = {  # Sumsub's word, answer and reject type -> a run's status
    ("init", None, None): "awaiting_input",
    ("awaitingUser", None, None): "awaiting_input",
    ("onHold", None, None): "review",
    ("completed", "GREEN", None): "approved",
    ("completed", "RED", "RETRY"): "awaiting_input",  # the workflow asks again
    ("completed", "RED", "FINAL"): "declined",
}
_RESULTS: Mapping[str, Mapping[str, str]] = {  # of the document report, by the run's status
    "approved": {"status": "complete", "result": "clear", "sub_result": "clear"},
    "declined": {"status": "complete", "result": "consider", "sub_result": "suspected"},
    "review": {"status": "complete", "result": "consider", "sub_result": "caution"},
    "processing": {"status": "awaiting_approval"},
    "awaiting_input": {"status": "awaiting_data"},
}
_ALPHA_3 = {"GB": "GBR", "MT": "MLT", "SE": "SWE", "DK": "DNK", "DE": "DEU", "US": "USA"}  # the markets' countries


def stage(world: World, token: str, *, hook_token: str = "") -> Stage:
    """One account that holds every brand's players. Read-only, so a reset has nothing to put back."""
    runs = [_run(player, world.now) for player in world.players.values()]
    files = {run["applicant_id"]: _files(player, run) for player, run in zip(world.players.values(), runs, strict=True)}
    reports = {file["check"]["id"]: file["reports"] for file in files.values()}

    def listed(request: Request) -> Response:
        query = request.query_params
        tags, applicant, words = query.getlist("tags"), query.get("applicant_id"), query.get("status", "")
        found = [
            run
            for run in runs
            if set(tags) <= set(run["tags"])
            and applicant in (None, run["applicant_id"])
            and (not words or run["status"] in words.split(","))
        ]
        page = int(query.get("page", "1"))
        return JSONResponse(found[(page - 1) * PAGE : page * PAGE])

    def of_applicant(request: Request) -> Mapping[str, Any]:
        applicant = request.query_params.get("applicant_id", "")
        if not applicant:
            raise _refused(422, "validation_error", "There was a validation error on this request")
        return files.get(applicant, {"documents": []})

    def checks(request: Request) -> Response:
        file = of_applicant(request)
        return JSONResponse({"checks": [file["check"]] if "check" in file else []})

    def reported(request: Request) -> Response:
        return JSONResponse({"reports": reports.get(request.query_params.get("check_id", ""), [])})

    def documents(request: Request) -> Response:
        return JSONResponse({"documents": of_applicant(request)["documents"]})

    def behind_the_token(show: Any) -> Any:
        async def handle(request: Request) -> Response:
            if request.headers.get("Authorization") != f"Token token={token}":
                raise _refused(401, "authorization_error", "Authorization error: please re-check your credentials")
            answer: Response = show(request)
            return answer

        return handle

    shown = {
        "list_workflow_runs": ("/workflow_runs", listed), "list_checks": ("/checks", checks),
        "list_reports": ("/reports", reported), "list_documents": ("/documents", documents),
    }  # fmt: skip
    operations = [Operation(name, "GET", PREFIX + path, behind_the_token(show)) for name, (path, show) in shown.items()]
    by_person = {run["customer_user_id"]: run for run in runs}
    return Stage(operations, lambda: None, teller(hook_token, by_person.get))


def _refused(status: int, kind: str, message: str) -> Refused:
    return Refused(status, {"error": {"type": kind, "message": message, "fields": {}}})


def _id(*parts: str) -> str:
    return str(UUID(bytes=hashlib.sha256(":".join(parts).encode()).digest()[:16], version=4))


def _run(player: PlayerFacts, now: datetime) -> dict[str, Any]:
    external, (word, answer, kind, labels) = f"{player.brand}:{player.id}", player.review
    run = _id("run", external)
    return {
        "id": run, "applicant_id": _id("applicant", external), "workflow_id": WORKFLOW, "workflow_version_id": 1,
        "tags": [external], "customer_user_id": external, "status": _STATUSES.get((word, answer, kind), "processing"),
        "dashboard_url": f"https://dashboard.onfido.com/results/{run}", "reasons": list(labels), "output": {},
        "created_at": _text(now - player.registered_age),
        "updated_at": _text(now - min(player.review_age, player.registered_age)),
    }  # fmt: skip


def _files(player: PlayerFacts, run: Mapping[str, Any]) -> dict[str, Any]:
    """An applicant's documents, his check and its reports."""
    applicant, handed_in = run["applicant_id"], player.review[0] != "init"
    passport, check = _id("passport", applicant), _id("check", applicant)
    document = {
        "id": passport, "created_at": run["created_at"], "type": "passport", "side": "front", "file_type": "jpg",
        "issuing_country": _ALPHA_3[player.country], "applicant_id": applicant,
        "file_name": "passport.jpg", "file_size": 1,
    }  # fmt: skip
    retry = player.review[2] == "RETRY"
    result = (
        {"status": "complete", "result": "consider", "sub_result": "rejected"} if retry else _RESULTS[run["status"]]
    )
    used: Sequence[Any] = [{"id": passport}] if handed_in else []
    photo = {"status": "complete", "result": "clear"} if handed_in else {"status": "awaiting_data"}
    reports: list[dict[str, Any]] = [
        {"id": _id("document", check), "check_id": check, "name": "document", "documents": used, **result},
        {"id": _id("photo", check), "check_id": check, "name": "facial_similarity_photo", **photo},
        {"id": _id("list", check), "check_id": check, "name": "watchlist_standard", **photo},
    ]
    status = "complete" if run["status"] in ("approved", "declined") else "in_progress"
    return {
        "documents": [document] if handed_in else [],
        "check": {"id": check, "applicant_id": applicant, "created_at": run["created_at"], "status": status,
                  "report_ids": [report["id"] for report in reports]},
        "reports": reports,
    }  # fmt: skip


def _text(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
