"""A schema for an audience: the part of the whole that it may know of. What it may not is unknown to it, not forbidden.

Its types are copies that resolve as the whole's do, so what is valid here runs as it would there. A type without a
field is gone, and with it every field that leads to it; what nothing leads to any more is gone too.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from graphql import (
    DefinitionNode,
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLUnionType,
    InterfaceTypeDefinitionNode,
    ObjectTypeDefinitionNode,
    SchemaDefinitionNode,
    SchemaExtensionNode,
    TypeDefinitionNode,
    UnionTypeDefinitionNode,
    get_named_type,
    is_composite_type,
    parse,
    print_ast,
)

Shown = Callable[[str, str], bool]  # (type, field) -> whether the audience may know of it
_Fielded = (GraphQLObjectType, GraphQLInterfaceType)


def narrowed(schema: GraphQLSchema, shown: Shown) -> GraphQLSchema:
    """The part of a schema that `shown` lets through. Raises ValueError where nothing can be asked."""
    return _Narrowing(schema, _kept(schema, shown)).made()


def sdl_of(whole: str, part: GraphQLSchema) -> str:
    """The part's SDL, cut out of the whole's with its directives and descriptions."""
    document = parse(whole)
    cut = (_cut(definition, part) for definition in document.definitions)
    return print_ast(replace(document, definitions=tuple(one for one in cut if one is not None)))


def _kept(schema: GraphQLSchema, shown: Shown) -> Mapping[str, Mapping[str, GraphQLField]]:
    """The fields that stay, by type; types that lose all of them are left out, until nothing changes any more."""
    kept = {
        name: {word: field for word, field in type.fields.items() if shown(name, word)}
        for name, type in schema.type_map.items()
        if isinstance(type, _Fielded) and not name.startswith("__")
    }
    while True:
        empty = {name for name, fields in kept.items() if not fields} | _childless(schema, kept)
        leading = [
            (name, word)
            for name, fields in kept.items()
            for word, field in fields.items()
            if get_named_type(field.type).name in empty
        ]
        if not leading and not empty & kept.keys():
            return kept
        for name, word in leading:
            del kept[name][word]
        kept = {name: fields for name, fields in kept.items() if name not in empty}


def _childless(schema: GraphQLSchema, kept: Mapping[str, Any]) -> set[str]:
    """Abstract types that no type stands for any more, and objects and interfaces that are gone."""
    gone = {name for name, type in schema.type_map.items() if isinstance(type, _Fielded) and name not in kept}
    abstract = (GraphQLInterfaceType, GraphQLUnionType)
    return {name for name in gone if not name.startswith("__")} | {
        name
        for name, type in schema.type_map.items()
        if isinstance(type, abstract) and not any(one.name in kept for one in schema.get_possible_types(type))
    }


class _Narrowing:
    """One audience's copies."""

    def __init__(self, schema: GraphQLSchema, kept: Mapping[str, Mapping[str, GraphQLField]]) -> None:
        self._schema, self._kept, self._made = schema, kept, dict[str, Any]()

    def made(self) -> GraphQLSchema:
        roots = {"query": self._schema.query_type, "mutation": self._schema.mutation_type}
        found = {name: self._named(type) for name, type in roots.items() if type and type.name in self._kept}
        if "query" not in found:
            raise ValueError("an audience that may ask nothing")
        told = self._schema.to_kwargs()
        extensions = {name: one for name, one in told["extensions"].items() if name != "engine"}
        reachable = [self._named(self._schema.type_map[name]) for name in sorted(self._reachable(found.values()))]
        return GraphQLSchema(
            **{**told, "mutation": None, "subscription": None, **found, "types": reachable, "extensions": extensions}
        )

    def _reachable(self, roots: Any) -> set[str]:
        """The objects that a root leads to, also as one of those an abstract type stands for."""
        seen, waiting = set[str](), [root.name for root in roots]
        while waiting:
            name = waiting.pop()
            if name in seen or not is_composite_type(type := self._schema.type_map[name]):
                continue
            seen.add(name)
            if isinstance(type, GraphQLInterfaceType | GraphQLUnionType):
                waiting += [one.name for one in self._schema.get_possible_types(type) if one.name in self._kept]
            waiting += [get_named_type(field.type).name for field in self._kept.get(name, {}).values()]
        return {name for name in seen if isinstance(self._schema.type_map[name], GraphQLObjectType)}

    def _named(self, type: Any) -> Any:
        if not is_composite_type(type) or type.name.startswith("__"):
            return type
        if type.name not in self._made:
            kind = GraphQLUnionType if isinstance(type, GraphQLUnionType) else type.__class__
            self._made[type.name] = kind(**{**type.to_kwargs(), **self._parts(type)})
        return self._made[type.name]

    def _parts(self, type: Any) -> dict[str, Any]:
        if isinstance(type, GraphQLUnionType):
            return {"types": lambda: [self._named(one) for one in type.types if one.name in self._kept]}
        return {
            "fields": lambda: {word: self._field(field) for word, field in self._kept[type.name].items()},
            "interfaces": lambda: [self._named(one) for one in type.interfaces if self._implements(type.name, one)],
        }

    def _implements(self, name: str, interface: Any) -> bool:
        demanded = self._kept.get(interface.name, {})
        return bool(demanded) and demanded.keys() <= self._kept[name].keys()

    def _field(self, field: GraphQLField) -> GraphQLField:
        return GraphQLField(**{**field.to_kwargs(), "type_": self._wrapped(field.type)})

    def _wrapped(self, type: Any) -> Any:
        if isinstance(type, GraphQLNonNull):
            return GraphQLNonNull(self._wrapped(type.of_type))
        if isinstance(type, GraphQLList):
            return GraphQLList(self._wrapped(type.of_type))
        return self._named(type)


def _cut(definition: DefinitionNode, part: GraphQLSchema) -> DefinitionNode | None:
    """A definition as the part knows it; None for a type that it does not know."""
    if isinstance(definition, SchemaDefinitionNode | SchemaExtensionNode):
        roots = tuple(one for one in definition.operation_types or () if one.type.name.value in part.type_map)
        return replace(definition, operation_types=roots)
    if not isinstance(definition, TypeDefinitionNode):
        return definition
    type: Any = part.type_map.get(definition.name.value)
    if type is None:
        return None
    if isinstance(definition, ObjectTypeDefinitionNode | InterfaceTypeDefinitionNode):
        implemented = {one.name for one in type.interfaces}
        return replace(
            definition,
            fields=tuple(one for one in definition.fields or () if one.name.value in type.fields),
            interfaces=tuple(one for one in definition.interfaces or () if one.name.value in implemented),
        )
    if isinstance(definition, UnionTypeDefinitionNode):
        members = {one.name for one in type.types}
        return replace(definition, types=tuple(one for one in definition.types or () if one.name.value in members))
    return definition
