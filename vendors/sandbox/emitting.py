"""POST /__emit: a simulator tells by itself what its product documents, also twice, late, out of order or forged."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime, timedelta
from inspect import isawaitable
from ipaddress import ip_address
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

import httpx
import msgspec
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from vendors.sandbox.ages import duration
from vendors.wire import Wire, opened

STEP = timedelta(minutes=1)  # between two events of one emission
LATE = timedelta(hours=1)  # how much older an event is that is only said to be late
MOST = 20_000  # deliveries of one emission
TIMEOUT_SECONDS = 10.0
Body = dict[str, Any]
Words = str | Annotated[list[str], msgspec.Meta(min_length=1)]


class CannotSay(Exception):
    """What the product would never send: no such event, or no such subject in its store. The sentence says which."""


class Occasion(msgspec.Struct, frozen=True):
    """An event to tell of: the product's word for it, whom it is about, and how long before the subject's present."""

    event: str
    key: str
    late: timedelta = timedelta()
    followed_by: int = 0  # events of the same emission that happened after it

    def of(self, moment: datetime) -> datetime:
        """The instant of an event whose last one was at `moment`."""
        return moment - self.late - STEP * self.followed_by


class Teller(msgspec.Struct, frozen=True):
    """How a product tells. `proof` is the header by which a receiver knows the sender.

    `body` raises CannotSay, and is awaited where its store has to be; `fields` are those the product documents for its
    bodies.
    """

    body: Callable[[Occasion], Body | Awaitable[Body]]
    sign: Callable[[bytes], Mapping[str, str]]
    proof: str
    fields: frozenset[str]


class Emission(msgspec.Struct, forbid_unknown_fields=True, rename={"changes": "with"}):
    """What /__emit takes; docs/scenarios.md has the table."""

    event: Words
    key: Words
    to: str | None = None
    copies: Annotated[int, msgspec.Meta(ge=1)] = 1
    delay_seconds: Annotated[float, msgspec.Meta(ge=0, le=60)] = 0.0
    late: bool | str = False
    order: Literal["happened", "reversed", "shuffled"] = "happened"
    seed: int = 0
    bad_signature: bool = False
    changes: dict[str, Any] = {}


class Delivery(msgspec.Struct):
    """A request as it goes out, and what came back: a status and a body, or the error that stood in its way."""

    event: str
    key: str
    headers: Mapping[str, str]
    body: str
    status: int | None = None
    answer: str | None = None
    error: str | None = None


class _Sent(msgspec.Struct):
    deliveries: Sequence[Delivery]


def handler(teller: Teller) -> Callable[[Request], Any]:
    """What answers POST /__emit."""

    async def emit(request: Request) -> Response:
        try:
            emission = msgspec.json.decode(await request.body(), type=Emission)
            deliveries = await _deliveries(teller, emission)
        except (msgspec.DecodeError, ValueError, CannotSay) as error:
            return JSONResponse({"error": str(error)}, 400)
        if emission.to is not None:
            async with opened("aiohttp") as wire:
                for delivery in deliveries:
                    await asyncio.sleep(emission.delay_seconds)
                    await _send(wire, emission.to, delivery)
        return Response(msgspec.json.encode(_Sent(deliveries)), media_type="application/json")

    return emit


async def _deliveries(teller: Teller, emission: Emission) -> list[Delivery]:
    """The requests in the order they go out; a copy has the very bytes of its original."""
    if emission.to is not None and not _is_loopback(emission.to):
        raise CannotSay("to: only an http:// address of this machine")
    if unknown := sorted(set(emission.changes) - teller.fields):
        raise CannotSay(f"with: the product documents no {unknown[0]}")
    events, keys = _words(emission.event), _words(emission.key)
    if len(events) * len(keys) * emission.copies > MOST:
        raise CannotSay(f"more than {MOST} deliveries")
    once = [
        await _delivery(teller, Occasion(event, key, _late(emission.late), len(events) - place), emission)
        for key in keys
        for place, event in enumerate(events, 1)
    ]
    deliveries = [msgspec.structs.replace(one) for _ in range(emission.copies) for one in once]
    if emission.order == "shuffled":
        random.Random(emission.seed).shuffle(deliveries)
    return deliveries[::-1] if emission.order == "reversed" else deliveries


async def _delivery(teller: Teller, occasion: Occasion, emission: Emission) -> Delivery:
    told = teller.body(occasion)
    body = msgspec.json.encode((await told if isawaitable(told) else told) | emission.changes)
    headers = {"Content-Type": "application/json", **teller.sign(body)}
    if emission.bad_signature:
        headers[teller.proof] = _forged(headers[teller.proof])
    return Delivery(occasion.event, occasion.key, headers, body.decode())


def _forged(proof: str) -> str:
    """A proof of the same form and another value."""
    return proof[:-5] + ("0" if proof[-5] != "0" else "1") + proof[-4:]


def _words(said: Words) -> list[str]:
    return [said] if isinstance(said, str) else said


def _late(said: bool | str) -> timedelta:
    return duration(said) if isinstance(said, str) else LATE * said


def _is_loopback(address: str) -> bool:
    parts = urlsplit(address)
    try:
        return parts.scheme == "http" and (
            parts.hostname == "localhost" or ip_address(parts.hostname or "").is_loopback
        )
    except ValueError:
        return False


async def _send(wire: Wire, to: str, delivery: Delivery) -> None:
    try:
        reply = await wire.request(
            "POST", to, content=delivery.body.encode(), headers=delivery.headers, timeout=TIMEOUT_SECONDS
        )
    except httpx.HTTPError as error:
        delivery.error = type(error).__name__
        return
    delivery.status, delivery.answer = reply.status_code, reply.content.decode(errors="replace")
