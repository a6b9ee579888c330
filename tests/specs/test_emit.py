"""POST /__emit: a simulator tells as its product documents, also twice, late, out of order or forged."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

import gateway as root
from config import Settings
from tests.conftest import free_ports
from tests.sockets import listening
from tests.specs.test_webhooks import kept
from vendors.ports.source import System
from vendors.sandbox import town
from vendors.sandbox.credentials import sandbox
from vendors.sandbox.world import World

TOLD = {  # an event of each product that tells, and where it goes
    System.CASHIER: ({"event": "Notification", "key": "90007"}, "paymentiq"),
    System.KYC: ({"event": "applicantReviewed", "key": "acme:s-001"}, "sumsub"),
    System.BONUS: ({"event": "status_changed", "key": "player:acme:s-001"}, "reference"),
    System.CRM: ({"event": "customer.unsubscribed", "key": "acme:s-001"}, "customerio"),
    System.TICKETING: ({"event": "zen:event-type:ticket.status_changed", "key": "TICKET"}, "zendesk"),
}


class Telling:
    """A town that tells, and a gateway on a socket that is told."""

    def __init__(self, base: int, port: int, http: httpx.AsyncClient) -> None:
        self._base, self._port, self._http = base, port, http

    async def emit(self, system: System, **more: Any) -> httpx.Response:
        emission, product = TOLD[system]
        to = f"http://127.0.0.1:{self._port}/webhooks/{system.value.lower()}/{product}"
        place = f"http://127.0.0.1:{self._base + town.PLACES.index(system)}/__emit"
        return await self._http.post(place, json={"to": to, **emission, **more})


@asynccontextmanager
async def telling(world: World, var: Path) -> AsyncIterator[Telling]:
    base = free_ports()
    settings = Settings(vendors_base=f"http://127.0.0.1:{base}", var=var)
    async with (
        town.standing(base, world, sandbox(var)),
        root.gateway(settings, world) as app,
        listening(app) as port,
        httpx.AsyncClient(trust_env=False) as http,
    ):
        yield Telling(base, port, http)


@pytest.fixture
async def told(world: World, tmp_path: Path) -> AsyncIterator[Telling]:
    async with telling(world, tmp_path) as one:
        yield one


def ticket_of(world: World) -> str:
    return str(next(ticket.id for player in world.players.values() for ticket in player.tickets))


def statuses(reply: httpx.Response) -> list[int | None]:
    assert reply.status_code == 200, reply.text
    return [delivery["status"] for delivery in reply.json()["deliveries"]]


@pytest.mark.parametrize("system", list(TOLD))
async def test_what_each_product_tells_is_taken_as_its_own(
    told: Telling, world: World, tmp_path: Path, system: System
) -> None:
    more = {"key": ticket_of(world)} if system is System.TICKETING else {}
    assert statuses(await told.emit(system, **more)) == [200]
    assert len(kept(tmp_path)) == 1


@pytest.mark.parametrize("system", list(TOLD))
async def test_what_is_forged_is_refused(told: Telling, world: World, tmp_path: Path, system: System) -> None:
    more = {"key": ticket_of(world)} if system is System.TICKETING else {}
    assert statuses(await told.emit(system, bad_signature=True, **more)) == [401]
    assert kept(tmp_path) == []


async def test_what_is_told_twice_is_kept_once(told: Telling, tmp_path: Path) -> None:
    assert statuses(await told.emit(System.KYC, copies=3)) == [200, 200, 200]
    assert len(kept(tmp_path)) == 1


async def test_what_comes_after_something_newer_is_kept_as_late(told: Telling, tmp_path: Path) -> None:
    events = ["applicantPending", "applicantReviewed"]
    assert statuses(await told.emit(System.KYC, event=events, order="reversed")) == [200, 200]
    found = kept(tmp_path, "SELECT kind, late FROM events ORDER BY sequence")
    assert found == [("applicantReviewed", 0), ("applicantPending", 1)]


async def test_an_event_of_long_ago_is_late_beside_one_of_now(told: Telling, tmp_path: Path) -> None:
    assert statuses(await told.emit(System.KYC)) == [200]
    assert statuses(await told.emit(System.KYC, event="applicantPending", late="PT3H")) == [200]
    assert sorted(kept(tmp_path, "SELECT late FROM events")) == [(0,), (1,)]


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"event": "applicantTeleported"}, "event: one of"),
        ({"key": "acme:nobody"}, "key: no applicant"),
        ({"to": "http://198.51.100.7/webhooks/kyc/sumsub"}, "to: only an http:// address of this machine"),
        ({"with": {"colour": "red"}}, "with: the product documents no colour"),
        ({"copies": 0}, "copies"),
        ({"copies": 20_001}, "more than 20000 deliveries"),
        ({"colour": "red"}, "colour"),
    ],
)
async def test_what_the_product_would_never_tell_is_refused(
    told: Telling, tmp_path: Path, more: dict[str, Any], said: str
) -> None:
    reply = await told.emit(System.KYC, **more)
    assert (reply.status_code, said in reply.text) == (400, True), reply.text
    assert kept(tmp_path) == []


async def test_nobody_there_is_told_in_the_delivery(told: Telling) -> None:
    reply = await told.emit(System.KYC, to=f"http://127.0.0.1:{free_ports(1)}/webhooks/kyc/sumsub")
    (delivery,) = reply.json()["deliveries"]
    assert (delivery["status"], delivery["error"]) == (None, "ConnectError")


async def test_without_a_target_it_only_shows_what_it_would_send(told: Telling) -> None:
    (delivery,) = (await told.emit(System.KYC, to=None)).json()["deliveries"]
    assert "X-Payload-Digest" in delivery["headers"]
    assert delivery["status"] is None
