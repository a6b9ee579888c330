"""What a caller is told of his operation: by `"explain": "plan"` instead of its answer, by `"run"` beside it.

It tells of systems, operations, counts and time, never of an id or a value.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable
from typing import Any

import msgspec
from graphql import ExecutionResult, GraphQLError

import telemetry
from cache.window import Outcome
from execution.documents import Asked, Explain
from execution.executor import Answer, Engine
from execution.plan import Declined
from resolvers.context import Context

SCOPE = "vendor.explain"


async def told(
    asked: Asked, context: Context, engine: Engine, answer: Callable[[], Awaitable[Answer | ExecutionResult]]
) -> Answer | ExecutionResult:
    """The plan alone, nothing asked and nothing done; or the answer, its plan and what happened."""
    if SCOPE not in context.scopes:
        refusal = GraphQLError(f"To have an operation explained needs {SCOPE}.", extensions={"code": "FORBIDDEN"})
        return ExecutionResult(None, [refusal])
    try:
        plan = _plan(asked, context, engine)
    except GraphQLError as error:  # variables that do not fit
        return ExecutionResult(None, [error])
    if asked.explain is Explain.PLAN:
        return ExecutionResult(None, None, {"explain": {"plan": plan}})
    with telemetry.witnessed() as seen:
        start, reads = time.perf_counter(), context.reads
        result = await answer()
        seconds = time.perf_counter() - start
    explain = {"plan": plan, "run": _happened(seconds, seen, reads.outcomes.by_system.values())}
    if isinstance(result, Answer):
        return msgspec.structs.replace(result, extensions={"explain": explain})
    result.extensions = {"explain": explain}
    return result


def _plan(asked: Asked, context: Context, engine: Engine) -> dict[str, Any]:
    """As data; of what graphql-core has to run there is none, but why."""
    try:
        found = engine.explained(asked.document, asked.operation_name, asked.variables, context.denied)
    except Declined as declined:
        return {"declined": declined.reason}
    plan: dict[str, Any] = msgspec.to_builtins(found)
    return {**plan, "stepsBySystem": Counter(step.system for step in found.steps if step.system)}


def _happened(seconds: float, seen: telemetry.Witness, outcomes: Iterable[Outcome]) -> dict[str, Any]:
    return {
        "milliseconds": _milliseconds(seconds),
        "calls": [
            {"system": system, "operation": operation, "outcome": outcome, "milliseconds": _milliseconds(took)}
            for system, operation, outcome, took in seen.calls
        ],
        "retries": [
            {"system": system, "operation": operation, "after": outcome} for system, operation, outcome in seen.retries
        ],
        "reads": [_read(outcome) for outcome in outcomes if outcome.reads],
    }


def _read(outcome: Outcome) -> dict[str, Any]:
    """Batches of one system: `fromCache` keys were answered by what an earlier request left, the rest by calls."""
    return {
        "system": outcome.system.value, "batches": outcome.reads, "keys": outcome.keys, "fromCache": outcome.kept,
    }  # fmt: skip


def _milliseconds(seconds: float) -> float:
    return round(1000 * seconds, 1)
