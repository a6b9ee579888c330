"""Processes that share an account keep its limit together, and each for itself while their server is away."""

import asyncio
import base64
import os
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from cache import shared_rates
from cache.shared_access import SharedAccess, opened
from tests.lag import precise
from tests.servers import Cluster, Valkey, valkey
from vendors.errors import VendorBusyError
from vendors.ports.source import System
from vendors.resilience.call import Call, Clockwork, Effect
from vendors.resilience.limiter import Limiter
from vendors.resilience.limits import Limit
from vendors.resilience.policy import LimiterPolicy

SECRETS = {name: base64.b64encode(os.urandom(32)).decode() for name in ("name", "value")}
APP = Limit(name="app", requests=5, seconds=0.4)


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A busy machine is no server in trouble."""
    monkeypatch.setattr(shared_rates, "TAKE_SECONDS", 5.0)


@asynccontextmanager
async def process(
    server: Valkey, limit: Limit = APP, account: str = "Customer.io https://eu"
) -> AsyncIterator[Limiter]:
    access = SharedAccess(url="url", name_key="name", value_keys=("value",), cluster=server.is_cluster)
    async with opened(access, {**SECRETS, "url": server.url}.__getitem__) as (_, rates):
        await rates._client.initialize()
        yield Limiter(System.CRM, [limit], LimiterPolicy(), Clockwork(), account=account, ledger=rates)


@pytest.fixture
async def server() -> AsyncIterator[Valkey]:
    async with valkey() as running:
        yield running


def call(seconds: float = 30.0) -> Call:
    one = Call("read", "GET", Effect.READ)
    one.ends = time.monotonic() + seconds
    return one


class Product:
    """Notes when it was asked."""

    def __init__(self) -> None:
        self.asked = list[float]()

    async def answer(self) -> str:
        self.asked.append(time.monotonic())
        return "answer"


async def spread(kind: type[Valkey], calls: int) -> float:
    """Seconds between the first and the last of so many calls that two processes make at once, as early as they may."""
    product = Product()
    async with valkey(kind=kind) as server, process(server) as one, process(server) as other:
        await asyncio.gather(*(limiter(call(), product.answer) for _ in range(calls // 2) for limiter in (one, other)))
    assert len(product.asked) == calls
    return max(product.asked) - min(product.asked)


@pytest.mark.parametrize("kind", [Valkey, Cluster])
async def test_two_processes_together_never_meet_the_limit(kind: type[Valkey]) -> None:
    windows = 20 / APP.requests - 1  # that must be over; each process for itself would need one
    least = windows * APP.seconds - 0.05
    assert await precise(lambda: spread(kind, 20), lambda seconds: seconds > least) > least


async def test_without_room_before_the_deadline_a_call_is_refused_at_once(server: Valkey) -> None:
    hourly, product = Limit(name="app", requests=1, seconds=3600.0), Product()
    async with process(server, hourly) as one, process(server, hourly) as other:
        await one(call(), product.answer)
        with pytest.raises(VendorBusyError) as refused:
            await other(call(5.0), product.answer)
    assert not refused.value.was_asked
    assert len(product.asked) == 1


async def test_a_pause_that_one_was_told_holds_the_other(server: Valkey) -> None:
    product = Product()

    async def refuse() -> str:
        raise VendorBusyError(System.CRM, "read", "", retry_after_seconds=20.0)

    async with process(server) as one, process(server) as other:
        with pytest.raises(VendorBusyError):
            await one(call(), refuse)
        await asyncio.sleep(0.1)
        with pytest.raises(VendorBusyError) as refused:
            await other(call(5.0), product.answer)
    assert (refused.value.was_asked, product.asked) == (False, [])


async def test_another_account_has_a_limit_of_its_own(server: Valkey) -> None:
    hourly, product = Limit(name="app", requests=1, seconds=3600.0), Product()
    async with process(server, hourly) as one, process(server, hourly, "Customer.io https://us") as other:
        await one(call(), product.answer)
        await other(call(), product.answer)
    assert len(product.asked) == 2


async def test_who_gives_up_waiting_gives_his_token_back(server: Valkey) -> None:
    slow, product = Limit(name="app", requests=1, seconds=0.5), Product()
    async with process(server, slow) as one, process(server, slow) as other:
        await one(call(), product.answer)
        leaving = asyncio.ensure_future(other(call(), product.answer))
        await asyncio.sleep(0.1)
        leaving.cancel()
        await asyncio.gather(leaving, return_exceptions=True)
        await asyncio.sleep(0.1)
        began = time.monotonic()
        await one(call(), product.answer)
        assert time.monotonic() - began < 0.6  # not behind a token that nobody uses


async def test_each_counts_for_itself_while_the_server_is_away(server: Valkey) -> None:
    product = Product()
    async with process(server) as one:
        await one(call(), product.answer)
        server.kill()
        for _ in range(4):
            await asyncio.wait_for(one(call(), product.answer), 2)
    assert len(product.asked) == 5
