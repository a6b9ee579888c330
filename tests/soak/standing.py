"""The sandbox and the gateway as processes of their own, as `serve` and `sandbox` start them."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import json
import os
import sys
from collections.abc import AsyncIterator, Collection, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path

import aiohttp

from auth.identity import Principal
from auth.sandbox_issuer import issue
from config import sandbox_secret
from tests.conftest import free_ports
from vendors.ports.source import System
from vendors.registry import PRODUCTS
from vendors.sandbox import town

ROOT = Path(__file__).parents[2]
READY_SECONDS = 60.0
RATES = {
    System.KYC: {"reads": {"requests": 5_000, "seconds": 5}},
    System.CRM: {"app-api": {"requests": 1_000, "seconds": 1}},
    System.TICKETING: {"account": {"requests": 60_000, "seconds": 60}},
}
CONFIG, LOG = "config.yaml", "complaints.log"


@dataclass(frozen=True)
class Standing:
    """Where the processes are; `pid` is the gateway's, `pids` those of all.

    `troubled_base` is the sandbox whose vendors may misbehave; `log` holds what any of them complained of.
    """

    pid: int
    pids: Sequence[int]
    port: int
    troubled_base: int
    headers: Mapping[str, str]
    log: Path

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"


@asynccontextmanager
async def standing(var: Path, troubled: Collection[System]) -> AsyncIterator[Standing]:
    """All processes answer while the block runs; what they write lies under `var`.

    The `troubled` systems have a sandbox of their own: one that drips must not take time from those that are well.
    """
    well, ill, port = free_ports(), free_ports(), free_ports(1)
    principal = Principal("agent-1", frozenset({"compliance_officer"}), frozenset(), frozenset())
    headers = {"authorization": f"Bearer {issue(sandbox_secret(var), principal)}"}
    (var / CONFIG).write_text(settings(ill, troubled))
    arguments = ["serve", "--port", str(port), "--vendors-base", f"http://127.0.0.1:{well}"]
    async with AsyncExitStack() as running:
        pids = []
        for base in (well, ill):
            pids.append(await running.enter_async_context(process(var, "sandbox", "--port-base", str(base))))
            await answers(f"http://127.0.0.1:{base + len(town.PLACES) - 1}/__stats")
        running.enter_context(without_console(var))
        pid = await running.enter_async_context(process(var, *arguments))
        await answers(f"http://127.0.0.1:{port}/readyz")
        yield Standing(pid, [*pids, pid], port, ill, headers, var / LOG)


@asynccontextmanager
async def process(var: Path, *arguments: str) -> AsyncIterator[int]:
    """A command of gateway.py, by its process id, ended with the block."""
    environment = {**os.environ, "PLAYER_GRAPH_VAR": str(var), "PLAYER_GRAPH_CONFIG": str(var / CONFIG)}
    with (var / LOG).open("ab") as log:
        running = await asyncio.create_subprocess_exec(
            sys.executable, "gateway.py", *arguments, cwd=ROOT, env=environment, stdout=asyncio.subprocess.DEVNULL,
            stderr=log,
        )  # fmt: skip
    try:
        yield running.pid
    finally:
        with contextlib.suppress(ProcessLookupError):
            running.kill()
        await running.wait()


def settings(base: int, troubled: Collection[System]) -> str:
    """Every number is the default, but for the published rates, which an account of this size would have raised."""
    vendors: dict[str, dict[str, object]] = {}
    for place, system in enumerate(town.PLACES):
        vendors[system.value.lower()] = {
            "product": next(iter(PRODUCTS[system])),
            "policy": {"limiter": {"rates": RATES.get(system, {})}},
            **({"url": f"http://127.0.0.1:{base + place}"} if system in troubled else {}),
        }
    return json.dumps({"vendors": vendors})


@contextmanager
def without_console(var: Path) -> Iterator[None]:
    """The console is left to another process: building it would take a minute of this machine."""
    with (var / "console-build.lock").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        yield


async def answers(url: str) -> None:
    """Returns when it does; TimeoutError if it never does."""
    async with asyncio.timeout(READY_SECONDS), aiohttp.ClientSession() as http:
        while True:
            with contextlib.suppress(aiohttp.ClientError):
                async with http.get(url) as reply:
                    if reply.ok:
                        return
            await asyncio.sleep(0.1)
