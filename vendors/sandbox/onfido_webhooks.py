"""Onfido's webhooks as they are sent: `webhook_event` of the OpenAPI document, signed as
documentation.onfido.com/api/manual-webhook-signature-verification says (read 2026-11).

Only what the document shows is sent. Of a run everything that its resource has; of a task its run and applicant.
`event` and `resource_id`, which the document requires and nowhere describes, are not: no public payload has them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from vendors.sandbox.emitting import CannotSay, Occasion, Teller
from vendors.webhooks import mac

_ACTIONS = ("workflow_run.completed", "workflow_task.started", "workflow_task.completed")
_TASK = "document_check_1"
_COMPLETED = ("approved", "declined", "review", "abandoned", "error")


def teller(token: str, run_of: Callable[[str], Mapping[str, Any] | None]) -> Teller:
    """`run_of` finds a run by its customer_user_id; `token` is the webhook's own."""

    def body(occasion: Occasion) -> dict[str, Any]:
        run = run_of(occasion.key)
        if run is None:
            raise CannotSay(f"key: no workflow run of {occasion.key}")
        if occasion.event not in _ACTIONS:
            raise CannotSay(f"event: one of {', '.join(_ACTIONS)}")
        if occasion.event == _ACTIONS[0] and run["status"] not in _COMPLETED:
            raise CannotSay(f"event: the run of {occasion.key} is not completed")
        return {"payload": _payload(occasion, run)}

    def sign(content: bytes) -> dict[str, str]:
        return {"X-SHA2-Signature": mac(token.encode(), content).hex()}

    return Teller(body, sign, "X-SHA2-Signature", frozenset({"payload"}))


def _payload(occasion: Occasion, run: Mapping[str, Any]) -> dict[str, Any]:
    at = occasion.of(datetime.fromisoformat(run["updated_at"])).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    kind, _, happened = occasion.event.partition(".")
    whole, path = kind == "workflow_run", f"https://api.eu.onfido.com/v3.6/workflow_runs/{run['id']}"
    about = run["id"] if whole else _TASK
    told = {
        "id": about,
        "status": run["status"] if whole else happened,
        "href": path if whole else f"{path}/tasks/{_TASK}",
    }
    shared = {"id": about, "applicant_id": run["applicant_id"], "updated_at": at, "created_at": run["created_at"]}
    more = {
        name: run[name] for name in ("status", "tags", "customer_user_id", "reasons", "workflow_id", "dashboard_url")
    }
    resource = shared | more if whole else shared | {"workflow_run_id": run["id"], "task_def_id": "document_check"}
    ended = {"completed_at_iso8601": at} if happened == "completed" else {"started_at_iso8601": at}
    return {"resource_type": kind, "action": occasion.event, "object": told | ended, "resource": resource}
