"""What every test of the InfiGaming adapter stands on: adapter, simulator, and a world with a few odd players."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import msgspec

from vendors.client import Client, Headers
from vendors.pam.infigaming import InfiGaming
from vendors.ports.keys import Key
from vendors.ports.pam import PamPort, Player
from vendors.ports.source import System
from vendors.sandbox.facts import BRANDS, MARKETS, ExclusionFacts, LimitFacts, PlayerFacts, RoundFacts
from vendors.sandbox.infigaming import stage
from vendors.sandbox.world import World, build

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
OPERATORS = {brand: f"op-{brand}" for brand in BRANDS}
TOKEN = "good"
COUNTRIES = {country: market for market, (country, _) in MARKETS.items()}


def key(local: str, brand: str = "acme") -> Key:
    return Key("player", brand, local)


PLAIN, FINISHED, HELD, BANNED, EXCLUDED = (key(local) for local in ("p-003", "s-009", "s-004", "s-005", "s-011"))


@dataclass
class Bench:
    """The adapter, the wire under it, and the world behind it."""

    pam: PamPort
    wire: httpx.AsyncClient
    world: World
    asked: list[str]

    async def stats(self, count: str = "calls") -> dict[str, int]:
        """Counts so far by operation."""
        stats = (await self.wire.get("/__stats")).json()
        return {name: counts[count] for name, counts in stats.items()}

    async def fault(self, kind: str, operation: str = "*", **more: object) -> None:
        await self.wire.post("/__faults", json={"operation": operation, "kind": kind, **more})

    async def player(self, asked: Key) -> Player:
        found = (await self.pam.players([asked]))[asked]
        assert isinstance(found, Player)
        return found


def adapter(wire: httpx.AsyncClient, token: str = TOKEN, timeout_seconds: float = 2.0) -> InfiGaming:
    async def sign(method: str, path: str, body: bytes) -> Headers:
        return {"Authorization": f"Bearer {token}"}

    client = Client(System.PAM, "http://pam.test", wire, sign, timeout_seconds=timeout_seconds)
    return InfiGaming(client, OPERATORS, lambda: NOW, COUNTRIES)


def bet(number: int, status: str = "settled", hours: float = 1.0) -> RoundFacts:
    return RoundFacts(f"t{number:04d}", "nor-auroraspins", 200, 150, status, timedelta(hours=hours), f"tx-t{number}")


@asynccontextmanager
async def standing(world: World | None = None) -> AsyncIterator[Bench]:
    """The simulator of `world`, in this process."""
    world, asked = world or _world(), list[str]()

    async def note(request: httpx.Request) -> None:
        asked.append(request.url.path)

    transport = httpx.ASGITransport(app=stage(world, TOKEN, OPERATORS, clock=lambda: NOW).app)
    hooks: Any = {"request": [note]}
    async with httpx.AsyncClient(transport=transport, base_url="http://pam.test", event_hooks=hooks) as wire:
        yield Bench(adapter(wire), wire, world, asked)


def with_players(*players: PlayerFacts) -> World:
    world = build(NOW)
    return World(NOW, {**world.players, **{(p.brand, p.id): p for p in players}})


def variant(local: str, **changed: Any) -> PlayerFacts:
    """An ordinary acme player under another id, changed as said."""
    return msgspec.structs.replace(build(NOW).players["acme", "p-003"], id=local, **changed)


def _world() -> World:
    days = timedelta(days=1)
    return with_players(
        variant("t-locked", bans=("locked", "login")),
        variant("t-game", bans=("game",)),
        variant("t-break", exclusions=(ExclusionFacts("breakInPlay", 9 * days, -2 * days),)),
        variant(
            "t-limits",
            market="UKGC-GB",
            limits=(
                LimitFacts("deposit", "month", 100000),
                LimitFacts("withdraw", "day", 50000),
                LimitFacts("play", "day", 1000, removal_in=2 * days),
                LimitFacts("play", "week", 2000),
                LimitFacts("play", "month", 3000),
                LimitFacts("loss", "day", 400),
                LimitFacts("loss", "week", 500),
                LimitFacts("loss", "month", 600),
            ),
        ),
        variant("t-busy", rounds=tuple(bet(n, "open" if n % 2 else "settled", hours=n) for n in range(1, 251))),
        variant("t-odd", rounds=(bet(1, "voided"), bet(2, "open", hours=0.5))),
    )
