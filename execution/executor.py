"""The compiled executor: an operation is planned once per set of permissions, then only fetched and written.

`execute` has the signature of graphql-core's and works on any of its schemas. What it declines, by a reason from a
small set, graphql-core answers as a whole; both give the same answer, `data` byte for byte and errors in its order.
"""

from __future__ import annotations

import contextlib
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import graphql
import msgspec
import orjson
from cachetools import LRUCache
from graphql import (
    DocumentNode,
    ExecutionResult,
    FragmentDefinitionNode,
    GraphQLError,
    GraphQLSchema,
    OperationType,
    VariableNode,
    Visitor,
    visit,
)
from graphql.execution.collect_fields import FragmentDetails
from graphql.execution.values import VariableValues, get_variable_values

from execution.exact import Completion
from execution.explaining import Explanation, explained
from execution.plan import Declined, Operation, Plan, Planner
from execution.publication import Publication
from execution.steps import Run
from execution.writer import Write, writer

KEPT_PLANS, KEPT_OPERATIONS = 1024, 512
MAX_COERCION_ERRORS = 50
Noted = Callable[[str], None]


class Answer(msgspec.Struct, frozen=True):
    """An operation's answer: `data` as JSON, None where nothing ran, and errors in the order of the data."""

    data: bytes | None
    errors: list[GraphQLError]
    extensions: dict[str, Any] | None = None


class Compiled(msgspec.Struct, frozen=True):
    """A plan with its writer, or why there is none. Holds what its key names by identity."""

    operation: Operation
    denied: Mapping[str, Any]
    plan: Plan | None
    write: Write | None
    reason: str = ""


class Engine:
    """One schema's plans. `noted` is told "compiled", or why graphql-core has to answer."""

    def __init__(self, schema: GraphQLSchema, publication: Publication, noted: Noted = lambda reason: None) -> None:
        self._schema, self._publication, self._noted = schema, publication, noted
        self._operations: LRUCache[tuple[int, str | None], Operation] = LRUCache(KEPT_OPERATIONS)
        self._plans: LRUCache[Any, Compiled] = LRUCache(KEPT_PLANS)

    async def answer(
        self, document: DocumentNode, name: str | None, variables: dict[str, Any] | None, context: Any, root: Any
    ) -> Answer | ExecutionResult:
        """The operation's answer, compiled or graphql-core's."""
        try:
            run = self.prepared(document, name, variables, context)
        except Declined as declined:
            self._noted(declined.reason)
            return await self.reference(document, name, variables, context, root)
        self._noted("compiled")
        return await run(root)

    async def reference(
        self, document: DocumentNode, name: str | None, variables: dict[str, Any] | None, context: Any, root: Any
    ) -> ExecutionResult:
        """graphql-core's answer."""
        result = graphql.execute(self._schema, document, root, context, variables, name, hide_suggestions=True)
        return result if isinstance(result, ExecutionResult) else await result

    def explained(
        self, document: DocumentNode, name: str | None, variables: dict[str, Any] | None, denied: Mapping[str, Any]
    ) -> Explanation:
        """What an operation would do for a caller who is denied this much. Raises Declined, and GraphQLError for
        variables that do not fit."""
        operation = self._operation(document, name)
        definitions = operation.node.variable_definitions or ()
        values = get_variable_values(self._schema, definitions, variables or {}, MAX_COERCION_ERRORS)
        if isinstance(values, list):
            raise values[0]
        compiled = self._compiled(operation, values, denied)
        if compiled.plan is None:
            raise Declined(compiled.reason)
        return explained(compiled.plan)

    def prepared(
        self,
        document: DocumentNode,
        name: str | None,
        variables: dict[str, Any] | None,
        context: Any,
        hide_suggestions: bool = True,
    ) -> Callable[[Any], Awaitable[Answer]]:
        """What runs the operation, given its root. Raises Declined."""
        operation = self._operation(document, name)
        values = get_variable_values(
            self._schema, operation.node.variable_definitions or (), variables or {}, MAX_COERCION_ERRORS,
            hide_suggestions,
        )  # fmt: skip
        if isinstance(values, list):
            return _refused(values)
        compiled = self._compiled(operation, values, context.denied)
        if compiled.plan is None:
            raise Declined(compiled.reason)

        async def run(root: Any) -> Answer:
            return await self._run(compiled, root, context, values)

        return run

    async def _run(self, compiled: Compiled, root: Any, context: Any, values: VariableValues) -> Answer:
        assert compiled.plan is not None
        assert compiled.write is not None
        steps = Run(compiled.plan, self._publication, self._schema, context, values)
        await steps.run(root)
        failures: list[object] = []
        try:
            data = orjson.dumps(compiled.write(root, steps.answers, failures))
        except Exception:  # a record that is not sound: its error is found value by value
            self._noted("unsound record")
            whole, errors = Completion(self._schema, steps.answers, whole=True).of(compiled.plan.root, root)
            return Answer(orjson.dumps(whole), errors)
        if not failures:
            return Answer(data, [])
        return Answer(data, Completion(self._schema, steps.answers, whole=False).of(compiled.plan.root, root)[1])

    def _compiled(self, operation: Operation, values: VariableValues, denied: Mapping[str, Any]) -> Compiled:
        shape = tuple(values.coerced.get(name) for name in operation.switches)
        key = (id(operation.document), id(operation.node), id(denied), shape)
        known = self._plans.get(key)
        if known is None:
            known = self._plans[key] = self._compile(operation, values, denied)
        return known

    def _compile(self, operation: Operation, values: VariableValues, denied: Mapping[str, Any]) -> Compiled:
        planner = Planner(self._schema, self._publication, operation, values, denied)
        try:
            plan = planner.plan()
        except Declined as declined:
            return Compiled(operation, denied, None, None, declined.reason)
        except GraphQLError:  # a null in @skip or @include
            return Compiled(operation, denied, None, None, "directive")
        return Compiled(operation, denied, plan, writer(plan))

    def _operation(self, document: DocumentNode, name: str | None) -> Operation:
        key = (id(document), name)
        known = self._operations.get(key)
        if known is None:
            known = self._operations[key] = _understood(document, name)
        return known


