"""What the Onfido simulator holds of a player: his workflow run, its tasks and his documents.

Everybody has one run, tagged with and naming his external id. It asks for his data, a passport and a selfie, and looks
him up in a list. What a scenario says in Sumsub's words is told in Onfido's: see `_STATUSES`. A refused passport that
may be handed in again is a second upload, which waits. A scenario file's run, tasks and documents are told as written;
its tasks follow its status where it names none.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec

from vendors.sandbox.ages import age_of, verbatim
from vendors.sandbox.facts import PlayerFacts

WORKFLOW = str(UUID(int=0x5EED_0000_4000_8000_0000_0000_0001))
RETRY = "retry"  # no status of a run: it awaits input, and a document was refused before
_STATUSES: Mapping[tuple[str, str | None, str | None], str] = {  # Sumsub's word, answer and reject type
    ("init", None, None): "awaiting_input",
    ("awaitingUser", None, None): "awaiting_input",
    ("onHold", None, None): "review",
    ("completed", "GREEN", None): "approved",
    ("completed", "RED", "RETRY"): "awaiting_input",  # the workflow asks again
    ("completed", "RED", "FINAL"): "declined",
}
_OUTCOMES: Mapping[str, Mapping[str, str]] = {  # of the passport's check; it is not done where none is given
    "approved": {"status": "complete", "result": "clear", "sub_result": "clear"},
    "declined": {"status": "complete", "result": "consider", "sub_result": "suspected"},
    "review": {"status": "complete", "result": "consider", "sub_result": "caution"},
    RETRY: {"status": "complete", "result": "consider", "sub_result": "rejected"},
}
_ALPHA_3 = {"GB": "GBR", "MT": "MLT", "SE": "SWE", "DK": "DNK", "DE": "DEU", "US": "USA"}  # the markets' countries


class Held(msgspec.Struct, frozen=True):
    """One player's objects, as they are told."""

    run: dict[str, Any]
    tasks: Sequence[dict[str, Any]]
    documents: Sequence[dict[str, Any]]


def held(player: PlayerFacts, laid: Mapping[str, Any], now: datetime) -> Held | None:
    """What is held of a player; None where a scenario file says that Onfido has never seen him."""
    said = laid.get("run", {})
    if said is None:
        return None
    run = _run(player, said, now)
    at = RETRY if player.review[2] == "RETRY" and "status" not in said else run["status"]
    documents = _documents(laid, run) if "documents" in laid else [_passport(player, run)] * _has_uploaded(at)
    written = laid["tasks"] if "tasks" in laid else _tasks(player, at, [document["id"] for document in documents])
    return Held(run, _filled(written, run), documents)


def _run(player: PlayerFacts, said: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    external, (word, answer, kind, labels) = f"{player.brand}:{player.id}", player.review
    run, updated = _id("run", external), now - age_of(said, min(player.review_age, player.registered_age))
    return {
        "id": run, "applicant_id": _id("applicant", external), "workflow_id": WORKFLOW, "workflow_version_id": 1,
        "status": _STATUSES.get((word, answer, kind), "processing"),
        "dashboard_url": f"https://dashboard.onfido.com/results/{run}", "output": {},
        "reasons": [] if "status" in said else list(labels),
        "created_at": _text(min(updated, now - player.registered_age)), "updated_at": _text(updated),
    } | verbatim(said) | {"tags": [external], "customer_user_id": external}  # fmt: skip


def _has_uploaded(at: str) -> bool:
    return at not in ("awaiting_input", "abandoned")


def _tasks(player: PlayerFacts, at: str, documents: Sequence[str]) -> list[dict[str, Any]]:
    """The tasks that were started: who has handed nothing in is asked for his passport."""
    data = {"task_def_id": "profile_data", "output": {"first_name": player.first_name, "last_name": player.last_name}}
    upload = {"task_def_id": "upload_document_photo"}
    if not _has_uploaded(at):
        return [data, upload]
    photos, clear = (
        [{"type": "document_photo", "id": one} for one in documents],
        {"status": "complete", "result": "clear"},
    )
    outcome = _OUTCOMES.get(at)
    return [
        data, upload | {"output": photos}, {"task_def_id": "upload_face_photo", "output": [{"type": "live_photo"}]},
        {"task_def_id": "document_check", "input": {"document_ids": photos},
         "output": outcome and {**outcome, "properties": {"document_number": "999999999"}}},
        {"task_def_id": "face_check_photo", "output": clear},
        {"task_def_id": "watchlist_standard_check", "output": clear},
        *([upload] if at == RETRY else ()),
    ]  # fmt: skip


def _filled(written: Sequence[Mapping[str, Any]], run: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Tasks with what every task has; each was started a second after the one before it."""
    tasks, seen = list[dict[str, Any]](), dict[str, int]()
    start = datetime.fromisoformat(run["created_at"])
    for place, said in enumerate(written):
        kind = said["task_def_id"]
        seen[kind] = seen.get(kind, 0) + 1
        moment = _text(start + timedelta(seconds=place))
        tasks.append({
            "id": f"{kind}_{seen[kind]}", "workflow_run_id": run["id"], "task_def_version": None, "input": {},
            "output": None, "created_at": moment, "updated_at": moment, **said,
        })  # fmt: skip
    return tasks


def _documents(laid: Mapping[str, Any], run: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [_document(run, str(place), said) for place, said in enumerate(laid["documents"])]


def _passport(player: PlayerFacts, run: Mapping[str, Any]) -> dict[str, Any]:
    return _document(run, "passport", {"type": "passport", "issuing_country": _ALPHA_3[player.country]})


def _document(run: Mapping[str, Any], name: str, said: Mapping[str, Any]) -> dict[str, Any]:
    applicant = run["applicant_id"]
    return {
        "id": _id("document", applicant, name), "created_at": run["created_at"], "side": "front", "file_type": "jpg",
        "file_name": "photo.jpg", "file_size": 1, **said, "applicant_id": applicant,
    }  # fmt: skip


def _id(*parts: str) -> str:
    return str(UUID(bytes=hashlib.sha256(":".join(parts).encode()).digest()[:16], version=4))


def _text(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
