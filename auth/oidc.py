"""The operator's OpenID provider as an issuer: JWT access tokens (RFC 9068) checked with the provider's public keys."""

from __future__ import annotations

from auth.identity import Known
from auth.jwks import KeySet
from auth.tokens import Rules, claims_of, header_of, principal_of


class OidcIssuer:
    """Judges one provider's access tokens. What a token's header says of keys (jku, x5u, jwk) is never followed."""

    def __init__(self, rules: Rules, keys: KeySet) -> None:
        self._rules, self._keys = rules, keys

    def gave_out(self, token: str) -> bool:
        """Whatever is no API key."""
        return True

    async def known(self, token: str) -> Known:
        """Raises InvalidToken, or IdentityUnavailable while no keys are at hand."""
        header = header_of(token, self._rules)
        kid = header.get("kid")
        key = await self._keys.key(kid if isinstance(kid, str) else None, str(header["alg"]))
        claims = claims_of(token, key, self._rules)
        return Known(principal_of(claims, self._rules.claims), float(claims["exp"]))
