"""Both wires carry a call alike: the same bytes out, the same answer or the same kind of failure back."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import httpx
import pytest

from vendors.client import Client, Headers
from vendors.errors import VendorDownError, VendorError, VendorMalformedError, VendorTimeoutError
from vendors.ports.source import System
from vendors.wire import opened

WIRES = pytest.mark.parametrize("kind", ["httpx", "aiohttp"])
OK = b'HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Type: application/json\r\n\r\n"x"'


@asynccontextmanager
async def server(answer: Callable[[int], bytes | None]) -> AsyncIterator[tuple[str, list[bytes]]]:
    """Answers the n-th request with bytes, or by closing the connection for None; keeps the requests' first lines."""
    seen: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                seen.append(head.split(b"\r\n")[0])
                await reader.readexactly(_length(head))
                if (reply := answer(len(seen))) is None:
                    break
                writer.write(reply)
                await writer.drain()
        except asyncio.IncompleteReadError:
            pass
        finally:
            writer.close()

    running = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with running:
        yield f"http://127.0.0.1:{running.sockets[0].getsockname()[1]}", seen


def _length(head: bytes) -> int:
    lines = (line.partition(b":") for line in head.lower().split(b"\r\n"))
    return next((int(value) for name, _, value in lines if name == b"content-length"), 0)


async def ask(kind: str, url: str, method: str = "GET", times: int = 1, path: str = "/a") -> object:
    async def sign(method: str, path: str, body: bytes) -> Headers:
        return {"X-Signed": path}

    async with opened(kind) as wire:
        client = Client(System.KYC, url, wire, sign, timeout_seconds=0.5)
        for _ in range(times):
            answer = await client.ask("read", method, path, into=str, body={"a": 1} if method != "GET" else None)
        return answer


@WIRES
async def test_an_answer_comes_back(kind: str) -> None:
    async with server(lambda n: OK) as (url, seen):
        assert await ask(kind, url, path="/a;x=1%2F2?b=c d".replace(" ", "%20")) == "x"
    assert seen == [b"GET /a;x=1%2F2?b=c%20d HTTP/1.1"]


@WIRES
@pytest.mark.parametrize("method", ["POST", "PUT"])
async def test_a_write_whose_connection_breaks_is_never_sent_again(kind: str, method: str) -> None:
    async with server(lambda n: OK if n == 1 else None) as (url, seen):
        with pytest.raises(VendorError) as failure:
            await ask(kind, url, method, times=2)
    assert failure.value.write_may_have_happened
    assert len(seen) == 2


FAILURES: list[tuple[Callable[[int], bytes | None], type[VendorError]]] = [
    (lambda n: b"garbage\r\n\r\n", VendorMalformedError),
    (lambda n: OK[:-2], VendorTimeoutError),
    (lambda n: b"", VendorTimeoutError),
    (lambda n: b"HTTP/1.1 302 Found\r\nLocation: /elsewhere\r\nContent-Length: 0\r\n\r\n", VendorDownError),
]


@WIRES
@pytest.mark.parametrize(("answer", "failure"), FAILURES)
async def test_a_failure_is_the_same_on_both(
    kind: str, answer: Callable[[int], bytes | None], failure: type[VendorError]
) -> None:
    async with server(answer) as (url, seen):
        with pytest.raises(failure):
            await ask(kind, url)
    assert len(seen) == 1


@WIRES
async def test_nobody_there_means_nothing_was_sent(kind: str) -> None:
    async with server(lambda n: OK) as (url, _):
        pass
    with pytest.raises(VendorDownError) as failure:
        await ask(kind, url, "POST")
    assert not failure.value.write_may_have_happened


async def test_the_reference_is_httpx_itself() -> None:
    async with opened("httpx") as wire:
        assert isinstance(wire, httpx.AsyncClient)
