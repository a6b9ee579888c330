"""One port over several connections: each key is asked of the product that speaks for its brand and market.

A brand's systems may be split by market. The market of a player is what the PAM last told; where it is not known, or
where what is asked for belongs to no one player (a search, a payment's id), every connection of the brand is asked.
Then what one of them holds is the answer; a list that all of them fill is whole only if all of them answer.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec
from cachetools import TTLCache

from vendors.connection import Connection
from vendors.errors import VendorError, VendorRejectedError
from vendors.ports.keys import Key
from vendors.ports.paging import Page
from vendors.ports.source import System

MarketOf = Callable[[Key], str | None]
HELD_MOST, HELD_SECONDS = 100_000, 3600
_OWNERS = ("owner", "player", "withdrawal", "ticket")  # the attribute by which an ask or a command names its subject


class Line(msgspec.Struct, frozen=True):
    """A connection and its adapter."""

    connection: Connection
    port: Any


class Routed:
    """A port of `system`, whichever protocol its lines keep. A write goes to one line or is refused without a call."""

    def __init__(self, system: System, lines: Sequence[Line], market_of: MarketOf) -> None:
        self._system, self._lines, self._market_of = system, lines, market_of
        self._holders: TTLCache[Key, Line] = TTLCache(HELD_MOST, HELD_SECONDS)

    def __getattr__(self, name: str) -> Any:
        parts = [getattr(line.port, name) for line in self._lines]
        if not callable(parts[0]):
            return frozenset.intersection(*parts)  # what may be done whoever speaks

        async def asked(subject: Any) -> Any:
            if isinstance(subject, Sequence):
                return await self._read(name, subject)
            return await getattr(self._one_for(name, subject).port, name)(subject)

        return asked

    async def _read(self, name: str, asks: Sequence[Any]) -> Mapping[Any, Any]:
        by_line: dict[int, list[Any]] = defaultdict(list)
        for ask in dict.fromkeys(asks):
            for number in self._numbers(ask):
                by_line[number].append(ask)
        answers = await asyncio.gather(*(getattr(self._lines[n].port, name)(part) for n, part in by_line.items()))
        found: dict[Any, list[Any]] = defaultdict(list)
        for number, answer in zip(by_line, answers, strict=True):
            for ask, value in answer.items():
                found[ask].append(value)
                if isinstance(ask, Key) and not isinstance(value, VendorError):
                    self._holders[ask] = self._lines[number]
        return {ask: merged(ask, values) for ask, values in found.items()}

    def _numbers(self, ask: Any) -> Sequence[int]:
        """The places of the lines that may know what is asked for."""
        brand, subject = _subject(ask)
        if brand is None:
            return range(len(self._lines))
        market = self._market_of(subject) if subject is not None and subject.kind == "player" else None
        return [n for n, line in enumerate(self._lines) if line.connection.speaks_for(brand, market)]

    def _one_for(self, name: str, command: Any) -> Line:
        _, subject = _subject(command)
        numbers = self._numbers(command)
        if len(numbers) == 1:
            return self._lines[numbers[0]]
        if numbers and subject is not None and (holder := self._holders.get(subject)) is not None:
            return holder
        reason = "it is not known which product holds this" if numbers else "no product speaks for this brand"
        error = VendorRejectedError(self._system, name, reason)
        error.was_asked = error.write_may_have_happened = False
        raise error


def _subject(ask: Any) -> tuple[str | None, Key | None]:
    """The brand an ask names, and the object it is about; neither for a vendor's own id of a person."""
    if isinstance(ask, Key):
        return ask.brand, ask
    for attribute in _OWNERS:
        if (owner := getattr(ask, attribute, None)) is not None:
            return owner.brand, owner
    return getattr(ask, "brand", None), None


def merged(ask: Any, values: Sequence[Any]) -> Any:
    """One answer of several lines: half a list would look whole, while a single thing is held by one of them."""
    first = next((value for value in values if not isinstance(value, VendorError)), values[0])
    failure = next((value for value in values if isinstance(value, VendorError)), None)
    if len(values) == 1 or not isinstance(first, Page | Sequence):
        return first
    if failure is not None:
        return failure
    if isinstance(first, Page):
        return _one_page(ask, values)
    return first if isinstance(first, str) else [item for items in values for item in items]


def _one_page(ask: Any, pages: Sequence[Page[Any]]) -> Page[Any]:
    placed = [pair for page in pages for pair in zip(page.positions, page.items, strict=True)]
    placed.sort(key=lambda pair: pair[0], reverse=True)
    kept = placed[: ask.first]
    more = len(placed) > len(kept) or any(page.more for page in pages)
    return Page([item for _, item in kept], [position for position, _ in kept], more)
