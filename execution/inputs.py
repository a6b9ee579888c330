"""Arguments that are objects: a frozen record becomes an input type, and what a caller sends the record again."""

from __future__ import annotations

import types
import typing
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from enum import Enum
from typing import Annotated, Any

import msgspec
import strawberry
from graphql import GraphQLError
from typing_extensions import Doc

from execution.enums import published_enum

FIRST_YEAR, LAST_YEAR = 1970, 2200


class Inputs:
    """The input types of one schema, made from records on first use."""

    def __init__(self, scalars: Mapping[Any, Any]) -> None:
        self._scalars, self._made = scalars, dict[type, type]()

    def published(self, hint: Any) -> Any:
        """A resolver's hint in published types; `Annotated[.., Doc(..)]` stays."""
        origin, arguments = typing.get_origin(hint), typing.get_args(hint)
        if origin is Annotated:
            described = [m for m in arguments[1:] if isinstance(m, Doc)]
            notes = [strawberry.argument(description=doc.documentation) for doc in described]
            return Annotated[(self.published(arguments[0]), *notes)]
        if origin in (typing.Union, types.UnionType):
            return self.published(next(a for a in arguments if a is not type(None))) | None
        if origin in (Sequence, list):
            return types.GenericAlias(list, (self.published(arguments[0]),))
        if isinstance(hint, type) and issubclass(hint, msgspec.Struct):
            return self._input(hint)
        if isinstance(hint, type) and issubclass(hint, Enum):
            return published_enum(hint)
        return self._scalars.get(hint, hint)

    def _input(self, record: type) -> type:
        if record not in self._made:
            fields = msgspec.structs.fields(record)
            hints = typing.get_type_hints(record, include_extras=True)
            members: dict[str, Any] = {"__annotations__": {}, "__doc__": record.__doc__}
            for item in fields:
                hint = hints[item.name]
                docs = [m.documentation for m in typing.get_args(hint)[1:] if isinstance(m, Doc)]
                bare = typing.get_args(hint)[0] if typing.get_origin(hint) is Annotated else hint
                members["__annotations__"][item.name] = self.published(bare)
                default = {} if item.required else {"default": _default(item)}
                members[item.name] = strawberry.field(description=docs[0] if docs else None, **default)
            made = type(record.__name__, (), members)
            self._made[record] = strawberry.input(made, name=record.__name__, description=record.__doc__)
        return self._made[record]

    def record(self, value: Any) -> Any:
        """What a caller sent, as records; everything else as it is."""
        if value is strawberry.UNSET:
            return None
        if isinstance(value, datetime):
            return _instant(value)
        if isinstance(value, list):
            return tuple(self.record(item) for item in value)
        for record, made in self._made.items():
            if isinstance(value, made):
                return record(**{f.name: self.record(getattr(value, f.name)) for f in msgspec.structs.fields(record)})
        return value


def _instant(value: datetime) -> datetime:
    """In UTC; raises GraphQLError BAD_INSTANT for one without an offset, or of a year no system here can mean."""
    if value.tzinfo is None or not FIRST_YEAR <= value.year <= LAST_YEAR:
        message = f"Give an instant with its offset, {FIRST_YEAR} to {LAST_YEAR}."
        raise GraphQLError(message, extensions={"code": "BAD_INSTANT"})
    return value.astimezone(UTC)


def _default(item: Any) -> Any:
    return strawberry.UNSET if item.default is None else item.default
