"""PaymentIQ's bearer tokens: fetched once for however many calls wait, given up before they expire."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextvars import ContextVar
from datetime import UTC, datetime, timedelta

import msgspec

from vendors.client import Client, Headers
from vendors.errors import VendorMalformedError
from vendors.ports.source import System
from vendors.resilience.policy import ONCE, Policy
from vendors.signing import basic, bearer
from vendors.wire import Wire

TOKEN_MARGIN = timedelta(seconds=60)  # a token is given up this long before it expires


class _Token(msgspec.Struct):
    """RFC 6749 section 5.1; `expires_in` is in seconds (PaymentIQ: 7200)."""

    access_token: str
    expires_in: int


class PaymentIQTokens:
    """OAuth2 client credentials for the Admin API (PaymentIQ's page on OAuth 2.0, snapshot 2023-04).

    Give `sign` and `renew` to the Client that searches. Trouble at the token endpoint is the VendorError of that call.
    """

    def __init__(
        self,
        base_url: str,
        wire: Wire,
        client_id: str,
        client_secret: str,
        clock: Callable[[], datetime],
        *,
        policy: Policy = ONCE,
    ) -> None:
        async def identify(method: str, path: str, body: bytes) -> Headers:
            return basic(client_id, client_secret)

        self._client = Client(System.CASHIER, base_url, wire, identify, policy=policy)
        self._clock, self._lock = clock, asyncio.Lock()
        self._token, self._until = "", datetime.min.replace(tzinfo=UTC)
        self._used: ContextVar[str] = ContextVar("paymentiq_token", default="")

    async def sign(self, method: str, path: str, body: bytes) -> Headers:
        """The bearer header; however many calls wait for a token, one of them fetches it."""
        async with self._lock:
            if not self._token or self._clock() >= self._until:
                await self._fetch()
            self._used.set(self._token)
            return bearer(self._token)

    def renew(self) -> None:
        """Drop the token this call was refused with; one that another call has fetched since stays."""
        if self._used.get() == self._token:
            self._token = ""

    async def _fetch(self) -> None:
        path, query = "/paymentiq/oauth/token", {"grant_type": "client_credentials"}
        token = await self._client.ask("token", "POST", path, into=_Token, query=query, absent=())
        if token is None or not token.access_token:
            raise VendorMalformedError(System.CASHIER, "token", "no token in the reply")
        self._token = token.access_token
        self._until = self._clock() + timedelta(seconds=token.expires_in) - TOKEN_MARGIN
