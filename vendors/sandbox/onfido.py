"""Onfido v3.6 as its OpenAPI document (onfido-openapi-spec, 2026-07) describes it, under `/v3.6` as its servers are.

What it holds is `onfido_store`'s. Left open by the document and assumed: a page holds 20 runs, and one behind the last
none; a filter by several tags asks for runs that carry all of them; the words of an error's `type`. No header of paging
is documented for runs, and no limit of requests: `/__faults` shows a 429.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable, Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from vendors.sandbox.onfido_store import Held, held
from vendors.sandbox.onfido_webhooks import teller
from vendors.sandbox.stage import Handler, Operation, Refused, Stage
from vendors.sandbox.world import World

PREFIX, PAGE = "/v3.6", 20
_LISTED = ("id", "workflow_run_id", "task_def_id", "task_def_version", "created_at", "updated_at")  # of a task


def stage(world: World, token: str, *, hook_token: str = "") -> Stage:
    """One account that holds every brand's players. Read-only, so a reset has nothing to put back.

    `hook_token` signs what it tells by itself.
    """
    everybody = [held(player, world.laid(player, "kyc.onfido"), world.now) for player in world.players.values()]
    account = _Account({one.run["id"]: one for one in everybody if one})
    tasks = "/workflow_runs/{workflow_run_id}/tasks"
    shown: Mapping[str, tuple[str, Callable[[Request], Any]]] = {
        "list_workflow_runs": ("/workflow_runs", account.runs), "list_tasks": (tasks, account.tasks),
        "find_task": (tasks + "/{task_id}", account.task), "list_documents": ("/documents", account.documents),
    }  # fmt: skip
    operations = [Operation(name, "GET", PREFIX + path, _behind(token, show)) for name, (path, show) in shown.items()]
    by_person = {one.run["customer_user_id"]: one.run for one in everybody if one}
    return Stage(operations, lambda: None, teller(hook_token, by_person.get))


class _Account:
    """What is answered to whoever has the token."""

    def __init__(self, by_run: Mapping[str, Held]) -> None:
        self._by_run = by_run

    def runs(self, request: Request) -> Any:
        asked, page = request.query_params, request.query_params.get("page", "1")
        if not page.isdecimal() or int(page) < 1:
            raise _invalid("page")
        tags, applicant, words = set(asked.getlist("tags")), asked.get("applicant_id"), asked.get("status")
        found = [
            one.run
            for one in self._by_run.values()
            if tags <= set(one.run["tags"])
            and applicant in (None, one.run["applicant_id"])
            and (words is None or one.run["status"] in words.split(","))
        ]
        return found[(int(page) - 1) * PAGE : int(page) * PAGE]

    def tasks(self, request: Request) -> Any:
        return [{name: task[name] for name in _LISTED} for task in self._run(request).tasks]

    def task(self, request: Request) -> Any:
        asked = request.path_params["task_id"]
        found = next((task for task in self._run(request).tasks if task["id"] == asked), None)
        if found is None:
            raise _missing()
        return found

    def documents(self, request: Request) -> Any:
        applicant = request.query_params.get("applicant_id")
        if not applicant:
            raise _invalid("applicant_id")
        kept = [one.documents for one in self._by_run.values() if one.run["applicant_id"] == applicant]
        return {"documents": [document for documents in kept for document in documents]}

    def _run(self, request: Request) -> Held:
        found = self._by_run.get(request.path_params["workflow_run_id"])
        if found is None:
            raise _missing()
        return found


def _behind(token: str, show: Callable[[Request], Any]) -> Handler:
    expected = f"Token token={token}".encode()

    async def handle(request: Request) -> Response:
        if not hmac.compare_digest(request.headers.get("Authorization", "").encode(), expected):
            raise _refused(401, "authorization_error", "Authorization error: please re-check your credentials")
        return JSONResponse(show(request))

    return handle


def _invalid(field: str) -> Refused:
    return _refused(422, "validation_error", "There was a validation error on this request", {field: ["is invalid"]})


def _missing() -> Refused:
    return _refused(404, "resource_not_found", "Could not find the requested resource")


def _refused(status: int, kind: str, message: str, fields: Mapping[str, Any] | None = None) -> Refused:
    return Refused(status, {"error": {"type": kind, "message": message, "fields": fields or {}}})
