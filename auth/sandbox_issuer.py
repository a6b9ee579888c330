"""The sandbox's own issuer: tokens for anybody, signed with a key made at the first start. Nowhere else."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import jwt

from auth.identity import Known, Principal
from auth.tokens import Rules, claims_of, header_of, principal_of

ISSUER, AUDIENCE, ALGORITHM = "player-graph-sandbox", "player-graph", "HS256"
TOKEN_LIFETIME = timedelta(hours=12)
RULES = Rules(ISSUER, AUDIENCE, (ALGORITHM,))


def issue(secret: bytes, principal: Principal, now: datetime | None = None) -> str:
    """A sandbox token."""
    start = now or datetime.now(UTC)
    claims = {
        "iss": ISSUER, "aud": AUDIENCE, "sub": principal.subject, "iat": start, "nbf": start,
        "exp": start + TOKEN_LIFETIME, "roles": sorted(principal.roles), "brands": sorted(principal.brands),
        "markets": sorted(principal.markets), **({"player": principal.player} if principal.player else {}),
        **({} if principal.scope is None else {"scope": " ".join(sorted(principal.scope))}),
    }  # fmt: skip
    return jwt.encode(claims, secret, ALGORITHM, headers={"typ": "at+jwt"})


class SandboxIssuer:
    """Judges what `issue` gave out."""

    def __init__(self, secret: bytes) -> None:
        self._secret = secret

    def gave_out(self, token: str) -> bool:
        """Whatever is no API key."""
        return True

    async def known(self, token: str) -> Known:
        """Raises InvalidToken."""
        header_of(token, RULES)
        claims = claims_of(token, self._secret, RULES)
        return Known(principal_of(claims, RULES.claims), float(claims["exp"]))
