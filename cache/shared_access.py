"""What an installation says of the server that its processes share, and the tier put together."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import ClassVar, TypeVar

from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.cluster import RedisCluster
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from cache.envelope import Envelope, key_of
from cache.shared import EVICT_SECONDS, REST_SECONDS, Shared
from cache.shared_names import Names
from cache.shared_rates import SharedRates

T = TypeVar("T")
MOST_CONNECTIONS = 32


class BadShared(ValueError):
    """The sentence starts with the key of `config.yaml`, and holds no secret."""


@dataclass(frozen=True, kw_only=True)
class SharedAccess:
    """`redis:` of `config.yaml`. Everything that opens something is a reference, `env:NAME` or `file:/path`.

    `url` as redis-py writes it: `redis://`, `rediss://` or `unix://`. `name_key` names what is kept, and is the same in
    all processes for as long as they live; `value_keys` seal it, the first one anew. `namespace` parts installations.
    `cluster` says that the server is one node of a cluster, which tells of the others.
    """

    __pydantic_config__: ClassVar = {"extra": "forbid"}
    url: str
    name_key: str
    value_keys: tuple[str, ...]
    namespace: str = "player-graph"
    cluster: bool = False


@asynccontextmanager
async def opened(access: SharedAccess, secret: Callable[[str], str]) -> AsyncIterator[tuple[Shared, SharedRates]]:
    """The tier and the rates while the block runs; the server need not be there. Raises BadShared."""
    keys = [_read(f"redis.value_keys.{n}", text, secret, key_of) for n, text in enumerate(access.value_keys)]
    if not keys:
        raise BadShared("redis.value_keys: at least one")
    name_key = _read("redis.name_key", access.name_key, secret, key_of)
    client = _read("redis.url", access.url, secret, _cluster if access.cluster else _server)
    try:
        names = Names(access.namespace, Envelope(name_key, keys))
        yield Shared(client, names), SharedRates(client, names)
    finally:
        await client.aclose()


def _server(url: str) -> Redis | RedisCluster:
    """redis-py repeats by itself unless it is told not to."""
    pool = BlockingConnectionPool.from_url(
        url,
        max_connections=MOST_CONNECTIONS,
        timeout=EVICT_SECONDS,
        socket_connect_timeout=EVICT_SECONDS,
        health_check_interval=5 * REST_SECONDS,
        retry=Retry(NoBackoff(), 0),
    )
    return Redis.from_pool(pool)


def _cluster(url: str) -> Redis | RedisCluster:
    return RedisCluster.from_url(
        url,
        max_connections=MOST_CONNECTIONS,
        socket_connect_timeout=EVICT_SECONDS,
        health_check_interval=5 * REST_SECONDS,
        retry=Retry(NoBackoff(), 1),  # once, to learn that a slot has moved
    )


def _read(key: str, reference: str, secret: Callable[[str], str], read: Callable[[str], T]) -> T:
    try:
        return read(secret(reference))
    except ValueError as error:
        raise BadShared(f"{key}: {error}") from None
