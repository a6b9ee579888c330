"""Customer.io's App API on stage, as docs.customer.io/files/journeys-app.json describes it (copy of 2026-08).

Suppressing a person deletes the profile (journeys-track.json, 2026-08), so a suppressed player is not found.
Assumed, as the document is silent: the error body of 400, 401, 404 and 429 is the `errors` list it shows elsewhere;
messages come newest first; a `next` stands on every page, empty on the last; a limit above the maximum is refused;
the ten requests per second are a bucket of ten for the workspace; six months are 183 days. Of a scenario file's message
what is left out is that of a delivered one of campaign 7.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from vendors.sandbox.ages import age_of, verbatim
from vendors.sandbox.customerio_webhooks import teller
from vendors.sandbox.facts import PlayerFacts, TouchFacts
from vendors.sandbox.stage import Operation, Refused, Stage
from vendors.sandbox.world import World

PATH = "/v1/customers/{customer_id}/"
REQUESTS_PER_SECOND = 10.0
DEFAULT_LIMIT, MAX_LIMIT = 50, 1000
HISTORY = timedelta(days=183)
TYPES = {"sms": "twilio"}  # the facts' word -> the product's, where the two differ


def stage(
    world: World,
    app_key: str,
    requests_per_second: float | None = REQUESTS_PER_SECOND,
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    monotonic: Callable[[], float] = time.monotonic,
    *,
    hook_secret: str = "",
) -> Stage:
    """One workspace that holds every brand's players. Read-only, so a reset only fills the bucket again.

    `hook_secret` signs what it tells by itself.
    """
    product = _Product(world, app_key, requests_per_second, clock, monotonic)
    operations = [
        Operation("getPersonAttributes", "GET", PATH + "attributes", product.attributes),
        Operation("getPersonSegments", "GET", PATH + "segments", product.segments),
        Operation("getPersonMessages", "GET", PATH + "messages", product.messages),
    ]
    return Stage(operations, product.reset, teller(hook_secret, product.person_of, product.message_of, clock))


class _Product:
    """The people of the workspace, and how many requests it will still take."""

    def __init__(
        self,
        world: World,
        app_key: str,
        requests_per_second: float | None,
        clock: Callable[[], datetime],
        monotonic: Callable[[], float],
    ) -> None:
        self._authorization, self._rate = f"Bearer {app_key}", requests_per_second
        self._clock, self._monotonic, self._now, self._world = clock, monotonic, world.now, world
        held = {(p.brand, p.id): p for p in world.players.values() if not p.suppressed}
        self._known_by = {
            "id": {f"{brand}:{local}": player for (brand, local), player in held.items()},
            "cio_id": {_cio_id(player): player for player in held.values()},
        }
        names = sorted({said["name"] for player in held.values() for said in _segments(player, world)})
        self._segment_ids = {name: number for number, name in enumerate(names, 1)}
        self.reset()

    def reset(self) -> None:
        self._tokens, self._counted_at = self._rate or 0.0, self._monotonic()

    def person_of(self, external_id: str) -> Mapping[str, Any] | None:
        """A person's identifiers."""
        player = self._known_by["id"].get(external_id)
        if player is None:
            return None
        laid = self._world.laid(player, "crm.customerio")
        identifiers: Mapping[str, Any] = _laid_over(_customer(player, self._now), laid)["identifiers"]
        return identifiers

    def message_of(self, delivery_id: str) -> tuple[Mapping[str, Any], Mapping[str, Any]] | None:
        """A message, and the identifiers of the person it went to."""
        for external_id, player in self._known_by["id"].items():
            for message in _messages(player, self._world):
                if message["id"] == delivery_id and (person := self.person_of(external_id)):
                    return message, person
        return None

    async def attributes(self, request: Request) -> Response:
        player = self._admitted(request)
        laid = self._world.laid(player, "crm.customerio")
        return JSONResponse({"customer": _laid_over(_customer(player, self._now), laid)})

    async def segments(self, request: Request) -> Response:
        found = _segments(self._admitted(request), self._world)
        told = [{"id": self._segment_ids[said["name"]], "description": "", **said} for said in found]
        return JSONResponse({"segments": told})

    async def messages(self, request: Request) -> Response:
        player, asked = self._admitted(request), request.query_params
        limit = _number(asked, "limit", DEFAULT_LIMIT)
        if not 1 <= limit <= MAX_LIMIT:
            raise _refused(400, f"limit is not between 1 and {MAX_LIMIT}")
        end = _number(asked, "end_ts", int(self._clock().timestamp()))
        begin = max(_number(asked, "start_ts", 0), end - int(HISTORY.total_seconds()))
        before = _position(asked["start"]) if asked.get("start") else None
        found = _messages(player, self._world)
        found = sorted((m for m in found if begin <= m["created"] <= end), key=_place, reverse=True)
        beyond = [m for m in found if before is None or _place(m) < before]
        token = _token(beyond[limit - 1]) if len(beyond) > limit else ""
        return JSONResponse({"messages": beyond[:limit], "next": token})

    def _admitted(self, request: Request) -> PlayerFacts:
        """The player asked for, once the key is right, the rate kept and the person known."""
        if request.headers.get("Authorization") != self._authorization:
            raise _refused(401, "unauthorized")
        self._take_token()
        known_by = self._known_by.get(request.query_params.get("id_type", "id"))
        if known_by is None:  # neither e-mail nor phone is an identifier in this workspace
            raise _refused(400, "id_type is not enabled in this workspace")
        player = known_by.get(request.path_params["customer_id"])
        if player is None:
            raise _refused(404, "not found")
        return player

    def _take_token(self) -> None:
        """A 429 carries neither Retry-After nor any other header about the limit."""
        if self._rate is None:
            return
        now = self._monotonic()
        self._tokens = min(self._rate, self._tokens + (now - self._counted_at) * self._rate)
        self._counted_at = now
        if self._tokens < 1:
            raise _refused(429, "too many requests")
        self._tokens -= 1


