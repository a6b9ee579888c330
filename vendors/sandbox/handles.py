"""What exists only in the sandbox: a fixed person per role with a token for anybody, and the named players."""

from __future__ import annotations

from collections.abc import Sequence

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from auth.identity import Principal
from auth.sandbox_issuer import issue
from vendors.sandbox.world import World

FIRST_PLAYER = "player:acme:s-001"  # whose token a player's is, unless somebody else is named


def person(
    role: str,
    sub: str | None = None,
    brands: Sequence[str] = (),
    markets: Sequence[str] = (),
    player: str | None = None,
) -> Principal:
    """The sandbox's person of a role; a player's token is a certain player's."""
    own = (player or FIRST_PLAYER) if role == "player" else None
    return Principal(sub or f"sandbox-{role}", frozenset({role}), frozenset(brands), frozenset(markets), own)


def routes(secret: bytes, roles: Sequence[str], world: World) -> list[Route]:
    """`/sandbox/token?role=..[&sub&brand&market&player]` and `/sandbox/scenarios`."""

    async def token(request: Request) -> Response:
        asked = request.query_params
        if (role := asked.get("role", "")) not in roles:
            return JSONResponse({"error": "role must be one of " + ", ".join(roles)}, 400)
        who = person(role, asked.get("sub"), asked.getlist("brand"), asked.getlist("market"), asked.get("player"))
        return JSONResponse({"token": issue(secret, who)})

    async def scenarios(request: Request) -> Response:
        told = [facts for facts in world.players.values() if facts.scenario]
        return JSONResponse([
            {"name": f.scenario, "player": f"player:{f.brand}:{f.id}", "market": f.market, "says": f.says} for f in told
        ])  # fmt: skip

    return [Route("/sandbox/token", token), Route("/sandbox/scenarios", scenarios)]
