"""A bonus engine that keeps the reference contract (docs/contracts/bonus.yaml, 1.1.0) and refuses what it forbids."""

from __future__ import annotations

import hmac
import re
from collections.abc import Collection, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any

import msgspec
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from vendors.ports.keys import Key
from vendors.ports.money import exponent_of
from vendors.ports.source import System
from vendors.sandbox.ages import age_of, verbatim
from vendors.sandbox.facts import GrantFacts, PlayerFacts
from vendors.sandbox.reference_webhooks import Shown, teller
from vendors.sandbox.stage import Operation, Refused, Stage, count
from vendors.sandbox.world import World

PATH = "/v1/grants/query"
_Identifier = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9._-]{1,64}$")]
_BRAND = re.compile(r"^[a-z][a-z0-9-]{0,31}\Z")
_TYPES = {"WELCOME": "welcome_bonus", "RELOAD": "reload_bonus", "CASHBACK": "cashback_bonus"}  # by the campaign's word


class _Query(msgspec.Struct, forbid_unknown_fields=True):
    player_ids: Annotated[list[_Identifier], msgspec.Meta(min_length=1, max_length=100)]


def stage(world: World, token: str, brands: Collection[str] | None = None, *, hook: str | None = None) -> Stage:
    """An engine with the world's grants; `brands` limits which are on it. Read-only: a reset has nothing to do.

    `hook` is the secret its events are signed with; without one it tells nothing.
    """
    known = {p.brand for p in world.players.values()} if brands is None else set(brands)
    store = {(p.brand, p.id): _grants(p, world) for p in world.players.values() if p.brand in known}

    async def query(request: Request) -> Response:
        _admit(request, token)
        brand = request.headers.get("Brand", "")
        if not _BRAND.match(brand):
            raise _problem(400, "Bad request", "The Brand header is missing or is no brand.")
        if brand not in known:
            raise _problem(404, "Unknown brand")
        asked = _read(await request.body())
        count(request, keys=len(asked))
        players = [{"player_id": one, "grants": store[brand, one]} for one in asked if (brand, one) in store]
        return JSONResponse({"brand": brand, "players": players})

    async def shown_of(subject: Key) -> Shown | None:
        return _shown(subject, store, world.now)

    told = None if hook is None else teller(System.BONUS, hook, shown_of)
    return Stage([Operation("queryGrants", "POST", PATH, query)], lambda: None, told)


def _shown(subject: Key, store: Mapping[tuple[str, str], list[dict[str, Any]]], now: datetime) -> Shown | None:
    """Assumed: a grant came to stand where it does as the world began."""
    if subject.kind == "player":
        return Shown() if (subject.brand, subject.local) in store else None
    for (brand, player), grants in store.items():
        for grant in grants if brand == subject.brand else ():
            if grant["id"] == subject.local:
                made = datetime.fromisoformat(grant["granted_at"])
                return Shown(Key("player", brand, player), grant["status"], None, made, now)
    return None


def _admit(request: Request, token: str) -> None:
    sent = request.headers.get("Authorization", "")
    if not hmac.compare_digest(sent.encode(), f"Bearer {token}".encode()):
        raise _problem(401, "Unauthorized", headers={"WWW-Authenticate": "Bearer"})
    if request.headers.get("Content-Type", "").split(";")[0].strip() != "application/json":
        raise _problem(400, "Bad request", "The body is not application/json.")


def _read(body: bytes) -> list[str]:
    try:
        asked = msgspec.json.decode(body, type=_Query).player_ids
    except msgspec.DecodeError as error:
        raise _problem(400, "Bad request", str(error)) from error
    if len(set(asked)) < len(asked):
        raise _problem(400, "Bad request", "A player is asked for twice.")
    return asked


def _problem(status: int, title: str, detail: str | None = None, headers: dict[str, str] | None = None) -> Refused:
    body = {"type": "about:blank", "title": title, "status": status} | ({"detail": detail} if detail else {})
    return Refused(status, body, {"Content-Type": "application/problem+json", **(headers or {})})


def _grants(player: PlayerFacts, world: World) -> list[dict[str, Any]]:
    """The player's; what a scenario file leaves out is that of a grant by hand with nothing to wager."""
    laid = world.laid(player, "bonus.reference")
    if "grants" not in laid:
        return [_grant(player, grant, world.now) for grant in player.grants]
    return [
        _grant(player, GrantFacts(said["id"], "", said["status"], 1000, 0, 0, age_of(said)), world.now)
        | {"campaign_code": None}
        | verbatim(said)
        for said in laid["grants"]
    ]


def _grant(player: PlayerFacts, grant: GrantFacts, now: datetime) -> dict[str, Any]:
    def decimal(amount_minor: int) -> str:
        digits = exponent_of(player.currency)
        return f"{Decimal(amount_minor).scaleb(-digits):.{digits}f}"

    wagering = {"required": decimal(grant.required_minor), "done": decimal(grant.done_minor)}
    return {
        "id": grant.id,
        "player_id": player.id,
        "campaign_code": grant.campaign,
        "type": _TYPES.get(grant.campaign.rstrip("0123456789"), "undefined"),
        "status": grant.status,
        "currency": player.currency,
        "amount": decimal(grant.amount_minor),
        "wagering": wagering if grant.required_minor else None,
        "free_spins": None,
        "blocks_withdrawal": grant.blocks_withdrawal,
        "granted_at": (now - grant.granted_age).isoformat(),
        "expires_at": None if grant.expires_in is None else (now + grant.expires_in).isoformat(),
    }
