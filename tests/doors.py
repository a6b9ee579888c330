"""Doors between the gateway and the town: they pass every request on, until they are shut or made to swallow one."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

from tests.conftest import free_ports
from vendors.sandbox import town


class Door:
    """One vendor's. Each request comes over a connection of its own, so that a shut door refuses the very next one."""

    def __init__(self, port: int, behind: int) -> None:
        self.passed = 0  # requests so far
        self._port, self._behind = port, behind
        self._until: int | None = None
        self._swallows: bytes | None = None

    @asynccontextmanager
    async def open(self) -> AsyncIterator[Door]:
        """The door answers on its port while the block runs, unless it has shut."""
        self._server = await asyncio.start_server(self._pass, "127.0.0.1", self._port)
        self._shut_if_due()
        try:
            yield self
        finally:
            self._server.close()

    def shut_after(self, more: int) -> None:
        """Lets `more` requests in, and refuses every connection from then on."""
        self._until = self.passed + more
        self._shut_if_due()

    def swallow(self, start: bytes) -> None:
        """Hangs up without a word once a request that starts like this has been answered by the vendor."""
        self._swallows = start

    def _shut_if_due(self) -> None:
        if self._until is not None and self.passed >= self._until:
            self._server.close()

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            request = await _request(reader)
            answer = await self._answer(request)
            self.passed += 1
            self._shut_if_due()  # before the answer is given: whoever has it finds nobody here any more
            if self._swallows is None or not request.startswith(self._swallows):
                writer.write(answer)
                await writer.drain()
        finally:
            writer.close()

    async def _answer(self, request: bytes) -> bytes:
        reader, writer = await asyncio.open_connection("127.0.0.1", self._behind)
        try:
            writer.write(request)
            return await reader.read(-1)
        finally:
            writer.close()


async def _request(reader: asyncio.StreamReader) -> bytes:
    """A whole request that asks for the connection to end with its answer."""
    head = await reader.readuntil(b"\r\n\r\n")
    lines = head.split(b"\r\n")
    length = next((int(line.split(b":")[1]) for line in lines if line.lower().startswith(b"content-length:")), 0)
    kept = [line for line in lines[1:] if not line.lower().startswith(b"connection:")]
    return b"\r\n".join([lines[0], b"Connection: close", *kept]) + await reader.readexactly(length)


@asynccontextmanager
async def doors(port_base: int) -> AsyncIterator[tuple[int, list[Door]]]:
    """The first of neighbouring ports that lead to the town at `port_base`, and their doors in its order."""
    base = free_ports()
    async with AsyncExitStack() as stack:
        places = range(len(town.PLACES))
        yield base, [await stack.enter_async_context(Door(base + n, port_base + n).open()) for n in places]
