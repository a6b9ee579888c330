"""One soak from its start to its judgement: the load without troubles first, then the same load with them."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec

from tests.soak import gauges, troubles
from tests.soak.gauges import Held, Seen
from tests.soak.load import Load, census
from tests.soak.questions import TROUBLED
from tests.soak.standing import standing
from vendors.sandbox.world import build

P99_RATIO, QUARTERS, GROWTH = 1.5, 4, 1.05
LAPS = QUARTERS + 1  # the same troubles each; the first fills pools and heap, and is in no quarter
MORE = {"tasks": 20, "calls": 64, "files": 192}  # what one moment may add to the least held: pools keep connections
MEMORY_MORE_MB = 3  # and to the most: a heap keeps its high water, and the first quarter has seen it
CRASHES = ("Traceback", "never retrieved", "never awaited", "Unclosed")


class Plan(msgspec.Struct, frozen=True):
    """How long the load lasts without and with troubles, how many requests a second, over how many players."""

    quiet_seconds: float = 60.0
    seconds: float = 300.0
    rate: float = 200.0
    seed: int = 1
    players: int = 1000  # or as many as there are


class Soaked(msgspec.Struct, frozen=True):
    """What was seen. `rest` is what it held when all was over, `log` what it said of crashes."""

    plan: Plan
    turns: Sequence[troubles.Turn]
    quiet: Load
    troubled: Load
    before: Seen
    during: Seen
    rest: Held
    log: Sequence[str]

    @property
    def quarters(self) -> tuple[Sequence[Held], Sequence[Held]]:
        """The first and the last: they saw the same troubles."""
        size = max(1, len(self.during.held) // LAPS)
        return self.during.held[size : 2 * size], self.during.held[-size:]

    @property
    def idle(self) -> Held:
        """What it holds all the time."""
        return gauges.least(self.before.held)

    @property
    def ratio(self) -> float | None:
        """Of the healthy questions' p99, with troubles to without, in calm seconds; None where there were too few."""
        quiet, troubled = self.quiet.healthy(self.before), self.troubled.healthy(self.during)
        return p(99, troubled) / p(99, quiet) if min(len(quiet), len(troubled)) >= 1000 else None

    def wrongs(self) -> Iterator[str]:
        """Whatever no machine excuses: wrong answers and what is not given back."""
        for load in (self.quiet, self.troubled):
            yield from (f"{count} x {what}" for what, count in load.wrong.most_common())
        yield from self.log
        if self.quiet.with_errors:
            yield f"{self.quiet.with_errors} answers with errors while all vendors were well"
        rest, idle = self.rest, self.idle
        if rest.calls or rest.clients > gauges.CLIENTS_AT_REST or rest.tasks > idle.tasks or rest.files > idle.files:
            yield f"at rest it holds {rest}; while all vendors were well the least was {idle}"
        first, last = self.quarters
        yield from _growth(gauges.least(first), gauges.least(last))
        high, higher = gauges.most(first).rss_mb, gauges.most(last).rss_mb
        if higher > high * GROWTH + MEMORY_MORE_MB:
            yield f"its memory grew from {high:.0f} to {higher:.0f} MB"

    def slows(self) -> Iterator[str]:
        """What a busy machine may be the cause of."""
        for load in (self.quiet, self.troubled):
            if load.shed:
                yield f"{load.shed} requests were not made: {load.rate:.0f} of {self.plan.rate:.0f} a second were held"
        if self.ratio is None:
            yield "the healthy p99 cannot be judged: others kept the machine busy"
        elif self.ratio > P99_RATIO:
            yield f"the healthy p99 is {self.ratio:.2f} times that without troubles, {P99_RATIO} are allowed"


def _growth(first: Held, last: Held) -> Iterator[str]:
    for name, more in MORE.items():
        if getattr(last, name) > getattr(first, name) * GROWTH + more:
            yield f"the least that was held of {name} grew from {getattr(first, name)} to {getattr(last, name)}"


async def soak(plan: Plan, var: Path) -> Soaked:
    """Both runs; what the processes write lies under `var`."""
    dice = random.Random(plan.seed)
    players = [f"player:{brand}:{id}" for brand, id in build().players]
    players = dice.sample(players, min(plan.players, len(players)))
    lap = plan.seconds / LAPS
    turns = troubles.repeated(troubles.planned(dice, lap), LAPS, lap)
    async with standing(var, TROUBLED) as place:
        judge = await census(place, players)
        quiet, troubled = Load(place, judge, players, dice), Load(place, judge, players, dice)
        async with gauges.watching(place) as before:
            await quiet.run(plan.rate, plan.quiet_seconds)
        async with gauges.watching(place) as during:
            playing = troubles.played(turns, place.troubled_base)
            await asyncio.gather(troubled.run(plan.rate, plan.seconds), playing)
        rest = await gauges.rest(place)
        log = [line for line in place.log.read_text().splitlines() if any(word in line for word in CRASHES)]
    return Soaked(plan, turns, quiet, troubled, before, during, rest, log)


def p(percent: int, ordered: Sequence[float]) -> float:
    """That percentile of them, sorted as they are."""
    return ordered[min(len(ordered) - 1, len(ordered) * percent // 100)]
