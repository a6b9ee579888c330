"""An operator's own system that keeps the reference contract: it serves the world's records, and refuses what is wrong.

Its store is that of the product it stands in for, read and changed through that product's own simulator, so a scenario
means the same whichever of them is asked.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import httpx
import msgspec
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from vendors.errors import VendorConflictError, VendorError, VendorRejectedError
from vendors.ports.keys import Key
from vendors.ports.paging import Listing, Position
from vendors.ports.source import Source, System
from vendors.product import Product, Site
from vendors.reference.operations import MOST_ASKS, Manner, Operation, operations
from vendors.reference.shapes import Frame, read, written
from vendors.resilience.policy import ONCE, LimiterPolicy, Policy
from vendors.sandbox.credentials import Credentials
from vendors.sandbox.facts import BRANDS, MARKETS
from vendors.sandbox.reference_webhooks import house_teller
from vendors.sandbox.stage import Operation as Served
from vendors.sandbox.stage import Refused, Stage, count
from vendors.sandbox.world import World

_ID = re.compile(r"^[A-Za-z0-9._@+:-]{1,200}\Z")
ADDRESS = "http://house"
UNHURRIED = Policy(retry=ONCE.retry, limiter=LimiterPolicy(enforce=False))  # limits are the product's, not a house's


def stage(system: System, behind: Product, world: World, own: Credentials) -> Stage:
    """The system, over the product that stands behind it here."""
    inner = behind.stage(world, own)
    wire = httpx.AsyncClient(transport=httpx.ASGITransport(app=inner.app), trust_env=False)
    markets = {country: market for market, (country, _) in MARKETS.items()}
    site = Site(system, behind.vendor, ADDRESS, wire, lambda: datetime.now(UTC), markets, 5.0, UNHURRIED, [])
    port = behind.connect(behind.own(own), site)
    house = House(system, port, own.house_token)
    served = [Served(one.name, one.method, one.path, house.handler(one)) for one in operations(system)]

    def reset() -> None:
        inner.reset()
        house.done.clear()

    return Stage(served, reset, house_teller(system, own.house_hook, port))


class House:
    """Answers the operations of one system from a port; `done` is what every Idempotency-Key has led to."""

    def __init__(self, system: System, port: Any, token: str) -> None:
        self._system, self._port, self._token = system, port, token
        self.done: dict[str, tuple[bytes, Any]] = {}

    def handler(self, operation: Operation) -> Any:
        """What answers its requests."""

        async def handle(request: Request) -> Response:
            self._admit(request)
            brand = _brand(request) if operation.needs_brand else ""
            if operation.manner is Manner.WRITE:
                return await self._write(operation, request, brand)
            asks = await _asks(operation, request, brand)
            count(request, keys=len(asks))
            return JSONResponse(await self._entries(operation, asks))

        return handle

    def _admit(self, request: Request) -> None:
        sent = request.headers.get("Authorization", "")
        if not hmac.compare_digest(sent.encode(), f"Bearer {self._token}".encode()):
            raise problem(401, "Unauthorized", headers={"WWW-Authenticate": "Bearer"})

    async def _entries(self, operation: Operation, asks: Mapping[Any, Any]) -> list[dict[str, Any]]:
        try:
            answers = await getattr(self._port, operation.name)(list(asks.values()))
        except ValueError as error:  # of an id that the product's own addresses cannot hold
            raise problem(400, "Bad request", str(error)) from error
        word = "ask" if operation.manner is Manner.CRITERIA else "id"
        return [
            {word: name} | _told(operation, answers[ask])
            for name, ask in asks.items()
            if ask in answers and answers[ask] is not None
        ]

    async def _write(self, operation: Operation, request: Request, brand: str) -> Response:
        key, body = request.headers.get("Idempotency-Key", ""), await request.body()
        if not key:
            raise problem(400, "Bad request", "The Idempotency-Key header is missing.")
        if key in self.done:
            before, answer = self.done[key]
            if before != body:
                raise problem(422, "Unprocessable", "This Idempotency-Key was sent with another body.")
            return JSONResponse(answer, 200)
        command = _read({**_decoded(body), "audit_id": key}, operation.ask, brand)
        try:
            answer = written(await getattr(self._port, operation.name)(command))
        except VendorConflictError as error:
            raise problem(409, "Conflict", "Its state does not allow that.") from error
        except VendorRejectedError as error:
            raise problem(400, "Refused", "That is not done here.") from error
        except VendorError as error:
            raise problem(503, "Unavailable") from error
        count(request, effects=1)
        self.done[key] = body, answer
        return JSONResponse(answer, 200)


def _told(operation: Operation, answer: Any) -> dict[str, Any]:
    if isinstance(answer, VendorError):
        return {"error": "unavailable"}
    if operation.answer is Key:
        return {"value": {"brand": answer.brand, "id": answer.local}}
    return {"value": written(answer)}


def _brand(request: Request) -> str:
    brand = request.headers.get("Brand", "")
    if brand not in BRANDS:
        raise problem(404 if brand else 400, "Unknown brand", "The Brand header names none of this house's.")
    return brand


async def _asks(operation: Operation, request: Request, brand: str) -> Mapping[Any, Any]:
    """What is asked, by the name that its answer will have."""
    if operation.manner is Manner.CRITERIA:
        said = _decoded(await request.body()).get("asks")
        if not isinstance(said, list) or not 1 <= len(said) <= MOST_ASKS:
            raise problem(400, "Bad request", f"asks is a list of 1 to {MOST_ASKS}.")
        return {place: _read(one, operation.ask, brand) for place, one in enumerate(said)}
    ids = request.query_params.get("ids", "").split(",")
    if len(ids) > MOST_ASKS or not all(_ID.match(one) for one in ids):
        raise problem(400, "Bad request", f"ids are 1 to {MOST_ASKS} ids.")
    if operation.ask is str:
        return {one: one for one in ids}
    if (kind := request.query_params.get("kind", "")) not in operation.kinds:
        raise problem(400, "Bad request", f"kind is {' or '.join(operation.kinds)}.")
    try:
        keys = {one: Key.parse(f"{kind}:{brand}:{one}") for one in ids}
    except ValueError as error:
        raise problem(400, "Bad request", "An id cannot be read.") from error
    if operation.manner is Manner.IDS:
        return keys
    return {one: Listing(key, *_window(request)) for one, key in keys.items()}


def _window(request: Request) -> tuple[int, Position | None]:
    first, before = request.query_params.get("first", ""), request.query_params.get("before")
    if not first.isdecimal() or not 1 <= int(first) <= MOST_ASKS:
        raise problem(400, "Bad request", f"first is a number from 1 to {MOST_ASKS}.")
    if before is None:
        return int(first), None
    instant, _, local = before.partition(",")
    try:
        at = datetime.fromisoformat(instant)
    except ValueError as error:
        raise problem(400, "Bad request", "before is <instant>,<id>.") from error
    if at.tzinfo is None or not local:
        raise problem(400, "Bad request", "before is <instant>,<id>, the instant with an offset.")
    return int(first), Position(at, local)


def _read(said: Any, hint: Any, brand: str) -> Any:
    try:
        return read(said, hint, Frame(brand, _nowhere))
    except (ValueError, TypeError) as error:
        raise problem(400, "Bad request", str(error)) from error


def _nowhere(vendor_id: str | None, link: str | None) -> Source:
    raise ValueError("nothing that is asked has a source")


def _decoded(body: bytes) -> dict[str, Any]:
    try:
        return msgspec.json.decode(body, type=dict[str, Any])
    except msgspec.DecodeError as error:
        raise problem(400, "Bad request", "The body is no JSON object.") from error


def problem(status: int, title: str, detail: str | None = None, headers: Mapping[str, str] | None = None) -> Refused:
    """RFC 9457."""
    body: dict[str, Any] = {"type": "about:blank", "title": title, "status": status}
    told = body | ({"detail": detail} if detail else {})
    return Refused(status, told, {"Content-Type": "application/problem+json", **(headers or {})})
