"""Every system under every fault, cold and warm: what is asked is answered, in time, and nothing else suffers.

What each cell answers is the table of docs/resilience.md. Every third cell is asked here, so that each system and
each fault has its turn; `make nightly` asks all of them, `GOLDEN_UPDATE=1 make nightly` writes the table anew. The bar
for time is the deadline and 100 ms, and by as much more as the event loop itself ran late meanwhile, which is the
machine's doing; a cell that says something else is asked again.
"""

import asyncio
import os
import shutil
import time
from pathlib import Path
from typing import Any

from tests.conftest import Caller, facing, free_ports
from tests.lag import lagging
from vendors.connection import Connection
from vendors.ports.source import System
from vendors.registry import PRODUCTS
from vendors.resilience.policy import BreakerPolicy, LimiterPolicy, Policy
from vendors.sandbox import town
from vendors.sandbox.credentials import sandbox
from vendors.sandbox.world import World

ROOT = Path(__file__).parents[2]
QUERY = (ROOT / "operations" / "where-is-my-money.graphql").read_text()
FILE, MARK = ROOT / "docs" / "resilience.md", "<!-- matrix -->\n"
ALL_OF_THEM, ATTEMPTS = "NIGHTLY" in os.environ, 3
TIMEOUT_SECONDS, DEADLINE_SECONDS, OPEN_SECONDS, LATE_SECONDS = 0.5, 1.5, 0.2, 0.1
FAULTS: dict[str, dict[str, Any]] = {
    "refused": {},
    "reset": {"kind": "reset"},
    "hangs": {"kind": "hang"},
    "slow, within its time": {"kind": "latency", "value": 0.1},
    "500": {"kind": "status", "value": 500},
    "503": {"kind": "status", "value": 503},
    "429, one second": {"kind": "rate_limit", "value": 1},
    "429, an hour": {"kind": "rate_limit", "value": 3600},
    "429, no date": {"kind": "rate_limit"},
    "garbage": {"kind": "garbage"},
    "cut": {"kind": "truncate"},
    "a page, 200": {"kind": "html"},
    "a list short of one": {"kind": "partial"},
    "a list twice": {"kind": "duplicate"},
    "every tenth call 503": {"kind": "status", "value": 503, "one_in": 10},
}
BRANCHES = {  # of the query, by the system that fills them
    System.PAM: ("firstName", "account", "balances", "responsibleGambling", "gameRounds"),
    System.CASHIER: ("openWithdrawals", "paymentInstruments"),
    System.KYC: ("kyc",),
    System.BONUS: ("bonusGrants",),
    System.AGGREGATOR: (),  # titles within gameRounds
    System.CRM: ("crm",),
    System.TICKETING: ("tickets",),
}
TOGETHER = {System.AGGREGATOR: (System.BONUS,)}  # its free spins are served at its address
POLICY = Policy(
    breaker=BreakerPolicy(open_seconds=OPEN_SECONDS, window_seconds=2.0),
    limiter=LimiterPolicy(longest_pause_seconds=1.0, enforce=False),
)
BUDGET_FLOOR, BUDGET_SHARE = POLICY.retry.floor, POLICY.retry.ratio


class Cell:
    """One system under one fault, asked by a gateway of its own."""

    def __init__(self, caller: Caller, system: System, fault: str, calls: dict[str, int]) -> None:
        self.caller, self.system, self.fault, self._healthy_calls = caller, system, fault, calls
        self.wrong: list[str] = []
        self._down = {system, *TOGETHER.get(system, ())}

    def says(self, fine: bool, what: str) -> None:
        if not fine:
            self.wrong.append(f"{self.system.value} {self.fault}: {what}")

    async def ask(self) -> str:
        """What the branch shows."""
        async with lagging() as lag:
            begun = time.monotonic()
            answer = await self.caller.ask(QUERY, "compliance_officer")
            seconds = time.monotonic() - begun
        allowed = DEADLINE_SECONDS + LATE_SECONDS + lag.seconds
        self.says(seconds < allowed, f"took {seconds:.2f} s, {allowed:.2f} s with the loop's own lag are allowed")
        errors = answer.get("errors", [])
        codes = sorted({error["extensions"]["code"] for error in errors})
        self.says(all(code.startswith("VENDOR_") for code in codes), f"codes {codes}")
        blamed = {error["extensions"].get("system") for error in errors}
        self.says(blamed <= {system.value for system in self._down}, f"blames {errors}")
        player = answer["data"]["player"]
        self.says(player is not None or self.system is System.PAM, "no player at all")
        if player is not None:
            healthy = [name for system, names in BRANCHES.items() if system not in self._down for name in names]
            dead = [name for name in healthy if player[name] is None]
            self.says(not dead, f"healthy branches are null: {dead}")
        return " ".join(codes) or "whole"

    async def judge_calls(self) -> None:
        """No more calls than the healthy query makes, a tenth more, and the floor."""
        for operation, calls in (await self.caller.calls()).items():
            most = self._healthy_calls.get(operation, 0) * (1 + BUDGET_SHARE) + BUDGET_FLOOR
            self.says(calls <= most, f"{operation} was called {calls} times")


