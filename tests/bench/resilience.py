"""What the resilience of a product costs a call: the whole stack around a wire that answers at once, against that wire.

`python -m tests.bench.resilience`; with `--bar` it fails where the stack adds more than its bar. The ledger that
processes share is measured twice: one that answers at once, for our own part of it, and a real server, which costs
a round trip and so has no bar. Where nobody is waited for it is CPU that counts, which a busy machine changes little.
"""

from __future__ import annotations

import gc
import os
import statistics
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from redis.asyncio import Redis

import telemetry
from cache.envelope import KEY_BYTES, Envelope
from cache.shared_names import Names
from cache.shared_rates import SharedRates
from execution.serving import run, settle
from tests.servers import valkey
from vendors.ports.source import System
from vendors.resilience import deadline
from vendors.resilience.call import Call
from vendors.resilience.limits import Limit, RateHeaders
from vendors.resilience.policy import Policy
from vendors.resilience.shared_bucket import Ledger
from vendors.resilience.stack import Resilience

BAR_MICROSECONDS = 25.0
ROUNDS, CALLS = 9, 3000
HEADERS = RateHeaders("X-Rate-Limit", "X-Rate-Limit-Remaining", "ratelimit-reset")
LIMIT = Limit(name="account", requests=100_000, seconds=1.0, headers=HEADERS)  # counted for every call, never met
REPLY: dict[str, str] = {}
Ask = Callable[[], Awaitable[object]]


async def wire() -> dict[str, str]:
    """A vendor that answers at once."""
    return REPLY


class AtOnce:
    """See vendors.resilience.shared_bucket.Ledger: what is left is the gateway's own part."""

    async def take(self, name: str, requests: int, seconds: float, wait_seconds: float) -> tuple[float, str] | None:
        """A token for now."""
        return 0.0, "token"

    async def give_back(self, name: str, token: str) -> None:
        """Nobody counts it."""

    async def pause(self, name: str, seconds: float) -> None:
        """Nobody asked."""


CASES: list[tuple[str, Ledger | None]] = [
    ("without a ledger", None),
    ("with a ledger that answers at once", AtOnce()),
]


def through(ledger: Ledger | None) -> Ask:
    """A call as vendors.client makes it: traced, within its deadline, through all concerns, its headers read."""
    stack = Resilience(System.TICKETING, 2.0, Policy(), limits=[LIMIT], account="desk", ledger=ledger)

    async def ask() -> object:
        call = Call("tickets_of")

        async def attempt() -> object:
            stack.seconds_for(call)
            reply = await wire()
            stack.heard(call, reply)
            return reply

        with telemetry.vendor_call(System.TICKETING.value, call.operation):
            return await stack.carry(call, attempt)

    return ask


async def microseconds(ask: Ask, clock: Callable[[], float] = time.process_time) -> float:
    """Of one call, one after the other: the median of several rounds."""
    rounds = []
    for _ in range(ROUNDS):
        start = clock()
        for _ in range(CALLS):
            await ask()
        rounds.append((clock() - start) / CALLS * 1e6)
    return statistics.median(rounds)


@asynccontextmanager
async def real_ledger() -> AsyncIterator[Ledger]:
    """A server on a socket of this machine."""
    async with valkey() as server, Redis.from_url(server.url) as client:
        yield SharedRates(client, Names("bench", Envelope(os.urandom(KEY_BYTES), [os.urandom(KEY_BYTES)])))


async def measure() -> float:
    """Prints a line a stack, and answers the most that one with a bar adds."""
    with deadline.within(600.0):
        bare, most = await microseconds(wire), 0.0
        for name, ledger in CASES:
            added = await microseconds(through(ledger)) - bare
            most = max(most, added)
            print(f"{name}: {added:.1f} us added to a wire of {bare:.2f} us, {added / BAR_MICROSECONDS:.2f} of the bar")
        async with real_ledger() as real:
            took = await microseconds(through(real), time.perf_counter)
            print(f"with a ledger on Valkey: {took - bare:.0f} us on the clock")
    return most


async def main() -> None:
    """Fails over the bar if that was asked for."""
    telemetry.setup()
    settle()
    gc.disable()
    most = await measure()
    if "--bar" in sys.argv and most > BAR_MICROSECONDS:
        raise SystemExit(f"{most:.1f} us are over the bar of {BAR_MICROSECONDS:.0f} us")


if __name__ == "__main__":
    run(main())
