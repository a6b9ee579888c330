"""The README's query with every vendor taking 50 ms a call: time against rounds x 50 ms + 30 ms, calls by operation."""

from __future__ import annotations

import asyncio
import os
import statistics
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx

import gateway as root
from config import Settings, sandbox_secret
from execution.serving import run, settle
from tests.conftest import Caller, free_ports
from vendors.sandbox import town
from vendors.sandbox.world import build

ROOT = Path(__file__).parents[2]
QUERY = (ROOT / "operations" / "where-is-my-money.graphql").read_text()
LATENCY_SECONDS, ALLOWANCE_SECONDS, RUNS = 0.05, 0.03, 20
CASES = [  # what is measured, rounds of its longest documented chain, whether the player was seen before
    ("never seen: the PAM, then the desk's user, his tickets, their messages", 4, False),
    ("scope record and the desk's user remembered: his tickets, their messages", 2, True),
]


@asynccontextmanager
async def slow_town(base: int, var: Path) -> AsyncIterator[None]:
    """The seven simulators in a process of their own, each answering 50 ms late."""
    command = [sys.executable, "gateway.py", "sandbox", "--port-base", str(base)]
    standing = await asyncio.create_subprocess_exec(
        *command, cwd=ROOT, env={**os.environ, "PLAYER_GRAPH_VAR": str(var)}
    )
    late = {"operation": "*", "kind": "latency", "value": LATENCY_SECONDS}
    try:
        async with httpx.AsyncClient(transport=httpx.AsyncHTTPTransport(retries=20), trust_env=False) as http:
            for place in range(len(town.PLACES)):
                (await http.post(f"http://127.0.0.1:{base + place}/__faults", json=late)).raise_for_status()
        yield
    finally:
        standing.terminate()
        await standing.wait()


@asynccontextmanager
async def gateway_before_slow_vendors() -> AsyncIterator[Caller]:
    """A gateway in this process, asked without a socket, over vendors that are asked over sockets."""
    with TemporaryDirectory() as folder:
        base, var = free_ports(), Path(folder)
        settings = Settings(
            vendors_base=f"http://127.0.0.1:{base}", vendor_timeout_seconds=5.0, var=var, cache_entries=0
        )
        async with (
            slow_town(base, var),
            root.gateway(settings, build()) as app,
            httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://gateway") as http,
            httpx.AsyncClient(trust_env=False) as vendors,
        ):
            yield Caller(http, vendors, sandbox_secret(var), base)


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
    async with gateway_before_slow_vendors() as caller:
        await measure(caller, "player:acme:s-009", seen=False)  # the first documents, connections and token
        settle()
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
    run(main())
