"""Any product as the gateway has it: its simulator on a socket, its adapter before it, and hands on what passes."""

from __future__ import annotations

import asyncio
import contextlib
import re
import socket
import struct
import threading
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

import msgspec
import uvicorn
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from vendors.ports.source import System
from vendors.product import Connect, Product, Site
from vendors.registry import PRODUCTS
from vendors.sandbox.credentials import Credentials
from vendors.sandbox.facts import MARKETS
from vendors.sandbox.reference_house import UNHURRIED
from vendors.sandbox.stage import Stage
from vendors.sandbox.world import World
from vendors.wire import Reply, opened

T = TypeVar("T")
TIMEOUT_SECONDS = 5.0


class Line(msgspec.Struct, frozen=True):
    """Something of the registry that stands for a system: a product, or the second side of one."""

    system: System
    name: str
    product: Product
    vendor: str
    connect: Connect


def lines(system: System) -> Sequence[Line]:
    """Every one of a system, as the registry has them now."""
    own = [Line(system, name, one, one.vendor, one.connect) for name, one in PRODUCTS[system].items()]
    sides = [
        Line(system, f"{name}-{system.value.lower()}", product, side.vendor, side.connect)
        for known in PRODUCTS.values()
        for name, product in known.items()
        if (side := product.sides.get(system)) is not None
    ]
    return [*own, *sides]