async def healthy(base: int, var: Path, world: World) -> dict[str, int]:
    async with facing(base, var, world, TIMEOUT_SECONDS * 10, cache_entries=0) as caller:
        await caller.well(*range(len(town.PLACES)))
        assert "errors" not in await caller.ask(QUERY, "compliance_officer")
        return await caller.calls()


def cells() -> list[tuple[System, str]]:
    every = [(system, fault) for fault in FAULTS for system in town.PLACES]
    return every if ALL_OF_THEM else every[::3]


async def test_the_matrix_is_answered_in_time_and_as_the_table_says(world: World, tmp_path: Path) -> None:
    base, keys = free_ports(), tmp_path / "keys"
    wrong: list[str] = []
    table = written()
    async with town.standing(base, world, sandbox(keys)):
        calls = await healthy(base, keys, world)
        for system, fault in cells():
            for _ in range(ATTEMPTS):
                var = tmp_path / "var"
                shutil.copytree(keys, var)
                cell, told = await one(base, var, world, calls, system=system, fault=fault)
                shutil.rmtree(var)
                if not cell.wrong and table.get((system, fault)) == told:
                    break
            table[system, fault] = told
            wrong += cell.wrong
    assert wrong == [], "\n".join(wrong)
    agreed(table)


async def one(
    base: int, var: Path, world: World, calls: dict[str, int], *, system: System, fault: str
) -> tuple[Cell, str]:
    """The cell cold, then warm, then after the fault; `cold / warm` as the table has it."""
    place, name = town.PLACES.index(system), system.value.lower()
    gone = f"http://127.0.0.1:{free_ports(1)}" if fault == "refused" else None
    product = next(iter(PRODUCTS[system]))
    vendors = {name: (Connection(product=product, url=gone, policy=POLICY),)}
    more: dict[str, Any] = {"deadline_seconds": DEADLINE_SECONDS, "vendors": vendors}
    async with facing(base, var, world, TIMEOUT_SECONDS, **more) as caller:
        await caller.well(*range(len(town.PLACES)))
        cell = Cell(caller, system, fault, calls)
        if not gone:
            await caller.fault(place, operation="*", **FAULTS[fault])
        cold = await cell.ask()
        await cell.judge_calls()
        if gone:
            return cell, f"{cold} /"
        await recovered(cell, place)
        await caller.fault(place, operation="*", **FAULTS[fault])
        warm = await cell.ask()
        return cell, f"{cold} / {warm}"


async def recovered(cell: Cell, place: int) -> None:
    """The fault ends: the answer is whole again once the breaker has let its probe through."""
    await cell.caller.cure(place)
    until = time.monotonic() + OPEN_SECONDS + 5.0
    while time.monotonic() < until:
        shown = await cell.ask()
        if shown == "whole":
            return
        await asyncio.sleep(0.1)
    cell.says(False, f"still {shown} after the fault ended")


def written() -> dict[tuple[System, str], str]:
    """The cells of docs/resilience.md."""
    rows = [line.strip("| ").split(" | ") for line in FILE.read_text().partition(MARK)[2].splitlines()[2:]]
    return {(system, fault): cell for fault, *told in rows for system, cell in zip(town.PLACES, told, strict=True)}


def agreed(table: dict[tuple[System, str], str]) -> None:
    """The file shows what the matrix has just shown."""
    head = " | ".join(system.value for system in town.PLACES)
    rows = [f"| {fault} | " + " | ".join(table[system, fault] for system in town.PLACES) + " |" for fault in FAULTS]
    lines = [f"| fault | {head} |", "|---" * (len(town.PLACES) + 1) + "|", *rows]
    told = FILE.read_text().partition(MARK)[0] + MARK + "\n".join(lines) + "\n"
    if os.environ.get("GOLDEN_UPDATE"):
        FILE.write_text(told)
    assert FILE.read_text() == told, "docs/resilience.md differs: `GOLDEN_UPDATE=1 make nightly` if it is meant"
