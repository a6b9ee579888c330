"""A storm of webhooks: each delivered twice, in no order, and the gateway killed in the midst of it.

`make nightly` has the storm at full size; it prints its rate.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import httpx
import pytest

from auth.database import Place
from cache.events import open_events
from cache.history import timeline
from tests.conftest import facing, free_ports
from tests.servers import said, told
from tests.specs.test_overlays import answering, process
from vendors.ports.keys import Key
from vendors.ports.source import System
from vendors.sandbox import town
from vendors.sandbox.credentials import sandbox
from vendors.sandbox.world import World
from vendors.wire import Wire, opened

CASES, ROUNDS = (400, 10) if "NIGHTLY" in os.environ else (60, 2)
SENDERS, COPIES = 32, 2
ON_THE_WAY = ("applicantPending", "applicantOnHold", "applicantAwaitingUser")
LAST = {  # the event after which an applicant stands where he does
    "DOCUMENTS_REQUESTED": "applicantReset", "IN_PROGRESS": "applicantPending", "AWAITING_OPERATOR": "applicantOnHold",
    "AWAITING_PLAYER": "applicantAwaitingUser", "AWAITING_VENDOR": "applicantAwaitingService",
}  # fmt: skip


async def vendors_word(base: int, var: Path, world: World) -> Mapping[Key, str]:
    """Where each case stands, as the vendor says it to a gateway that was told nothing."""
    found: dict[Key, str] = {}
    async with facing(base, var, world) as caller:
        for player in list(world.players.values())[-CASES:]:
            query = f'{{ player(id: "player:{player.brand}:{player.id}") {{ kyc {{ status }} }} }}'
            kyc = (await caller.ask(query, "compliance_officer"))["data"]["player"]["kyc"]
            if kyc:
                found[Key("kyc", player.brand, player.id)] = kyc["status"]
    return found


async def composed(base: int, standing: Mapping[Key, str]) -> list[dict[str, Any]]:
    """The deliveries of a history of every case, several times older than the present, then up to it."""
    deliveries: list[dict[str, Any]] = []
    place = f"http://127.0.0.1:{base + town.PLACES.index(System.KYC)}/__emit"
    async with httpx.AsyncClient(trust_env=False, timeout=30) as http:
        for hours in range(ROUNDS):
            for status in sorted(set(standing.values())):
                keys = [f"{key.brand}:{key.local}" for key, stands in standing.items() if stands == status]
                events = [*ON_THE_WAY, LAST.get(status, "applicantReviewed")]
                emission = {"event": events, "key": keys, "copies": COPIES, "late": f"PT{hours}H", "order": "shuffled"}
                reply = await http.post(place, json=emission)
                deliveries += reply.raise_for_status().json()["deliveries"]
    return deliveries


async def delivered(url: str, waiting: list[dict[str, Any]], enough: Callable[[int], bool]) -> int:
    """Sends what waits over many connections, until all is thanked for or it is enough; takes out what was."""
    done, over = 0, asyncio.Event()

    async def send(wire: Wire) -> None:
        nonlocal done
        while waiting and not over.is_set():
            one = waiting.pop()
            try:
                content = one["body"].encode()
                reply = await wire.request("POST", url, content=content, headers=one["headers"], timeout=10)
                thanked = reply.status_code == 200
            except httpx.HTTPError:
                thanked = False
            if not thanked:
                waiting.insert(0, one)
            done += thanked
            if enough(done):
                over.set()

    async with opened("aiohttp") as wire:
        await asyncio.gather(*(send(wire) for _ in range(SENDERS)))
    return done


async def handled(place: Place) -> None:
    """Returns when the consequences of everything are drawn."""
    async with asyncio.timeout(60):
        while await said(place, "SELECT 1 FROM events WHERE NOT handled LIMIT 1"):  # noqa: ASYNC110
            await asyncio.sleep(0.05)


async def test_a_storm_twice_and_in_no_order_over_a_sigkill_ends_where_the_vendor_does(
    world: World, tmp_path: Path, place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    base, port, var = free_ports(), free_ports(1), tmp_path / "var"
    if isinstance(place, Path):
        place = var / "events.db"
    else:
        monkeypatch.setenv("RECORDS", told(place))
        monkeypatch.setenv("PLAYER_GRAPH_DATABASE", "env:RECORDS")
    command = ("serve", "--vendors-base", f"http://127.0.0.1:{base}", "--port", str(port))
    url = f"http://127.0.0.1:{port}"
    async with town.standing(base, world, sandbox(var)), httpx.AsyncClient(trust_env=False) as http:
        standing = await vendors_word(base, var, world)
        waiting = await composed(base, standing)
        total = len(waiting)
        async with process(*command, var=var) as one:
            await answering(http, f"{url}/healthz", one)
            began = time.perf_counter()
            first = await delivered(f"{url}/webhooks/kyc/sumsub", waiting, lambda done: done >= total // 2)
            seconds = time.perf_counter() - began
            one.kill()
        async with process(*command, var=var) as one:
            await answering(http, f"{url}/healthz", one)
            await delivered(f"{url}/webhooks/kyc/sumsub", waiting, lambda done: False)
            await handled(place)
    print(f"{total} deliveries, {first / seconds:.0f} a second")
    assert await said(place, "SELECT count(*) FROM events") == [(total // COPIES,)]
    async with open_events(place) as store:
        states = await store.states(list(standing))
    assert {key: timeline(states[key])[-1].status for key in standing} == standing
