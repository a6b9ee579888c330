"""The README's query with every vendor taking 50 ms a call: time against rounds x 50 ms + 30 ms, calls by operation."""

from __future__ import annotations

import asyncio
import statistics
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.conftest import Caller, calling
from vendors.sandbox import town

QUERY = (Path(__file__).parents[2] / "operations" / "where-is-my-money.graphql").read_text()
LATENCY_SECONDS, ALLOWANCE_SECONDS, RUNS = 0.05, 0.03, 20
CASES = [  # what is measured, rounds of its longest documented chain, whether the player was seen before
    ("never seen: PAM, then tickets by user, then comments", 4, False),
    ("scope record there: tickets by user, then comments", 3, True),
]


@asynccontextmanager
async def slow_town() -> AsyncIterator[Caller]:
    """A gateway over the seven simulators, each answering 50 ms late."""
    with TemporaryDirectory() as folder:
        async with calling(Path(folder), vendor_timeout_seconds=5.0) as caller:
            for place in range(len(town.PLACES)):
                await caller.fault(place, operation="*", kind="latency", value=LATENCY_SECONDS)
            yield caller


async def measure(caller: Caller, player: str, *, seen: bool) -> float:
    """Seconds of one operation."""
    if seen:
        await caller.ask("query($player: ID!) { player(id: $player) { id } }", variables={"player": player})
    start = time.perf_counter()
    answer = await caller.ask(QUERY, "compliance_officer", {"player": player})
    seconds = time.perf_counter() - start
    assert "errors" not in answer, answer["errors"]
    return seconds


async def main() -> None:
    async with slow_town() as caller:
        await measure(caller, "player:acme:s-009", seen=False)  # the first documents, connections and token
        for name, rounds, seen in CASES:
            players = [f"player:{['acme', 'borealis', 'corona'][n % 3]}:p-{n:03d}" for n in range(1, RUNS + 1)]
            before = await caller.calls()
            taken = [await measure(caller, player, seen=seen) for player in players]
            after = await caller.calls()
            budget = rounds * LATENCY_SECONDS + ALLOWANCE_SECONDS
            median, worst = statistics.median(taken), max(taken)
            verdict = "within" if median <= budget else "OVER"
            print(f"{name}\n  median {median * 1000:.0f} ms, worst {worst * 1000:.0f} ms; {rounds} rounds allow"
                  f" {budget * 1000:.0f} ms: {verdict}")  # fmt: skip
            each = {op: (after[op] - before.get(op, 0)) / RUNS for op in after if after[op] != before.get(op, 0)}
            print("  calls a query: " + ", ".join(f"{op} {count:g}" for op, count in sorted(each.items())))


if __name__ == "__main__":
    asyncio.run(main())