def _refused(status: int, detail: str) -> Refused:
    return Refused(status, {"errors": [{"detail": detail, "status": str(status)}]})


def _number(asked: Mapping[str, str], name: str, default: int) -> int:
    text = asked.get(name, str(default))
    if not (text.isascii() and text.isdigit()):
        raise _refused(400, f"{name} is not a number")
    return int(text)


def _place(message: Mapping[str, Any]) -> tuple[int, str]:
    return message["created"], message["id"]


def _token(message: Mapping[str, Any]) -> str:
    return base64.urlsafe_b64encode(msgspec.json.encode(_place(message))).decode()


def _position(token: str) -> tuple[int, str]:
    try:
        return msgspec.json.decode(base64.urlsafe_b64decode(token), type=tuple[int, str])
    except (ValueError, binascii.Error) as error:  # msgspec's errors are ValueErrors
        raise _refused(400, "start is not a page token") from error


def _cio_id(player: PlayerFacts) -> str:
    return "a3" + hashlib.sha256(f"{player.brand}:{player.id}".encode()).hexdigest()[:10]


def _customer(player: PlayerFacts, now: datetime) -> dict[str, Any]:
    """Every attribute is a string. Who was never asked has no preferences of his own, only computed ones."""
    registered = int((now - player.registered_age).timestamp())
    external, cio_id = f"{player.brand}:{player.id}", _cio_id(player)
    agreed = {"topics": {"topic_1": True}, "channels": {"email": True, "sms": True, "push": True}}
    attributes = {
        "id": external, "email": player.email, "cio_id": cio_id, "created_at": str(registered),
        "first_name": player.first_name, "last_name": player.last_name,
        "_cio_subscription_preferences_computed": _text({"topics": {"topic_1": player.marketing is True}}),
    }  # fmt: skip
    if player.marketing:
        attributes["cio_subscription_preferences"] = _text(agreed)
    return {
        "id": external,
        "identifiers": {"id": external, "email": player.email, "cio_id": cio_id},
        "attributes": attributes,
        "timestamps": dict.fromkeys(attributes, registered) | {"_cio_subscription_preferences_computed": 0},
        "unsubscribed": player.marketing is False,
        "devices": [],
    }


def _segments(player: PlayerFacts, world: World) -> list[dict[str, Any]]:
    usual = [{"name": name} for name in player.segments]
    return list(world.laid(player, "crm.customerio").get("segments", usual))


def _messages(player: PlayerFacts, world: World) -> list[dict[str, Any]]:
    laid = world.laid(player, "crm.customerio").get("messages")
    if laid is None:
        return [_message(player, touch, world.now) for touch in player.touches]
    reached = ("sent", "delivered")
    usual = [TouchFacts(said["id"], 7, said["type"], age_of(said), reached) for said in laid]
    told = [_message(player, touch, world.now) for touch in usual]
    return [message | verbatim(said) for message, said in zip(told, laid, strict=True)]


def _laid_over(customer: dict[str, Any], laid: Mapping[str, Any]) -> dict[str, Any]:
    said, created = laid.get("attributes", {}), customer["timestamps"]["id"]
    same = {name: said[name] for name in customer["identifiers"] if name in said}
    return {
        **customer,
        "identifiers": customer["identifiers"] | same,
        "attributes": customer["attributes"] | said,
        "timestamps": dict.fromkeys(said, created) | customer["timestamps"],
        "unsubscribed": laid.get("unsubscribed", customer["unsubscribed"]),
    }


def _text(value: object) -> str:
    return msgspec.json.encode(value).decode()


def _message(player: PlayerFacts, touch: TouchFacts, now: datetime) -> dict[str, Any]:
    """Created a second before its first event; the events follow a minute apart."""
    created, kind = int((now - touch.age).timestamp()) - 1, TYPES.get(touch.channel, touch.channel)
    return {
        "id": touch.id,
        "deduplicate_id": f"{touch.id}:{created}",
        "customer_id": f"{player.brand}:{player.id}",
        "campaign_id": touch.campaign,
        "action_id": touch.campaign * 10 + 1,
        "recipient": player.email if kind == "email" else player.phone,
        "subject": "Something for you" if kind == "email" else "",
        "metrics": {event: created + 1 + turn * 60 for turn, event in enumerate(touch.events)},
        "created": created,
        "failure_message": None,
        "newsletter_id": None,
        "content_id": None,
        "broadcast_id": None,
        "type": kind,
        "forgotten": False,
    }
