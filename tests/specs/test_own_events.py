"""Systems of the operator's own tell by themselves, and what they tell is in the graph before anybody reads it."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest

from tests.conftest import Caller
from tests.contracts.test_events import keys
from tests.specs.test_own_systems import told_by
from tests.specs.test_timelines import PAYMENT, timeline
from tests.specs.test_webhooks import kept
from vendors.ports.source import System
from vendors.ports.webhooks import VendorEvent
from vendors.reference.events import SUBJECTS
from vendors.sandbox import town
from vendors.sandbox.credentials import sandbox
from vendors.sandbox.world import World

WITHDRAWAL = "withdrawal:acme:90007"


@pytest.fixture
async def own(world: World, tmp_path: Path) -> AsyncIterator[Caller]:
    async with told_by("reference", world, tmp_path) as caller:
        yield caller


async def tell(
    caller: Caller, system: System, event: str, key: str, *, to: System | None = None,
    changes: Mapping[str, Any] | None = None, **more: Any,
) -> list[httpx.Response]:  # fmt: skip
    """What the system's house says, brought to the gateway."""
    emission = {"event": event, "key": key, "with": changes or {}, **more}
    deliveries = await caller.emitted(town.PLACES.index(system), **emission)
    path = f"/webhooks/{(to or system).value.lower()}/reference"
    return [await caller.http.post(path, content=one["body"], headers=one["headers"]) for one in deliveries]


async def deny(caller: Caller, var: Path) -> None:
    """What a clerk does in the house's own back office."""
    url = f"http://127.0.0.1:{caller._base + town.PLACES.index(System.CASHIER)}/cashier/act"
    headers = {"Authorization": f"Bearer {sandbox(var).house_token}", "Brand": "acme", "Idempotency-Key": "clerk-1"}
    order = {"withdrawal": "90007", "action": "DENY", "note": None}
    (await caller._vendors.post(url, json=order, headers=headers)).raise_for_status()


async def test_a_withdrawals_timeline_shows_the_transition_that_was_told(own: Caller, tmp_path: Path) -> None:
    (before,) = await timeline(own, PAYMENT, WITHDRAWAL)
    await deny(own, tmp_path)
    (reply,) = await tell(own, System.CASHIER, "status_changed", WITHDRAWAL, changes={"previous": "AWAITING_APPROVAL"})
    assert (reply.status_code, reply.content) == (200, b"")
    first, second = await timeline(own, PAYMENT, WITHDRAWAL)
    assert first == before
    assert (second["status"], second["previous"]) == ("CANCELLED_BY_OPERATOR", "AWAITING_APPROVAL")
    assert (second["seenBy"], second["gapBefore"], second["by"]) == ("WEBHOOK", False, "VENDOR_PANEL")


@pytest.mark.parametrize("system", list(SUBJECTS), ids=[one.value for one in SUBJECTS])
async def test_every_system_is_believed_at_its_own_address(
    own: Caller, world: World, tmp_path: Path, system: System
) -> None:
    about = [keys(world)[kind] for kind in SUBJECTS[system]]
    replies = [reply for key in about for reply in await tell(own, system, "changed", key)]
    assert [reply.status_code for reply in replies] == [200] * len(about)
    bodies = [
        body for (body,) in kept(tmp_path, "SELECT body FROM events ORDER BY sequence") if isinstance(body, bytes)
    ]
    events = [msgspec.json.decode(body, type=VendorEvent) for body in bodies]
    assert [(str(*event.subjects), event.known) for event in events] == [(key, True) for key in about]


@pytest.mark.parametrize("system", list(SUBJECTS), ids=[one.value for one in SUBJECTS])
async def test_what_is_forged_is_refused(own: Caller, world: World, tmp_path: Path, system: System) -> None:
    key = keys(world)[next(iter(SUBJECTS[system]))]
    (reply,) = await tell(own, system, "changed", key, bad_signature=True)
    assert (reply.status_code, reply.content, kept(tmp_path)) == (401, b"", [])


async def test_what_is_told_twice_is_kept_once(own: Caller, tmp_path: Path) -> None:
    replies = await tell(own, System.CASHIER, "status_changed", WITHDRAWAL, copies=3)
    assert [reply.status_code for reply in replies] == [200, 200, 200]
    assert len(kept(tmp_path)) == 1


async def test_an_event_at_another_systems_address_tells_nothing(own: Caller, tmp_path: Path) -> None:
    (reply,) = await tell(own, System.CASHIER, "status_changed", WITHDRAWAL, to=System.KYC)
    assert reply.status_code == 200
    assert kept(tmp_path, "SELECT subject FROM states") == []


async def test_a_status_that_is_not_told_is_read(own: Caller, tmp_path: Path) -> None:
    await tell(own, System.CASHIER, "status_changed", WITHDRAWAL, changes={"status": None})
    async with asyncio.timeout(10):
        while not (states := kept(tmp_path, "SELECT subject, status, seen_by FROM states")):  # noqa: ASYNC110
            await asyncio.sleep(0.02)
    assert states == [(WITHDRAWAL, "AWAITING_APPROVAL", "POLL")]
