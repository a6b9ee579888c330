"""The schema that each audience asks by: made at start of what the roles of its policy may see."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec
from graphql import GraphQLSchema

from auth.policy import Audience, Policy
from execution.audiences import narrowed, sdl_of
from schema.graph import publication, schema

SIGNED_IN = frozenset({"signed.in"})


class Part(msgspec.Struct, frozen=True):
    """What an audience knows of the graph, and how that is published."""

    schema: GraphQLSchema
    sdl: str


def parts(policy: Policy) -> Mapping[Audience, Part]:
    """A schema an audience. The staff's is the whole: of its many roles each sees another part of it."""
    whole = schema.as_str()
    found = {Audience.STAFF: Part(schema._schema, whole)}
    for audience, roles in policy.audiences.items():
        held = [policy.roles[role] | SIGNED_IN for role in sorted(roles)]

        def shown(type_name: str, field: str, held: list[frozenset[str]] = held) -> bool:
            return any(publication.shows(scopes, f"{type_name}.{field}") for scopes in held)

        part = narrowed(schema._schema, shown)
        found[audience] = Part(part, sdl_of(whole, part))
    return found
