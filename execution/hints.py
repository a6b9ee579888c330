"""What annotations say: of a record's attribute, of the parents a resolver takes, of what it answers."""

from __future__ import annotations

import types
import typing
from collections.abc import Callable
from typing import Any

import msgspec


def hint_of(record: Any, name: str, owner: str) -> Any:
    """The hint of a record's attribute or property; of a generic record with its parameters in place."""
    bare = typing.get_origin(record) or record
    if bare is not record:
        hints = {f.name: f.type for f in msgspec.structs.fields(record)}
    else:
        hints = typing.get_type_hints(bare)
    if name in hints:
        return hints[name]
    member = getattr(bare, name, None)
    if isinstance(member, property) and member.fget:
        return typing.get_type_hints(member.fget)["return"]
    raise TypeError(f"{owner}.{name}: no such attribute on {bare.__name__}")


def parents_of(resolver: Callable[..., Any]) -> type:
    """The record a resolver's first parameter is a sequence of."""
    hints = typing.get_type_hints(resolver)
    first = next(iter(hints))
    parent: type = typing.get_args(hints[first])[0]
    return parent


def without_errors(answer: Any) -> Any:
    """A resolver's answer without absence and failures: what the field shows."""
    kept = [a for a in typing.get_args(answer) if not (isinstance(a, type) and issubclass(a, Exception))]
    values = [a for a in kept if a is not type(None)] if isinstance(answer, types.UnionType) else [answer]
    return values[0]
