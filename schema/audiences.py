"""The schema that each audience asks by: made at start of what the roles of its policy may see."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache, lru_cache

import msgspec
from graphql import GraphQLSchema

from auth.policy import Audience, Policy
from execution.audiences import narrowed, sdl_of
from schema.graph import publication, schema

SIGNED_IN = frozenset({"signed.in"})
KEPT_PARTS = 16


class Part(msgspec.Struct, frozen=True):
    """What an audience knows of the graph, and how that is published."""

    schema: GraphQLSchema
    sdl: str


def parts(policy: Policy) -> Mapping[Audience, Part]:
    """A schema an audience. The staff's is the whole: of its many roles each sees another part of it."""
    found = {Audience.STAFF: _whole()}
    for audience, roles in policy.audiences.items():
        found[audience] = _part(frozenset(policy.roles[role] | SIGNED_IN for role in roles))
    return found


@cache
def _whole() -> Part:
    return Part(schema._schema, schema.as_str())


@lru_cache(maxsize=KEPT_PARTS)
def _part(held: frozenset[frozenset[str]]) -> Part:
    """What callers may know of who hold any of these sets of scopes. It never changes, so it is cut once."""

    def shown(type_name: str, field: str) -> bool:
        return any(publication.shows(scopes, f"{type_name}.{field}") for scopes in held)

    part = narrowed(schema._schema, shown)
    return Part(part, sdl_of(_whole().sdl, part))
