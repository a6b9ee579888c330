"""The `webhooks` of the documents: the event that every system may send, its headers, and what it is answered."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from typing import Any

from vendors.ports.source import System
from vendors.reference.events import CHANGED, KINDS, SUBJECTS, WORDS_PATTERN
from vendors.reference.openapi_shared import BRAND, ID, INSTANT, parameter
from vendors.reference.standard_webhooks import ID as ID_HEADER
from vendors.reference.standard_webhooks import ID_PATTERN, SIGNATURE, TIMESTAMP, TOLERANCE_SECONDS

_EVENT_ID = {"type": "string", "pattern": ID_PATTERN}
_ANSWERS = {
    "200": "It is kept for good. Whatever has no such answer is sent again.",
    "401": f"The signature is another's, or the attempt is more than {TOLERANCE_SECONDS} seconds from now.",
    "404": "No secret for events of this system is configured.",
    "408": "The body took too long.",
    "413": "The body has more than 256 KiB.",
    "503": "It cannot be kept now; `Retry-After` says when to send it again.",
}


def webhook(system: System, of: Callable[[Any], dict[str, Any]]) -> tuple[dict[str, Any], dict[str, Any]]:
    """The operation and the schema of its event; `of` gives the schema of an enumeration."""
    operation = {
        "operationId": "event",
        "summary": "Something of the system is another now.",
        "description": (
            f"Sent to `/webhooks/{system.value.lower()}/reference` of the gateway, signed by Standard Webhooks 1.0.0 "
            "(standardwebhooks.com). No personal data is in an event."
        ),
        "security": [],
        "parameters": _headers(),
        "requestBody": {
            "required": True,
            "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Event"}}},
        },
        "responses": {code: {"description": says} for code, says in _ANSWERS.items()},
    }
    return operation, _event(system, of)


def _headers() -> list[dict[str, Any]]:
    seconds = {"type": "string", "pattern": "^[0-9]{1,12}$"}
    each = "v1,[A-Za-z0-9+/]{43}="
    signatures = {"type": "string", "pattern": f"^{each}( {each})*$"}
    return [
        parameter(ID_HEADER, "header", _EVENT_ID, "The event's id, the same with every repeat."),
        parameter(TIMESTAMP, "header", seconds, "When this attempt is made, in Unix seconds."),
        parameter(
            SIGNATURE, "header", signatures,
            "v1, and the base64 of HMAC-SHA-256 over <webhook-id>.<webhook-timestamp>.<body>, under the bytes that the "
            "secret whsec_<base64> stands for; one a secret while it is being changed.",
        ),
    ]  # fmt: skip


def _event(system: System, of: Callable[[Any], dict[str, Any]]) -> dict[str, Any]:
    kinds = " ".join(f"{kind}: {says}." for kind, says in KINDS.items())
    person = {"$ref": "#/components/schemas/Person"}
    return {
        "type": "object",
        "description": "Events of one subject may come in any order: `at` puts them in theirs.",
        "required": ["id", "kind", "at", "subject"],
        "properties": {
            "id": {**_EVENT_ID, "description": "As in webhook-id."},
            "kind": {"type": "string", "enum": list(KINDS), "description": f"{kinds} Another is kept as unknown."},
            "at": {**INSTANT, "description": "When it happened. One that is to come is taken for none."},
            "subject": _subject(system),
            "player": {"anyOf": [person, {"type": "null"}], "description": "Whose the subject is, in the same brand."},
            **_standing(system, of),
        },
    }


def _subject(system: System) -> dict[str, Any]:
    said = " It is the player's." if system is System.KYC else ""
    kind = {"type": "string", "enum": list(SUBJECTS[system])}
    return {
        "type": "object",
        "required": ["kind", "brand", "id"],
        "properties": {"kind": kind, "brand": BRAND, "id": {**ID, "description": f"The id of that kind.{said}"}},
    }


def _standing(system: System, of: Callable[[Any], dict[str, Any]]) -> dict[str, Any]:
    """What is said of a status, null where no subject of the system has one."""
    states = next(filter(None, SUBJECTS[system].values()), None)
    if states is None:
        return {name: {"type": "null"} for name in ("status", "previous", "words")}
    return {
        "status": _maybe(states, of, "Where the subject stands since `at`; null where it is not told, and the gateway "
                         f"has to read it, or where it is still what it was ({CHANGED}). A player has one in a PAM."),
        "previous": _maybe(states, of, "Where it stood before. If that is not the last that is known, a gap is shown."),
        "words": {
            "anyOf": [{"type": "string", "pattern": WORDS_PATTERN}, {"type": "null"}],
            "description": "The system's own words for the status, as its records have them. They are shown.",
        },
    }  # fmt: skip


def _maybe(states: type[Enum], of: Callable[[Any], dict[str, Any]], says: str) -> dict[str, Any]:
    return {"anyOf": [of(states), {"type": "null"}], "description": says}
