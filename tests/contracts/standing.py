"""Every line of the registry on a socket of its own, with somebody in between who may spoil what it answers."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tests.sockets import listening
from vendors.ports.keys import Key
from vendors.ports.kyc import Applicant
from vendors.ports.paging import Listing
from vendors.ports.source import System
from vendors.product import Clock, Connect, Product, Site
from vendors.reference.operations import PORTS, Manner, operations
from vendors.registry import PRODUCTS
from vendors.resilience.policy import BreakerPolicy, LimiterPolicy, Policy, RetryPolicy
from vendors.sandbox.credentials import sandbox
from vendors.sandbox.facts import GAMES, MARKETS
from vendors.sandbox.world import World
from vendors.wire import opened

PLAYERS = [Key("player", "acme", f"s-{number:03d}") for number in range(1, 13)] + [Key("player", "borealis", "p-001")]
NOBODY = Key("player", "acme", "nobody")
SECONDS = 3.0  # how long a product may take
EVERY_ANSWER = Policy(  # nothing is repeated, held back, or refused for what was answered before
    retry=RetryPolicy(attempts=1), limiter=LimiterPolicy(enforce=False), breaker=BreakerPolicy(minimum_calls=1_000_000)
)


class Line(NamedTuple):
    """A product that stands for a system; a side of another system's product has its own `connect`."""

    system: System
    product: Product
    connect: Connect
    name: str


def lines() -> list[Line]:
    """Every one there is, those added later too."""
    own = [
        Line(system, product, product.connect, f"{system.value}-{name}")
        for system, known in PRODUCTS.items()
        for name, product in known.items()
    ]
    sides = [
        Line(side, product, beside.connect, f"{side.value}-{name}")
        for known in PRODUCTS.values()
        for name, product in known.items()
        for side, beside in product.sides.items()
    ]
    return own + sides


def reads(system: System) -> list[str]:
    """The reads of a system's port that are asked by keys alone."""
    if system not in PORTS:
        return ["grants"]
    asked = [one for one in operations(system) if one.manner in (Manner.IDS, Manner.LISTING)]
    return [one.name for one in asked] + (["requirements"] if system is System.KYC else [])


READS = [(line, name) for line in lines() for name in reads(line.system)]
NAMES = [f"{line.name}-{name}" for line, name in READS]

Spoil = Callable[[int, dict[bytes, bytes], bytes], tuple[int, dict[bytes, bytes], bytes]]


class Between:
    """An application that hands on another's answers, spoilt or not, and remembers what was asked for."""

    def __init__(self, app: ASGIApp) -> None:
        self._app, self.paths = app, list[str]()
        self.spoil: Spoil | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and not scope["path"].startswith("/__"):
            self.paths.append(scope["raw_path"].decode())
            if self.spoil is not None:
                await self._spoilt(self.spoil, scope, receive, send)
                return
        await self._app(scope, receive, send)

    async def _spoilt(self, spoil: Spoil, scope: Scope, receive: Receive, send: Send) -> None:
        start: dict[str, Any] = {}
        body = bytearray()

        async def kept(message: Message) -> None:
            if message["type"] == "http.response.start":
                start.update(message)
            else:
                body.extend(message.get("body", b""))

        await self._app(scope, receive, kept)
        headers = {name: value for name, value in start["headers"] if name != b"content-length"}
        status, headers, content = spoil(start["status"], headers, bytes(body))
        headers[b"content-length"] = str(len(content)).encode()
        await send({"type": "http.response.start", "status": status, "headers": list(headers.items())})
        await send({"type": "http.response.body", "body": content})


class Standing(NamedTuple):
    """A product, its adapter, and who stands between."""

    port: Any
    between: Between
    url: str


@asynccontextmanager
async def standing(
    line: Line, world: World, var: Path, wire: str = "aiohttp", clock: Clock = lambda: datetime.now(UTC)
) -> AsyncIterator[Standing]:
    """The product of a line on a socket, and its adapter as a gateway would build it."""
    own = sandbox(var)
    between = Between(line.product.stage(world, own).app)
    markets = {country: market for market, (country, _) in MARKETS.items()}
    async with listening(between) as number, opened(wire) as carrier:
        url = f"http://127.0.0.1:{number}"
        site = Site(line.system, line.product.vendor, url, carrier, clock, markets, SECONDS, EVERY_ANSWER, [])
        yield Standing(line.connect(line.product.own(own), site), between, url)


async def asks(line: Line, name: str, port: Any) -> list[Any]:
    """Something to ask of a read, most of which there is."""
    if name == "identified":
        people = {System.PAM: "players", System.TICKETING: "requesters"}.get(line.system, "profiles")
        held = [getattr(one, "source", one) for one in (await getattr(port, people)(PLAYERS)).values()]
        return [source.vendor_id for source in held]
    if name == "requirements":
        found = await port.profiles(PLAYERS)
        return [Applicant(player, one.source.vendor_id) for player, one in found.items() if one.source.vendor_id]
    if name == "transactions":
        return [one.id for found in (await port.open_withdrawals(PLAYERS)).values() for one in found]
    if name in ("tickets", "comments_of"):
        pages = await port.tickets_of([Listing(player, 20) for player in PLAYERS])
        tickets = [ticket.id for page in pages.values() for ticket in page.items]
        return tickets if name == "tickets" else [Listing(ticket, 20) for ticket in tickets]
    if name == "games":
        return [Key("game", "acme", code) for code in GAMES]
    if name in ("rounds", "payments_of", "tickets_of"):
        return [Listing(player, 5) for player in PLAYERS]
    return list(PLAYERS)


async def read(port: Any, name: str, asked: list[Any]) -> dict[Any, Any]:
    """What a read answers; it never raises."""
    found: dict[Any, Any] = dict(await getattr(port, name)(asked))
    assert set(found) <= set(asked), "an answer to what was not asked"
    return found


def plain(value: Any) -> Any:
    """A record without when it was read."""
    return _timeless(msgspec.to_builtins(value))


def _timeless(told: Any) -> Any:
    if isinstance(told, dict):
        return {name: _timeless(one) for name, one in told.items() if name != "fetched_at"}
    return [_timeless(one) for one in told] if isinstance(told, list | tuple) else told


def rewritten(change: Callable[[Any], Any]) -> Spoil:
    """Spoils every part of a JSON body, the innermost first; what is no JSON, or no success, is left alone."""

    def walked(part: Any) -> Any:
        if isinstance(part, dict):
            part = {name: walked(one) for name, one in part.items()}
        if isinstance(part, list):
            part = [walked(one) for one in part]
        return change(part)

    def spoil(status: int, headers: dict[bytes, bytes], body: bytes) -> tuple[int, dict[bytes, bytes], bytes]:
        if status >= 300 or b"access_token" in body:
            return status, headers, body
        return status, headers, json.dumps(walked(json.loads(body))).encode()

    return spoil
