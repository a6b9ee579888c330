"""Two processes' stores over one real server: what one reads the other need not, what one evicts is gone for both."""

import asyncio
import base64
import contextlib
import os
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any

import pytest
from redis.asyncio import Redis

from cache import shared
from cache.kept import Kept
from cache.shared_access import BadShared, SharedAccess, opened
from cache.store import Store
from tests.cache.test_reading import ADA, BEN, Clock, Desk, person
from tests.servers import Cluster, Valkey, valkey
from vendors.errors import VendorDownError
from vendors.ports.keys import Key
from vendors.ports.source import Source, System


def key() -> str:
    return base64.b64encode(os.urandom(32)).decode()


SECRETS = {"name": key(), "old": key(), "new": key()}


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A busy machine is no server in trouble."""
    monkeypatch.setattr(shared, "LOOK_SECONDS", 2.0)


class Process:
    """One gateway's store before its own connection to the desk."""

    def __init__(self, store: Store, desk: Desk, clock: Clock) -> None:
        reading = store.reading("requesters", desk, desk.requesters)
        assert reading is not None
        self.store, self.desk, self.clock, self.read = store, desk, clock, reading


@asynccontextmanager
async def process(
    server: Valkey, keys: Sequence[str] = ("old",), desk: Desk | None = None, clock: Clock | None = None
) -> AsyncIterator[Process]:
    clock = clock or Clock()
    clock.now = max(clock.now, time.time())
    secrets = {**SECRETS, "url": server.url}
    access = SharedAccess(url="url", name_key="name", value_keys=tuple(keys), cluster=server.is_cluster)
    async with opened(access, secrets.__getitem__) as (tier, _):
        store = Store(100, clock, shared=tier)
        async with store.following():
            yield Process(store, desk or Desk(), clock)
            await store.aclose()


@pytest.fixture
async def server() -> AsyncIterator[Valkey]:
    async with valkey() as running:
        yield running


@pytest.fixture
async def pair(server: Valkey) -> AsyncIterator[tuple[Process, Process]]:
    async with process(server) as one, process(server) as other:
        yield one, other


async def until(true: Callable[[], bool], seconds: float = 5.0) -> None:
    ends = time.monotonic() + seconds
    while not true():  # there is nothing to be woken by
        assert time.monotonic() < ends
        await asyncio.sleep(0.005)


async def test_what_one_process_has_read_the_other_need_not_ask_for(pair: tuple[Process, Process]) -> None:
    one, other = pair
    read = await one.read([ADA, BEN])
    await one.store.idle()
    assert await other.read([ADA, BEN]) == {who: Kept(answer) for who, answer in read.items()}
    assert other.desk.asked == []


async def test_only_what_nobody_has_is_asked_for(pair: tuple[Process, Process]) -> None:
    one, other = pair
    await one.read([ADA])
    await one.store.idle()
    await other.read([ADA, BEN])
    assert other.desk.asked == [[BEN]]


async def test_an_absence_is_believed_by_both_for_as_long_as_it_is_worth_anything(
    pair: tuple[Process, Process],
) -> None:
    one, other = pair
    one.desk.absent = True
    assert await one.read([ADA]) == {}
    await one.store.idle()
    assert await other.read([ADA]) == {ADA: Kept(None)}
    other.clock.now += 61
    assert await other.read([ADA]) == {ADA: person(1)}


async def test_what_one_evicts_is_asked_for_again_by_both(pair: tuple[Process, Process]) -> None:
    one, other = pair
    await one.read([ADA])
    await one.store.idle()
    await other.read([ADA])
    await one.store.evict([str(ADA)])
    await until(lambda: other.store._tiers.generations.now > 1)  # type: ignore[union-attr]
    assert await other.read([ADA]) == {ADA: person(1)}
    assert len(other.desk.asked) == 1


async def test_a_read_that_left_before_an_eviction_is_not_used_by_the_other(pair: tuple[Process, Process]) -> None:
    one, other = pair
    one.desk.gate.clear()
    late = asyncio.create_task(one.read.now([ADA]))
    await until(lambda: bool(one.desk.asked))
    await other.store.evict([str(ADA)])
    one.desk.gate.set()
    await late
    await one.store.idle()
    assert await other.read([ADA]) == {ADA: person(1)}
    assert len(other.desk.asked) == 1


async def test_that_holds_even_if_its_process_has_not_heard_of_the_eviction(server: Valkey) -> None:
    async with process(server) as one, process(server) as other:
        tier = one.store._tiers.shared  # type: ignore[union-attr]
        assert tier is not None
        before = tier.seen
        await other.store.evict([str(ADA)])
        tier.seen = before  # as if the message were still under way
        one.store._tiers.generations.__init__()  # type: ignore[union-attr, misc]
        await one.read.now([ADA])
        await one.store.idle()
        await other.read([ADA])
        assert len(other.desk.asked) == 1


