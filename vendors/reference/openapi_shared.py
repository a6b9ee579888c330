"""The schemas that stand in every document of the contract, and how what is said there is said."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

ID = {"type": "string", "pattern": "^(?!\\.+$)[A-Za-z0-9._-]{1,64}$"}
BRAND = {"type": "string", "pattern": "^[a-z][a-z0-9-]{0,31}$"}
INSTANT = {"type": "string", "format": "date-time"}
PLAIN: dict[Any, dict[str, Any]] = {
    str: {"type": "string"}, int: {"type": "integer"}, bool: {"type": "boolean"}, float: {"type": "number"},
    datetime: INSTANT, date: {"type": "string", "format": "date"},
}  # fmt: skip
SHARED: dict[str, dict[str, Any]] = {
    "Money": {
        "type": "object",
        "required": ["amount", "currency"],
        "properties": {
            "amount": {"type": "string", "pattern": "^-?[0-9]+(\\.[0-9]+)?$", "description": "Decimal."},
            "currency": {"type": "string", "pattern": "^[A-Z]{3,5}$"},
        },
    },
    "Source": {
        "type": ["object", "null"],
        "description": "The system's own id of what was read, and a link into its panel.",
        "properties": {"vendor_id": {"type": ["string", "null"]}, "link": {"type": ["string", "null"]}},
    },
    "Position": {
        "type": "object",
        "description": "Where an item stands: lists run from the newest to the oldest, by id within an instant.",
        "required": ["instant", "id"],
        "properties": {"instant": INSTANT, "id": ID},
    },
    "Person": {"type": "object", "required": ["brand", "id"], "properties": {"brand": BRAND, "id": ID}},
    "Problem": {
        "type": "object",
        "description": "RFC 9457.",
        "required": ["title", "status"],
        "properties": {"title": {"type": "string"}, "status": {"type": "integer"}, "detail": {"type": "string"}},
    },
}  # fmt: skip


def parameter(name: str, where: str, schema: dict[str, Any], says: str, *, needed: bool = True) -> dict[str, Any]:
    """Of an operation, in its query or its headers."""
    return {"name": name, "in": where, "required": needed, "schema": schema, "description": says}
