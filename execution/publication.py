"""One declaration a field: type, arguments, rule, denial, directive and batching come from here and nowhere else.

    @publication.publishes(Player, requires=P.PLAYER_READ)
    class PlayerType:
        email = field("Primary address.", requires=P.PLAYER_PII_READ, on_deny=MASK(masks.email))
        kyc = field("Where verification stands.", resolver=kyc_of, requires=P.KYC_STATUS_READ, on_deny=NULL)

A leaf's type comes from the record, a resolver's from its own return annotation. A resolver is plural: it takes all
parents of a level and answers one value, absence or failure for each; its field is nullable by construction.
"""

from __future__ import annotations

import inspect
import types
import typing
from collections.abc import Awaitable, Callable, Mapping, Sequence
from enum import Enum
from typing import Any, Protocol

import msgspec
import strawberry
from graphql import GraphQLError
from strawberry.federation.schema_directives import RequiresScopes
from strawberry.schema_directive import Location

from execution.loading import Loader

Plural = Callable[..., Awaitable[Sequence[object]]]


class Rule(Protocol):
    """What this package needs to know of a permission rule."""

    @property
    def scopes(self) -> list[list[str]]: ...
    def allows(self, granted: frozenset[str]) -> bool: ...
    def implies(self, other: Any) -> bool: ...
    def __and__(self, other: Any) -> Any: ...


class Denial(Protocol):
    """What stands in a denied field."""

    @property
    def name(self) -> str: ...
    @property
    def mask(self) -> Callable[[str], str] | None: ...


class Context(Protocol):
    """What an operation carries; `denied` was decided before the first vendor call."""

    denied: Mapping[str, Spec]
    loaders: dict[object, Loader]


@strawberry.federation.schema_directive(
    locations=[Location.FIELD_DEFINITION], name="onDeny", compose=True, import_url="https://player-graph.example/access/v1.0"
)  # fmt: skip
class OnDeny:
    """What a caller without the scopes sees instead of the value: NULL, or a MASK of it."""

    do: str
    scopes: list[list[str]]


class Declared(msgspec.Struct):
    """A field as the schema file wrote it."""

    description: str
    resolver: Plural | None
    requires: Rule | None
    on_deny: Denial | None
    as_type: Any


class Spec(msgspec.Struct, frozen=True):
    """A published field with its effective rule: its own, its type's and its return type's, and-ed."""

    coordinate: str
    attribute: str
    rule: Any
    deny: Any
    resolver: Plural | None


def field(
    description: str,
    *,
    resolver: Plural | None = None,
    requires: Rule | None = None,
    on_deny: Denial | None = None,
    as_type: Any = None,
) -> Any:
    """Publishes an attribute of the record under its own name, or what `resolver` answers."""
    return Declared(description, resolver, requires, on_deny, as_type)