async def test_what_two_processes_want_at_once_is_read_once(pair: tuple[Process, Process]) -> None:
    one, other = pair
    one.desk.gate.clear()
    reading = asyncio.create_task(one.read([ADA]))
    await until(lambda: bool(one.desk.asked))
    waiting = asyncio.create_task(other.read([ADA]))
    await asyncio.sleep(0.05)
    one.desk.gate.set()
    assert list(await asyncio.gather(reading, waiting)) == [{ADA: person(1)}, {ADA: person(1)}]
    assert other.desk.asked == []


async def test_who_waits_for_a_process_that_died_reads_for_himself(pair: tuple[Process, Process]) -> None:
    one, other = pair
    one.desk.gate.clear()
    reading = asyncio.create_task(one.read([ADA]))
    await until(lambda: bool(one.desk.asked))
    assert await asyncio.wait_for(other.read([ADA]), 5) == {ADA: person(1)}
    one.desk.gate.set()
    await reading


async def test_who_waits_for_a_process_whose_vendor_failed_asks_for_himself(pair: tuple[Process, Process]) -> None:
    one, other = pair
    one.desk.gate.clear()
    one.desk.failure = VendorDownError(System.TICKETING, "requesters")
    reading = asyncio.create_task(one.read([ADA]))
    await until(lambda: bool(one.desk.asked))
    waiting = asyncio.create_task(other.read([ADA]))
    await asyncio.sleep(0.05)
    one.desk.gate.set()
    assert await waiting == {ADA: person(1)}
    await reading


async def test_an_older_record_is_not_taken_for_what_another_process_has_just_read(
    pair: tuple[Process, Process],
) -> None:
    one, other = pair
    await one.read([ADA])
    await one.store.idle()
    for process in pair:
        process.clock.now += 300 + 3600 + 1  # too old to be shown, good enough to stand in
    one.desk.gate.clear()
    one.desk.failure = VendorDownError(System.TICKETING, "requesters")
    reading = asyncio.create_task(one.read([ADA]))
    await until(lambda: len(one.desk.asked) == 2)
    waiting = asyncio.create_task(other.read([ADA]))
    await asyncio.sleep(0.05)
    one.desk.gate.set()
    await asyncio.gather(reading, waiting)
    assert waiting.result() == {ADA: person(1)}
    assert other.desk.asked == [[ADA]]


async def test_a_record_of_another_process_stands_in_for_a_vendor_that_fails(pair: tuple[Process, Process]) -> None:
    one, other = pair
    await one.read([ADA])
    await one.store.idle()
    other.clock.now += 301 + 3600
    other.desk.failure = VendorDownError(System.TICKETING, "requesters")
    answer = (await other.read([ADA]))[ADA]
    assert isinstance(answer, Kept)
    assert answer.value == Source(person(1).system, "Desk", "1", person(1).fetched_at, stale=True)


@pytest.mark.parametrize("trouble", ["gone", "hangs", "full", "read-only", "forgets"])
async def test_a_server_in_trouble_is_not_missed(trouble: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shared, "LOOK_SECONDS", 0.1)
    async with valkey() as server, process(server) as one, process(server) as other:
        await one.read([ADA])
        await one.store.idle()
        async with Redis.from_url(server.url) as admin:
            await _troubled(server, admin, trouble)
        await asyncio.wait_for(one.store.evict([str(ADA)]), 2)
        assert (await asyncio.wait_for(one.read([ADA]), 2))[ADA] == person(2)
        read = (await asyncio.wait_for(other.read([BEN]), 2))[BEN]
        assert read == person(1)


async def _troubled(server: Valkey, admin: Redis, trouble: str) -> None:
    commands: dict[str, list[Any]] = {
        "hangs": ["CLIENT", "PAUSE", "60000", "ALL"],
        "full": ["CONFIG", "SET", "maxmemory", "1"],
        "read-only": ["REPLICAOF", "127.0.0.1", "1"],
        "forgets": ["FLUSHALL"],
    }
    if trouble == "gone":
        server.kill()
    else:
        await admin.execute_command(*commands[trouble])  # type: ignore[no-untyped-call]


async def test_an_eviction_that_the_server_could_not_be_told_is_told_before_anything_is_taken_from_it(
    server: Valkey,
) -> None:
    async with process(server) as one, process(server) as other:
        await one.read([ADA])
        await one.store.idle()
        async with Redis.from_url(server.url) as admin:
            await admin.execute_command("REPLICAOF", "127.0.0.1", "1")  # type: ignore[no-untyped-call]
            await one.store.evict([str(ADA)])
            await admin.execute_command("REPLICAOF", "NO", "ONE")  # type: ignore[no-untyped-call]
        await one.read([BEN])  # the next look settles it
        await one.store.idle()
        await other.read([ADA])
        assert len(other.desk.asked) == 1


