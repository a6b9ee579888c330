"""The sandbox vendors on loopback sockets and a gateway in front of them, started by the suite itself."""

import socket
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

import gateway as root
from auth.identity import Principal, issue
from config import Settings, sandbox_secret
from vendors.sandbox import town
from vendors.sandbox.world import World, build


def free_ports(count: int = 3) -> int:
    """The first of `count` neighbouring free ports."""
    for base in range(20000, 60000, 10):
        try:
            for port in range(base, base + count):
                with socket.socket() as probe:
                    probe.bind(("127.0.0.1", port))
            return base
        except OSError:
            continue
    raise RuntimeError("no free ports")


class Caller:
    """Someone with a role who asks the gateway, and the hands to make a vendor misbehave."""

    def __init__(self, http: httpx.AsyncClient, vendors: httpx.AsyncClient, secret: bytes, port_base: int) -> None:
        self.http, self._vendors, self._secret, self._base = http, vendors, secret, port_base

    def token(self, role: str, *, brands: tuple[str, ...] = (), markets: tuple[str, ...] = ()) -> str:
        return issue(self._secret, Principal("agent-1", frozenset({role}), frozenset(brands), frozenset(markets)))

    async def ask(self, query: str, role: str = "support_l1", **scope: Any) -> dict[str, Any]:
        """The response's body."""
        headers = {"authorization": f"Bearer {self.token(role, **scope)}"}
        reply = await self.http.post("/graphql", json={"query": query}, headers=headers)
        body: dict[str, Any] = reply.json()
        return body

    async def fault(self, place: int, **fault: Any) -> None:
        """0 is the PAM, 1 the cashier, 2 the KYC vendor."""
        reply = await self._vendors.post(f"http://127.0.0.1:{self._base + place}/__faults", json=fault)
        reply.raise_for_status()

    async def calls(self) -> dict[str, int]:
        """Calls by operation, over all vendors."""
        counted: dict[str, int] = {}
        for place in range(3):
            stats = (await self._vendors.get(f"http://127.0.0.1:{self._base + place}/__stats")).json()
            counted |= {name: numbers["calls"] for name, numbers in stats.items()}
        return counted


@pytest.fixture(scope="session")
def world() -> World:
    return build()


@pytest.fixture
async def caller(world: World, tmp_path: Path) -> AsyncIterator[Caller]:
    base = free_ports()
    settings = Settings(vendors_base=f"http://127.0.0.1:{base}", vendor_timeout_seconds=1.5, var=tmp_path)
    async with (
        town.standing(base, world),
        root.gateway(settings, world) as app,
        httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://gateway") as http,
        httpx.AsyncClient(trust_env=False) as vendors,
    ):
        yield Caller(http, vendors, sandbox_secret(tmp_path), base)
