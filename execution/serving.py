"""What every gateway serves beside its graph: is it alive, is it ready, its metrics, its SDL; and how it stops.

Stopping is a drain: at the signal readiness turns 503, what is in flight ends, nothing new keeps the process, and a
mutation whose client has left counts as in flight.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import hashlib
import importlib
import logging
import math
import time
from collections.abc import Awaitable, Callable, Coroutine, Iterator, Mapping, Sequence
from types import FrameType
from typing import Any

import uvicorn
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

CSP = b"content-security-policy"
HEAD_BYTES = 32 * 1024  # of a request's line and headers
KEEP_ALIVE_SECONDS = 75  # longer than a load balancer's own, usually 60: the side that closes first must not be this

log = logging.getLogger("player_graph.serving")
Check = Callable[[], Awaitable[object]]  # fails by raising


class Drain:
    """What is in flight, and whether the process is on its way out."""

    def __init__(self, seconds: float = 20.0) -> None:
        self.draining = False
        self._seconds, self._deadline = seconds, math.inf
        self._in_flight: set[object] = set()
        self._awaited: set[object] = set()

    @contextlib.contextmanager
    def holding(self) -> Iterator[None]:
        """In flight while the block runs."""
        mark = object()
        self._in_flight.add(mark)
        try:
            yield
        finally:
            self._in_flight.discard(mark)

    def hold(self, work: asyncio.Future[Any]) -> None:
        """In flight until it is done, whoever waits for it; an outcome that nobody waits for is not lost noise."""
        self._in_flight.add(work)
        work.add_done_callback(self._let_go)

    def _let_go(self, work: asyncio.Future[Any]) -> None:
        self._in_flight.discard(work)
        if not work.cancelled() and (error := work.exception()):
            log.debug("held work ended with %s", type(error).__name__)

    def begin(self) -> None:
        """From here on only what is in flight now is waited for, and not for ever."""
        if not self.draining:
            self.draining, self._deadline = True, time.monotonic() + self._seconds
            self._awaited = set(self._in_flight)

    @property
    def over(self) -> bool:
        """Whether the listener may close."""
        return self.draining and (self.seconds_left == 0 or not self._awaited & self._in_flight)

    @property
    def seconds_left(self) -> float:
        return max(0.0, self._deadline - time.monotonic())


class Server(uvicorn.Server):
    """Uvicorn that drains at SIGTERM and Ctrl-C and then returns; a second signal does not wait."""

    def __init__(self, config: uvicorn.Config, drain: Drain) -> None:
        super().__init__(config)
        self._drain = drain

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """The signal is not kept: raised again after the drain it would make an orderly end look like a crash."""
        self.should_exit = self.force_exit = self._drain.draining
        self._drain.begin()

    async def on_tick(self, counter: int) -> bool:
        """Ten times a second. Connections stay welcome while the load balancer learns that it should look elsewhere."""
        if self._drain.over:
            self.config.timeout_graceful_shutdown = max(1, math.ceil(self._drain.seconds_left))
            return True
        return await super().on_tick(counter)


def run(main: Coroutine[Any, Any, None]) -> None:
    """Runs a program on uvloop where there is one: it halves what a call over a socket costs."""
    try:
        uvloop = importlib.import_module("uvloop")
    except ImportError:  # not made for every platform
        asyncio.run(main)
    else:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(main)


def settle() -> None:
    """What was built at start stays for good: the collector need not walk it again, which takes milliseconds."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 20, 20)


def server(app: ASGIApp, host: str, port: int, drain: Drain) -> Server:
    """A server for strangers. h11, because it bounds a request's head; httptools reads headers without end."""
    config = uvicorn.Config(
        app, host, port, http="h11", h11_max_incomplete_event_size=HEAD_BYTES, ws_max_size=64 * 1024, lifespan="off",
        server_header=False, proxy_headers=False, access_log=False, log_level="warning", log_config=None,
        limit_concurrency=2_048, timeout_keep_alive=KEEP_ALIVE_SECONDS,
    )  # fmt: skip
    return Server(config, drain)


