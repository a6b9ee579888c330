"""One declaration a field: type, arguments, rule, denial, directive and batching come from here and nowhere else.

    @publication.publishes(Player, requires=P.PLAYER_READ)
    class PlayerType(NodeType):
        email = field("Primary address.", requires=P.PLAYER_PII_READ, on_deny=MASK(masks.email))
        kyc = field("Where verification stands.", resolver=kyc_of, requires=P.KYC_STATUS_READ, on_deny=NULL)

A leaf's type comes from the record, a resolver's from its own return annotation. A resolver is plural: it takes all
parents of a level and answers one value, absence or failure for each; its field is nullable by construction. Types may
refer to each other in any order: `seal` builds them once all are declared.
"""

from __future__ import annotations

import types
import typing
from collections.abc import Awaitable, Callable, Mapping, Sequence
from enum import Enum
from typing import Any

import msgspec
import strawberry
from cachetools import LRUCache
from graphql import GraphQLSchema
from strawberry.federation.schema_directives import RequiresScopes
from strawberry.utils.str_converters import to_camel_case

from execution.connections import Connection, Edge
from execution.directives import Audited, DenyMode, FilledBy, Masked, MaskStrategy, OnDeny
from execution.enums import published_enum
from execution.fields import attribute, plural
from execution.hints import hint_of, parents_of, without_errors
from execution.inputs import Inputs
from execution.rules import Denial, Rule

Plural = Callable[..., Awaitable[Sequence[object]]]
MOST_SCOPE_SETS = 1024
CURSOR = "Where the item stands: pass it as `after` to go on from here."


class Declared(msgspec.Struct):
    """A field as the schema file wrote it."""

    description: str
    resolver: Plural | None
    requires: Rule | None
    on_deny: Denial | None
    unmask: Rule | None
    masked: Denial | None
    as_type: Any
    vendor: Enum | None
    key: Callable[..., Any] | None
    narrows: Callable[..., type | None] | None
    audited: str | None


class Spec(msgspec.Struct, frozen=True):
    """A published field with its effective rule: its own, its type's and its return type's, and-ed."""

    coordinate: str
    attribute: str
    rule: Any
    deny: Any
    resolver: Plural | None = None
    needs: type = object  # the record a resolver's parents must be
    key: Callable[..., Any] | None = None  # of a field that may be asked about before its own record is there
    narrows: Callable[..., type | None] | None = None  # from the arguments to the record an abstract field will answer
    action: bool = False  # a mutation: never batched, never repeated
    unmask: Any = None  # of a field that shows a masked value: the rule of who sees it in clear
    masked: Any = None  # what everybody else whom `rule` lets in sees of it
    system: str | None = None  # which fills it

    def denied_to(self, granted: frozenset[str]) -> Spec | None:
        """The field as it stands for a caller with these scopes, if not as it is; its `deny` says how."""
        if not self.rule.allows(granted):
            return self
        if self.unmask is None or self.unmask.allows(granted):
            return None
        return msgspec.structs.replace(self, deny=self.masked)


def field(
    description: str,
    *,
    resolver: Plural | None = None,
    requires: Rule | None = None,
    on_deny: Denial | None = None,
    unmask: Rule | None = None,
    masked: Denial | None = None,
    as_type: Any = None,
    vendor: Enum | None = None,
    key: Callable[..., Any] | None = None,
    narrows: Callable[..., type | None] | None = None,
    audited: str | None = None,
) -> Any:
    """Publishes an attribute of the record under its own name, or what `resolver` answers.

    Whom `requires` lets in and `unmask` does not sees it `masked`.
    """
    return Declared(description, resolver, requires, on_deny, unmask, masked, as_type, vendor, key, narrows, audited)


class Type(msgspec.Struct):
    """A declared type: its record, its shell until it is sealed, and the rule that stands before every field."""

    record: type
    name: str
    requires: Any
    description: str
    declaration: type
    shell: type
    abstract: bool
    key: type | None  # a record that holds only the key: what is left of an object whose own record failed


