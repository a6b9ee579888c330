"""POST /embed/token: a support tool's credential and an agent's token become a token for one player on one page.

    POST /embed/token    Authorization: Bearer <the tool's token>
    {"agentToken": "...", "player": "player:acme:s-001", "origin": "https://desk.example"}
    200 {"token": "...", "expiresInSeconds": 600}

Who was given what stands in the audit before the token leaves.
"""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Callable, Collection

import msgspec
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from auth.audit import AuditStore
from auth.audit_chain import AuditRecord, AuditUnavailable, Phase
from auth.embedding import EmbedIssuer, NotEmbedded, bound
from auth.identity import Identity, IdentityUnavailable, InvalidToken, Principal
from auth.policy import Policy
from vendors.ports.keys import Key

PATH, MOST_BYTES, READ_SECONDS = "/embed/token", 32 * 1024, 10.0


class Wish(msgspec.Struct, forbid_unknown_fields=True, rename="camel"):
    """What a tool asks for."""

    agent_token: str
    player: str
    origin: str


def route(
    issuer: EmbedIssuer, identity: Identity, audit: AuditStore, policy: Callable[[], Policy], origins: Collection[str]
) -> Route:
    """The address; `origins` are the pages that the installation has configured."""

    async def handle(request: Request) -> Response:
        try:
            wish = await _wish(request)
            if wish is None:
                return _refused(400, "BAD_REQUEST", "Send agentToken, player and origin as JSON.")
            tool = await identity.principal(request.headers.get("authorization"))
            agent = await identity.principal(f"Bearer {wish.agent_token}")
            if wish.origin not in origins:
                raise NotEmbedded("The origin is none of the configured ones.")
            who = bound(tool, agent, policy(), _player(wish.player), wish.origin)
            await _recorded(audit, who, policy().version)
        except InvalidToken as error:
            return _refused(401, error.code, str(error), {"WWW-Authenticate": "Bearer"})
        except NotEmbedded as error:
            return _refused(403, error.code, str(error))
        except ValueError:
            return _refused(400, "BAD_REQUEST", "player is an id like player:acme:1001.")
        except (IdentityUnavailable, AuditUnavailable) as error:
            return _refused(503, error.code, "Try again.", {"Retry-After": "5"})
        told = {"token": issuer.issue(who), "expiresInSeconds": int(issuer.lifetime.total_seconds())}
        return JSONResponse(told, headers={"Cache-Control": "no-store"})

    return Route(PATH, handle, methods=["POST"])


async def _wish(request: Request) -> Wish | None:
    """None for what is none."""
    content = bytearray()
    try:
        async with asyncio.timeout(READ_SECONDS):
            async for chunk in request.stream():
                content += chunk
                if len(content) > MOST_BYTES:
                    return None
        return msgspec.json.decode(bytes(content), type=Wish)
    except (msgspec.DecodeError, RecursionError, TimeoutError, ClientDisconnect):
        return None


def _player(text: str) -> str:
    key = Key.parse(text)
    if key.kind != "player":
        raise ValueError("no player's id")
    return str(key)


async def _recorded(audit: AuditStore, who: Principal, version: str) -> None:
    details = {"via": who.via, "origin": who.origin, "player": who.player, "scopes": sorted(who.scope or ()),
               "policy": version}  # fmt: skip
    name = str(uuid.uuid4())
    subject = str(who.player)
    await audit.append(AuditRecord(name, Phase.OUTCOME, "embed.token.issue", who.subject, subject, outcome="EXECUTED",
                                   details=details))  # fmt: skip


def _refused(status: int, code: str, message: str, headers: dict[str, str] | None = None) -> Response:
    body = {"errors": [{"message": message, "extensions": {"code": code}}]}
    return JSONResponse(body, status, {"Cache-Control": "no-store", **(headers or {})})
