"""What every simulator shares: named operations, faults on request, counts of what was asked, and telling by itself."""

from __future__ import annotations

import asyncio
import itertools
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from typing import Any

import msgspec
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from vendors.sandbox import emitting

Handler = Callable[[Request], Awaitable[Response]]
HANG_SECONDS = 60.0
STATS = ("calls", "keys", "max_in_flight", "effects")
KINDS = (
    "latency", "status", "hang", "reset", "truncate", "garbage", "html", "drip", "rate_limit", "partial", "duplicate",
    "reorder",
)  # fmt: skip


class Operation(msgspec.Struct, frozen=True):
    """A documented operation: its name in `/__faults` and `/__stats`, its method and path, and what answers it."""

    name: str
    method: str
    path: str
    handle: Handler


class Fault(msgspec.Struct):
    """A misbehaviour to show `count` times (None: until deleted). `value` is seconds or a status, by kind.

    `one_in` N shows it at every N-th of the calls that it is for.
    """

    operation: str
    kind: str
    value: float | None = None
    count: int | None = None
    key: str | None = None
    one_in: int = 1
    seen: int = 0


class Refused(Exception):
    """What a product would refuse: raised by a handler, answered with the product's own error body."""

    def __init__(self, status: int, body: Any, headers: dict[str, str] | None = None) -> None:
        super().__init__(status)
        self.response = JSONResponse(body, status, headers)


def count(request: Request, *, keys: int = 1, effects: int = 0) -> None:
    """A handler's word on what its call was: how many keys it asked for, how many things it changed."""
    request.scope["stage.count"] = (keys, effects)


class Stage:
    """One simulator's application. `operations` are what it serves, `reset` puts the store back to what the world says.

    `teller` is how the product tells by itself; without one there is no `/__emit`.
    """

    def __init__(
        self, operations: Sequence[Operation], reset: Callable[[], None], teller: emitting.Teller | None = None
    ) -> None:
        self._faults: dict[int, Fault] = {}
        self._ids = itertools.count(1)
        self._stats: dict[str, dict[str, int]] = defaultdict(lambda: dict.fromkeys(STATS, 0))
        self._in_flight: dict[str, int] = defaultdict(int)
        self.operations, self.reset = tuple(operations), reset
        routes = [Route(op.path, self._wrapped(op), methods=[op.method]) for op in operations]
        self.app = Starlette(
            routes=[
                Route("/__faults", self._set_fault, methods=["POST"]),
                Route("/__faults", self._clear_faults, methods=["DELETE"]),
                Route("/__stats", self._show_stats, methods=["GET"]),
                Route("/__reset", self._reset_all, methods=["POST"]),
                *([Route("/__emit", emitting.handler(teller), methods=["POST"])] if teller else []),
                *routes,
            ]
        )

    def _wrapped(self, operation: Operation) -> Handler:
        async def answer(request: Request) -> Response:
            stats = self._stats[operation.name]
            stats["calls"] += 1
            self._in_flight[operation.name] += 1
            stats["max_in_flight"] = max(stats["max_in_flight"], self._in_flight[operation.name])
            try:
                text = str(request.url) + (await request.body()).decode(errors="replace")
                fault = self._take_fault(operation.name, text)
                return await self._misbehave(fault, operation, request) if fault else await operation.handle(request)
            except Refused as refused:
                return refused.response
            finally:
                self._in_flight[operation.name] -= 1
                keys, effects = request.scope.get("stage.count", (1, 0))
                stats["keys"] += keys
                stats["effects"] += effects

        return answer

    def _take_fault(self, name: str, text: str) -> Fault | None:
        for number, fault in self._faults.items():
            if fault.operation in ("*", name) and (fault.key is None or fault.key in text):
                fault.seen += 1
                if fault.seen % fault.one_in:
                    continue
                if fault.count is not None:
                    fault.count -= 1
                    if fault.count <= 0:
                        del self._faults[number]
                return fault
        return None

    async def _misbehave(self, fault: Fault, operation: Operation, request: Request) -> Response:
        if fault.kind == "latency":
            await asyncio.sleep(fault.value or 0.0)
            return await operation.handle(request)
        if fault.kind == "hang":
            await asyncio.sleep(HANG_SECONDS)
            return Response(status_code=504)
        if fault.kind == "status":
            return JSONResponse({"error": "fault"}, int(fault.value or 500))
        if fault.kind == "rate_limit":
            headers = {"Retry-After": str(int(fault.value))} if fault.value else {}
            return JSONResponse({"error": "too many requests"}, 429, headers)
        if fault.kind == "html":
            return Response("<html><body>Bad gateway</body></html>", 200, media_type="text/html")
        return _spoilt(fault, await operation.handle(request))

    async def _set_fault(self, request: Request) -> Response:
        try:
            fault = msgspec.json.decode(await request.body(), type=Fault)
        except msgspec.DecodeError as error:
            return JSONResponse({"error": str(error)}, 400)
        if fault.kind not in KINDS or fault.one_in < 1:
            return JSONResponse({"error": f"unknown kind {fault.kind}, or one_in below 1"}, 400)
        number = next(self._ids)
        self._faults[number] = fault
        return JSONResponse({"id": number})

    async def _clear_faults(self, request: Request) -> Response:
        self._faults.clear()
        return Response(status_code=204)

    async def _show_stats(self, request: Request) -> Response:
        return JSONResponse(self._stats)

    async def _reset_all(self, request: Request) -> Response:
        self._faults.clear()
        self._stats.clear()
        self.reset()
        return Response(status_code=204)


def _spoilt(fault: Fault, answer: Response) -> Response:
    """The product did its work, but its answer arrives cut, late, unreadable or with its list disturbed."""
    content = bytes(answer.body)
    if fault.kind == "garbage":
        return Response(b"\x00\xffgarbage", answer.status_code)
    if fault.kind == "truncate":
        return Response(content[: len(content) // 2], answer.status_code)
    if fault.kind in ("reset", "drip"):
        return StreamingResponse(_bytes(content, fault), answer.status_code, {"Content-Length": str(len(content) + 1)})
    body = msgspec.json.decode(content)
    for items in _lists(body):
        items[:] = {"partial": items[:-1], "duplicate": items * 2, "reorder": items[::-1]}[fault.kind]
        break
    return JSONResponse(body, answer.status_code)


async def _bytes(content: bytes, fault: Fault) -> AsyncIterator[bytes]:
    """One byte less than promised: at once, so that the connection breaks, or a byte every `value` seconds."""
    if fault.kind == "drip":
        for place in range(len(content)):
            yield content[place : place + 1]
            await asyncio.sleep(fault.value or 0.2)
    yield b""


def _lists(body: Any) -> Iterator[list[Any]]:
    """The lists of a reply, outermost first."""
    if isinstance(body, list):
        yield body
    for inner in body.values() if isinstance(body, dict) else body if isinstance(body, list) else ():
        yield from _lists(inner)
