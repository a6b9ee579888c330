"""What the engine itself costs, compiled and by graphql-core, in one run: CPU with the vendors invented, no socket."""

from __future__ import annotations

import asyncio
import gc
import random
import statistics
import time
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import msgspec
from graphql import ExecutionResult, parse

import gateway as root
from auth.audit import open_store
from auth.identity import Identity, Principal
from auth.sandbox_issuer import SandboxIssuer
from cache.events import open_events
from cache.scope_records import ScopeRecords
from cache.store import Store
from config import Settings, sandbox_secret
from execution.executor import Answer, Engine
from execution.publication import Spec
from execution.serving import settle
from resolvers.player import Root
from schema.answering import Answering
from schema.graph import publication, schema
from tests.execution.invented import NOW, Invention
from vendors.ports.keys import Key

PLAYER = "player:acme:p-001"
README = (Path(__file__).parents[2] / "operations" / "where-is-my-money.graphql").read_text()
QUEUE = """{ withdrawalQueue(brand: "acme", first: 50) { edges { node { id status vendorState vendorStatusCode
  method createdAt updatedAt version direction failure psp pspReference amount { amountMinor currency exponent amount }
  source { system vendor vendorId fetchedAt stale }
  player { id market vipLevel kyc { status vendorStatus level since attempt } tags
    account { status verified } bonusGrants { status vendorStatus campaignCode }
    tickets(first: 2) { edges { node { id subject status updatedAt } } } } } } } }"""
CASES = [("the ready query, one player", README, {"player": PLAYER}), ("a queue of fifty", QUEUE, {})]
RUNS, ROUNDS, ROOT = 60, 5, Root()
Execute = Callable[..., Awaitable[Answer | ExecutionResult]]


def leaves(value: Any) -> int:
    """Values that are no object and no list."""
    if isinstance(value, dict):
        return sum(map(leaves, value.values()))
    return sum(map(leaves, value)) if isinstance(value, list) else 1


def remembered(spec: Spec) -> Spec:
    """The same field with a resolver that knows its answers by heart: what is left is the engine's own work."""
    answers: dict[object, Any] = {}
    keys: list[Any] = []

    async def resolve(parents: Sequence[Any], context: Any, **arguments: Any) -> Any:
        asked = tuple(map(id, parents))
        if asked not in answers:
            assert spec.resolver is not None
            answers[asked] = (list(parents), await spec.resolver(parents, context, **arguments))
        return answers[asked][1]

    def key(context: Any, **arguments: Any) -> Any:
        if not keys:
            assert spec.key is not None
            keys.append(spec.key(context, **arguments))
        return keys[0]

    return msgspec.structs.replace(spec, resolver=resolve, key=spec.key and key)


async def microseconds(
    gateway: Answering, execute: Execute, case: tuple[str, Any, dict[str, Any]], kept: Any = None
) -> float:
    """CPU of one operation: the median round of many."""
    _, document, variables = case
    who = Principal("agent", frozenset(gateway.policy.roles) - {"player"}, frozenset(), frozenset())
    rounds = []
    for _ in range(ROUNDS):
        start = time.process_time()
        for _ in range(RUNS):
            context = kept or gateway._context(who)
            await execute(document, None, variables, context, ROOT)
            context.close()
        rounds.append((time.process_time() - start) / RUNS * 1e6)
    return statistics.median(rounds)


async def engine_alone(gateway: Answering, case: tuple[str, Any, dict[str, Any]]) -> float:
    """CPU of an operation whose resolvers know their answers by heart."""
    who = Principal("agent", frozenset(gateway.policy.roles) - {"player"}, frozenset(), frozenset())
    declared = dict(publication.specs)
    try:
        publication.specs |= {name: remembered(spec) for name, spec in declared.items() if spec.resolver}
        engine, context = Engine(schema._schema, publication), gateway._context(who)
        return await microseconds(gateway, engine.answer, case, context)
    finally:
        publication.specs.update(declared)


async def main() -> None:
    """Prints a line a case."""
    random.seed(1)
    with TemporaryDirectory() as folder:
        var, invention = Path(folder), Invention(5)
        invention.items, invention.pages, invention.memory = (1, 3), 50, {}
        async with open_store(var / "audit.db") as audit, open_events(var / "events.db") as events:
            identity = Identity([SandboxIssuer(sandbox_secret(var))])
            ports, store = invention.ports(), Store()
            scopes = ScopeRecords()
            scopes.learn(Key.parse(PLAYER), "UKGC-GB")
            gateway = root.answering(
                Settings(var=var), ports, audit, identity, lambda: NOW, store=store, events=events, scopes=scopes
            )
            engine = Engine(schema._schema, publication)
            settle()
            gc.disable()
            for name, text, variables in CASES:
                case = (name, parse(text), variables)
                who = Principal("agent", frozenset(gateway.policy.roles) - {"player"}, frozenset(), frozenset())
                start = time.process_time()
                engine.prepared(case[1], None, variables, gateway._context(who))
                planned = time.process_time() - start
                answer = await engine.reference(case[1], None, variables, gateway._context(who), ROOT)
                compiled = await microseconds(gateway, engine.answer, case)
                core = await microseconds(gateway, engine.reference, case)
                alone = await engine_alone(gateway, case)
                print(f"{name}, {leaves(answer.data)} leaves, planned in {planned * 1e3:.1f} ms")
                print(f"  compiled {compiled:.0f} us, the engine alone {alone:.0f} us; graphql-core {core:.0f} us")


if __name__ == "__main__":
    asyncio.run(main())
