"""An application on a real socket, served with the gateway's own settings, while a test looks at it."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.types import ASGIApp

from execution import serving
from tests.conftest import free_ports


class _Held(serving.Server):
    """A server that leaves signals to the test."""

    def capture_signals(self):  # type: ignore[no-untyped-def]  # uvicorn's own signature
        return contextlib.nullcontext()


@asynccontextmanager
async def listening(app: ASGIApp, drain: serving.Drain | None = None, port: int = 0) -> AsyncIterator[int]:
    """The port on 127.0.0.1 that answers while the block runs."""
    drain, port = drain or serving.Drain(), port or free_ports(1)
    server = _Held(serving.server(app, "127.0.0.1", port, drain).config, drain)
    running = asyncio.create_task(server.serve())
    while not server.started:  # noqa: ASYNC110  # uvicorn has no event for it
        await asyncio.sleep(0.01)
    try:
        yield port
    finally:
        server.should_exit = server.force_exit = True
        await running
