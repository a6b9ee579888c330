"""What a JSON Web Token must be before anybody looks at its signature, and what its claims say.

One road for every issuer: the shape here, the signature at the issuer, the claims here again.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

import jwt
import msgspec

from auth.identity import InvalidToken, Principal

MAX_TOKEN_CHARACTERS = 8 * 1024
# Three parts of base64url without padding (RFC 7515 section 2): to forgive more is to let one token have many texts.
_COMPACT = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")
_NOT_HERE = "The token is not valid here."
_UNREADABLE = "The token's claims cannot be read."


class Claims(msgspec.Struct, frozen=True):
    """Where an issuer keeps what the gateway asks for; a path is names with dots between, as in realm_access.roles."""

    roles: str = "roles"
    scope: str = "scope"
    brands: str = "brands"
    markets: str = "markets"
    player: str = "player"


class Rules(msgspec.Struct, frozen=True):
    """What a token must say to be one for this gateway. An ID token's `typ` is none of the `types`."""

    issuer: str
    audience: str
    algorithms: Sequence[str]
    types: Sequence[str] = ("at+jwt",)
    leeway_seconds: float = 30.0
    claims: Claims = Claims()


def header_of(token: str, rules: Rules) -> Mapping[str, Any]:
    """The header of a token that is well formed and of a kind the rules allow. Raises InvalidToken."""
    if len(token) > MAX_TOKEN_CHARACTERS or not _COMPACT.fullmatch(token):
        raise InvalidToken(_NOT_HERE)
    head, payload, _ = token.split(".")
    header = _object(head)
    _object(payload)
    if header.get("alg") not in rules.algorithms:
        raise InvalidToken(_NOT_HERE)
    if str(header.get("typ", "")).lower() not in rules.types:
        raise InvalidToken("The token is not an access token.")
    return header


def claims_of(token: str, key: Any, rules: Rules) -> Mapping[str, Any]:
    """The claims, once signature, issuer, audience and times hold. Raises InvalidToken."""
    try:
        return jwt.decode(
            token, key, list(rules.algorithms), audience=rules.audience, issuer=rules.issuer,
            leeway=rules.leeway_seconds, options={"require": ["exp", "aud", "iss", "sub"]},
        )  # fmt: skip
    except jwt.ExpiredSignatureError as error:
        raise InvalidToken("The token has expired.") from error
    except (jwt.PyJWTError, TypeError, ValueError) as error:
        raise InvalidToken(_NOT_HERE) from error


def principal_of(claims: Mapping[str, Any], where: Claims) -> Principal:
    """Who the claims say is asking. Raises InvalidToken for what cannot be read, and for a player who is also staff."""
    roles, brands, markets = (_names(claims, path) for path in (where.roles, where.brands, where.markets))
    player, subject = _at(claims, where.player), claims.get("sub")
    if not isinstance(player, str | None) or not isinstance(subject, str) or not subject:
        raise InvalidToken(_UNREADABLE)
    if ("player" in roles) != (player is not None) or ("player" in roles and len(roles) > 1):
        raise InvalidToken("A player's token is a player's alone and names him.")
    return Principal(subject, roles, brands, markets, player, _scope(claims, where.scope))


def _scope(claims: Mapping[str, Any], path: str) -> frozenset[str] | None:
    """Names with spaces between (RFC 8693 section 4.2), or a list; None if the token does not say."""
    said = _at(claims, path)
    if said is None:
        return None
    return frozenset(said.split()) if isinstance(said, str) else _names(claims, path)


def _names(claims: Mapping[str, Any], path: str) -> frozenset[str]:
    said = _at(claims, path)
    if said is None:
        return frozenset()
    if not isinstance(said, list) or not all(isinstance(item, str) for item in said):
        raise InvalidToken(_UNREADABLE)
    return frozenset(said)


def _at(claims: Mapping[str, Any], path: str) -> Any:
    """The whole path as one name first: a namespaced claim such as https://op.example/roles has dots of its own."""
    if path in claims:
        return claims[path]
    found: Any = claims
    for name in path.split("."):
        found = found.get(name) if isinstance(found, dict) else None
    return found


def _object(part: str) -> dict[str, Any]:
    try:
        said = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)), object_pairs_hook=_once)
    except (binascii.Error, ValueError, RecursionError) as error:
        raise InvalidToken(_NOT_HERE) from error
    if not isinstance(said, dict):
        raise InvalidToken(_NOT_HERE)
    return said


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """A name twice reads differently in different parsers (RFC 8259 section 4): such a token is nobody's."""
    if len(dict(pairs)) < len(pairs):
        raise ValueError("a name twice")
    return dict(pairs)
