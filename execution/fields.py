"""What stands behind a published field: a denial, an attribute of the record, or a plural resolver asked in batches."""

from __future__ import annotations

import inspect
import typing
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Protocol

import msgspec
import strawberry
from graphql import GraphQLError

from execution.ahead import ask_ahead
from execution.loading import Loader, told

if TYPE_CHECKING:
    from execution.publication import Publication, Spec


class Context(Protocol):
    """What an operation carries; `denied` was decided before the first vendor call."""

    denied: Mapping[str, Spec]
    loaders: dict[object, Loader]

    def renew(self) -> None: ...


class Partial(msgspec.Struct, frozen=True):
    """An object whose own record could not be read: its key is known, everything else is the failure."""

    known: Any
    failure: Exception


def attribute(spec: Spec, hint: Any) -> Any:
    """Reads an attribute of the record."""

    def read(self: Any, info: strawberry.Info) -> Any:
        return attribute_of(self, spec, info.context.denied.get(spec.coordinate))

    read.__annotations__["return"] = hint
    read.__annotations__["info"] = strawberry.Info
    return read


def attribute_of(parent: Any, spec: Spec, denied: Spec | None) -> Any:
    """What a record holds, or what a denied caller sees instead; raises GraphQLError for a denial that says so."""
    if denied and denied.deny.mask is None:
        return refuse(denied)
    if isinstance(parent, Partial):
        if not hasattr(parent.known, spec.attribute):
            raise told(parent.failure)
        parent = parent.known
    value = getattr(parent, spec.attribute)
    return denied.deny.mask(value) if denied and value is not None else value


def plural(publication: Publication, spec: Spec, hint: Any) -> Any:
    """Asks the spec's resolver for all parents of a level at once."""

    async def ask(self: Any, info: strawberry.Info, **arguments: Any) -> Any:
        context: Context = info.context
        if spec.coordinate in context.denied:
            return refuse(spec)
        arguments = {name: publication.inputs.record(value) for name, value in arguments.items()}
        if spec.narrows and (record := spec.narrows(**arguments)):
            narrow = publication.type_specs[record]
            if narrow.coordinate in context.denied:
                return refuse(narrow)
        if spec.key and (known := spec.key(context, **arguments)):
            ask_ahead(publication, info._raw_info, known, context)
        return await _load(spec, context, parent_of(self, spec), arguments)

    _sign(ask, spec.resolver, publication, hint)
    return ask


async def _load(spec: Spec, context: Context, parent: Any, arguments: dict[str, Any]) -> Any:
    resolver = spec.resolver
    assert resolver is not None
    if spec.action:  # an action is one act: two aliases are two, and none answers with what was read before it
        context.renew()
        return await Loader(lambda parents: resolver(parents, context, **arguments)).answer(parent)
    key = (spec.coordinate, tuple(sorted(arguments.items(), key=lambda item: item[0])))
    loader = context.loaders.get(key) or context.loaders.setdefault(
        key, Loader(lambda parents: resolver(parents, context, **arguments))
    )  # fmt: skip
    return await loader.answer(parent)


def parent_of(parent: Any, spec: Spec) -> Any:
    """The parent a resolver can work with; the failure if it needs more than the key."""
    if not isinstance(parent, Partial):
        return parent
    if isinstance(parent.known, spec.needs):
        return parent.known
    raise told(parent.failure)


def refuse(spec: Spec) -> None:
    """What a denied caller sees where nothing masked stands: null, or raises GraphQLError FORBIDDEN."""
    if spec.deny.name == "ERROR":
        needed = " or ".join(" and ".join(group) for group in spec.rule.scopes)
        raise GraphQLError(f"{spec.coordinate} needs {needed}.", extensions={"code": "FORBIDDEN"})


def _sign(ask: Any, resolver: Callable[..., Any] | None, publication: Publication, hint: Any) -> None:
    """Gives a generated function the signature of its resolver: the arguments of the field."""
    assert resolver is not None
    hints = typing.get_type_hints(resolver, include_extras=True)
    keyword = [p for p in inspect.signature(resolver).parameters.values() if p.kind is inspect.Parameter.KEYWORD_ONLY]
    position = inspect.Parameter.POSITIONAL_OR_KEYWORD
    first = [inspect.Parameter("self", position), inspect.Parameter("info", position, annotation=strawberry.Info)]
    shown = {p.name: publication.inputs.published(hints[p.name]) for p in keyword}
    named = [
        p.replace(annotation=shown[p.name], default=strawberry.UNSET if p.default is None else p.default)
        for p in keyword
    ]
    ask.__signature__ = inspect.Signature([*first, *named], return_annotation=hint)
    ask.__annotations__ = {"info": strawberry.Info, **shown, "return": hint}
