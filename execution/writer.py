"""Records to JSON: for every place of a plan one Python function, written out and compiled once.

    def place_3(record, answers):                     # Money
        v0 = record.amount
        v1 = record.currency
        return {"amount": v0 if v0.__class__ is str else as_String(v0), "currency": ...}

No call stands between a plain scalar and orjson, which writes text, numbers and instants itself; a check of its class
does, since no record is believed blindly. What is not sound raises, and the answer is completed value by value instead.
"""

from __future__ import annotations

import functools
import typing
from collections.abc import Callable
from datetime import UTC, date, datetime
from enum import Enum
from typing import Any

import orjson
from graphql import (
    Undefined,
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


class Unsound(Exception):
    """A value that its type does not allow."""


def writer(plan: Plan) -> Write:
    """The function that turns the root and the steps' answers into what orjson writes.

    Its third argument gets an item for every failure it met: a null whose error is still to be told.
    """
    return _Source().function(plan.root)


class _Source:
    """The source of all functions of one plan, and the names they refer to."""

    def __init__(self) -> None:
        self._names: dict[str, Any] = {
            "LISTS": _LISTS, "datetime": datetime, "date": date, "UTC": UTC, "failed": _failed, "unsound": _unsound,
        }  # fmt: skip
        self._lines: list[str] = []
        self._places: dict[Place, str] = {}
        self._keys: dict[Place, str] = {}  # for objects of which only the key is known
        self._tables: dict[str, Field] = {}  # by class, for fields of an abstract type

    def function(self, root: Place) -> Write:
        name = self._place(root)
        exec(compile("\n".join(self._lines), "<plan>", "exec"), self._names)  # noqa: S102  # no word of it is a client's
        for table, field in self._tables.items():
            for record, place in field.classes.items():
                self._names[table][record] = self._names[self._places[place]]
                if place in self._keys:
                    self._names[table][Partial] = self._names[self._keys[place]]
        write: Write = self._names[name]
        return write

    def _named(self, name: str, value: object) -> str:
        """A name of the value in the source; one per value."""
        while self._names.setdefault(name, value) is not value:
            name += "_"
        return name

    def _place(self, place: Place) -> str:
        if place in self._places:
            return self._places[place]
        name = self._places[place] = f"place_{len(self._places)}"
        record = self._named(place.record.__name__, place.record)
        self._function(name, place, f"record.__class__ is not {record}", self._source)
        if place.key is not None:
            key = self._named(place.key.__name__, place.key)
            self._keys[place] = f"{name}_key"
            known = set(typing.get_type_hints(place.key))
            self._function(
                f"{name}_key", place, f"record.known.__class__ is not {key}", lambda f: self._of_key(f, known)
            )
        return name

    def _function(self, name: str, place: Place, other: str, source: Callable[[Field], str | None]) -> None:
        body = [f"def {name}(record, answers, failures):", f" if {other}: unsound(record)"]
        items = []
        for number, field in enumerate(place.fields):
            value = source(field)
            if value is not None:
                body.append(f" v{number} = {value}")
            items.append(f"{field.key!r}: {self._written(field, value, f'v{number}')}")
        self._lines += [*body, f" return {{{', '.join(items)}}}"]

    def _of_key(self, field: Field, known: set[str]) -> str | None:
        """What the key holds; for what the missing record would hold, its failure."""
        source = self._source(field)
        if source is None or field.step is not None or field.spec is None:
            return source
        return source.replace("record.", "record.known.") if field.spec.attribute in known else "record.failure"

    def _source(self, field: Field) -> str | None:
        """Where a field's value comes from; None for a constant."""
        if field.step is not None:
            return f"answers[{field.step.number}][id(record)]"
        if field.spec is None or (field.denied and field.spec.deny.mask is None):
            return None
        value = f"record.{field.spec.attribute}"
        if not field.denied:
            return value
        mask = field.spec.deny.mask
        return f"{self._named(f'masked_{mask.__name__}', _masked(mask))}({value})"

    def _written(self, field: Field, source: str | None, value: str) -> str:
        if field.denied and field.step is not None:
            return f"None if {value} is None else failed({value}, failures)"
        if source is not None:
            may_fail = (field.step is not None or source == "record.failure") and not is_non_null_type(field.type)
            return self._expression(field.type, field, value, "failed" if may_fail else "unsound")
        if field.spec is None:
            return repr(field.typename)
        if is_non_null_type(field.type):
            return "unsound(None)"
        return "failures.append(None)" if field.spec.deny.name == "ERROR" else "None"

    def _expression(self, type: Any, field: Field, value: str, otherwise: str) -> str:
        """How a value of this type is written; `otherwise` is called with what is none."""
        if is_non_null_type(type):
            return self._of_type(type.of_type, field, value, otherwise, "")
        return self._of_type(type, field, value, otherwise, f"None if {value} is None else ")

    def _of_type(self, type: Any, field: Field, value: str, otherwise: str, null: str) -> str:
        other = f"{null}{otherwise}({value}, failures)"
        if is_list_type(type):
            inner = self._expression(type.of_type, field, f"{value}_", "unsound")
            return f"[{inner} for {value}_ in {value}] if {value}.__class__ in LISTS else {other}"
        if is_leaf_type(type):
            return self._leaf(type, value, otherwise, null)
        ((record, place), *others) = field.classes.items()
        if not others and place.key is None:
            call, fits = self._place(place), f"is {self._named(record.__name__, record)}"
        else:
            for place in field.classes.values():
                self._place(place)
            table = self._named(f"by_class_{len(self._tables)}", {})
            self._tables[table] = field
            call, fits = f"{table}[{value}.__class__]", f"in {table}"
        return f"{call}({value}, answers, failures) if {value}.__class__ {fits} else {other}"

    def _leaf(self, type: Any, value: str, otherwise: str, null: str) -> str:
        coerced = f"{self._named(f'as_{type.name}', _coercion(type))}({value})"
        if otherwise == "failed":
            coerced = f"failed({value}, failures) if isinstance({value}, Exception) else {coerced}"
        if is_enum_type(type):
            if (members := _members(type)) is None:
                return f"{null}{coerced}"
            fits, plain = f"{value}.__class__ is {self._named(type.name, members)}", f"{value}._name_"
        else:
            fits, plain = " or ".join(_plain(type)).format(v=value), value
        return f"{plain} if {fits} else {null}{coerced}" if fits else f"{null}{coerced}"


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
