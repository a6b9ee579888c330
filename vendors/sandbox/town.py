"""The sandbox's systems side by side on loopback sockets, each in its documented place after the base port."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager

import uvicorn

from vendors.ports.source import System
from vendors.registry import PRODUCTS
from vendors.sandbox.credentials import Credentials
from vendors.sandbox.stage import Stage
from vendors.sandbox.world import World

PLACES = (  # each system's place after the base port; Freebets is served on the aggregator's
    System.PAM,
    System.CASHIER,
    System.KYC,
    System.BONUS,
    System.AGGREGATOR,
    System.CRM,
    System.TICKETING,
)


Cast = Mapping[System, str]  # the product that stands for each system; the registry's first where nothing is said


class BadProduct(ValueError):
    """No such product can stand for the system; the sentence names the key."""


def cast(words: Sequence[str]) -> Cast:
    """From `kyc=sumsub` and the like, or `all=NAME` for every system. Raises BadProduct."""
    chosen: dict[System, str] = {}
    for word in words:
        key, _, product = word.partition("=")
        systems = [system for system in PLACES if key in ("all", system.value.lower())]
        if not systems:
            known = ", ".join(["all", *(system.value.lower() for system in PLACES)])
            raise BadProduct(f"{key}: no such system; there are {known}: --product kyc=sumsub")
        if key == "all" and (missing := [s.value.lower() for s in systems if product not in PRODUCTS[s]]):
            raise BadProduct(f"all={product}: there is no {product or 'such'} product yet for {', '.join(missing)}")
        for system in systems:
            if product not in PRODUCTS[system]:
                raise BadProduct(f"{key}={product}: no such product; there is {', '.join(PRODUCTS[system])}")
            if chosen.setdefault(system, product) != product:
                raise BadProduct(f"{key}={product}: {chosen[system]} is chosen already")
    return chosen


def stages(world: World, own: Credentials, chosen: Cast | None = None) -> Mapping[System, Stage]:
    """The simulator of every system, each over the same world."""
    return {
        system: known[(chosen or {}).get(system, next(iter(known)))].stage(world, own)
        for system, known in PRODUCTS.items()
    }


class _Quiet(uvicorn.Server):
    """A server that leaves signals to the process that holds it."""

    @contextlib.contextmanager
    def capture_signals(self):  # type: ignore[no-untyped-def]  # uvicorn's own signature
        yield


def _ports(base: int, world: World, own: Credentials, chosen: Cast | None) -> list[tuple[int, Stage]]:
    staged = stages(world, own, chosen)
    return [(base + place, staged[system]) for place, system in enumerate(PLACES)]


class PortTaken(Exception):
    """Somebody listens there already; the sentence names the port."""


def _must_be_free(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            raise PortTaken(f"port {port} of the sandbox is taken") from None


@asynccontextmanager
async def standing(port_base: int, world: World, own: Credentials, chosen: Cast | None = None) -> AsyncIterator[None]:
    """The systems answer on 127.0.0.1 while the block runs. Raises PortTaken."""
    for place in range(len(PLACES)):
        _must_be_free(port_base + place)
    servers = [
        _Quiet(uvicorn.Config(stage.app, "127.0.0.1", port, log_level="critical", lifespan="off"))
        for port, stage in _ports(port_base, world, own, chosen)
    ]
    running = [asyncio.create_task(server.serve()) for server in servers]
    try:
        while not all(server.started for server in servers):
            for task in running:
                if task.done():
                    task.result()
            await asyncio.sleep(0.01)
        yield
    finally:
        for server in servers:
            server.should_exit = server.force_exit = True  # a hanging fault must not hold the town open
        await asyncio.gather(*running, return_exceptions=True)
