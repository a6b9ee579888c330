"""An issuer's public keys: read once for all who wait, again for an unknown key, kept while the issuer is out.

PyJWT's own client is synchronous and would block the loop (measured: docs/adr/0014-identity.md).
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import jwt
import msgspec

from auth.identity import IdentityUnavailable, InvalidToken

Fetch = Callable[[str], Awaitable[bytes]]  # a GET's body; raises whatever the client raises

DISCOVERY = "/.well-known/openid-configuration"
FRESH_SECONDS = 300.0
BETWEEN_FETCHES_SECONDS = 10.0  # whatever a stranger writes into `kid`, the issuer is not asked more often
KEPT_SECONDS = 24 * 3600.0  # how long keys still count while the issuer does not answer

log = logging.getLogger("player_graph.auth")


class _Discovered(msgspec.Struct):
    """OpenID Connect Discovery 1.0, section 3, of which two members are read."""

    issuer: str
    jwks_uri: str


class _Keys(msgspec.Struct):
    keys: list[dict[str, Any]]


class KeySet:
    """The keys of one issuer, by `kid`. `timer` is in seconds and only ever grows."""

    def __init__(self, issuer: str, fetch: Fetch, timer: Callable[[], float] = time.monotonic) -> None:
        self._issuer, self._fetch, self._timer = issuer, fetch, timer
        self._keys: Mapping[str | None, jwt.PyJWK] = {}
        self._read_at = self._tried_at = float("-inf")
        self._fetching: asyncio.Task[None] | None = None

    async def key(self, kid: str | None, algorithm: str) -> Any:
        """The key of that id, for that algorithm alone. Raises InvalidToken, or IdentityUnavailable without keys."""
        if not self._knows(kid) or self._timer() - self._read_at > FRESH_SECONDS:
            await self._refresh()
        if self._timer() - self._read_at > KEPT_SECONDS:
            raise IdentityUnavailable
        found = self._keys.get(kid)
        if kid is None and len(self._keys) == 1:  # an issuer with one key need not name it
            found = next(iter(self._keys.values()))
        if found is None or found.algorithm_name != algorithm:
            raise InvalidToken("The token is not valid here.")
        return found.key

    def _knows(self, kid: str | None) -> bool:
        return kid in self._keys or (kid is None and len(self._keys) == 1)

    async def _refresh(self) -> None:
        """One fetch for all who wait, and none right after another. A failure leaves the keys as they were."""
        if self._fetching is None:
            if self._timer() - self._tried_at < BETWEEN_FETCHES_SECONDS:
                return
            self._tried_at = self._timer()
            self._fetching = asyncio.create_task(self._read())
            self._fetching.add_done_callback(self._fetched)
        await asyncio.shield(self._fetching)

    def _fetched(self, task: asyncio.Task[None]) -> None:
        self._fetching = None

    async def _read(self) -> None:
        try:
            found = msgspec.json.decode(await self._fetch(self._issuer.rstrip("/") + DISCOVERY), type=_Discovered)
            if found.issuer != self._issuer:
                raise ValueError("the discovery document is another issuer's")
            said = msgspec.json.decode(await self._fetch(found.jwks_uri), type=_Keys)
        except Exception as error:  # whatever a network does: the keys at hand go on counting
            log.warning("the keys of the identity provider cannot be read: %s", type(error).__name__)
            return
        self._keys = {key.key_id: key for key in map(_public, said.keys) if key is not None}
        self._read_at = self._timer()


def _public(said: dict[str, Any]) -> jwt.PyJWK | None:
    """A key for signatures, of one algorithm; None for one that is secret, to encrypt, or of an unknown kind."""
    if said.get("use", "sig") != "sig" or said.get("kty") == "oct":
        return None
    try:
        return jwt.PyJWK(said)
    except jwt.PyJWTError:
        return None
