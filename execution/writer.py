"""Records to JSON: for every place of a plan one Python function, written out and compiled once.

    def write(record, answers, failures):             # of Balance
        v0 = record.cash
        v1 = record.source
        return {"cash": write_v0(v0, answers, failures) if v0.__class__ is Money else unsound(v0, failures), ...}

No call stands between a plain scalar and orjson, which writes text, numbers and instants itself; a check of its class
does, since no record is believed blindly. What is not sound raises, and the answer is completed value by value instead.
"""

from __future__ import annotations

import functools
import typing
from collections.abc import Callable
from datetime import UTC, date, datetime
from enum import Enum
from types import CodeType
from typing import Any

import orjson
from graphql import (
    GraphQLID,
    Undefined,
    get_nullable_type,
    is_enum_type,
    is_leaf_type,
    is_list_type,
    is_non_null_type,
    is_specified_scalar_type,
)

from execution.fields import Partial
from execution.plan import Field, Place, Plan

Answers = list[dict[int, Any]]
Write = Callable[[Any, Answers, list[object]], Any]

# Classes whose instances are written as they are, by scalar; the conditions that make an instance one of them.
_PLAIN = {
    "String": "{v}.__class__ is str",
    "ID": "{v}.__class__ is str",
    "Boolean": "{v}.__class__ is bool",
    "Int": "({v}.__class__ is int and -2147483648 <= {v} <= 2147483647)",
}
# A custom scalar whose serialiser gives what orjson writes for the same value needs no call either.
_PROBES: tuple[tuple[object, str], ...] = (
    (datetime(2026, 1, 2, 3, 4, 5, 600, UTC), "({v}.__class__ is datetime and {v}.tzinfo is UTC)"),
    (date(2026, 1, 2), "{v}.__class__ is date"),
    (2**53 + 1, "({v}.__class__ is int and -9223372036854775808 <= {v} <= 9223372036854775807)"),
    ('a "b" \u00e9', "{v}.__class__ is str"),
)
_LISTS = frozenset({list, tuple})
KEPT_SOURCES = 4096
_TEXTUAL: set[type] = set()  # classes of ids of our own, of which GraphQL's ID shows the text


class Unsound(Exception):
    """A value that its type does not allow."""


def writer(plan: Plan) -> Write:
    """The function that turns the root and the steps' answers into what orjson writes.

    Its third argument gets an item for every failure it met: a null whose error is still to be told.
    """
    return _Writer().of(plan.root)


class _Writer:
    """The functions of one plan, those below before those above."""

    def __init__(self) -> None:
        self._made: dict[Place, Write] = {}

    def of(self, place: Place) -> Write:
        """What writes an object of this place."""
        if place not in self._made:
            self._made[place] = _Function(self, place).made()
        return self._made[place]

    def of_key(self, place: Place) -> Write:
        """What writes an object of which only the key is known; made when the first one comes."""
        made: list[Write] = []

        def write(record: Any, answers: Answers, failures: list[object]) -> Any:
            if not made:
                made.append(_Function(self, place, key=place.key).made())
            return made[0](record, answers, failures)

        return write