class Guarded:
    """Middleware: every response carries the security headers, every request counts as in flight."""

    def __init__(self, app: ASGIApp, *, drain: Drain, frame_ancestors: Sequence[str] = ()) -> None:
        self._app, self._drain = app, drain
        ancestors = " ".join(frame_ancestors) or "'none'"
        self._headers = [
            (b"x-content-type-options", b"nosniff"),
            (b"referrer-policy", b"no-referrer"),
            (CSP, f"frame-ancestors {ancestors}".encode()),  # adds to a page's own policy
        ]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                said = {name.lower() for name, _ in message["headers"]} - {CSP}
                more = [header for header in self._headers if header[0] not in said]
                message = {**message, "headers": [*message["headers"], *more]}
            await send(message)

        if scope["type"] != "http":
            return await self._app(scope, receive, send)
        with self._drain.holding():
            await self._app(scope, receive, guarded)


def middleware(drain: Drain, *, cors_origins: Sequence[str], frame_ancestors: Sequence[str]) -> list[Middleware]:
    """What stands before every address. No cookie is ever read, so credentials are never allowed across origins."""
    guarded = Middleware(Guarded, drain=drain, frame_ancestors=frame_ancestors)
    cors = Middleware(
        CORSMiddleware, allow_origins=list(cors_origins), allow_methods=["GET", "POST"],
        allow_headers=["Authorization", "Content-Type"], max_age=600,
    )  # fmt: skip
    return [guarded, cors] if cors_origins else [guarded]


def operational(
    drain: Drain,
    checks: Mapping[str, Check],
    registry: CollectorRegistry,
    sdl: Mapping[str, str],
    *,
    check_seconds: float = 2.0,
) -> list[Route]:
    """`/healthz`, `/readyz`, `/metrics` and `/schema/{audience}.graphql`; `sdl` is audience -> SDL.

    A check fails by raising, or by taking longer than `check_seconds`.
    """
    published = {audience: (text.encode(), _etag(text)) for audience, text in sdl.items()}

    async def healthz(request: Request) -> Response:
        return PlainTextResponse("ok")

    async def readyz(request: Request) -> Response:
        found = await asyncio.gather(*(_checked(name, check, check_seconds) for name, check in checks.items()))
        words = dict(zip(checks, found, strict=True))
        words["serving"] = "draining" if drain.draining else "ok"
        ready = all(word == "ok" for word in words.values())
        return JSONResponse({"ready": ready, "checks": words}, 200 if ready else 503, {"Cache-Control": "no-store"})

    async def metrics(request: Request) -> Response:
        return Response(generate_latest(registry), headers={"Content-Type": CONTENT_TYPE_LATEST})

    async def schema(request: Request) -> Response:
        if (found := published.get(request.path_params["audience"])) is None:
            return JSONResponse({"error": "audience must be one of " + ", ".join(published)}, 404)
        text, etag = found
        headers = {"ETag": etag, "Cache-Control": "no-cache"}
        if _names(request.headers.get("if-none-match", ""), etag):
            return Response(status_code=304, headers=headers)
        return PlainTextResponse(text, headers=headers)

    return [
        Route("/healthz", healthz),
        Route("/readyz", readyz),
        Route("/metrics", metrics),
        Route("/schema/{audience}.graphql", schema),
    ]


async def _checked(name: str, check: Check, seconds: float) -> str:
    try:
        async with asyncio.timeout(seconds):
            await check()
    except Exception:
        log.exception("not ready: %s", name)
        return "failed"
    return "ok"


def _etag(text: str) -> str:
    return f'"{hashlib.sha256(text.encode()).hexdigest()[:32]}"'


def _names(if_none_match: str, etag: str) -> bool:
    """RFC 9110 13.1.2: weak comparison with any of a list; `*` names whatever is there."""
    listed = [tag.strip().removeprefix("W/") for tag in if_none_match.split(",")]
    return etag in listed or listed == ["*"]
