"""Three vendors that misbehave now and then, at moments and in ways that a seed decides."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import aiohttp
import msgspec

from tests.soak.questions import TROUBLED
from vendors.ports.source import System
from vendors.sandbox import town

WELL_SECONDS, ILL_SECONDS = (1.0, 8.0), (1.0, 8.0)
KINDS: tuple[Mapping[str, Any], ...] = (
    {"kind": "status", "value": 500},
    {"kind": "status", "value": 503},
    {"kind": "hang"},
    {"kind": "latency", "value": 0.4},
    {"kind": "reset"},
    {"kind": "garbage"},
    {"kind": "truncate"},
    {"kind": "html"},
    {"kind": "drip", "value": 0.05},
    {"kind": "rate_limit", "value": 1},
    {"kind": "rate_limit"},
)


class Turn(msgspec.Struct, frozen=True):
    """At so many seconds a system begins to misbehave in a way, or is well again where there is none."""

    at_seconds: float
    system: System
    fault: Mapping[str, Any] | None


def planned(dice: random.Random, seconds: float) -> Sequence[Turn]:
    """The turns of a run in their order; at its end all are well."""
    turns = [turn for system in TROUBLED for turn in _of(system, dice, seconds)]
    return sorted(turns, key=lambda turn: turn.at_seconds)


def _of(system: System, dice: random.Random, seconds: float) -> Iterator[Turn]:
    at = dice.uniform(*WELL_SECONDS) / 2
    while at < seconds:
        yield Turn(at, system, {"operation": "*", **dice.choice(KINDS), "one_in": dice.choice((1, 1, 2, 5))})
        at = min(seconds, at + dice.uniform(*ILL_SECONDS))
        yield Turn(at, system, None)
        at += dice.uniform(*WELL_SECONDS)


def repeated(turns: Sequence[Turn], times: int, seconds: float) -> Sequence[Turn]:
    """The same troubles again and again, every so many seconds: so the last of them can be compared with the first."""
    return [Turn(turn.at_seconds + n * seconds, turn.system, turn.fault) for n in range(times) for turn in turns]


async def played(turns: Sequence[Turn], base: int) -> None:
    """Returns after the last turn."""
    begun = time.monotonic()
    async with aiohttp.ClientSession(trust_env=False) as http:
        for turn in turns:
            await asyncio.sleep(max(0.0, begun + turn.at_seconds - time.monotonic()))
            url = f"http://127.0.0.1:{base + town.PLACES.index(turn.system)}/__faults"
            async with http.post(url, json=turn.fault) if turn.fault else http.delete(url) as reply:
                reply.raise_for_status()


def share_ill(turns: Sequence[Turn], seconds: float) -> float:
    """The share of time in which a vendor misbehaves, over the three."""
    ill = sum(turn.at_seconds * (1 if turn.fault is None else -1) for turn in turns)
    return ill / seconds / len(TROUBLED)
