"""Who is asking: a bearer token becomes a principal, or a refusal that says which rule it broke."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Sequence
from typing import Protocol

import msgspec
from cachetools import TTLCache

REMEMBERED, REMEMBERED_SECONDS = 10_000, 30.0


class InvalidToken(Exception):
    """The sentence may be shown to the caller; it repeats nothing of the token."""

    code = "UNAUTHENTICATED"


class IdentityUnavailable(Exception):
    """Nobody can be identified now: the identity provider's keys are not at hand. The caller may try again."""

    code = "IDENTITY_UNAVAILABLE"

    def __init__(self) -> None:
        super().__init__("The identity provider does not answer; try again.")


class Principal(msgspec.Struct, frozen=True):
    """A caller. Empty `brands` or `markets` means all of them. `player` is the typed id in a player's own token.

    `scope` is what the token itself is limited to, whatever its roles carry; None if it does not say. `via` is the tool
    that asks on the subject's behalf, and `origin` the only page that may.
    """

    subject: str
    roles: frozenset[str]
    brands: frozenset[str] = frozenset()
    markets: frozenset[str] = frozenset()
    player: str | None = None
    scope: frozenset[str] | None = None
    via: str | None = None
    origin: str | None = None


ANONYMOUS = Principal("anonymous", frozenset())


class Known(msgspec.Struct, frozen=True):
    """Whom a token stands for, and until when, in seconds since the epoch."""

    principal: Principal
    expires_at: float


class Issuer(Protocol):
    """Who gives out tokens of one kind."""

    def gave_out(self, token: str) -> bool:
        """Whether it looks like one of his; he alone judges it then."""

    async def known(self, token: str) -> Known:
        """Raises InvalidToken, or IdentityUnavailable where the token cannot be judged now."""


class Identity:
    """The issuers a gateway trusts; the first whose token it looks like decides, and is remembered for 30 s."""

    def __init__(self, issuers: Sequence[Issuer], clock: Callable[[], float] = time.time) -> None:
        self._issuers, self._clock = issuers, clock
        self._judged: TTLCache[bytes, Known] = TTLCache(REMEMBERED, REMEMBERED_SECONDS)

    async def principal(self, authorization: str | None) -> Principal:
        """Who is behind a request's Authorization header; ANONYMOUS without one. Raises InvalidToken."""
        if authorization is None:
            return ANONYMOUS
        kind, _, token = authorization.partition(" ")
        if kind.lower() != "bearer":
            raise InvalidToken("Send the token as Bearer.")
        digest = hashlib.sha256(token.encode("utf-8", "surrogateescape")).digest()
        known = self._judged.get(digest)
        if known is None or known.expires_at <= self._clock():
            known = self._judged[digest] = await self._judge(token)
        return known.principal

    async def _judge(self, token: str) -> Known:
        for issuer in self._issuers:
            if issuer.gave_out(token):
                return await issuer.known(token)
        raise InvalidToken("The token is not valid here.")
