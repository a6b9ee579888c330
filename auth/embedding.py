"""Embed tokens: what a support tool shows of one player on an agent's behalf, on one page, for a few minutes.

The token is the agent's identity and never more than the tool may show: permissions, brands and markets are those that
both have. It is an exchange as RFC 8693 describes: `sub` is the agent, `act` the tool.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt

from auth.identity import InvalidToken, Known, Principal
from auth.policy import Policy, Role
from auth.tokens import MAX_TOKEN_CHARACTERS, Rules, claims_of, header_of

ISSUER, AUDIENCE, ALGORITHM, TYPE = "player-graph-embed", "player-graph", "HS256", "embed+jwt"
RULES = Rules(ISSUER, AUDIENCE, (ALGORITHM,), (TYPE,), leeway_seconds=0.0)
LEAST_KEY_BYTES = 32


class NotEmbedded(Exception):
    """No such token is given out; the sentence may be shown to the caller."""

    code = "FORBIDDEN"


def bound(tool: Principal, agent: Principal, policy: Policy, player: str, origin: str) -> Principal:
    """The agent as the tool may show his graph: of this player, a typed id, alone; on this page. Raises NotEmbedded."""
    if tool.roles != {Role.SERVICE_EMBED} or tool.via is not None:
        raise NotEmbedded("Only a support tool may ask for an embed token.")
    if agent.player is not None or agent.via is not None or Role.SERVICE_EMBED in agent.roles:
        raise NotEmbedded("An embed token is on behalf of a member of staff.")
    shown = policy.scopes_of(tool.roles) & policy.scopes_of(agent.roles)
    for limited in (tool.scope, agent.scope):
        shown = shown if limited is None or not limited & shown else shown & limited
    if not shown:
        raise NotEmbedded("The agent may see nothing that the tool may show.")
    brands, markets = _both(tool.brands, agent.brands, "brand"), _both(tool.markets, agent.markets, "market")
    if brands and player.split(":")[1] not in brands:
        raise NotEmbedded("The player is of another brand.")
    return Principal(agent.subject, tool.roles, brands, markets, player, shown, tool.subject, origin)


def _both(one: frozenset[str], other: frozenset[str], what: str) -> frozenset[str]:
    """What both may; none named means all, so what has nothing in common is refused and not empty."""
    if not one or not other:
        return one | other
    if not one & other:
        raise NotEmbedded(f"The tool and the agent have no {what} in common.")
    return one & other


class EmbedIssuer:
    """Gives out embed tokens and judges them. `key` is kept by every process of the installation."""

    def __init__(self, key: bytes, lifetime: timedelta) -> None:
        if len(key) < LEAST_KEY_BYTES:
            raise ValueError(f"is shorter than {LEAST_KEY_BYTES} bytes")
        self._key = hmac.new(key, b"player-graph embed tokens", hashlib.sha256).digest()
        self.lifetime = lifetime

    def issue(self, who: Principal, now: datetime | None = None) -> str:
        """A token for what `bound` allowed."""
        start = now or datetime.now(UTC)
        claims = {
            "iss": ISSUER, "aud": AUDIENCE, "sub": who.subject, "act": {"sub": who.via}, "iat": start, "nbf": start,
            "exp": start + self.lifetime, "brands": sorted(who.brands), "markets": sorted(who.markets),
            "player": who.player, "scope": " ".join(sorted(who.scope or ())), "origin": who.origin,
        }  # fmt: skip
        return jwt.encode(claims, self._key, ALGORITHM, headers={"typ": TYPE})

    def gave_out(self, token: str) -> bool:
        """By its type, before anybody looks at its signature."""
        if len(token) > MAX_TOKEN_CHARACTERS:
            return False
        try:
            return jwt.get_unverified_header(token).get("typ") == TYPE
        except jwt.PyJWTError:
            return False

    async def known(self, token: str) -> Known:
        """Raises InvalidToken."""
        header_of(token, RULES)
        claims = claims_of(token, self._key, RULES)
        return Known(_principal(claims), float(claims["exp"]))


def _principal(claims: Mapping[str, Any]) -> Principal:
    """Only this issuer signs such claims, so what is missing is a defect and refused."""
    try:
        return Principal(
            claims["sub"], frozenset({Role.SERVICE_EMBED}), frozenset(claims["brands"]), frozenset(claims["markets"]),
            claims["player"], frozenset(claims["scope"].split()), claims["act"]["sub"], claims["origin"],
        )  # fmt: skip
    except (KeyError, TypeError, AttributeError) as error:
        raise InvalidToken("The token's claims cannot be read.") from error