class Said(msgspec.Struct, frozen=True):
    """A reply on its way. `cut` is how many bytes of its body are sent before the connection ends; None: all."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    cut: int | None = None


Change = Callable[[Said], Said]


class Passage:
    """Stands between an adapter and a simulator: notes the addresses asked for, and changes what is answered.

    `only` is the documented path whose replies are changed; None: all of them.
    """

    def __init__(self, stage: Stage) -> None:
        self._app: ASGIApp = stage.app
        self._routes = [(route, _shape(route.path)) for route in stage.app.routes if isinstance(route, Route)]
        self.asked: list[tuple[str, str]] = []  # (path as it was sent, its documented path or nothing)
        self.change: Change | None = None
        self.only: str | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["path"].startswith("/__"):
            await self._app(scope, receive, send)
            return
        path = self._documented(scope)
        self.asked.append((scope["raw_path"].decode(), path))
        change = self.change if self.only in (None, path) else None
        if change is None:
            await self._app(scope, receive, send)
        else:
            await _send(change(await self._answer(scope, receive)), send)

    def _documented(self, scope: Scope) -> str:
        """By the path as it was sent: what is quoted in a name does not part it."""
        raw, method = scope["raw_path"].decode(), scope["method"]
        return next((one.path for one, shape in self._routes if shape.match(raw) and method in (one.methods or ())), "")

    async def _answer(self, scope: Scope, receive: Receive) -> Said:
        told = list[Message]()

        async def keep(message: Message) -> None:
            told.append(message)

        await self._app(scope, receive, keep)
        headers = {name.decode().lower(): value.decode() for name, value in told[0]["headers"]}
        return Said(told[0]["status"], headers, b"".join(one.get("body", b"") for one in told[1:]))


def _shape(path: str) -> re.Pattern[str]:
    """A documented path; a name in it is never a step of dots."""
    parts = re.split(r"{\w+}", path)
    return re.compile(r"(?!(?:\.|%2[eE])+(?:/|\Z))[^/]+".join(map(re.escape, parts)) + r"\Z")


async def _send(said: Said, send: Send) -> None:
    headers = {**said.headers, "content-length": str(len(said.body))}
    raw = [(name.encode(), value.encode()) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": said.status, "headers": raw})
    await send({"type": "http.response.body", "body": said.body[: said.cut], "more_body": said.cut is not None})


class Harbour:
    """Servers on loopback sockets, in a thread of their own."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._running: list[tuple[uvicorn.Server, asyncio.Task[None]]] = []
        self._others: list[asyncio.Server] = []
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()

    def stand(self, app: ASGIApp) -> str:
        """The address at which it answers from now on."""
        return self._in_thread(self._serve(app))

    def breaking(self) -> str:
        """The address of a server that begins every answer and then resets the connection."""
        return self._in_thread(self._break())

    def close(self) -> None:
        self._in_thread(self._end())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _in_thread(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(30)

    async def _serve(self, app: ASGIApp) -> str:
        server = _Quiet(uvicorn.Config(app, "127.0.0.1", 0, log_level="critical", lifespan="off"))
        self._running.append((server, asyncio.create_task(server.serve())))
        while not server.started:  # noqa: ASYNC110  # uvicorn has no event for it
            await asyncio.sleep(0.002)
        return f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"

    async def _break(self) -> str:
        async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.read(100)
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n[{")
            await writer.drain()
            at_once = struct.pack("ii", 1, 0)  # closed without a farewell: the kernel sends RST
            writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, at_once)
            writer.close()

        server = await asyncio.start_server(answer, "127.0.0.1", 0)
        self._others.append(server)
        return f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"

    async def _end(self) -> None:
        for other in self._others:
            other.close()
        for server, _ in self._running:
            server.should_exit = server.force_exit = True  # a hanging fault must not hold it open
        await asyncio.gather(*(task for _, task in self._running), return_exceptions=True)
        hanging = asyncio.all_tasks() - {asyncio.current_task()}
        for task in hanging:
            task.cancel()
        await asyncio.gather(*hanging, return_exceptions=True)


class _Quiet(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self):  # type: ignore[no-untyped-def]  # uvicorn's own signature
        yield


class Stand:
    """One line over one world. `passage` is what its adapters go through."""

    def __init__(self, line: Line, world: World, own: Credentials, harbour: Harbour) -> None:
        stage = line.product.stage(world, own)
        self.line, self.passage, self._own = line, Passage(stage), own
        self.url = harbour.stand(self.passage)

    @asynccontextmanager
    async def open(
        self, timeout_seconds: float = TIMEOUT_SECONDS, skew: timedelta = timedelta(), url: str | None = None
    ) -> AsyncIterator[Callable[[], Any]]:
        """Makes adapters that remember nothing, each as the gateway makes its own. `skew` is how wrong our clock is."""
        markets = {country: market for market, (country, _) in MARKETS.items()}
        line = self.line
        async with opened("aiohttp") as wire:

            def fresh() -> Any:
                site = Site(
                    line.system, line.vendor, url or self.url, wire, lambda: datetime.now(UTC) + skew, markets,
                    timeout_seconds, UNHURRIED, [],
                )  # fmt: skip
                return line.connect(line.product.own(self._own), site)

            yield fresh

    @asynccontextmanager
    async def fault(self, **fault: Any) -> AsyncIterator[None]:
        """The simulator misbehaves while the block runs."""
        assert (await self._hand("POST", "/__faults", msgspec.json.encode(fault))).status_code == 200
        try:
            yield
        finally:
            await self._hand("DELETE", "/__faults")

    @asynccontextmanager
    async def changed(self, change: Change, only: str | None = None) -> AsyncIterator[None]:
        """What it answers, of one documented path or of all, is changed on its way while the block runs."""
        self.passage.change, self.passage.only = change, only
        try:
            yield
        finally:
            self.passage.change = self.passage.only = None

    async def counted(self) -> Mapping[str, Mapping[str, int]]:
        """What it was asked so far, by its names of operations."""
        return msgspec.json.decode((await self._hand("GET", "/__stats")).content, type=dict[str, dict[str, int]])

    async def reset(self) -> None:
        """Its store is what its world says now."""
        await self._hand("POST", "/__reset")

    async def _hand(self, method: str, path: str, content: bytes = b"") -> Reply:
        async with opened("aiohttp") as wire:
            return await wire.request(method, self.url + path, content=content, headers={}, timeout=TIMEOUT_SECONDS)
