"""What carries a call: one small port, and a wire on aiohttp, which costs a fraction of the reference's.

The reference is httpx.AsyncClient itself. Whatever carries a call raises httpx's exceptions, so that a client judges
one vocabulary, by which it knows whether anything can have been sent. Figures: docs/adr/0008-second-wire.md.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Protocol

import aiohttp
import httpx
import msgspec
from yarl import URL

MAX_CONNECTIONS = 256


class Reply(Protocol):
    """What came back, its body read whole. `headers` are looked up in any case."""

    @property
    def status_code(self) -> int: ...
    @property
    def content(self) -> bytes: ...
    @property
    def headers(self) -> Mapping[str, str]: ...


class Answered(msgspec.Struct, frozen=True):
    """A Reply as it is: an httpx.Response would be built for its decoding, which a body of bytes needs none of."""

    status_code: int
    content: bytes
    headers: Mapping[str, str]


class Wire(Protocol):
    """What carries a request: httpx.AsyncClient, or anything with its `request`."""

    async def request(
        self,
        method: str,
        url: str,
        *,
        content: bytes,
        headers: Mapping[str, str],
        timeout: float,  # noqa: ASYNC109  # httpx's own signature
    ) -> Reply: ...


class AiohttpWire:
    """A Wire over one aiohttp session. Redirects are not followed and no cookie is kept, as in httpx by default."""

    def __init__(self, session: aiohttp.ClientSession) -> None:
        self._session = session

    async def request(
        self,
        method: str,
        url: str,
        *,
        content: bytes,
        headers: Mapping[str, str],
        timeout: float,  # noqa: ASYNC109  # httpx's own signature
    ) -> Reply:
        """Raises the httpx exception that fits."""
        exact = URL(url, encoded=True)  # a signature covers the very bytes of the path
        try:
            async with (
                asyncio.timeout(timeout),
                self._session.request(method, exact, data=content, headers=headers, allow_redirects=False) as reply,
            ):
                return Answered(reply.status, await reply.read(), reply.headers)
        except aiohttp.ClientConnectorError as error:
            raise httpx.ConnectError(type(error).__name__) from error
        except (aiohttp.ClientPayloadError, aiohttp.ServerDisconnectedError, aiohttp.ClientResponseError) as error:
            raise httpx.RemoteProtocolError(type(error).__name__) from error
        except TimeoutError as error:
            raise httpx.ReadTimeout("no answer in time") from error
        except (aiohttp.ClientError, OSError) as error:
            raise httpx.ReadError(type(error).__name__) from error


@asynccontextmanager
async def opened(kind: str) -> AsyncIterator[Wire]:
    """A wire of a kind, httpx or aiohttp, while the block runs."""
    if kind == "httpx":
        limits = httpx.Limits(max_connections=MAX_CONNECTIONS, max_keepalive_connections=MAX_CONNECTIONS)
        async with httpx.AsyncClient(limits=limits, trust_env=False) as client:
            yield client
        return
    connector = aiohttp.TCPConnector(limit=MAX_CONNECTIONS)
    async with aiohttp.ClientSession(
        connector=connector, cookie_jar=aiohttp.DummyCookieJar(), auto_decompress=True, trust_env=False,
        timeout=aiohttp.ClientTimeout(total=None),
    ) as session:  # fmt: skip
        session._retry_connection = False  # it would send a PUT again by itself; whoever calls decides that
        yield AiohttpWire(session)