class Publication:
    """All published types of one schema."""

    def __init__(self, public: Rule, error: Denial, scalars: Mapping[Any, Any]) -> None:
        self._public, self._error, self._scalars = public, error, dict(scalars)
        self._types: dict[Any, Type] = {}
        self.inputs = Inputs(scalars)
        self.specs: dict[str, Spec] = {}
        self.type_specs: dict[type, Spec] = {}
        self._records: dict[str, tuple[type, type | None]] | None = None
        self._denied: LRUCache[frozenset[str], Mapping[str, Spec]] = LRUCache(MOST_SCOPE_SETS)

    def publishes(
        self,
        record: Any,
        *,
        name: str,
        requires: Rule,
        description: str,
        abstract: bool = False,
        key: type | None = None,
    ) -> Callable[[type], type]:
        """Publishes a record as the object type `name`, or as an interface; `seal` refuses what could leak."""

        def publish(declaration: type) -> type:
            above = tuple(t.shell for t in self._types.values() if t.declaration in declaration.__bases__)
            shell = type(name, above, {"__annotations__": {}, "__doc__": description})
            self._types[record] = Type(record, name, requires, description, declaration, shell, abstract, key)
            if not abstract:
                self.type_specs[record] = Spec(name, "", requires, self._error)
            return declaration

        return publish

    def connection(self, item: type, *, name: str, requires: Rule) -> None:
        """Publishes `Connection[item]` and `Edge[item]`."""
        edge, part = f"One {name} and its place in the list.", f"A part of a list: {name}."
        self.publishes(Edge[item], name=f"{name}Edge", requires=requires, description=edge)(  # type: ignore[valid-type]
            type("EdgeType", (), {"cursor": field(CURSOR), "node": field("The item itself.")})
        )
        self.publishes(Connection[item], name=f"{name}Connection", requires=requires, description=part)(  # type: ignore[valid-type]
            type("ConnectionType", (), {
                "edges": field("Items in the order of the list."), "page_info": field("Whether there are more."),
                "total_count": field("How many there are in all; null if nobody counted or some are out of scope."),
            })
        )  # fmt: skip

    def seal(self) -> list[type]:
        """Builds every declared type; answers them all, so that the schema also holds those only interfaces lead to."""
        for declared in self._types.values():
            self._build(declared)
        return [declared.shell for declared in self._types.values()]

    def serves(self, schema: GraphQLSchema) -> None:
        """Tells the compiled executor where a built schema's declarations are."""
        schema.extensions["publication"] = self

    def record_of(self, name: str) -> tuple[type, type | None] | None:
        """The class of what is published as the type `name`, and of what is left of it when only its key is known."""
        if self._records is None:
            every = self._types.values()
            self._records = {each.name: (typing.get_origin(each.record) or each.record, each.key) for each in every}
        return self._records.get(name)

    def denied(self, granted: frozenset[str]) -> Mapping[str, Spec]:
        """The coordinates, and the types' names, that a caller with these scopes may not see. Decided once a set."""
        if (known := self._denied.get(granted)) is None:
            every = [*self.specs.values(), *self.type_specs.values()]
            told = ((spec.coordinate, spec.denied_to(granted)) for spec in every)
            known = self._denied[granted] = {coordinate: spec for coordinate, spec in told if spec is not None}
        return known

    def shows(self, granted: frozenset[str], coordinate: str) -> bool:
        """Whether a caller with these scopes sees anything of a field, if only masked."""
        spec = self.specs.get(coordinate)
        return spec is not None and bool(spec.rule.allows(granted))

    def _build(self, declared: Type) -> None:
        for name, each in _declarations(declared.declaration).items():
            hint, returned = self._type_of(declared, name, each)
            spec = self._spec(declared, name, each, declared.requires & returned)
            self._check(spec, hint, declared.requires & returned)
            setattr(declared.shell, name, self._strawberry_field(spec, hint, each))
        bare = typing.get_origin(declared.record) or declared.record
        if not declared.abstract:
            declared.shell.is_type_of = staticmethod(_holds(bare, declared.key))  # type: ignore[attr-defined]
        make = strawberry.federation.interface if declared.abstract else strawberry.federation.type
        make(declared.shell, name=declared.name, description=declared.description)

    def _type_of(self, owner: Type, name: str, declared: Declared) -> tuple[Any, Any]:
        if declared.resolver:
            answer = typing.get_args(typing.get_type_hints(declared.resolver)["return"])[0]
            hint, rule = self._published(without_errors(answer))
            return hint | None if isinstance(hint, type) else typing.Optional[hint], rule  # noqa: UP045  # built at run time
        if declared.as_type:
            return declared.as_type, self._public
        hint, rule = self._published(hint_of(owner.record, name, owner.name))
        loose = owner.key is not None and name not in typing.get_type_hints(owner.key)
        loose = loose or declared.requires is not None
        return (typing.Optional[hint] if loose else hint), rule  # noqa: UP045

    def _published(self, hint: Any) -> tuple[Any, Any]:
        """A record's hint in published types, with the rule of what it returns."""
        if hint in self._types:
            found = self._types[hint]
            return found.shell, self._public if found.abstract else found.requires
        origin, arguments = typing.get_origin(hint), typing.get_args(hint)
        if origin in (typing.Union, types.UnionType):
            inner, rule = self._published(next(a for a in arguments if a is not type(None)))
            return typing.Optional[inner], rule  # noqa: UP045
        if origin in (Sequence, list, tuple):
            inner, rule = self._published(arguments[0])
            return types.GenericAlias(list, (inner,)), rule
        if isinstance(hint, type) and issubclass(hint, Enum):
            return published_enum(hint), self._public
        return self._scalars.get(hint, hint), self._public

    def _spec(self, owner: Type, name: str, declared: Declared, inherited: Any) -> Spec:
        spec = Spec(
            f"{owner.name}.{to_camel_case(name)}",
            name,
            inherited & (declared.requires or self._public),
            declared.on_deny or self._error,
            declared.resolver,
            parents_of(declared.resolver) if declared.resolver else object,
            declared.key,
            declared.narrows,
            declared.audited is not None,
            declared.unmask and inherited & (declared.requires or self._public) & declared.unmask,
            declared.masked,
            str(declared.vendor.value) if declared.vendor else None,
        )
        self.specs[spec.coordinate] = spec
        return spec

    def _check(self, spec: Spec, hint: Any, inherited: Any) -> None:
        nullable = type(None) in typing.get_args(hint)
        if not nullable and not inherited.implies(spec.rule):
            raise TypeError(f"{spec.coordinate}: may be denied, so it must be nullable")
        if (spec.unmask is None) != (spec.masked is None):
            raise TypeError(f"{spec.coordinate}: a mask and who sees behind it are declared together")
        if spec.masked is not None and str not in (hint, *typing.get_args(hint)):
            raise TypeError(f"{spec.coordinate}: only text can be masked")

    def _strawberry_field(self, spec: Spec, hint: Any, declared: Declared) -> Any:
        resolve = plural(self, spec, hint) if declared.resolver else attribute(spec, hint)
        directives = [*self._access(spec), *([FilledBy(system=declared.vendor.value)] if declared.vendor else [])]
        if declared.audited:
            directives.append(Audited(action=declared.audited))
        return strawberry.federation.field(resolver=resolve, description=declared.description, directives=directives)

    def _access(self, spec: Spec) -> list[object]:
        scopes = spec.rule.scopes
        veil: list[object] = (
            [] if spec.masked is None else [Masked(strategy=_strategy(spec.masked), unmask=spec.unmask.scopes)]
        )
        if scopes == self._public.scopes:
            return veil
        if spec.deny.name == "ERROR":
            return [RequiresScopes(scopes=scopes), *veil]
        return [OnDeny(do=DenyMode[spec.deny.name], scopes=scopes), *veil]


def _strategy(masked: Denial) -> MaskStrategy:
    """The published name of what masks."""
    assert masked.mask is not None
    return MaskStrategy[masked.mask.__name__.upper()]


def _declarations(declaration: type) -> dict[str, Declared]:
    """Own fields and those of the interfaces above, the nearest declaration of a name winning."""
    found: dict[str, Declared] = {}
    for cls in reversed(declaration.__mro__):
        found |= {name: each for name, each in vars(cls).items() if isinstance(each, Declared)}
    return found


def _holds(record: type, key: type | None) -> Callable[[Any, Any], bool]:
    def is_type_of(value: Any, _info: Any) -> bool:
        return isinstance(value, record) or (key is not None and isinstance(getattr(value, "known", None), key))

    return is_type_of
