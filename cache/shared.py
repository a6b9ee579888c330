"""The tier that processes share: a Redis or Valkey server. It may be slow, full, read-only or gone and is not missed.

Whatever it cannot say at once the vendor says. An eviction takes the next number of one counter and leaves it as the
mark of its tags; an entry carries the number its process had last seen when the read left. An entry older than one of
its tags' marks is worth nothing, even if it is written later: the guard of cache/generations.py, across processes.
Entries are also found by their tags, and removed with them. Every command has one key, so a cluster will do.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from functools import partial
from typing import Any, Final, TypeVar

import msgspec
from redis.asyncio import Redis
from redis.asyncio.cluster import RedisCluster
from redis.exceptions import RedisError

import telemetry
from cache import records
from cache.kept import Entry
from cache.kinds import KINDS, Kind
from cache.memory import Place
from cache.shared_names import Names

LOOK_SECONDS, KEEP_SECONDS, EVICT_SECONDS, REST_SECONDS = 0.1, 0.5, 0.5, 1.0
READ_BY_ANOTHER_SECONDS, GLANCE_SECONDS = 1.0, 0.01  # how long another process's read is waited for, and looked after
MOST_WRITES, MOST_PENDING = 64, 10_000
MARK_SECONDS: Final = max(kind.kept for kind in KINDS.values()) + 60  # a mark outlives what it makes worthless
TROUBLE = (RedisError, OSError, TimeoutError, KeyError)  # KeyError: redis-py, of a cluster it has not seen whole
ANYTHING = "*"  # the tag of every entry
log = logging.getLogger("player_graph.cache")
Fill = Callable[[Any], object]
T = TypeVar("T")


class Shared:
    """`clock` is in Unix seconds. Nothing here raises: what the server does not do is not done."""

    def __init__(self, client: Redis | RedisCluster, names: Names, clock: Callable[[], float] = time.time) -> None:
        self._client, self._names, self._clock = client, names, clock
        self.seen = 0  # the last eviction's number that is known here: safe if it is too small
        self._pending: dict[str, object] = {}  # tags whose eviction the server does not know yet, and which it was
        self._writes: set[asyncio.Task[None]] = set()
        self._resting_until = 0.0

    async def look(self, kind: Kind, places: Sequence[Place]) -> dict[Place, Entry]:
        """What is kept there and was not evicted; an entry's `since` is for the caller to say."""
        if self._pending and not await self._settled():
            return {}
        names = [self._names.entry(kind, place) for place in places]
        found = await self._ask(LOOK_SECONDS, lambda pipe: [pipe.get(name) for name in (self._names.counter, *names)])
        if found is None:
            telemetry.shared_cache("FAILED", len(places))
            return {}
        self._learn(found[0])
        sealed = zip(places, names, found[1:], strict=True)
        opened = {place: self._names.envelope.open(name, text) for place, name, text in sealed if text is not None}
        entries = {place: records.read(kind, text) for place, text in opened.items() if text is not None}
        valid = await self._unmarked({place: entry for place, entry in entries.items() if entry is not None})
        telemetry.shared_cache("HIT", len(valid))
        telemetry.shared_cache("MISS", len(places) - len(valid))
        return valid

    async def claim(self, kind: Kind, places: Sequence[Place]) -> list[bool]:
        """Whether this process is the one to read; whoever claimed says nothing more than that it is reading."""
        locks = [self._names.lock(kind, place) for place in places]
        patience = int(READ_BY_ANOTHER_SECONDS * 1000)
        won = await self._ask(LOOK_SECONDS, lambda pipe: [pipe.set(lock, b"1", nx=True, px=patience) for lock in locks])
        return [True] * len(places) if won is None else [bool(one) for one in won]

    async def read_by_another(self, kind: Kind, places: Sequence[Place]) -> dict[Place, Entry]:
        """What other processes, who claimed these places, have read; without those that nobody answers for."""
        found, waiting, until = dict[Place, Entry](), list(places), time.monotonic() + READ_BY_ANOTHER_SECONDS
        while waiting and time.monotonic() < until:
            await asyncio.sleep(GLANCE_SECONDS)
            held = await self._ask(LOOK_SECONDS, partial(_exist, [self._names.lock(kind, one) for one in waiting]))
            if held is None:
                break
            done = [place for place, lock in zip(waiting, held, strict=True) if not lock]
            found |= await self.look(kind, done) if done else {}
            waiting = [place for place in waiting if place not in done]
        return found

    def keep(self, kind: Kind, entries: Mapping[Place, Entry | None], seen: int) -> None:
        """In the background; None: nothing to keep, but the claim is over. `seen` is from before the read left."""
        if len(self._writes) >= MOST_WRITES:
            telemetry.shared_cache("DROPPED", len(entries))
            return
        task = asyncio.create_task(self._keep(kind, entries, seen))
        self._writes.add(task)
        task.add_done_callback(self._writes.discard)

    async def evict(self, tags: Iterable[str]) -> None:
        """Nothing that hangs on these and was read before now is used again by any process that reaches the server."""
        self._pending |= dict.fromkeys(tags, this := object())
        if len(self._pending) > MOST_PENDING:
            self._pending = {ANYTHING: this}
        await self._settled()

    async def idle(self) -> None:
        """Returns when everything is written that will be."""
        while self._writes:
            await asyncio.wait(list(self._writes))

    async def follow(self, evicted: Callable[[Iterable[str]], None], missed: Callable[[], None]) -> None:
        """Tells what other processes evict, and when something may have been missed. Ends by being cancelled."""
        while True:
            with contextlib.suppress(*TROUBLE):
                await self._client.initialize()  # a cluster is learnt here, where no read waits for it
                async with self._client.pubsub() as heard:
                    await heard.subscribe(self._names.channel)
                    missed()
                    while True:
                        message = await heard.get_message(ignore_subscribe_messages=True, timeout=REST_SECONDS)
                        if message is not None:
                            self._heard(message["data"], evicted, missed)
            missed()
            await asyncio.sleep(REST_SECONDS)
            await self._settled()

    def _heard(self, text: bytes, evicted: Callable[[Iterable[str]], None], missed: Callable[[], None]) -> None:
        plain = self._names.envelope.open(self._names.channel, text)
        if plain is None:
            return missed()  # another key: somebody evicted something
        number, tags = msgspec.msgpack.decode(plain, type=tuple[int, list[str]])
        self.seen = max(self.seen, number)
        missed() if ANYTHING in tags else evicted(tags)

    async def _unmarked(self, entries: Mapping[Place, tuple[int, Entry]]) -> dict[Place, Entry]:
        """Those whose tags have not changed since they were read."""
        if not entries:
            return {}
        tags = [ANYTHING, *dict.fromkeys(tag for _, entry in entries.values() for tag in entry.tags)]
        marks = [self._names.mark(tag) for tag in tags]
        scores = await self._ask(LOOK_SECONDS, lambda pipe: [pipe.zscore(mark, "n") for mark in marks])
        if scores is None:
            return {}
        changed = {tag: score or 0 for tag, score in zip(tags, scores, strict=True)}
        return {
            place: entry
            for place, (seen, entry) in entries.items()
            if all(changed[tag] <= seen for tag in (ANYTHING, *entry.tags))
        }

    async def _keep(self, kind: Kind, entries: Mapping[Place, Entry | None], seen: int) -> None:
        """Its tags first: an entry that no eviction finds is never there."""
        locks = [self._names.lock(kind, place) for place in entries]
        ends = {place: entry.read_at + kind.seconds_of(entry.value) for place, entry in entries.items() if entry}
        worth = {place: entry for place, entry in entries.items() if entry and ends[place] > self._clock() + 1}
        named = {place: self._names.entry(kind, place) for place, entry in entries.items() if entry}

        def index(pipe: Any) -> None:
            for place, entry in worth.items():
                end = int(ends[place]) + 1  # later than the entry: under volatile-ttl it is the last to go
                for tag in map(self._names.index, entry.tags):
                    pipe.zadd(tag, {named[place]: end})
                    pipe.expireat(tag, end, nx=True)
                    pipe.expireat(tag, end, gt=True)
                    pipe.zremrangebyscore(tag, "-inf", int(self._clock()))

        def write(pipe: Any) -> None:
            for name in (name for place, name in named.items() if place not in worth):
                pipe.execute_command("DEL", name)
            for place, entry in worth.items():
                sealed = self._names.envelope.seal(named[place], records.written(seen, entry))
                pipe.set(named[place], sealed, exat=int(ends[place]))
            for lock in locks:
                pipe.execute_command("DEL", lock)

        if worth and await self._ask(KEEP_SECONDS, index) is None:
            worth = {}
            telemetry.shared_cache("NOT_KEPT", len(entries))
        await self._ask(KEEP_SECONDS, write)

    async def _settled(self) -> bool:
        """Whether the server knows every eviction that this process knows."""
        if not self._pending:
            return True
        pending, tags = dict(self._pending), list(self._pending)
        counted = await self._ask(EVICT_SECONDS, self._count)
        if counted is None:
            return False
        number = int(counted[1])
        members = await self._ask(EVICT_SECONDS, lambda pipe: self._mark(pipe, tags, number))
        if members is None:
            return False
        self.seen = max(self.seen, number)
        told = self._names.envelope.seal(self._names.channel, msgspec.msgpack.encode([number, tags]))
        if named := {name for found in members[2::3] for name in found}:
            await self._ask(EVICT_SECONDS, lambda pipe: [pipe.execute_command("UNLINK", name) for name in named])
        await self._within(EVICT_SECONDS, lambda: self._client.execute_command("PUBLISH", self._names.channel, told))
        for tag, eviction in pending.items():
            if self._pending.get(tag) is eviction:  # a later one of the same tag settles itself
                del self._pending[tag]
        return True

    def _count(self, pipe: Any) -> None:
        """A server that has lost its memory goes on from the time of day: never from a number that was used."""
        pipe.set(self._names.counter, int(self._clock() * 1000), nx=True)
        pipe.incr(self._names.counter)

    def _mark(self, pipe: Any, tags: Sequence[str], number: int) -> None:
        for tag in tags:
            mark = self._names.mark(tag)
            pipe.zadd(mark, {"n": number}, gt=True)  # of two evictions at once the later one stands
            pipe.expire(mark, MARK_SECONDS)
            pipe.zrange(self._names.index(tag), 0, -1)

    def _learn(self, number: bytes | None) -> None:
        self.seen = max(self.seen, int(number or 0))

    async def _ask(self, seconds: float, fill: Fill) -> list[Any] | None:
        """The answers of one round trip; None if one of them is an error, or there are none in time."""

        async def trip() -> list[Any]:
            async with self._client.pipeline(transaction=False) as pipe:
                fill(pipe)
                answers: list[Any] = await pipe.execute(raise_on_error=False)
                return answers

        answers = await self._within(seconds, trip) or []
        broken = next((answer for answer in answers if isinstance(answer, Exception)), None)
        if broken is not None:
            log.warning("the shared cache refused: %s", type(broken).__name__)
        return None if broken is not None or not answers else answers

    async def _within(self, seconds: float, trip: Callable[[], Awaitable[T]]) -> T | None:
        """What the server says in time. One that does not is left alone for a while."""
        if time.monotonic() < self._resting_until:
            return None
        try:
            async with asyncio.timeout(seconds):
                return await trip()
        except TROUBLE as error:
            self._resting_until = time.monotonic() + REST_SECONDS
            log.warning("the shared cache is left alone for %s s: %s", REST_SECONDS, type(error).__name__)
            return None


@asynccontextmanager
async def following(
    shared: Shared, evicted: Callable[[Iterable[str]], None], missed: Callable[[], None]
) -> AsyncIterator[None]:
    """What other processes evict is heard while the block runs; from its beginning, if the server is there."""
    begun = asyncio.Event()

    def anything() -> None:
        begun.set()
        missed()

    hearing = asyncio.create_task(shared.follow(evicted, anything), name="shared-cache")
    try:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(begun.wait(), EVICT_SECONDS)
        yield
    finally:
        hearing.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await hearing
        await shared.idle()


def _exist(names: Sequence[str], pipe: Any) -> None:
    for name in names:
        pipe.execute_command("EXISTS", name)
