"""Hub88 answers one catalogue a minute: it is kept for that long, shared by all who ask, and a failure is not kept."""

import asyncio

import msgspec
import pytest

from vendors.aggregator.hub88_catalogues import Catalogue, Catalogues
from vendors.errors import VendorDownError
from vendors.ports.source import System


class Hub:
    def __init__(self) -> None:
        self.now, self.asked, self.down = 0.0, list[str](), False

    async def ask(self, brand: str) -> Catalogue:
        self.asked.append(brand)
        await asyncio.sleep(0)
        if self.down:
            raise VendorDownError(System.AGGREGATOR, "gameList")
        return {brand: msgspec.Raw(b"{}")}


@pytest.fixture
def hub() -> Hub:
    return Hub()


async def test_it_is_asked_for_once_in_a_minute_however_many_want_it(hub: Hub) -> None:
    kept = Catalogues(hub.ask, lambda: hub.now)
    await asyncio.gather(*(kept.of("acme") for _ in range(20)))
    hub.now = 59.9
    await kept.of("acme")
    assert hub.asked == ["acme"]
    hub.now = 60.0
    await kept.of("acme")
    assert hub.asked == ["acme", "acme"]


async def test_each_brand_has_its_own(hub: Hub) -> None:
    kept = Catalogues(hub.ask, lambda: hub.now)
    assert (await kept.of("acme")).keys() != (await kept.of("borealis")).keys()


async def test_a_failure_is_told_and_asked_again(hub: Hub) -> None:
    kept, hub.down = Catalogues(hub.ask, lambda: hub.now), True
    with pytest.raises(VendorDownError):
        await kept.of("acme")
    hub.down = False
    assert await kept.of("acme")


async def test_who_leaves_takes_nothing_from_who_waits(hub: Hub) -> None:
    kept = Catalogues(hub.ask, lambda: hub.now)
    leaving, waiting = asyncio.create_task(kept.of("acme")), asyncio.create_task(kept.of("acme"))
    await asyncio.sleep(0)
    leaving.cancel()
    assert await waiting