class Publication:
    """All published types of one schema."""

    def __init__(self, public: Rule, error: Denial, scalars: Mapping[type, Any]) -> None:
        self._public, self._error, self._scalars = public, error, dict(scalars)
        self._types: dict[type, tuple[type, Any]] = {}
        self.specs: dict[str, Spec] = {}

    def publishes(self, record: type, *, name: str, requires: Rule, description: str) -> Callable[[type], type]:
        """Publishes a record as the object type `name`. Refuses, with a sentence, what could leak or cannot work."""

        def publish(declaration: type) -> type:
            members: dict[str, Any] = {"__doc__": description, "__annotations__": {}}
            for attribute, declared in vars(declaration).items():
                if isinstance(declared, Declared):
                    hint, returned = self._type_of(name, record, attribute, declared)
                    spec = self._spec(name, attribute, declared, requires & returned)
                    self._check(spec, hint, requires & returned)
                    members[attribute] = self._strawberry_field(spec, hint, declared)
            cls: type = strawberry.federation.type(type(name, (), members), name=name, description=description)
            cls.is_type_of = staticmethod(lambda obj, _info: isinstance(obj, record))  # type: ignore[attr-defined]
            self._types[record] = (cls, requires)
            return cls

        return publish

    def denied(self, granted: frozenset[str]) -> Mapping[str, Spec]:
        """The coordinates a caller with these scopes may not see."""
        return {coordinate: spec for coordinate, spec in self.specs.items() if not spec.rule.allows(granted)}

    def _type_of(self, owner: str, record: type, attribute: str, declared: Declared) -> tuple[Any, Any]:
        if declared.resolver:
            answer = typing.get_args(typing.get_type_hints(declared.resolver)["return"])[0]
            hint, rule = self._published(_without_errors(answer))
            return hint | None, rule
        hints = typing.get_type_hints(record)
        if declared.as_type:
            return declared.as_type, self._public
        if attribute in hints:
            return self._published(hints[attribute])
        member = getattr(record, attribute, None)
        if isinstance(member, property) and member.fget:
            return self._published(typing.get_type_hints(member.fget)["return"])
        raise TypeError(f"{owner}.{attribute}: no such attribute on {record.__name__}")

    def _published(self, hint: Any) -> tuple[Any, Any]:
        """A record's hint in published types, with the rule of what it returns."""
        origin, arguments = typing.get_origin(hint), typing.get_args(hint)
        if origin in (typing.Union, types.UnionType):
            inner, rule = self._published(next(a for a in arguments if a is not type(None)))
            return inner | None, rule
        if origin in (Sequence, list):
            inner, rule = self._published(arguments[0])
            return types.GenericAlias(list, (inner,)), rule
        if hint in self._types:
            return self._types[hint]
        if isinstance(hint, type) and issubclass(hint, Enum) and not hasattr(hint, "__strawberry_definition__"):
            strawberry.enum(hint, description=inspect.getdoc(hint))
        return self._scalars.get(hint, hint), self._public

    def _spec(self, owner: str, attribute: str, declared: Declared, inherited: Any) -> Spec:
        own = declared.requires or self._public
        coordinate = f"{owner}.{attribute}"
        spec = Spec(coordinate, attribute, inherited & own, declared.on_deny or self._error, declared.resolver)
        self.specs[coordinate] = spec
        return spec

    def _check(self, spec: Spec, hint: Any, inherited: Any) -> None:
        nullable = type(None) in typing.get_args(hint)
        if not nullable and not inherited.implies(spec.rule) and spec.deny.mask is None:
            raise TypeError(f"{spec.coordinate}: may be denied, so it must be nullable")
        if spec.deny.mask is not None and str not in (hint, *typing.get_args(hint)):
            raise TypeError(f"{spec.coordinate}: only text can be masked")

    def _strawberry_field(self, spec: Spec, hint: Any, declared: Declared) -> Any:
        directives: list[object] = []
        if spec.rule.scopes != self._public.scopes:
            shown = spec.deny.name == "ERROR"
            scopes = spec.rule.scopes
            directives = [RequiresScopes(scopes=scopes) if shown else OnDeny(do=spec.deny.name, scopes=scopes)]
        resolve = _plural(spec, hint) if declared.resolver else _attribute(spec, hint)
        return strawberry.federation.field(resolver=resolve, description=declared.description, directives=directives)


def _without_errors(answer: Any) -> Any:
    """A resolver's answer without absence and failures: what the field shows."""
    kept = [a for a in typing.get_args(answer) if not (isinstance(a, type) and issubclass(a, Exception))]
    values = [a for a in kept if a is not type(None)] if isinstance(answer, types.UnionType) else [answer]
    return values[0]


def _refusal(spec: Spec) -> GraphQLError:
    needed = " or ".join(" and ".join(group) for group in spec.rule.scopes)
    return GraphQLError(f"{spec.coordinate} needs {needed}.", extensions={"code": "FORBIDDEN"})


def _attribute(spec: Spec, hint: Any) -> Any:
    def read(self: Any, info: strawberry.Info) -> Any:
        denied = spec.coordinate in info.context.denied
        if denied and spec.deny.mask is None:
            if spec.deny.name == "ERROR":
                raise _refusal(spec)
            return None
        value = getattr(self, spec.attribute)
        if denied:
            return None if value is None else spec.deny.mask(value)
        return value

    read.__annotations__["return"] = hint
    read.__annotations__["info"] = strawberry.Info
    return read


def _plural(spec: Spec, hint: Any) -> Any:
    async def ask(self: Any, info: strawberry.Info, **arguments: Any) -> Any:
        context: Context = info.context
        if spec.coordinate in context.denied:
            if spec.deny.name == "ERROR":
                raise _refusal(spec)
            return None
        key = (spec.coordinate, tuple(sorted(arguments.items())))
        loader = context.loaders.get(key) or context.loaders.setdefault(
            key, Loader(lambda parents: spec.resolver(parents, context, **arguments))  # type: ignore[misc]
        )  # fmt: skip
        return await loader.answer(self)

    hints = typing.get_type_hints(spec.resolver)
    signature = inspect.signature(spec.resolver)  # type: ignore[arg-type]
    keyword = [p for p in signature.parameters.values() if p.kind is inspect.Parameter.KEYWORD_ONLY]
    first = [
        inspect.Parameter("self", inspect.Parameter.POSITIONAL_OR_KEYWORD),
        inspect.Parameter("info", inspect.Parameter.POSITIONAL_OR_KEYWORD, annotation=strawberry.Info),
    ]
    named = [p.replace(annotation=hints[p.name]) for p in keyword]
    ask.__signature__ = inspect.Signature([*first, *named], return_annotation=hint)  # type: ignore[attr-defined]
    ask.__annotations__ = {"info": strawberry.Info, **{p.name: hints[p.name] for p in keyword}, "return": hint}
    return ask
