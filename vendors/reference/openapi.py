"""The contract as OpenAPI 3.1, one document a system, written from the ports: docs/contracts/<system>.yaml."""

from __future__ import annotations

import typing
from enum import Enum
from typing import Any

import msgspec

from vendors.ports.cashier import Deposit, Transaction, Withdrawal
from vendors.ports.keys import Key
from vendors.ports.money import Money
from vendors.ports.paging import Page, Position
from vendors.ports.source import Source, System
from vendors.reference.openapi_events import webhook
from vendors.reference.openapi_shared import BRAND, ID, PLAIN, SHARED, parameter
from vendors.reference.operations import MOST_ASKS, Manner, Operation, operations
from vendors.reference.shapes import fields_of, kind_of, optional

VERSION = "1.1.0"
BEFORE = r"^20[0-9]{2}-0[1-9]-[012][1-8]T[01][0-9]:[0-5][0-9]:[0-5][0-9](\.[0-9]{6})?\+00:00,[A-Za-z0-9_-]{1,64}$"


def document(system: System) -> dict[str, Any]:
    """The whole document."""
    schemas = _Schemas()
    paths = {one.path: {one.method.lower(): _operation(one, schemas)} for one in operations(system)}
    hook, event = webhook(system, schemas.of)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": f"Player graph: the reference contract of {system.value}",
            "version": VERSION,
            "description": "What a system of the operator's own serves to join the graph: docs/in-house.md.",
        },
        "security": [{"bearer": []}],
        "paths": paths,
        "webhooks": {"event": {"post": hook}},
        "components": {
            "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer"}},
            "schemas": {**SHARED, **schemas.made, "Event": event},
        },
    }


class _Schemas:
    """The records that were met, each once."""

    def __init__(self) -> None:
        self.made: dict[str, dict[str, Any]] = {}

    def of(self, hint: Any, kind: str = "") -> dict[str, Any]:
        """The schema of a type; `kind` is what an id there is of."""
        if (inner := optional(hint)) is not None:
            return {"anyOf": [self.of(inner, kind), {"type": "null"}]}
        if hint is Key:
            return {**ID, "description": f"The {kind}'s id."}
        if hint in (Money, Source, Position):
            return {"$ref": f"#/components/schemas/{hint.__name__}"}
        if hint is Transaction:
            return {"oneOf": [self.of(Withdrawal), self.of(Deposit)]}
        origin, arguments = typing.get_origin(hint), typing.get_args(hint)
        if origin is Page:
            return _page(self.of(arguments[0]))
        if origin is not None:
            return {"type": "array", "items": self.of(arguments[0], kind)}
        if issubclass(hint, Enum):
            return self._named(hint.__name__, lambda: _words(hint))
        if issubclass(hint, msgspec.Struct):
            return self._named(hint.__name__, lambda: self._record(hint))
        return PLAIN[hint]

    def _named(self, name: str, make: Any) -> dict[str, Any]:
        if name not in self.made:
            self.made[name] = {}  # met already, should it hold itself
            self.made[name] = make()
        return {"$ref": f"#/components/schemas/{name}"}

    def _record(self, record: Any) -> dict[str, Any]:
        fields = [field for field in fields_of(record) if field[0] != "audit_id"]  # of a command: its Idempotency-Key
        properties = {name: self.of(hint, kind_of(record, name)) for name, hint, _ in fields}
        needed = [name for name, hint, spare in fields if not (spare or hint is Source or optional(hint))]
        if record in (Withdrawal, Deposit):
            properties["direction"] = {"const": "WITHDRAWAL" if record is Withdrawal else "DEPOSIT"}
        return {"type": "object", "description": _says(record), "required": needed, "properties": properties}


def _says(hint: Any) -> str:
    return " ".join((hint.__doc__ or "").split())


def _words(hint: Any) -> dict[str, Any]:
    words = [one.value for one in hint]
    more = " Another word is taken for UNKNOWN." if "UNKNOWN" in words else ""
    return {"type": "string", "enum": words, "description": _says(hint) + more}


