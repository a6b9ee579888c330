"""`make soak`: a table of what five minutes of load and troubles did to the gateway; exit 1 if a bar was missed."""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from execution.serving import run
from tests.soak import gauges, troubles
from tests.soak.gauges import Held, Seen
from tests.soak.load import Load
from tests.soak.questions import TROUBLED
from tests.soak.soaking import P99_RATIO, Plan, Soaked, p, soak

Row = tuple[str, ...]


def pace(soaked: Soaked) -> Iterator[Row]:
    """What was asked and how soon it was answered: name, without troubles, with them, and the bar."""
    runs = [(soaked.quiet, soaked.before), (soaked.troubled, soaked.during)]

    def row(name: str, show: Callable[[Load, Seen], str], bar: str = "") -> Row:
        return name, *(show(load, seen) for load, seen in runs), bar

    yield "", "fault-free", "with faults", "bar"
    yield row("requests a second", lambda load, _: f"{load.rate:.1f}", f"{soaked.plan.rate:.0f}")
    yield row("answers", lambda load, _: str(len(load.answers)))
    yield row("clients who left", lambda load, _: str(load.left))
    yield row("requests not made", lambda load, _: str(load.shed), "0")
    yield row("answers with errors", lambda load, _: str(load.with_errors), "0 fault-free")
    yield row("wrong, torn or another's", lambda load, _: str(load.wrong.total()), "0")
    yield row("cores that others took", lambda _, seen: f"{sum(seen.others) / len(seen.others):.2f}")
    yield row("calm seconds", lambda _, seen: f"{seen.share_calm:.0%}")
    for percent in (50, 95, 99):
        name = f"healthy p{percent}, ms (calm)"
        yield row(name, lambda load, seen, percent=percent: _both(percent, load, seen))  # type: ignore[misc]
    yield row("p99 of the others, ms", lambda load, _: f"{1000 * p(99, load.unhealthy()):.0f}")
    yield "healthy p99, ratio, calm", "", f"{soaked.ratio:.2f}" if soaked.ratio else "?", f"{P99_RATIO}"


def _both(percent: int, load: Load, seen: Seen) -> str:
    whole, calm = load.healthy(), load.healthy(seen)
    return (
        f"{1000 * p(percent, whole):.1f} ({1000 * p(percent, calm):.1f})"
        if calm
        else f"{1000 * p(percent, whole):.1f} (?)"
    )


def held(soaked: Soaked) -> Iterator[Row]:
    """What the process held: the least and the most of the first and of the last quarter, and what is left."""
    yield "least .. most held", "first quarter", "last quarter", "at rest"
    for name in Held.__struct_fields__:
        yield name, *(_span(name, quarter) for quarter in soaked.quarters), f"{getattr(soaked.rest, name):.0f}"


def _span(name: str, quarter: Sequence[Held]) -> str:
    return f"{getattr(gauges.least(quarter), name):.0f} .. {getattr(gauges.most(quarter), name):.0f}"


def told(soaked: Soaked) -> None:
    """Prints the tables, the troubles and what was missed."""
    for one in (*pace(soaked), ("",) * 4, *held(soaked)):
        print("{:<28}{:>18}{:>18}   {}".format(*one))
    kinds = Counter(str(turn.fault["kind"]) for turn in soaked.turns if turn.fault)
    ill = troubles.share_ill(soaked.turns, soaked.plan.seconds)
    names = ", ".join(system.value for system in TROUBLED)
    print(
        f"\nseed {soaked.plan.seed}: {names} misbehaved {ill:.0%} of the time, in {kinds.total()} turns: {dict(kinds)}"
    )
    for what in (*soaked.wrongs(), *soaked.slows()):
        print(f"MISSED: {what}")


def main() -> None:
    """Reads the plan, soaks, tells."""
    words = argparse.ArgumentParser(description=__doc__)
    for name, default in zip(Plan.__struct_fields__, Plan.__struct_defaults__, strict=True):
        words.add_argument(f"--{name.replace('_', '-')}", type=type(default), default=default)
    plan = Plan(**vars(words.parse_args()))

    async def soaking() -> None:
        with TemporaryDirectory() as folder:
            soaked = await soak(plan, Path(folder))
        told(soaked)
        if [*soaked.wrongs(), *soaked.slows()]:
            raise SystemExit(1)

    run(soaking())


if __name__ == "__main__":
    main()
