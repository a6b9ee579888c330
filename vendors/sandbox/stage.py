"""What every simulator shares: named operations, faults on request, and counts of what was asked."""

from __future__ import annotations

import asyncio
import itertools
from collections import defaultdict
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import msgspec
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

Handler = Callable[[Request], Awaitable[Response]]
HANG_SECONDS = 60.0


class Operation(msgspec.Struct, frozen=True):
    """A documented operation: its name in `/__faults` and `/__stats`, its method and path, and what answers it."""

    name: str
    method: str
    path: str
    handle: Handler


class Fault(msgspec.Struct):
    """A misbehaviour to show `count` times (None: until deleted). `value` is seconds or a status, by kind."""

    operation: str
    kind: str
    value: float | None = None
    count: int | None = None
    key: str | None = None


class Refused(Exception):
    """What a product would refuse: raised by a handler, answered with the product's own error body."""

    def __init__(self, status: int, body: Any, headers: dict[str, str] | None = None) -> None:
        super().__init__(status)
        self.response = JSONResponse(body, status, headers)


class Stage:
    """One simulator's application. `reset` puts the store back to what the world says."""

    def __init__(self, operations: Sequence[Operation], reset: Callable[[], None]) -> None:
        self._faults: dict[int, Fault] = {}
        self._ids = itertools.count(1)
        self._stats: dict[str, dict[str, int]] = defaultdict(lambda: dict.fromkeys(("calls", "max_in_flight"), 0))
        self._in_flight: dict[str, int] = defaultdict(int)
        self._reset = reset
        routes = [Route(op.path, self._wrapped(op), methods=[op.method]) for op in operations]
        self.app = Starlette(
            routes=[
                Route("/__faults", self._set_fault, methods=["POST"]),
                Route("/__faults", self._clear_faults, methods=["DELETE"]),
                Route("/__stats", self._show_stats, methods=["GET"]),
                Route("/__reset", self._reset_all, methods=["POST"]),
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

        return answer

    def _take_fault(self, name: str, text: str) -> Fault | None:
        for number, fault in self._faults.items():
            if fault.operation in ("*", name) and (fault.key is None or fault.key in text):
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
        answer = await operation.handle(request)
        cut = bytes(answer.body)
        return Response(cut[: len(cut) // 2] if fault.kind == "truncate" else b"\x00\xffgarbage", answer.status_code)

    async def _set_fault(self, request: Request) -> Response:
        try:
            fault = msgspec.json.decode(await request.body(), type=Fault)
        except msgspec.DecodeError as error:
            return JSONResponse({"error": str(error)}, 400)
        if fault.kind not in ("latency", "hang", "status", "rate_limit", "html", "truncate", "garbage"):
            return JSONResponse({"error": f"unknown kind {fault.kind}"}, 400)
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
        self._reset()
        return Response(status_code=204)
