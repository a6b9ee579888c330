"""POST /webhooks/{system}/{product}: a body from outside, bounded in size and time, handed on as it came.

What it means and who sent it is the hook's to judge: a signature covers the bytes, so nothing is decoded here.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

MAX_BODY_BYTES = 256 * 1024

log = logging.getLogger("player_graph.hooks")
Hook = Callable[[Mapping[str, str], bytes], Awaitable[Any]]  # (headers in lower case, body) -> what the sender is told
Refusal = tuple[int, Mapping[str, str]]  # status and headers


def route(
    hooks: Mapping[tuple[str, str], Hook],
    refusals: Mapping[type[Exception], Refusal],
    *,
    read_timeout_seconds: float = 10.0,
) -> Route:
    """One address a (system, product); 404 for any other. What a hook raises is told as `refusals` has it."""

    async def receive(request: Request) -> Response:
        hook = hooks.get((request.path_params["system"], request.path_params["product"]))
        if hook is None:
            return Response(status_code=404)
        try:
            async with asyncio.timeout(read_timeout_seconds):
                body = await _content(request)
        except TimeoutError:
            return Response(status_code=408, headers={"Connection": "close"})
        except ClientDisconnect:
            return Response(status_code=499)  # nobody reads it
        if body is None:
            return Response(status_code=413, headers={"Connection": "close"})
        try:
            answer = await hook(request.headers, body)
        except Exception as error:
            return _refused(error, refusals)
        return Response(status_code=200) if answer is None else JSONResponse(answer)

    return Route("/webhooks/{system}/{product}", receive, methods=["POST"])


async def _content(request: Request) -> bytes | None:
    """The body; None if it is too large, which the sender may say before he sends it."""
    declared = request.headers.get("content-length", "")
    if declared.isdecimal() and int(declared) > MAX_BODY_BYTES:
        return None
    content = bytearray()
    async for chunk in request.stream():
        content += chunk
        if len(content) > MAX_BODY_BYTES:
            return None
    return bytes(content)


def _refused(error: Exception, refusals: Mapping[type[Exception], Refusal]) -> Response:
    status, headers = refusals.get(type(error), (500, {}))
    if status >= 500:
        log.error("a webhook was not taken", exc_info=error)
    return Response(status_code=status, headers=dict(headers))
