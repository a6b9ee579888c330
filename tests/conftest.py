"""The sandbox vendors on loopback sockets and a gateway in front of them, started by the suite itself."""

import random
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import httpx
import pytest

import gateway as root
from auth.database import Place
from auth.identity import Principal
from auth.sandbox_issuer import issue
from config import Settings, sandbox_secret
from tests.servers import Postgres, postgres
from vendors.sandbox import town
from vendors.sandbox.credentials import KEY_FILE, sandbox
from vendors.sandbox.world import World, build


def free_ports(count: int = len(town.PLACES)) -> int:
    """The first of `count` neighbouring free ports, below those the system hands out itself."""
    for base in random.sample(range(11000, 32000, 10), 500):
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

    def token(
        self, role: str, *, brands: tuple[str, ...] = (), markets: tuple[str, ...] = (), sub: str = "agent-1",
        player: str | None = None,
    ) -> str:  # fmt: skip
        """A token of one role, or of several with a space between them."""
        return issue(
            self._secret, Principal(sub, frozenset(role.split()), frozenset(brands), frozenset(markets), player)
        )

    async def ask(
        self, query: str, role: str = "support_l1", variables: dict[str, Any] | None = None,
        extensions: dict[str, Any] | None = None, **scope: Any,
    ) -> dict[str, Any]:  # fmt: skip
        """The response's body."""
        headers = {"authorization": f"Bearer {self.token(role, **scope)}"}
        body_sent = {"query": query, "variables": variables, "extensions": extensions}
        reply = await self.http.post("/graphql", json=body_sent, headers=headers)
        body: dict[str, Any] = reply.json()
        return body

    async def fault(self, place: int, **fault: Any) -> None:
        """A misbehaviour of one system, by its place in town.PLACES."""
        reply = await self._vendors.post(f"http://127.0.0.1:{self._base + place}/__faults", json=fault)
        reply.raise_for_status()

    async def emitted(self, place: int, **emission: Any) -> list[dict[str, Any]]:
        """What one system would tell by itself: deliveries with `headers` and `body`, sent nowhere."""
        reply = await self._vendors.post(f"http://127.0.0.1:{self._base + place}/__emit", json=emission)
        deliveries: list[dict[str, Any]] = reply.raise_for_status().json()["deliveries"]
        return deliveries

    async def cure(self, place: int) -> None:
        """One system behaves again; what was done to it stays."""
        (await self._vendors.delete(f"http://127.0.0.1:{self._base + place}/__faults")).raise_for_status()

    async def calls(self) -> dict[str, int]:
        """Calls by operation, over all vendors."""
        counted: dict[str, int] = {}
        for place in range(len(town.PLACES)):
            stats = (await self._vendors.get(f"http://127.0.0.1:{self._base + place}/__stats")).json()
            counted |= {name: numbers["calls"] for name, numbers in stats.items()}
        return counted

    async def well(self, *places: int) -> None:
        """Systems forget their misbehaviour, and what was done to them and counted."""
        for place in places:
            (await self._vendors.post(f"http://127.0.0.1:{self._base + place}/__reset")).raise_for_status()

    async def effects(self) -> int:
        """Things that vendors have changed, over all of them."""
        changed = 0
        for place in range(len(town.PLACES)):
            stats = (await self._vendors.get(f"http://127.0.0.1:{self._base + place}/__stats")).json()
            changed += sum(numbers["effects"] for numbers in stats.values())
        return changed


@pytest.fixture(scope="session")
def world() -> World:
    return build()


@cache
def _sandbox_key() -> bytes:
    """The sandbox's RSA key, made once a process: it takes longer to make than a gateway to start."""
    with TemporaryDirectory() as folder:
        sandbox(Path(folder))
        return (Path(folder) / KEY_FILE).read_bytes()


def keyed(var: Path) -> Path:
    """The folder, with the sandbox's key in it."""
    var.mkdir(parents=True, exist_ok=True)
    if not (var / KEY_FILE).exists():
        (var / KEY_FILE).write_bytes(_sandbox_key())
    return var


@asynccontextmanager
async def calling(
    var: Path, world: World | None = None, vendor_timeout_seconds: float = 1.5, **more: Any
) -> AsyncIterator[Caller]:
    """The town and a gateway before it, while the block runs; what runs writes under `var`."""
    base, population = free_ports(), world or build()
    async with (
        town.standing(base, population, sandbox(keyed(var))),
        facing(base, var, population, vendor_timeout_seconds, **more) as one,
    ):
        yield one


@asynccontextmanager
async def facing(
    port_base: int,
    var: Path,
    world: World,
    vendor_timeout_seconds: float = 1.5,
    vendors_base: int | None = None,
    **more: Any,
) -> AsyncIterator[Caller]:
    """A gateway before a town that stands already, reached by `vendors_base` if something stands between them.

    `more` are further settings.
    """
    url = f"http://127.0.0.1:{vendors_base or port_base}"
    settings = Settings(vendors_base=url, vendor_timeout_seconds=vendor_timeout_seconds, var=keyed(var), **more)
    async with (
        root.gateway(settings, world) as app,
        httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://gateway") as http,
        httpx.AsyncClient(trust_env=False, verify=False) as vendors,  # noqa: S501  # plain sockets of this machine
    ):
        yield Caller(http, vendors, sandbox_secret(var), port_base)


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[Postgres]:
    """A PostgreSQL for everybody who does not kill it."""
    with postgres() as server:
        yield server


@pytest.fixture(params=["sqlite", "postgresql"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    """Where a store may stand: a file, or a database of its own."""
    if request.param == "sqlite":
        return tmp_path / "store.db"
    server: Postgres = request.getfixturevalue("postgres_server")
    return server.database()


@pytest.fixture
async def caller(world: World, tmp_path: Path) -> AsyncIterator[Caller]:
    async with calling(tmp_path, world) as one:
        yield one


@pytest.fixture
async def forgetful(world: World, tmp_path: Path) -> AsyncIterator[Caller]:
    """A gateway that keeps no record between requests."""
    async with calling(tmp_path, world, cache_entries=0) as one:
        yield one