class _Function:
    """One place's function: its source, and what the names in it stand for.

    The source names nothing of its plan but the steps' numbers, so equal selections share one compilation.
    """

    def __init__(self, writer: _Writer, place: Place, key: type | None = None) -> None:
        self._writer, self._place = writer, place
        self._known = set(typing.get_type_hints(key)) if key else None
        self._names: dict[str, Any] = {
            "LISTS": _LISTS, "datetime": datetime, "date": date, "UTC": UTC, "failed": _failed, "unsound": _unsound,
        }  # fmt: skip

    def made(self) -> Write:
        body, items = ["def write(record, answers, failures):"], list[str]()
        for number, field in enumerate(self._place.fields):
            if (source := self._source(field)) is not None:
                body.append(f" v{number} = {source}")
            items.append(f"{field.key!r}: {self._written(field, source, f'v{number}')}")
        body.append(f" return {{{', '.join(items)}}}")
        exec(_code("\n".join(body)), self._names)  # noqa: S102  # of a client's words only response keys, quoted
        write: Write = self._names["write"]
        return write

    def _named(self, name: str, value: object) -> str:
        """A name of the value in the source; one per value."""
        while self._names.setdefault(name, value) is not value:
            name += "_"
        return name

    def _source(self, field: Field) -> str | None:
        """Where a field's value comes from; None for a constant."""
        if field.step is not None:
            return f"answers[{field.step.number}][id(record)]"
        if field.spec is None or (field.denied and field.spec.deny.mask is None):
            return None
        if self._known is not None and field.spec.attribute not in self._known:
            return "record.failure"
        value = f"record.{'known.' if self._known is not None else ''}{field.spec.attribute}"
        if not field.denied:
            return value
        mask = field.spec.deny.mask
        return f"{self._named(f'masked_{mask.__name__}', _masked(mask))}({value})"

    def _written(self, field: Field, source: str | None, value: str) -> str:
        if source is None:
            return self._constant(field)
        if field.denied and field.step is not None:
            return f"None if {value} is None else failed({value}, failures)"
        may_fail = (field.step is not None or source == "record.failure") and not is_non_null_type(field.type)
        return self._expression(field.type, field, value, "failed" if may_fail else "unsound")

    def _constant(self, field: Field) -> str:
        if field.spec is None:
            return repr(field.typename)
        if is_non_null_type(field.type):
            return "unsound(None)"
        return "failures.append(None)" if field.spec.deny.name == "ERROR" else "None"

    def _expression(self, type: Any, field: Field, value: str, other: str) -> str:
        """How a value of this type is written; the function `other` is called with what is none."""
        null = "" if is_non_null_type(type) else f"None if {value} is None else "
        type = get_nullable_type(type)
        if is_leaf_type(type):
            return self._leaf(type, value, other, null)
        if is_list_type(type):
            inner = self._expression(
                type.of_type, field, f"{value}_", "unsound" if is_non_null_type(type.of_type) else other
            )
            return (
                f"{null}[{inner} for {value}_ in {value}] if {value}.__class__ in LISTS else {other}({value}, failures)"
            )
        write, fits = self._object(field, value)
        return f"{null}{write}({value}, answers, failures) if {value}.__class__ {fits} else {other}({value}, failures)"

    def _object(self, field: Field, value: str) -> tuple[str, str]:
        """What writes an object of the field's types, and when one of them does."""
        ((record, place), *others) = field.classes.items()
        if not others and place.key is None:
            return self._named(f"write_{value}", self._writer.of(place)), f"is {self._named(record.__name__, record)}"
        table: dict[type, Write] = {record: self._writer.of(place) for record, place in field.classes.items()}
        for place in field.classes.values():
            if place.key is not None:
                table[Partial] = self._writer.of_key(place)
        name = self._named(f"writers_{value}", table)
        return f"{name}[{value}.__class__]", f"in {name}"

    def _leaf(self, type: Any, value: str, other: str, null: str) -> str:
        coerced = f"{self._named(f'as_{type.name}', _coercion(type))}({value})"
        if other == "failed":
            coerced = f"failed({value}, failures) if isinstance({value}, Exception) else {coerced}"
        if is_enum_type(type):
            members = _members(type)
            plain = f"{value}._name_ if {value}.__class__ is {self._named(type.name, members)} else " if members else ""
            return f"{null}{plain}{coerced}"
        if type is GraphQLID:
            coerced = f"str({value}) if {value}.__class__ in {self._named('TEXTUAL', _TEXTUAL)} else {coerced}"
        fits = " or ".join([*([f"{value} is None"] if null else []), *_plain(type)]).format(v=value)
        return f"{value} if {fits} else {coerced}" if fits else coerced


@functools.lru_cache(KEPT_SOURCES)
def _code(source: str) -> CodeType:
    return compile(source, "<plan>", "exec")


@functools.cache
def _plain(scalar: Any) -> list[str]:
    """When a value of this scalar is written as it is, as conditions on `v`."""
    if is_specified_scalar_type(scalar):
        return [_PLAIN[scalar.name]] if scalar.name in _PLAIN else []
    return [condition for probe, condition in _PROBES if _written_alike(scalar, probe)]


def _written_alike(scalar: Any, probe: object) -> bool:
    try:
        return orjson.dumps(scalar.coerce_output_value(probe)) == orjson.dumps(probe)
    except Exception:  # it does not take such values
        return False


@functools.cache
def _members(enum: Any) -> type[Enum] | None:
    """The Python enum whose members are published under their own names."""
    members = getattr(enum, "wrapped_cls", None)
    if members is None or any(enum.values[m.name].value != m.value for m in members if m.name in enum.values):
        return None
    return members if set(enum.values) == set(members.__members__) else None


@functools.cache
def _coercion(leaf: Any) -> Callable[[Any], Any]:
    """graphql-core's own coercion; raises for what the type cannot show, null among it."""

    def coerce(value: Any) -> Any:
        coerced = None if value is None else leaf.coerce_output_value(value)
        if leaf is GraphQLID and value.__class__.__module__ != "builtins" and coerced == str(value):
            _TEXTUAL.add(value.__class__)
        if coerced is None or coerced is Undefined:
            raise Unsound
        return coerced

    return coerce


@functools.cache
def _masked(mask: Callable[[Any], Any]) -> Callable[[Any], Any]:
    return lambda value: None if value is None else mask(value)


def _failed(value: object, failures: list[object]) -> None:
    """A step's failure is no surprise: null here, and its error told afterwards."""
    if not isinstance(value, Exception):
        raise Unsound
    failures.append(value)


def _unsound(value: object, failures: object = None) -> None:
    raise Unsound
