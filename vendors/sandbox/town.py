"""The sandbox's systems side by side on loopback sockets, each in its documented place after the base port."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

import uvicorn

from vendors.sandbox import infigaming, paymentiq, sumsub
from vendors.sandbox.stage import Stage
from vendors.sandbox.world import BRANDS, World, build

# The sandbox's credentials open nothing but the sandbox.
PAM_TOKEN = "sandbox-pam"
CASHIER_CLIENT = ("sandbox-client", "sandbox-secret")
KYC_TOKEN = ("sbx:sandbox", "sandbox-kyc-secret")
OPERATOR_IDS: Mapping[str, str] = {brand: str(number) for number, brand in enumerate(BRANDS, 7001)}
MERCHANT_IDS: Mapping[str, str] = {brand: str(number) for number, brand in enumerate(BRANDS, 100001)}


def stages(world: World) -> Mapping[int, Stage]:
    """Position after the base port -> the simulator there."""
    return {
        0: infigaming.stage(world, PAM_TOKEN, OPERATOR_IDS),
        1: paymentiq.stage(world, *CASHIER_CLIENT, MERCHANT_IDS),
        2: sumsub.stage(world, *KYC_TOKEN),
    }


class _Quiet(uvicorn.Server):
    """A server that leaves signals to the process that holds it."""

    @contextlib.contextmanager
    def capture_signals(self):  # type: ignore[no-untyped-def]  # uvicorn's own signature
        yield


@asynccontextmanager
async def standing(port_base: int, world: World | None = None) -> AsyncIterator[World]:
    """The systems answer on 127.0.0.1 while the block runs."""
    population = world or build()
    servers = [
        _Quiet(uvicorn.Config(stage.app, host="127.0.0.1", port=port_base + place, log_level="error", lifespan="off"))
        for place, stage in stages(population).items()
    ]
    running = [asyncio.create_task(server.serve()) for server in servers]
    try:
        while not all(server.started for server in servers):
            for task in running:
                if task.done():
                    task.result()
            await asyncio.sleep(0.01)
        yield population
    finally:
        for server in servers:
            server.should_exit = server.force_exit = True  # a hanging fault must not hold the town open
        await asyncio.gather(*running, return_exceptions=True)
