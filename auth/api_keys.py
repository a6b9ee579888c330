"""API keys of services: made and revoked by command, kept as a digest, recognised by the prefix that is shown.

    pgk_<prefix>_<secret>    the prefix is for people and lists, the secret is shown once, when the key is made

A key's secret has 256 bits of chance, so its SHA-256 is as good as any slower hash and costs a request nothing. A
revoked key ends within the half minute for which a judged token is remembered.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
import uuid
from collections.abc import Callable, Collection, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from auth.audit import AuditStore, Overtaken
from auth.audit_chain import AuditRecord, AuditUnavailable, Phase
from auth.identity import IdentityUnavailable, InvalidToken, Known, Principal
from auth.policy import Role
from auth.tables import API_KEYS

MARK, MOST_DAYS = "pgk", 366
_KEY = re.compile(rf"{MARK}_([0-9a-f]{{8}})_([A-Za-z0-9_-]{{43}})")
_NOT_HERE = "The key is not valid here."


class ApiKey(msgspec.Struct, frozen=True):
    """A key as it is kept: who it is for, what it carries and until when. Empty `brands` and `markets`: all."""

    prefix: str
    name: str
    roles: frozenset[str]
    brands: frozenset[str]
    markets: frozenset[str]
    created_at: datetime
    expires_at: datetime
    revoked_at: datetime | None = None

    def state(self, now: datetime) -> str:
        """valid, expired or revoked."""
        return "revoked" if self.revoked_at else "expired" if self.expires_at <= now else "valid"


async def create(store: AuditStore, key: ApiKey, by: str, known_roles: Collection[str]) -> str:
    """Keeps the key and answers its text, once. Raises ValueError for roles that no service may carry."""
    if not key.roles or (unknown := sorted(key.roles - set(known_roles))) or Role.PLAYER in key.roles:
        raise ValueError(f"no role of a service: {', '.join(unknown) if key.roles and unknown else 'name one'}")
    secret = secrets.token_urlsafe(32)
    row = {"prefix": key.prefix, "digest": _digest(secret), "body": msgspec.json.encode(key), "revoked_at": None}

    async def keep(connection: AsyncConnection) -> None:
        await connection.execute(insert(API_KEYS), [row])

    details = {"name": key.name, "roles": sorted(key.roles), "expiresAt": key.expires_at.isoformat()}
    await store.enter([_record("api.key.create", by, key.prefix, details)], keep)
    return f"{MARK}_{key.prefix}_{secret}"


def new(
    name: str, roles: Collection[str], lifetime: timedelta, *, brands: Collection[str] = (),
    markets: Collection[str] = (), now: datetime | None = None,
) -> ApiKey:  # fmt: skip
    """A key to create. Raises ValueError for a lifetime that is none, or is longer than a year."""
    if not timedelta() < lifetime <= timedelta(days=MOST_DAYS):
        raise ValueError(f"a key lives from a moment to {MOST_DAYS} days")
    start = now or datetime.now(UTC)
    return ApiKey(
        secrets.token_hex(4), name, frozenset(roles), frozenset(brands), frozenset(markets), start, start + lifetime
    )


async def revoke(store: AuditStore, prefix: str, by: str) -> bool:
    """Ends a key. False: there is none, or it was revoked before."""
    now = datetime.now(UTC).isoformat()

    async def end(connection: AsyncConnection) -> None:
        known = update(API_KEYS).where(API_KEYS.c.prefix == prefix, API_KEYS.c.revoked_at.is_(None))
        if (await connection.execute(known.values(revoked_at=now))).rowcount != 1:
            raise Overtaken

    try:
        await store.enter([_record("api.key.revoke", by, prefix, {})], end)
    except Overtaken:
        return False
    return True


async def listed(store: AuditStore) -> Sequence[ApiKey]:
    """Every key there ever was, by prefix."""
    return [_key(row) for row in await store.rows(select(API_KEYS).order_by(API_KEYS.c.prefix))]


class ApiKeyIssuer:
    """Judges the keys of a store."""

    def __init__(self, store: AuditStore, clock: Callable[[], datetime]) -> None:
        self._store, self._clock = store, clock

    def gave_out(self, token: str) -> bool:
        """By its mark."""
        return token.startswith(f"{MARK}_")

    async def known(self, token: str) -> Known:
        """Raises InvalidToken, or IdentityUnavailable where the store is away."""
        written = _KEY.fullmatch(token)
        if written is None:
            raise InvalidToken(_NOT_HERE)
        try:
            rows = await self._store.rows(select(API_KEYS).where(API_KEYS.c.prefix == written[1]))
        except AuditUnavailable as error:
            raise IdentityUnavailable from error
        digest = rows[0].digest if rows else bytes(32)
        if not hmac.compare_digest(digest, _digest(written[2])) or not rows:
            raise InvalidToken(_NOT_HERE)
        key = _key(rows[0])
        if (state := key.state(self._clock())) != "valid":
            raise InvalidToken(f"The key is {state}.")
        return Known(Principal(f"key:{key.name}", key.roles, key.brands, key.markets), key.expires_at.timestamp())


def _key(row: Any) -> ApiKey:
    key = msgspec.json.decode(row.body, type=ApiKey)
    return msgspec.structs.replace(key, revoked_at=row.revoked_at and datetime.fromisoformat(row.revoked_at))


def _digest(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()


def _record(action: str, by: str, prefix: str, details: dict[str, Any]) -> AuditRecord:
    return AuditRecord(
        str(uuid.uuid4()), Phase.OUTCOME, action, by, f"key:{prefix}", outcome="EXECUTED", details=details
    )
