"""The arguments of a field as its resolver takes them: coerced, defaults in place, inputs as records."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from graphql import FieldNode, GraphQLField, GraphQLSchema
from graphql.execution.values import VariableValues, get_argument_values
from strawberry.types.arguments import convert_arguments

if TYPE_CHECKING:
    from execution.publication import Publication


def arguments_of(
    publication: Publication, schema: GraphQLSchema, field: GraphQLField, node: FieldNode, variables: VariableValues
) -> dict[str, Any]:
    """Raises GraphQLError for what the caller gave and the field cannot take."""
    if not field.args:
        return {}
    definition = field.extensions["strawberry-definition"]
    declared = schema.extensions["strawberry-definition"]
    given = get_argument_values(field, node, variables, hide_suggestions=True)
    registry = declared.schema_converter.scalar_registry
    converted = convert_arguments(given, definition.arguments, registry, declared.config)
    return {name: publication.inputs.record(value) for name, value in converted.items()}
