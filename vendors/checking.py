"""`gateway.py vendors check`: proves a configuration against the vendors it names, by reads alone.

A line says what was tried, its verdict and what was seen; personal data is never part of it.
"""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from enum import Enum
from typing import Any

import msgspec

from vendors.errors import VendorAuthError, VendorError, VendorRejectedError
from vendors.ports.source import System
from vendors.probes import PROBES, Sample, flat
from vendors.wire import Reply, Wire

SKEW_SECONDS = 30.0  # signatures carry our clock: Sumsub refuses one that is 60 s off
_LIMIT_WORDS = ("ratelimit", "rate-limit", "retry-after")


class Verdict(Enum):
    """EMPTY: it answered, but holds nothing of the sample. NOT_ASKED: no earlier answer held what it needs."""

    OK = "OK"
    EMPTY = "EMPTY"
    NOT_ASKED = "NOT_ASKED"
    UNSUPPORTED = "UNSUPPORTED"
    FAILED = "FAILED"


class Line(msgspec.Struct, frozen=True):
    """One line of the table."""

    system: str
    what: str
    verdict: Verdict
    seen: str = ""


class Watching:
    """A Wire that notes when each host answered, what its clock says, and which headers tell of limits."""

    def __init__(self, wire: Wire, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._wire, self._now = wire, now
        self.answered, self.skew_seconds = dict[str, int](), dict[str, float]()
        self.limits = dict[str, dict[str, str]]()

    async def request(
        self,
        method: str,
        url: str,
        *,
        content: bytes,
        headers: Mapping[str, str],
        timeout: float,  # noqa: ASYNC109  # the wire's own signature
    ) -> Reply:
        """As the wire beneath."""
        reply = await self._wire.request(method, url, content=content, headers=headers, timeout=timeout)
        host = "/".join(url.split("/")[:3])
        self.answered[host] = reply.status_code
        told = {name.lower(): value for name, value in reply.headers.items()}
        self.limits.setdefault(host, {}).update(
            {name: value for name, value in told.items() if any(word in name for word in _LIMIT_WORDS)}
        )
        if "date" in told:
            self.skew_seconds[host] = (self._now() - parsedate_to_datetime(told["date"])).total_seconds()
        return reply


async def check(
    ports: Mapping[str, Any], places: Mapping[System, Sequence[str]], wire: Watching, sample: Sample
) -> AsyncIterator[Line]:
    """The table's lines. `places` are the systems to prove and their addresses; all else is as configured.

    Systems are asked in their order, since a game is known by the bets of the PAM.
    """
    for system in (one for one in PROBES if one in places):
        name = system.value.lower()
        lines = [line async for line in _reads(ports[name], system, sample)]
        for place in places[system]:
            yield _reached(name, place, wire)
            yield _clock(name, place, wire)
            limits = wire.limits.get(place, {})
            told = ", ".join(f"{header}: {value}" for header, value in sorted(limits.items()))
            yield Line(name, "rate-limit headers", Verdict.OK if told else Verdict.EMPTY, told)
        for line in lines:
            yield line


async def _reads(port: Any, system: System, sample: Sample) -> AsyncIterator[Line]:
    for method, asks_of in PROBES[system]:
        asks = asks_of(sample)
        if not asks:
            yield Line(system.value.lower(), method, Verdict.NOT_ASKED, "no earlier answer names one")
            continue
        start = time.perf_counter()
        answers = await getattr(port, method)(asks)
        sample.learn(answers)
        yield _judged(system.value.lower(), method, answers, time.perf_counter() - start)


def _judged(system: str, method: str, answers: Mapping[Any, Any], seconds: float) -> Line:
    failures = [answer for answer in answers.values() if isinstance(answer, VendorError)]
    took = f"{seconds * 1000:.0f} ms"
    if failures:
        first = failures[0]
        unsupported = isinstance(first, VendorRejectedError) and not first.was_asked
        hint = " (credentials)" if isinstance(first, VendorAuthError) else ""
        verdict = Verdict.UNSUPPORTED if unsupported else Verdict.FAILED
        return Line(system, method, verdict, f"{first.code}{hint} {first.operation}: {first.detail}")
    records = [record for answer in answers.values() for record in flat(answer)]
    if not records:
        return Line(system, method, Verdict.EMPTY, took)
    empty = unfilled(records)
    return Line(system, method, Verdict.OK, took + (f"; never filled: {', '.join(empty)}" if empty else ""))


def unfilled(records: Sequence[Any]) -> Sequence[str]:
    """Attributes that hold nothing in any of the records: what the graph could not show of this sample."""
    structs = [record for record in records if isinstance(record, msgspec.Struct)]
    names = dict.fromkeys(field.name for record in structs for field in msgspec.structs.fields(record))
    return [name for name in names if all(getattr(record, name, None) in (None, (), []) for record in structs)]


def _reached(system: str, place: str, wire: Watching) -> Line:
    status = wire.answered.get(place)
    return Line(system, f"reach {place}", Verdict.OK if status else Verdict.FAILED, f"last status {status}" if status
                else "no answer")  # fmt: skip


def _clock(system: str, place: str, wire: Watching) -> Line:
    skew = wire.skew_seconds.get(place)
    if skew is None:
        return Line(system, "clock", Verdict.EMPTY, "no Date header")
    return Line(system, "clock", Verdict.OK if abs(skew) <= SKEW_SECONDS else Verdict.FAILED, f"{skew:+.0f} s")
