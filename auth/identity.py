"""Who is asking: a bearer token becomes a principal, or a refusal that says which rule it broke.

The sandbox issuer signs with a key made at start; an operator's OIDC provider replaces it outside the sandbox.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import jwt
import msgspec

ISSUER, AUDIENCE, ALGORITHM = "player-graph-sandbox", "player-graph", "HS256"
TOKEN_LIFETIME = timedelta(hours=12)


class InvalidToken(Exception):
    """The sentence may be shown to the caller; it repeats nothing of the token."""

    code = "UNAUTHENTICATED"


class Principal(msgspec.Struct, frozen=True):
    """A caller. Empty `brands` or `markets` means all of them. `player` is the typed id in a player's own token."""

    subject: str
    roles: frozenset[str]
    brands: frozenset[str] = frozenset()
    markets: frozenset[str] = frozenset()
    player: str | None = None


ANONYMOUS = Principal("anonymous", frozenset())


def issue(secret: bytes, principal: Principal, now: datetime | None = None) -> str:
    """A sandbox token."""
    start = now or datetime.now(UTC)
    claims = {
        "iss": ISSUER, "aud": AUDIENCE, "sub": principal.subject, "iat": start, "nbf": start,
        "exp": start + TOKEN_LIFETIME, "roles": sorted(principal.roles), "brands": sorted(principal.brands),
        "markets": sorted(principal.markets), **({"player": principal.player} if principal.player else {}),
    }  # fmt: skip
    return jwt.encode(claims, secret, ALGORITHM, headers={"typ": "at+jwt"})


def verify(secret: bytes, token: str) -> Principal:
    """Raises InvalidToken: expired, unsigned, of another audience or issuer, an ID token, or not a token at all."""
    try:
        whole = jwt.decode_complete(
            token, secret, [ALGORITHM], audience=AUDIENCE, issuer=ISSUER, leeway=30,
            options={"require": ["exp", "aud", "iss", "sub"]},
        )  # fmt: skip
    except jwt.ExpiredSignatureError as error:
        raise InvalidToken("The token has expired.") from error
    except jwt.PyJWTError as error:
        raise InvalidToken("The token is not valid here.") from error
    if whole["header"].get("typ", "").lower() != "at+jwt":
        raise InvalidToken("The token is not an access token.")
    claims = whole["payload"]
    lists = [claims.get(name, []) for name in ("roles", "brands", "markets")]
    if not all(isinstance(items, list) and all(isinstance(item, str) for item in items) for items in lists):
        raise InvalidToken("The token's claims cannot be read.")
    player = claims.get("player")
    if not isinstance(player, str | None):
        raise InvalidToken("The token's claims cannot be read.")
    roles, brands, markets = map(frozenset, lists)
    if ("player" in roles) != (player is not None) or ("player" in roles and len(roles) > 1):
        raise InvalidToken("A player's token is a player's alone and names him.")
    return Principal(str(claims["sub"]), roles, brands, markets, player)


def principal(secret: bytes, authorization: str | None) -> Principal:
    """Who is behind a request's Authorization header; nobody behind none. Raises InvalidToken."""
    if authorization is None:
        return ANONYMOUS
    kind, _, token = authorization.partition(" ")
    if kind.lower() != "bearer":
        raise InvalidToken("Send the token as Bearer.")
    return verify(secret, token)
