"""The sandbox's systems side by side on loopback sockets, each in its documented place after the base port."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

import uvicorn

from vendors.ports.source import System
from vendors.sandbox import bonus_reference, customerio, hub88, infigaming, paymentiq, sumsub, zendesk
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


def stages(world: World, own: Credentials) -> Mapping[System, Stage]:
    """The simulator of every system, each over the same world."""
    return {
        System.PAM: infigaming.stage(world, own.pam_token, own.operator_ids),
        System.CASHIER: paymentiq.stage(world, *own.cashier_client, own.merchant_ids),
        System.KYC: sumsub.stage(world, *own.kyc_token),
        System.BONUS: bonus_reference.stage(world, own.bonus_token),
        System.AGGREGATOR: hub88.stage(world, own.aggregator_key.public_key(), own.aggregator_ids),
        System.CRM: customerio.stage(world, own.crm_key, requests_per_second=None),
        System.TICKETING: zendesk.stage(world, *own.desk_login),
    }


class _Quiet(uvicorn.Server):
    """A server that leaves signals to the process that holds it."""

    @contextlib.contextmanager
    def capture_signals(self):  # type: ignore[no-untyped-def]  # uvicorn's own signature
        yield


def _ports(base: int, world: World, own: Credentials) -> list[tuple[int, Stage]]:
    staged = stages(world, own)
    return [(base + place, staged[system]) for place, system in enumerate(PLACES)]


@asynccontextmanager
async def standing(port_base: int, world: World, own: Credentials) -> AsyncIterator[None]:
    """The systems answer on 127.0.0.1 while the block runs."""
    servers = [
        _Quiet(uvicorn.Config(stage.app, "127.0.0.1", port, log_level="critical", lifespan="off"))
        for port, stage in _ports(port_base, world, own)
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
