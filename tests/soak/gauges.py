"""What a process holds: memory, open files, sockets, tasks of its event loop; and what others take meanwhile."""

from __future__ import annotations

import asyncio
import bisect
import re
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import aiohttp
import msgspec
import psutil  # type: ignore[import-untyped]

from tests.soak.standing import Standing

EVERY_SECONDS, REST_SECONDS = 1.0, 30.0
CLIENTS_AT_REST = 2  # the socket that listens, and that of who looks
CALM_CORES = 0.2  # what others may take of the machine in a second that says something of the gateway's pace
TASKS = re.compile(r"^player_graph_tasks (\S+)$", re.MULTILINE)


class Held(msgspec.Struct, frozen=True):
    """At one moment. `calls` are connections to vendors, `clients` those of the load; `files` is all that is open."""

    tasks: int
    calls: int
    clients: int
    files: int
    rss_mb: float


class Seen(msgspec.Struct):
    """Second by second: when, what was held, and how many cores others took since the moment before."""

    at: list[float] = msgspec.field(default_factory=list)
    held: list[Held] = msgspec.field(default_factory=list)
    others: list[float] = msgspec.field(default_factory=list)

    def is_calm(self, moment: float) -> bool:
        """Whether others left the machine alone in that second and in the one before, whose backlog it carries."""
        place = bisect.bisect_left(self.at, moment)
        return place < len(self.at) and max(self.others[max(0, place - 1) : place + 1]) <= CALM_CORES

    @property
    def share_calm(self) -> float:
        """Of the seconds."""
        return sum(map(self.is_calm, self.at)) / len(self.at)


class Gauge:
    """Looks at the gateway from outside."""

    def __init__(self, http: aiohttp.ClientSession, place: Standing) -> None:
        self._http, self._place, self._gateway = http, place, psutil.Process(place.pid)
        self._ours = [psutil.Process(), *map(psutil.Process, place.pids)]
        self._before = self._used()

    async def held(self) -> Held:
        """What it holds now, the socket and the task that look included."""
        async with self._http.get(f"{self._place.address}/metrics") as reply:
            found = TASKS.search(await reply.text())
        assert found is not None, "no tasks in /metrics"
        sockets = await asyncio.to_thread(self._gateway.net_connections, "inet")
        clients = sum(one.laddr.port == self._place.port for one in sockets)
        files, rss_mb = self._gateway.num_fds(), self._gateway.memory_info().rss / 1e6
        return Held(int(float(found[1])), len(sockets) - clients, clients, files, rss_mb)

    def others(self) -> float:
        """Cores that neither the gateway nor its vendors nor the load took, since this was last asked."""
        (then, taken), (now, taken_now) = self._before, self._used()
        self._before = now, taken_now
        return (taken_now - taken) / (now - then)

    def _used(self) -> tuple[float, float]:
        """The moment, and seconds of CPU that others have taken since the machine began."""
        whole = psutil.cpu_times()
        idle = whole.idle + getattr(whole, "iowait", 0.0)
        ours = sum(sum(one.cpu_times()[:2]) for one in self._ours)
        return time.monotonic(), sum(whole) - idle - getattr(whole, "guest", 0.0) - ours


@asynccontextmanager
async def watching(place: Standing) -> AsyncIterator[Seen]:
    """What it held, second by second, while the block ran."""
    seen = Seen()

    async def watch() -> None:
        async with aiohttp.ClientSession(trust_env=False) as http:
            gauge = Gauge(http, place)
            while True:
                await asyncio.sleep(EVERY_SECONDS)
                held = await gauge.held()
                seen.held.append(held)
                seen.others.append(gauge.others())
                seen.at.append(time.monotonic())

    task = asyncio.create_task(watch())
    try:
        yield seen
    finally:
        task.cancel()
        await asyncio.wait([task])
    if not task.cancelled():
        task.result()  # raises what ended it too soon


async def rest(place: Standing) -> Held:
    """What it holds when nobody asks: as soon as its kept connections are closed, or after so many seconds."""
    async with aiohttp.ClientSession(trust_env=False) as http:
        gauge = Gauge(http, place)
        for _ in range(int(REST_SECONDS / EVERY_SECONDS)):
            held = await gauge.held()
            if not held.calls and held.clients <= CLIENTS_AT_REST:
                break
            await asyncio.sleep(EVERY_SECONDS)
    return held


def most(seen: Sequence[Held]) -> Held:
    """The most that was held of each: what an allocator or a pool keeps is its high water."""
    return msgspec.convert({name: max(getattr(one, name) for one in seen) for name in Held.__struct_fields__}, Held)


def least(seen: Sequence[Held]) -> Held:
    """The least that was held of each: what leaks lifts the floor."""
    return msgspec.convert({name: min(getattr(one, name) for one in seen) for name in Held.__struct_fields__}, Held)
