"""One kind's reads between requests: what is kept answers as far as its kind allows, the vendor the rest."""

from __future__ import annotations

import asyncio
import contextvars
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Generic, TypeVar

import msgspec

from cache.flights import Flights
from cache.generations import Generations
from cache.kept import Entry, Kept, flagged, stands_in_for, tags_of
from cache.kinds import Kind
from cache.memory import Memory, Place
from cache.shared import Shared
from vendors.errors import VendorError, VendorTimeoutError

K = TypeVar("K")
V = TypeVar("V")
Read = Callable[[Sequence[K]], Awaitable[Mapping[K, V | VendorError]]]
log = logging.getLogger("player_graph.cache")


class Tiers:
    """Where records are kept, and what every kind's reading shares."""

    def __init__(
        self, memory: Memory, clock: Callable[[], float], flight_seconds: float, shared: Shared | None = None
    ) -> None:
        self.memory, self.clock, self.generations, self.shared = memory, clock, Generations(), shared
        self.flight_seconds = flight_seconds
        self.renewals: set[asyncio.Task[Any]] = set()

    def entry(self, place: Place) -> Entry | None:
        """What is kept there and was not evicted."""
        found = self.memory.get(place)
        return found if found and self.generations.holds(found.since, found.tags) else None


class Reading(Generic[K, V]):
    """A plural read like the port's own, which asks the port only for what is not kept."""

    def __init__(self, kind: Kind, product: str, read: Read[K, V], tiers: Tiers) -> None:
        self._kind, self._product, self._port, self._tiers = kind, product, read, tiers
        self._flights: Flights[K, V | VendorError] = Flights(
            self._once, tiers.generations, self._late, tiers.flight_seconds
        )

    async def __call__(self, keys: Sequence[K]) -> Mapping[K, V | Kept[V] | VendorError]:
        """The answers, those that an earlier request left marked as `Kept`."""
        entries = {key: entry for key in keys if (entry := self._tiers.entry(self._place(key)))}
        served = {key: answer for key, entry in entries.items() if (answer := self._served(entry))}
        if self._kind.fresh and (unserved := [key for key in keys if key not in served]):
            entries |= (more := await self._shared(unserved))
            served |= {key: answer for key, entry in more.items() if (answer := self._served(entry))}
        if old := [key for key in served if self._wants_renewal(entries[key])]:
            self._renew(old)
        missing = [key for key in keys if key not in served]
        asked = await self._flights.ask(missing) if missing else {}
        if not self._kind.fresh and (failed := [key for key, answer in asked.items() if _failed(answer)]):
            entries |= await self._shared([key for key in failed if key not in entries])
        return {**served, **{key: self._or_older(answer, entries.get(key)) for key, answer in asked.items()}}

    async def now(self, keys: Sequence[K]) -> Mapping[K, V | VendorError]:
        """What the vendor answers now, past everything that is kept; it is kept in turn."""
        since, read_at, shared = self._tiers.generations.now, self._tiers.clock(), self._tiers.shared
        seen = shared.seen if shared else 0
        try:
            answers = await self._port(keys)
        except VendorError as error:
            answers = dict.fromkeys(keys, error)
        told = {key: answer for key in keys if not _failed(answer := answers.get(key))}
        entries = {key: Entry(value, read_at, since, tags_of(key, value)) for key, value in told.items()}
        kept = {key for key, entry in entries.items() if self._keep(key, entry)}
        if shared:
            shared.keep(self._kind, {self._place(key): entries[key] if key in kept else None for key in keys}, seen)
        return answers

    async def _once(self, keys: Sequence[K]) -> Mapping[K, V | VendorError]:
        """`now`, but what another process is reading at the moment is not asked for again."""
        shared, kind = self._tiers.shared, self._kind
        if shared is None or not kind.fresh:
            return await self.now(keys)
        claimed = await shared.claim(kind, [self._place(key) for key in keys])
        own = [key for key, won in zip(keys, claimed, strict=True) if won]
        theirs = [key for key in keys if key not in own]
        answers, found = await asyncio.gather(self.now(own) if own else _nothing(), self._shared(theirs, read_now=True))
        just_read = {
            key: entry for key, entry in found.items() if self._is_fresh(entry)
        }  # not what they failed to renew
        rest = [key for key in theirs if key not in just_read]
        values = {key: entry.value for key, entry in just_read.items() if entry.value is not None}
        return {**answers, **values, **(await self.now(rest) if rest else {})}

    async def _shared(self, keys: Sequence[K], *, read_now: bool = False) -> dict[K, Entry]:
        """What other processes left, kept here too; with `read_now` what they are reading."""
        shared, since = self._tiers.shared, self._tiers.generations.now
        if shared is None or not keys:
            return {}
        look = shared.read_by_another if read_now else shared.look
        found = await look(self._kind, [self._place(key) for key in keys])
        there = {key: entry for key in keys if (entry := found.get(self._place(key)))}
        entries = {key: msgspec.structs.replace(entry, since=since) for key, entry in there.items()}
        return {key: entry for key, entry in entries.items() if self._keep(key, entry)}

    def _served(self, entry: Entry) -> Kept[V] | None:
        """What an entry answers without its vendor being asked before."""
        if self._is_fresh(entry):
            return Kept(entry.value)
        if entry.value is None or not 0 <= self._age(entry) < self._kind.fresh + self._kind.revalidated:
            return None
        marked = flagged(entry.value)
        return None if marked is None else Kept(marked)

    def _is_fresh(self, entry: Entry) -> bool:
        return 0 <= self._age(entry) < (self._kind.absent if entry.value is None else self._kind.fresh)

    def _or_older(self, answer: V | VendorError, entry: Entry | None) -> V | Kept[V] | VendorError:
        """The answer, or the record that stands in for a vendor that failed."""
        if not isinstance(answer, VendorError) or entry is None or not stands_in_for(answer):
            return answer
        marked = flagged(entry.value) if self._age(entry) < self._kind.if_error else None
        return answer if marked is None else Kept(marked, answer)

    def _late(self, key: K) -> VendorError:
        return VendorTimeoutError(self._kind.system, self._kind.name, "the operation's deadline")

    def _wants_renewal(self, entry: Entry) -> bool:
        return entry.value is not None and self._age(entry) >= self._kind.fresh

    def _renew(self, keys: Sequence[K]) -> None:
        """In the background."""
        task = asyncio.get_running_loop().create_task(self._flights.ask(keys), context=contextvars.Context())
        self._tiers.renewals.add(task)
        task.add_done_callback(self._renewed)

    def _renewed(self, task: asyncio.Task[Any]) -> None:
        self._tiers.renewals.discard(task)
        if not task.cancelled() and (error := task.exception()):
            log.error("%s could not be renewed: %s", self._kind.name, type(error).__name__)

    def _keep(self, key: K, entry: Entry) -> bool:
        """Unless something that it hangs on has changed since the read left."""
        if stands := self._tiers.generations.holds(entry.since, entry.tags):
            self._tiers.memory.put(self._kind, self._place(key), entry)
        return stands

    def _age(self, entry: Entry) -> float:
        return self._tiers.clock() - entry.read_at

    def _place(self, key: K) -> Place:
        return self._kind.name, self._product, key


def _failed(answer: object) -> bool:
    return isinstance(answer, VendorError)


async def _nothing() -> Mapping[Any, Any]:
    return {}
