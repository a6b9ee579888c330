"""Rate limits that processes share: a window's tokens in a sorted set, taken by a script, so by one at a time."""

from __future__ import annotations

import asyncio
import itertools
import logging
import os
import time
from collections.abc import Awaitable, Callable
from typing import Any, Final, TypeVar

from redis.asyncio import Redis
from redis.asyncio.cluster import RedisCluster

from cache.shared import REST_SECONDS, TROUBLE
from cache.shared_names import Names

TAKE_SECONDS: Final = 0.1
LONGEST_WAIT_SECONDS: Final = 86_400.0
T = TypeVar("T")
log = logging.getLogger("player_graph.cache")

# KEYS[1] the tokens, each scored by the millisecond from which it may be used; KEYS[2] until when the product paused.
# ARGV: calls a window, the window in ms, for how many ms the caller would wait, the token's name.
TAKE = """
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local most, window = tonumber(ARGV[1]), tonumber(ARGV[2])
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now - window)
local moment = math.max(now, tonumber(redis.call('GET', KEYS[2]) or '0'))
local taken = redis.call('ZCARD', KEYS[1])
if taken > 0 then
  moment = math.max(moment, tonumber(redis.call('ZRANGE', KEYS[1], -1, -1, 'WITHSCORES')[2]))
  if taken >= most then
    moment = math.max(moment, tonumber(redis.call('ZRANGE', KEYS[1], -most, -most, 'WITHSCORES')[2]) + window)
  end
end
if moment > now and moment - now >= tonumber(ARGV[3]) then return -1 end
redis.call('ZADD', KEYS[1], moment, ARGV[4])
redis.call('PEXPIRE', KEYS[1], moment - now + window)
return moment - now
"""
# KEYS[1] until when; ARGV[1] for how many ms from now. The longest pause stands.
PAUSE = """
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local until_ms = now + tonumber(ARGV[1])
if until_ms > tonumber(redis.call('GET', KEYS[1]) or '0') then
  redis.call('SET', KEYS[1], until_ms, 'PX', ARGV[1])
end
return 1
"""


class SharedRates:
    """See vendors.resilience.shared_bucket.Ledger. A server that does not answer is left alone for a while."""

    def __init__(self, client: Redis | RedisCluster, names: Names) -> None:
        self._client, self._names = client, names
        self._tokens = (f"{os.getpid()}-{os.urandom(4).hex()}-{number}" for number in itertools.count())
        self._resting_until = 0.0

    async def take(self, name: str, requests: int, seconds: float, wait_seconds: float) -> tuple[float, str] | None:
        """Seconds until the token may be used, negative if there is none in time, and its name; None: no answer."""
        token = next(self._tokens)
        keys = self._keys(name)
        wait = int(min(wait_seconds, LONGEST_WAIT_SECONDS) * 1000)  # without a deadline it is infinite
        told = await self._within(lambda: self._run(TAKE, keys, requests, int(seconds * 1000), wait, token))
        return None if told is None else (float(told) / 1000 if told > 0 else float(told), token)

    async def give_back(self, name: str, token: str) -> None:
        """A token that will not be used."""
        await self._within(lambda: self._client.execute_command("ZREM", self._keys(name)[0], token))

    async def pause(self, name: str, seconds: float) -> None:
        """Nobody calls for so long."""
        await self._within(lambda: self._run(PAUSE, self._keys(name)[1:], max(1, int(seconds * 1000))))

    def _keys(self, name: str) -> list[str]:
        """Both in one slot of a cluster."""
        called = f"{{{self._names.rate(name)}}}"
        return [f"{called}:tokens", f"{called}:pause"]

    async def _run(self, script: str, keys: list[str], *arguments: Any) -> int:
        return int(await self._client.execute_command("EVAL", script, len(keys), *keys, *arguments))

    async def _within(self, ask: Callable[[], Awaitable[T]]) -> T | None:
        if time.monotonic() < self._resting_until:
            return None
        try:
            async with asyncio.timeout(TAKE_SECONDS):
                return await ask()
        except TROUBLE as error:
            self._resting_until = time.monotonic() + REST_SECONDS
            log.warning("shared rate limits are left alone for %s s: %s", REST_SECONDS, type(error).__name__)
            return None
