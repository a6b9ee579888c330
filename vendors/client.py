"""One call to a product: path, signature, wire, status, decoding. Trouble becomes a VendorError."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TypeVar
from urllib.parse import quote, urlencode

import httpx
import msgspec

import telemetry
from vendors.errors import (
    VendorAuthError,
    VendorBusyError,
    VendorConflictError,
    VendorDownError,
    VendorError,
    VendorMalformedError,
    VendorRejectedError,
    VendorTimeoutError,
)
from vendors.ports.health import HealthLog
from vendors.ports.source import System
from vendors.resilience import deadline
from vendors.resilience.call import Call, Clockwork, Effect
from vendors.resilience.limits import Limit
from vendors.resilience.policy import ONCE, Policy
from vendors.resilience.shared_bucket import Ledger
from vendors.resilience.stack import Resilience
from vendors.wire import Reply, Wire

T = TypeVar("T")
K = TypeVar("K")
V = TypeVar("V")
Headers = Mapping[str, str]
Sent = Callable[[str, str, bytes], Awaitable[Headers]]  # (method, path with query, body) -> credentials

_SAFE = ("GET", "HEAD")  # RFC 9110, 9.2.1
MAX_REPLY_BYTES = 8 * 1024 * 1024


class Client:
    """Speaks to one product with one credential. Replies decode into structs that allow-list their fields."""

    def __init__(
        self,
        system: System,
        base_url: str,
        wire: Wire,
        sign: Sent,
        *,
        timeout_seconds: float = 2.0,
        policy: Policy = ONCE,
        renew: Callable[[], None] | None = None,
        vendor: str = "",
        limits: Sequence[Limit] = (),
        clock: Clockwork | None = None,
        ledger: Ledger | None = None,
    ) -> None:
        """`limits` are what the product publishes. Raises ValueError for a policy that does not fit the product."""
        self._resilience = Resilience(
            system, timeout_seconds, policy, clock, limits=limits, account=f"{vendor} {base_url}", ledger=ledger
        )
        self.health = HealthLog(system, vendor, self._resilience)
        self.system, self._base, self._wire, self._sign = system, base_url.rstrip("/"), wire, sign
        self._renew = renew

    async def ask(
        self,
        operation: str,
        method: str,
        path: str,
        *,
        into: type[T],
        at: Mapping[str, str] | None = None,
        query: Mapping[str, str] | None = None,
        body: object = None,
        headers: Headers | None = None,
        absent: Sequence[int] = (404,),
        conflict: Callable[[bytes], bool] | None = None,
        effect: Effect | None = None,
        share: str = "",
        meant: Callable[[T], VendorError | None] | None = None,
    ) -> T | None:
        """The decoded reply, or None for a status in `absent`. `at` fills `{name}` in the path, quoted.

        What is not a GET is a WRITE, and never repeated, until `effect` says otherwise: a read by POST says READ.
        A write passes `absent=()`: a missing object is a refusal then, not an answer.
        `conflict` tells from the body of a refusal whether the object's state forbids what was asked, for a product
        that says so by no status of its own. `share` names what the product counts calls for, where it counts for each.
        `meant` tells what a reply with a status of success means that is none, for a product that says no by 200.

        Raises the VendorError that fits; never anything else a vendor can cause.
        """
        with self._sendable(operation):
            target = _path(path, at or {}) + ("?" + urlencode(query) if query else "")
            content = msgspec.json.encode(body) if body is not None else b""
            _must_fit(headers or {})
        call = Call(operation, method, effect or _effect_of(method), share)

        async def attempt() -> T | None:
            reply = await self._answer(call, target, content, headers or {})
            if reply.status_code in absent:
                return None
            self._judge(operation, reply, conflict)
            answer = self._read(operation, reply.content, into)
            if meant is not None and (error := meant(answer)) is not None:
                raise error
            return answer

        with self._watched(operation):
            return await self._resilience.carry(call, attempt)

    @contextmanager
    def _sendable(self, operation: str) -> Iterator[None]:
        """What cannot stand in a request is refused here: the product is not asked."""
        try:
            yield
        except ValueError as error:  # a lone surrogate is one, too
            refused = VendorRejectedError(self.system, operation, "an id cannot be sent")
            refused.was_asked = refused.write_may_have_happened = False
            raise refused from error

    def _read(self, operation: str, content: bytes, into: type[T]) -> T:
        """The reply as a record; what it nests too deeply, or writes in no UTF-8, cannot be read either."""
        try:
            content.decode()  # all of it: a record that is read later is no other text
            return msgspec.json.decode(content or b"null", type=into)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise VendorMalformedError(self.system, operation, str(error)) from error

    @contextmanager
    def _watched(self, operation: str) -> Iterator[None]:
        """One span, one count and one entry of the product's health.

        A refusal of what we asked is no failure of it, and what we did not ask says nothing about it.
        """
        try:
            with telemetry.vendor_call(self.system.value, operation):
                yield
        except VendorRejectedError:
            self.health.succeeded(datetime.now(UTC))
            raise
        except VendorError as error:
            if error.was_asked:
                self.health.failed(datetime.now(UTC), error.code)
            raise
        self.health.succeeded(datetime.now(UTC))

    async def _answer(self, call: Call, target: str, content: bytes, extra: Headers) -> Reply:
        reply = await self._send(call, target, content, extra)
        if reply.status_code == 401 and self._renew:  # an expired token: nothing happened, so once more is safe
            self._renew()
            reply = await self._send(call, target, content, extra)
        return reply

    async def _send(self, call: Call, target: str, content: bytes, extra: Headers) -> Reply:
        """One request within what the time limit and the deadline leave of time."""
        operation, sent = call.operation, False
        seconds = self._resilience.seconds_for(call)
        try:
            async with asyncio.timeout(seconds):
                with deadline.within(seconds):  # signing may ask for a token
                    credentials = await self._signed(call.method, target, content)
                headers = {"Accept": "application/json", "Content-Type": "application/json", **extra, **credentials}
                sent = True
                reply = await self._wire.request(
                    call.method, self._base + target, content=content, headers=headers, timeout=seconds
                )
            self._resilience.heard(call, reply.headers)
            return reply
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
            raise VendorDownError(self.system, operation, type(error).__name__) from error
        except (TimeoutError, httpx.TimeoutException) as error:
            raise VendorTimeoutError(self.system, operation, sent=sent) from error
        except (httpx.ProtocolError, httpx.DecodingError) as error:
            raise VendorMalformedError(self.system, operation, type(error).__name__) from error
        except httpx.TransportError as error:
            raise VendorDownError(self.system, operation, type(error).__name__, answered=True) from error

    async def _signed(self, method: str, target: str, content: bytes) -> Headers:
        """Credentials; while they are fetched nothing has been sent, whatever happened at the token endpoint."""
        try:
            return await self._sign(method, target, content)
        except VendorError as error:
            error.write_may_have_happened = False
            raise

    def _judge(self, operation: str, reply: Reply, conflict: Callable[[bytes], bool] | None) -> None:
        status, detail = reply.status_code, f"status {reply.status_code}"
        if 200 <= status < 300:
            if len(reply.content) > MAX_REPLY_BYTES:
                raise VendorMalformedError(self.system, operation, "reply is too large")
            return
        if status in (401, 403):
            raise VendorAuthError(self.system, operation, detail)
        if status == 429:
            raise VendorBusyError(self.system, operation, detail, retry_after_seconds=_retry_after(reply))
        if status in (408, 499):  # a proxy's word for a request whose fate behind it is not known
            raise VendorTimeoutError(self.system, operation, detail)
        if status in (409, 422) or (status >= 400 and conflict is not None and conflict(reply.content)):
            raise VendorConflictError(self.system, operation, detail)
        if 400 <= status < 500:
            raise VendorRejectedError(self.system, operation, detail)
        raise VendorDownError(self.system, operation, detail, answered=True)


async def each(keys: Sequence[K], read: Callable[[K], Awaitable[V | None]]) -> dict[K, V | VendorError]:
    """Fan a read out over distinct keys where a product has no batch; one key's failure stays with that key."""

    async def one(key: K) -> V | VendorError | None:
        try:
            return await read(key)
        except VendorError as error:
            return error

    distinct = list(dict.fromkeys(keys))
    answers = await asyncio.gather(*map(one, distinct))
    return {key: answer for key, answer in zip(distinct, answers, strict=True) if answer is not None}


def _effect_of(method: str) -> Effect:
    return Effect.READ if method in _SAFE else Effect.WRITE


def _path(template: str, at: Mapping[str, str]) -> str:
    for name, value in at.items():
        if not value or not value.strip("."):
            raise ValueError(f"{name} cannot stand in a path")
        template = template.replace("{" + name + "}", quote(value, safe=""))
    return template


def _must_fit(headers: Headers) -> None:
    if not all(value.isascii() and value.isprintable() for value in headers.values()):
        raise ValueError("a header cannot hold it")


def _retry_after(reply: Reply) -> float | None:
    """Seconds, or until a date (RFC 9110, 10.2.3); None if there is neither."""
    value = reply.headers.get("Retry-After", "")
    if value.isdecimal():
        return float(value)
    with contextlib.suppress(ValueError, TypeError):  # a date in the zone -0000 is naive
        return max(0.0, (parsedate_to_datetime(value) - datetime.now(UTC)).total_seconds())
    return None