def _refused(errors: list[GraphQLError]) -> Callable[[Any], Awaitable[Answer]]:
    async def refuse(root: Any) -> Answer:
        return Answer(None, errors)

    return refuse


def _understood(document: DocumentNode, name: str | None) -> Operation:
    operation = graphql.get_operation_ast(document, name)
    if operation is None:
        raise Declined("no operation")
    if operation.operation is OperationType.SUBSCRIPTION:
        raise Declined(operation.operation.value)
    definitions = [each for each in document.definitions if isinstance(each, FragmentDefinitionNode)]
    if any(each.variable_definitions for each in definitions):
        raise Declined("fragment variables")
    switches = _Switches()
    visit(document, switches)
    if switches.incremental:
        raise Declined("incremental delivery")
    fragments = {each.name.value: FragmentDetails(each) for each in definitions}
    return Operation(document, operation, fragments, tuple(sorted(switches.names)))


class _Switches(Visitor):
    """Finds the variables in @skip and @include."""

    def __init__(self) -> None:
        super().__init__()
        self.names: set[str] = set()
        self.incremental = False

    def enter_directive(self, node: Any, *_: Any) -> None:
        if node.name.value in ("defer", "stream"):
            self.incremental = True
        if node.name.value in ("skip", "include"):
            self.names |= {a.value.name.value for a in node.arguments or () if isinstance(a.value, VariableNode)}


def execute(  # noqa: PLR0917  # graphql-core's signature
    schema: GraphQLSchema,
    document: DocumentNode,
    root_value: Any = None,
    context_value: Any = None,
    variable_values: dict[str, Any] | None = None,
    operation_name: str | None = None,
    *options: Any,
    hide_suggestions: bool = False,
    **more: Any,
) -> ExecutionResult | Awaitable[ExecutionResult]:
    """graphql-core's `execute`, compiled where it can be. Options but `hide_suggestions` are graphql-core's alone."""
    engine = None if options or more else _engine_of(schema, context_value)
    if engine is not None:
        with contextlib.suppress(Declined):
            run = engine.prepared(document, operation_name, variable_values, context_value, hide_suggestions)
            return _result(run(root_value))
    more["hide_suggestions"] = hide_suggestions
    return graphql.execute(
        schema, document, root_value, context_value, variable_values, operation_name, *options, **more
    )  # fmt: skip


async def _result(answer: Awaitable[Answer]) -> ExecutionResult:
    told = await answer
    return ExecutionResult(None if told.data is None else orjson.loads(told.data), told.errors or None)


def _engine_of(schema: GraphQLSchema, context: Any) -> Engine | None:
    """The schema's engine, made at first use; None where resolvers are not plural or nobody decided what is denied."""
    publication = schema.extensions.get("publication")
    if publication is None or not hasattr(context, "denied"):
        return None
    engine: Engine = schema.extensions.get("engine") or schema.extensions.setdefault(
        "engine", Engine(schema, publication)
    )
    return engine