async def test_what_was_missed_while_the_server_was_away_is_taken_for_changed(server: Valkey) -> None:
    async with process(server) as one:
        await one.read([ADA])
        server.kill()
        await asyncio.sleep(0.05)
        await server.start()
        await until(lambda: one.store._tiers.generations.now >= 3, 10)  # type: ignore[union-attr]
        await asyncio.sleep(1.1)
        await one.read([ADA])
        assert len(one.desk.asked) == 2


async def test_the_server_holds_no_id_no_name_and_nothing_that_can_be_read(pair: tuple[Process, Process]) -> None:
    one, _ = pair
    heard = list[bytes]()
    async with Redis.from_url(f"{_url(one)}") as admin, admin.pubsub() as told:
        await told.subscribe("player-graph:evicted")
        await one.read([Key("player", "acme", "ada-lovelace")])
        await one.store.idle()
        held = [name async for name in admin.scan_iter()]
        values = [await admin.get(name) for name in held if await admin.type(name) == b"string"]
        await one.store.evict(["player:acme:ada-lovelace"])
        for _ in range(20):
            message = await told.get_message(ignore_subscribe_messages=True, timeout=0.1)
            heard += [message["data"]] if message else []
    assert len(values) >= 1
    assert heard
    everything = b"\n".join([*held, *(value for value in values if isinstance(value, bytes)), *heard])
    for word in (b"ada", b"acme", b"Desk", b"TICKETING", b"requesters"):
        assert word not in everything


def _url(one: Process) -> str:
    pool = one.store._tiers.shared._client.connection_pool  # type: ignore[union-attr]
    return f"unix://{pool.connection_kwargs['path']}"


async def test_a_key_is_changed_by_putting_the_new_one_in_front(server: Valkey) -> None:
    async with process(server, ["old"]) as one:
        await one.read([ADA])
        await one.store.idle()
    async with process(server, ["new", "old"]) as both:
        assert (await both.read([ADA]))[ADA] == Kept(person(1))
        await both.read([BEN])
        await both.store.idle()
    async with process(server, ["new"]) as new:
        await new.read([ADA, BEN])
        assert new.desk.asked == [[ADA]]


async def test_what_somebody_changed_on_the_server_is_not_believed(pair: tuple[Process, Process]) -> None:
    one, other = pair
    await one.read([ADA, BEN])
    await one.store.idle()
    async with Redis.from_url(_url(one)) as admin:
        first, second = [name async for name in admin.scan_iter(match="player-graph:entry:*")]
        swapped = await admin.get(first)
        await admin.set(second, swapped or b"")
        await admin.set(first, b"\x00garbage")
    await other.read([ADA, BEN])
    assert sorted(other.desk.asked[0]) == [ADA, BEN]


async def test_nothing_stays_on_the_server_for_ever_but_a_counter(pair: tuple[Process, Process]) -> None:
    one, _ = pair
    await one.read([ADA])
    await one.store.idle()
    await one.store.evict([str(BEN)])
    async with Redis.from_url(_url(one)) as admin:
        lasting = {name async for name in admin.scan_iter() if await admin.ttl(name) < 0}
    assert lasting == {b"player-graph:evictions"}


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ({"name_key": "c2hvcnQ="}, "redis.name_key: a key is 32 bytes in base64, this one has 5"),
        ({"value_keys": ("not base64!",)}, r"redis.value_keys.0: a key is 32 bytes in base64, as"),
        ({"value_keys": ()}, "redis.value_keys: at least one"),
        ({"url": "http://nowhere"}, "redis.url: "),
    ],
)
async def test_a_bad_setting_is_named_and_not_repeated(wrong: dict[str, Any], named: str) -> None:
    said = {"url": "redis://127.0.0.1", "name_key": key(), "value_keys": (key(),), **wrong}
    with pytest.raises(BadShared, match=named) as caught:
        async with contextlib.AsyncExitStack() as stack:
            await stack.enter_async_context(opened(SharedAccess(**said), str))
    assert "c2hvcnQ" not in str(caught.value)


async def test_a_cluster_will_do() -> None:
    async with valkey(kind=Cluster) as nodes, process(nodes) as one, process(nodes) as other:
        await one.read([ADA, BEN])
        await one.store.idle()
        await other.read([ADA, BEN])
        assert other.desk.asked == []
        before = other.store._tiers.generations.now  # type: ignore[union-attr]
        await one.store.evict([str(ADA)])
        await until(lambda: other.store._tiers.generations.now > before)  # type: ignore[union-attr]
        await other.read([ADA, BEN])
        assert other.desk.asked == [[ADA]]
