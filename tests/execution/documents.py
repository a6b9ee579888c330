"""Documents made up from a schema: valid by construction, over all its fields, fragments, aliases and variables."""

import random
from typing import Any

from graphql import (
    GraphQLSchema,
    get_named_type,
    is_abstract_type,
    is_enum_type,
    is_input_object_type,
    is_leaf_type,
    is_list_type,
    is_non_null_type,
)

# What a literal of an argument may be, by the argument's name; some are refused by the resolver.
IDS = ["player:acme:p-001", "player:acme:p-002", "player:borealis:p-003", "player:nowhere:p-001"]
NODES = [*IDS, "withdrawal:acme:p-004", "deposit:acme:p-005", "ticket:acme:p-001", "game:acme:p-002", "rubbish"]
BY_NAME: dict[str, list[Any]] = {
    "first": [1, 2, 3, 20, 20, 100, 0],
    "after": [None, None, None, "forged"],
    "brand": ["acme", "acme", "borealis", "nowhere"],
    "typeName": ["Player", "Ticket"],
    "fieldName": ["email", "subject", "none"],
    "email": [None, "ada.ash@mail.example"],
    "playerId": ["p-001", None],
    "createdFrom": [None, "2026-01-01T00:00:00Z", "2026-01-01T00:00:00"],
}
LEFT_OUT = {
    "_service",  # the schema about itself
    "statusTimeline",  # tells what has been observed so far, which goes on beside the answer
    "sources",  # tells what was asked before the loop fell silent, which no two executors do in the same turn
}


class Document:
    """One document's text and variables, from one seed."""

    def __init__(self, schema: GraphQLSchema, seed: int, *, fields: int = 40) -> None:
        self._schema, self._dice, self._left = schema, random.Random(seed), fields
        self._aliases = 0
        self._declared: list[str] = []
        self._fragments: list[str] = []
        self._arguments: dict[str, str] = {}
        self.variables: dict[str, Any] = {}
        body = self._selection(schema.query_type, 0)
        head = f"query({', '.join(self._declared)})" if self._declared else "query"
        self.text = "\n".join([f"{head} {body}", *self._fragments])

    def _selection(self, type: Any, depth: int) -> str:
        chance, parts = self._dice.random, list[str]()
        for _ in range(self._dice.randint(1, 3 if depth else 4) + (depth > 1)):
            parts.append(self._part(type, depth))
        if chance() < 0.2:
            parts.append("__typename" + self._switch())
        self._aliases += 1
        return "{ " + " ".join(parts) + f" t{self._aliases}: __typename }}"

    def _part(self, type: Any, depth: int) -> str:
        roll = self._dice.random()
        if is_abstract_type(type) and roll < 0.7:
            concrete = self._dice.choice(self._schema.get_possible_types(type))
            return f"... on {concrete.name}{self._switch()} {self._selection(concrete, depth + 1)}"
        if roll < 0.1:
            return f"...{self._switch()} {self._selection(type, depth + 1)}"
        if roll < 0.2:
            name = f"F{len(self._fragments)}"
            self._fragments.append("")
            self._fragments[int(name[1:])] = f"fragment {name} on {type.name} {self._selection(type, depth + 1)}"
            return " ".join([f"...{name}{self._switch()}"] * self._dice.randint(1, 2))
        return self._field(type, depth)

    def _field(self, type: Any, depth: int) -> str:
        names = [name for name in type.fields if name not in LEFT_OUT]
        if depth > 9 or self._left <= 0:
            names = [name for name in names if is_leaf_type(get_named_type(type.fields[name].type))]
        if not names:
            return "__typename"
        name = self._dice.choice(names)
        self._wanted_kind = {"transaction": "withdrawal", "ticket": "ticket", "game": "game", "node": ""}.get(
            name, "player"
        )
        field, self._left = type.fields[name], self._left - 1
        self._aliases += 1
        key = f"a{self._aliases}: {name}" if self._aliases < 100 else name
        merged = self._dice.random() < 0.3 and name == "id"
        text = f"{name if merged else key}{self._given(field)}{self._switch()}"
        below = get_named_type(field.type)
        if is_leaf_type(below):
            return text
        if self._dice.random() < 0.15:  # the same response key twice, its selections to be merged
            return f"{text} {self._selection(below, depth + 1)} {text} {self._selection(below, depth + 1)}"
        return f"{text} {self._selection(below, depth + 1)}"

    def _given(self, field: Any) -> str:
        given = []
        for name, argument in field.args.items():
            if not is_non_null_type(argument.type) and self._dice.random() < 0.5:
                continue
            value = self._value(name, argument.type)
            if self._dice.random() < 0.4:
                given.append(f"{name}: ${self._variable(argument.type, value)}")
            else:
                given.append(f"{name}: {_literal(value)}")
        return f"({', '.join(given)})" if given else ""

    def _variable(self, type: Any, value: Any) -> str:
        name = f"v{len(self._declared)}"
        if value is not None and not is_non_null_type(type) and self._dice.random() < 0.3:
            self._declared.append(f"${name}: {type} = {_literal(value)}")
            return name
        self._declared.append(f"${name}: {type}")
        self.variables[name] = _sent(value)
        return name

    def _switch(self) -> str:
        if self._dice.random() > 0.08:
            return ""
        name, on = self._dice.choice(["skip", "include"]), self._dice.random() < 0.5
        if self._dice.random() < 0.5:
            return f" @{name}(if: {_literal(on)})"
        variable = f"b{len(self._declared)}"
        self._declared.append(f"${variable}: Boolean!")
        self.variables[variable] = on
        return f" @{name}(if: ${variable})"

    def _value(self, name: str, type: Any) -> Any:
        if is_non_null_type(type):
            while (value := self._value(name, type.of_type)) is None:
                pass
            return value
        if is_list_type(type):
            return [self._value(name, type.of_type) for _ in range(self._dice.randint(0, 3))]
        if is_enum_type(type):
            return _Word(self._dice.choice(list(type.values)))
        if is_input_object_type(type):
            return {each: self._value(each, inner.type) for each, inner in type.fields.items() if self._wanted(inner)}
        if name in ("id", "ids"):
            if self._dice.random() < 0.7:
                return self._dice.choice([one for one in NODES if one.startswith(self._wanted_kind)][:2])
            return self._dice.choice(NODES)
        return self._dice.choice(BY_NAME.get(name, [None] if type.name == "DateTime" else [None, "x"]))

    def _wanted(self, field: Any) -> bool:
        return is_non_null_type(field.type) or self._dice.random() < 0.4


class _Word(str):
    """An enum's value, which stands bare in a document."""

    __slots__ = ()


def _literal(value: Any) -> str:
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, _Word):
        return value
    if isinstance(value, list):
        return f"[{', '.join(map(_literal, value))}]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{name}: {_literal(each)}" for name, each in value.items()) + "}"
    return f'"{value}"' if isinstance(value, str) else str(value)


def _sent(value: Any) -> Any:
    if isinstance(value, list):
        return [_sent(each) for each in value]
    if isinstance(value, dict):
        return {name: _sent(each) for name, each in value.items()}
    return str(value) if isinstance(value, str) else value