def _page(item: dict[str, Any]) -> dict[str, Any]:
    entry = {
        "type": "object",
        "required": ["at", "value"],
        "properties": {"at": {"$ref": "#/components/schemas/Position"}, "value": item},
    }
    return {
        "type": "object",
        "required": ["items", "more"],
        "properties": {"items": {"type": "array", "items": entry}, "more": {"type": "boolean"}},
    }


def _operation(one: Operation, schemas: _Schemas) -> dict[str, Any]:
    problems = {**_PROBLEMS, **(_REFUSALS if one.manner is Manner.WRITE else {})}
    said: dict[str, Any] = {
        "operationId": one.name,
        "summary": one.says.splitlines()[0],
        "parameters": _parameters(one),
        "responses": {"200": _body(_answer(one, schemas)), **{code: _problem(it) for code, it in problems.items()}},
    }
    if one.manner is Manner.CRITERIA:
        asks = {"type": "array", "minItems": 1, "maxItems": MOST_ASKS, "items": schemas.of(one.ask)}
        said["requestBody"] = _body({"type": "object", "required": ["asks"], "properties": {"asks": asks}}, sent=True)
    if one.manner is Manner.WRITE:
        said["requestBody"] = _body(schemas.of(one.ask), sent=True)
    return said


_PROBLEMS = {
    "400": "What was sent cannot be read, or is not done here.",
    "401": "The token is not the gateway's.",
    "404": "The brand is not known here.",
}
_REFUSALS = {
    "409": "The object's state does not allow it.",
    "422": "The key was sent with another body.",
    "503": "Not now; it may have been done, and the same key tells.",
}


def _answer(one: Operation, schemas: _Schemas) -> dict[str, Any]:
    if one.manner is Manner.WRITE:
        return {"type": "null"} if one.answer is None else schemas.of(one.answer)
    name = {"ask": {"type": "integer"}} if one.manner is Manner.CRITERIA else {"id": {"type": "string"}}
    value = {"$ref": "#/components/schemas/Person"} if one.answer is Key else schemas.of(one.answer)
    entry = {
        "type": "object",
        "required": list(name),
        "properties": {**name, "value": value, "error": {"const": "unavailable"}},
        "oneOf": [{"required": ["value"]}, {"required": ["error"]}],
    }
    return {"type": "array", "description": "In any order; what is not known is left out.", "items": entry}


def _parameters(one: Operation) -> list[dict[str, Any]]:
    found = [parameter("Brand", "header", BRAND, "Whose players are asked about.")] if one.needs_brand else []
    if one.manner is Manner.WRITE:
        key = {"type": "string", "minLength": 1, "maxLength": 100}
        found.append(
            parameter("Idempotency-Key", "header", key, "The audit id: what was done under it is not done again.")
        )
    if one.manner in (Manner.IDS, Manner.LISTING):
        each = "[A-Za-z0-9._@+:-]{1,200}" if one.ask is str else "[A-Za-z0-9_-][A-Za-z0-9._-]{0,63}"
        ids = {"type": "string", "pattern": f"^{each}(,{each}){{0,{MOST_ASKS - 1}}}$"}
        found.append(parameter("ids", "query", ids, f"At most {MOST_ASKS}, each once, separated by commas."))
    if one.kinds:
        kind = {"type": "string", "enum": list(one.kinds)}
        found.append(parameter("kind", "query", kind, "What the ids are of."))
    if one.manner is Manner.LISTING:
        first = {"type": "integer", "minimum": 1, "maximum": MOST_ASKS}
        found.append(parameter("first", "query", first, "Items for each id."))
        before = {"type": "string", "pattern": BEFORE, "description": "<instant>,<id>"}
        found.append(parameter("before", "query", before, "Only what stands beyond this position.", needed=False))
    return found


def _body(schema: dict[str, Any], *, sent: bool = False) -> dict[str, Any]:
    content = {"content": {"application/json": {"schema": schema}}}
    return {"required": True, **content} if sent else {"description": "The answers.", **content}


def _problem(says: str) -> dict[str, Any]:
    schema = {"$ref": "#/components/schemas/Problem"}
    return {"description": says, "content": {"application/problem+json": {"schema": schema}}}
