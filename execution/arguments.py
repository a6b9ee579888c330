"""The arguments of a field as its resolver takes them: coerced, defaults in place, inputs as records."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
from graphql import (
    FieldNode,
    GraphQLField,
    GraphQLSchema,
    VariableNode,
    get_nullable_type,
    is_scalar_type,
    is_specified_scalar_type,
)
from graphql.execution.values import VariableValues, get_argument_values
from strawberry.types.arguments import convert_arguments

if TYPE_CHECKING:
    from execution.publication import Publication


def arguments_of(
    publication: Publication, schema: GraphQLSchema, field: GraphQLField, node: FieldNode, variables: VariableValues
) -> dict[str, Any]:
    """Raises GraphQLError for what the caller gave and the field cannot take."""
    converted = given_to(schema, field, node, variables)
    return {name: publication.inputs.record(value) for name, value in converted.items()}


def given_to(schema: GraphQLSchema, field: GraphQLField, node: FieldNode, variables: VariableValues) -> dict[str, Any]:
    """What the document gives, before it becomes records. Raises GraphQLError: even a denied field is told of this."""
    if not field.args:
        return {}
    definition = field.extensions["strawberry-definition"]
    declared = schema.extensions["strawberry-definition"]
    given = get_argument_values(field, node, variables, hide_suggestions=True)
    registry = declared.schema_converter.scalar_registry
    return convert_arguments(given, definition.arguments, registry, declared.config)


class Direct(msgspec.Struct, frozen=True):
    """Arguments of which the variable ones are variables themselves, of a scalar every resolver takes as it is."""

    fixed: dict[str, Any]
    variables: dict[str, str]  # by the parameter's name

    def of(self, coerced: dict[str, Any]) -> dict[str, Any] | None:
        """The arguments; None where a variable is null or not given, which `arguments_of` judges."""
        found = {name: coerced.get(variable) for name, variable in self.variables.items()}
        return None if None in found.values() else self.fixed | found


def direct_arguments(
    publication: Publication, schema: GraphQLSchema, field: GraphQLField, node: FieldNode
) -> Direct | None:
    """None where an argument holds a variable inside, or one of another type."""
    names = {each.python_name: each for each in field.extensions["strawberry-definition"].arguments}
    convert = schema.extensions["strawberry-definition"].config.name_converter.from_argument
    written = {convert(argument): name for name, argument in names.items()}
    given, variables = list[Any](), dict[str, str]()
    for argument in node.arguments or ():
        if isinstance(argument.value, VariableNode):
            type = get_nullable_type(field.args[argument.name.value].type)
            if not (is_scalar_type(type) and is_specified_scalar_type(type)):
                return None
            variables[written[argument.name.value]] = argument.value.name.value
        elif holds_variable(argument.value):
            return None
        else:
            given.append(argument)
    rest = [name for name in field.args if written[name] not in variables]
    fixed = GraphQLField(field.type, {name: field.args[name] for name in rest}, extensions=field.extensions)
    literal = FieldNode(name=node.name, arguments=tuple(given), loc=node.loc)
    values = arguments_of(publication, schema, fixed, literal, VariableValues({}, {}))
    return Direct({name: value for name, value in values.items() if name not in variables}, variables)


def holds_variable(value: Any) -> bool:
    """Whether a value in a document is a variable or has one inside."""
    if isinstance(value, VariableNode):
        return True
    inside = [*(getattr(value, "values", None) or ()), *(each.value for each in getattr(value, "fields", None) or ())]
    return any(holds_variable(each) for each in inside)
