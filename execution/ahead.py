"""Keys first: what hangs on an object is asked for while the object's own record is still on its way.

The answers are thrown away here: they stay in the request's windows, where the field finds them when its turn comes.
So nothing is released early, and a failure is told once, by the field itself.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    GraphQLObjectType,
    InlineFragmentNode,
    get_named_type,
    is_abstract_type,
)
from graphql.execution.values import get_directive_values
from graphql.type import GraphQLIncludeDirective, GraphQLResolveInfo, GraphQLSkipDirective

from execution.arguments import arguments_of

if TYPE_CHECKING:
    from execution.publication import Publication, Spec


def ask_ahead(publication: Publication, info: GraphQLResolveInfo[Any], known: Any, context: Any) -> None:
    """Starts the resolvers below the field that need no more than `known`; `context.ahead` holds them meanwhile."""
    _Ahead(publication, info, context).below(get_named_type(info.return_type), info.field_nodes, [known])


class _Ahead:
    """One field's look ahead."""

    def __init__(self, publication: Publication, info: GraphQLResolveInfo[Any], context: Any) -> None:
        self._publication, self._info, self._context = publication, info, context

    def below(self, parent_type: Any, nodes: Sequence[FieldNode], parents: Sequence[Any]) -> None:
        """Asks every field selected under `nodes` whose resolver can work with these parents."""
        types = self._info.schema.get_possible_types(parent_type) if is_abstract_type(parent_type) else [parent_type]
        for concrete in types:
            for child in self._selected(nodes, concrete):
                field = concrete.fields.get(child.name.value)
                spec = self._publication.specs.get(f"{concrete.name}.{child.name.value}")
                if field is None or spec is None or spec.resolver is None or spec.coordinate in self._context.denied:
                    continue
                fitting = [parent for parent in parents if isinstance(parent, spec.needs)]
                if fitting:
                    self._context.ahead.add(asyncio.create_task(self._ask(spec, field, child, fitting)))

    async def _ask(self, spec: Spec, field: Any, node: FieldNode, parents: Sequence[Any]) -> None:
        try:
            arguments = self._arguments(field, node)
            answers = await spec.resolver(parents, self._context, **arguments)  # type: ignore[misc]
        except Exception:  # the field itself will meet the same failure, and tell it
            return
        found = [item for answer in answers for item in _records(answer)]
        if found:
            self.below(get_named_type(field.type), [node], found)

    def _arguments(self, field: Any, node: FieldNode) -> dict[str, Any]:
        return arguments_of(self._publication, self._info.schema, field, node, self._info.variable_values)

    def _selected(self, nodes: Sequence[FieldNode], concrete: GraphQLObjectType) -> Iterator[FieldNode]:
        """The fields selected on this type, fragments spread, @skip and @include obeyed."""
        stack: list[Any] = [s for node in nodes if node.selection_set for s in node.selection_set.selections]
        seen: set[str] = set()
        while stack:
            node = stack.pop()
            if not self._included(node):
                continue
            if isinstance(node, FieldNode):
                yield node
                continue
            if isinstance(node, FragmentSpreadNode):
                if node.name.value in seen:
                    continue
                seen.add(node.name.value)
                node = self._info.fragments[node.name.value]
            if self._applies(node, concrete):
                stack.extend(node.selection_set.selections)

    def _applies(self, node: InlineFragmentNode | FragmentDefinitionNode, concrete: GraphQLObjectType) -> bool:
        if node.type_condition is None:
            return True
        name = node.type_condition.name.value
        return name == concrete.name or any(interface.name == name for interface in concrete.interfaces)

    def _included(self, node: Any) -> bool:
        try:
            skip = get_directive_values(GraphQLSkipDirective, node, self._info.variable_values)
            include = get_directive_values(GraphQLIncludeDirective, node, self._info.variable_values)
        except GraphQLError:
            return False
        return not (skip and skip["if"]) and not (include and not include["if"])


def _records(answer: Any) -> Iterator[Any]:
    """The records in an answer: itself, its items, or the nodes of a connection."""
    if isinstance(answer, Exception) or answer is None:
        return
    if isinstance(answer, (list, tuple)):
        for item in answer:
            yield from _records(item)
    elif hasattr(answer, "edges"):
        for edge in answer.edges:
            yield edge.node
    else:
        yield answer
