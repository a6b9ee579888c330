"""A canonical record as the reference contract writes it, and back: one rule a type, so no field is mapped by hand.

- An id is the system's own; of what kind and brand it is, the place where it stands and the call say.
- Money is `{"amount": "12.50", "currency": "EUR"}`; an instant has an offset; a word of an enumeration is its name.
- `source` is `{"vendor_id": ..., "link": ...}` and may be left out, as may everything that may be null.
"""

from __future__ import annotations

import types
import typing
from collections.abc import Callable, Sequence
from datetime import date, datetime
from enum import Enum
from functools import cache
from typing import Any

import msgspec

from vendors.ports.cashier import Deposit, Direction, PaymentInstrument, Transaction, Withdrawal
from vendors.ports.keys import Key
from vendors.ports.money import Money
from vendors.ports.paging import Page, Position
from vendors.ports.pam import GameRound, Player
from vendors.ports.source import Source
from vendors.ports.ticketing import TicketComment

SourceOf = Callable[[str | None, str | None], Source]  # (the vendor's id, a link) -> where a record came from
KINDS = {  # of a record's own `id`, where that is not its name; any other id is called after its field
    Player: "player", GameRound: "round", PaymentInstrument: "instrument", TicketComment: "comment",
}  # fmt: skip
OWN_WORDS = {"PlayerHits.keys": "player"}


class Frame(msgspec.Struct, frozen=True):
    """What a record of this call takes from it: the brand, and how its source is told."""

    brand: str
    source: SourceOf


def kind_of(record: Any, field: str) -> str:
    """Of which kind an id is that stands in this field."""
    if field == "id":
        return KINDS.get(record) or str(record.__name__).lower()
    return OWN_WORDS.get(f"{record.__name__}.{field}", field)


@cache
def fields_of(record: Any) -> Sequence[tuple[str, Any, bool]]:
    """Name, type and whether it may be left out, of every field."""
    origin = typing.get_origin(record) or record
    hints = typing.get_type_hints(origin)
    return [(field.name, hints[field.name], not field.required) for field in msgspec.structs.fields(origin)]


@cache
def optional(hint: Any) -> Any | None:
    """What a type is besides None; None if it cannot be None."""
    if typing.get_origin(hint) not in (typing.Union, types.UnionType):
        return None
    others = [one for one in typing.get_args(hint) if one is not type(None)]
    return others[0] if len(others) < len(typing.get_args(hint)) else None


def written(value: Any) -> Any:
    """A record as JSON's own types."""
    match value:
        case Key():
            return value.local
        case Money():
            return {"amount": value.amount, "currency": value.currency}
        case Source():
            return {"vendor_id": value.vendor_id, "link": value.deep_link}
        case Page():
            items = zip(value.items, value.positions, strict=True)
            return {"items": [{"at": written(at), "value": written(item)} for item, at in items], "more": value.more}
        case Position():
            return {"instant": written(value.at), "id": value.local}
        case msgspec.Struct():
            return {name: written(getattr(value, name)) for name, _, _ in fields_of(type(value))}
        case Enum():
            return value.value
        case datetime() | date():
            return value.isoformat()
        case list() | tuple() | frozenset():
            return [written(item) for item in value]
    return value


def read(said: Any, hint: Any, frame: Frame, kind: str = "") -> Any:
    """The value of that type. Raises ValueError, which says what is wrong with `said`."""
    if (inner := optional(hint)) is not None:
        return None if said is None else read(said, inner, frame, kind)
    if hint is Key:
        return Key.parse(f"{kind}:{frame.brand}:{msgspec.convert(said, str)}")
    if hint is Money:
        return Money.from_decimal(_of(said, "amount", str), _of(said, "currency", str))
    if hint is Source:
        told = said or {}
        return frame.source(_of(told, "vendor_id", str | None), _of(told, "link", str | None))
    if hint is Position:
        return Position(_plain(_of(said, "instant", str), datetime), _of(said, "id", str))
    if hint is Transaction:
        hint = Withdrawal if _of(said, "direction", Direction) is Direction.WITHDRAWAL else Deposit
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin is Page:
        return _page(said, arguments[0], frame)
    if origin is not None:
        items = [read(item, arguments[0], frame, kind) for item in msgspec.convert(said, list[Any])]
        return frozenset(items) if origin is frozenset else tuple(items)
    if isinstance(hint, type) and issubclass(hint, msgspec.Struct):
        return hint(**_fields(said, hint, frame))
    return _plain(said, hint)


def _fields(said: Any, record: Any, frame: Frame) -> dict[str, Any]:
    told, values = msgspec.convert(said, dict[str, Any]), dict[str, Any]()
    for name, hint, has_default in fields_of(record):
        if name in told or hint is Source or (optional(hint) is not None and not has_default):
            try:
                values[name] = read(told.get(name), hint, frame, kind_of(record, name))
            except (ValueError, TypeError) as error:
                raise ValueError(f"{name}: {error}") from error
        elif not has_default:
            raise ValueError(f"{name} is missing")
    return values


def _page(said: Any, item: Any, frame: Frame) -> Page[Any]:
    entries = _of(said, "items", list[dict[str, Any]])
    positions = tuple(read(entry["at"], Position, frame) for entry in entries)
    return Page(tuple(read(entry.get("value"), item, frame) for entry in entries), positions, _of(said, "more", bool))


def _plain(said: Any, hint: Any) -> Any:
    """A word that the enumeration does not have is its UNKNOWN, if it has that."""
    if isinstance(hint, type) and issubclass(hint, Enum) and said not in {one.value for one in hint}:
        said = "UNKNOWN"
    value = msgspec.convert(said, hint)
    if isinstance(value, datetime) and value.tzinfo is None:
        raise ValueError("an instant has no offset")
    return value


def _of(said: Any, name: str, hint: Any) -> Any:
    return msgspec.convert(msgspec.convert(said, dict[str, Any]).get(name), hint)
