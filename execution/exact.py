"""Completing values by the October 2021 specification, 6.4: every error with its path, every null where it ends.

The written-out functions of `execution/writer.py` know only sound records. What they cannot write, and where errors
stand, is found here: the same plan over the same answers, value by value, as graphql-core would complete them.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from graphql import (
    GraphQLError,
    GraphQLSchema,
    Undefined,
    is_abstract_type,
    is_leaf_type,
    is_list_type,
    is_non_null_type,
    located_error,
)
from graphql.execution import Executor
from graphql.execution.executor import invalid_return_type_error
from graphql.pyutils import is_iterable

from execution.fields import Partial, attribute_of
from execution.loading import told
from execution.plan import Field, Place

Path = tuple[str | int, ...]


class Completion:
    """One operation's answer. With `whole` off it only looks where records are sound and errors may stand."""

    def __init__(self, schema: GraphQLSchema, answers: list[dict[int, Any]], *, whole: bool) -> None:
        self._schema, self._answers, self._whole = schema, answers, whole
        self._errors: list[tuple[int, GraphQLError]] = []

    def of(self, root: Place, source: object) -> tuple[dict[str, Any] | None, list[GraphQLError]]:
        """The data and the errors in the order of the answer."""
        try:
            data = self._object(root, source, (), 0)
        except GraphQLError as error:
            self._tell(error, 0, 0)
            data = None
        return data, [error for _, error in self._errors]

    def _object(self, place: Place, source: Any, path: Path, depth: int) -> dict[str, Any]:
        fields = place.fields if self._whole or isinstance(source, Partial) else place.watched
        return {field.key: self._field(field, source, (*path, field.key), depth) for field in fields}

    def _field(self, field: Field, source: Any, path: Path, depth: int) -> Any:
        """`depth` counts the steps above: what a step answers is complete before anything below it."""
        mark, inside = len(self._errors), depth + (field.step is not None)
        try:
            value = field.typename or self._value(field, source)
            return self._complete(field.type, field, value, path, inside)
        except Exception as error:
            located = located_error(error, field.nodes, list(path))
            if is_non_null_type(field.type):
                raise located from None
            self._tell(located, mark, inside)
            return None

    def _value(self, field: Field, source: Any) -> Any:
        if field.step is not None:
            return self._answers[field.step.number][id(source)]
        assert field.spec is not None
        return attribute_of(source, field.spec, field.spec if field.denied else None)

    def _complete(self, type: Any, field: Field, value: Any, path: Path, depth: int) -> Any:
        if isinstance(value, Exception):
            raise told(value)
        if is_non_null_type(type):
            completed = self._complete(type.of_type, field, value, path, depth)
            if completed is None:
                parent = field.spec.coordinate if field.spec else field.name
                raise TypeError(f"Cannot return null for non-nullable field {parent}.")
            return completed
        if value is None or value is Undefined:
            return None
        if is_list_type(type):
            return self._list(type, field, value, path, depth)
        if is_leaf_type(type):
            return Executor.complete_leaf_value(type, value)
        return self._object(self._place(type, field, value), value, path, depth)

    def _list(self, type: Any, field: Field, value: Any, path: Path, depth: int) -> list[Any]:
        if not is_iterable(value):
            where = field.spec.coordinate if field.spec else field.name
            raise GraphQLError(f"Expected Iterable, but did not find one for field '{where}'.")
        items: Iterable[Any] = value
        return [self._item(type.of_type, field, item, (*path, place), depth) for place, item in enumerate(items)]

    def _item(self, type: Any, field: Field, value: Any, path: Path, depth: int) -> Any:
        mark = len(self._errors)
        try:
            return self._complete(type, field, value, path, depth)
        except Exception as error:
            located = located_error(error, field.nodes, list(path))
            if is_non_null_type(type):
                raise located from None
            self._tell(located, mark, depth)
            return None

    def _place(self, type: Any, field: Field, value: Any) -> Place:
        place = field.place_of(value)
        if place is not None:
            return place
        if not is_abstract_type(type):
            raise invalid_return_type_error(type, value, [_Node(node) for node in field.nodes])  # type: ignore[misc]
        where = field.spec.coordinate if field.spec else field.name
        raise GraphQLError(f"Abstract type '{type}' must resolve to an Object type at runtime for field '{where}'.")

    def _tell(self, error: GraphQLError, mark: int, depth: int) -> None:
        self._keep(mark, depth)
        self._errors.append((depth, error))

    def _keep(self, mark: int, depth: int) -> None:
        """Where a null has spread, errors of the steps within it say nothing any more."""
        self._errors[mark:] = [each for each in self._errors[mark:] if each[0] <= depth]


class _Node:
    """What graphql-core's error text wants of a collected field."""

    def __init__(self, node: Any) -> None:
        self.node = node
