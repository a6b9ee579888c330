"""A limit that several processes keep together: a token is taken here and from the ledger that they share.

Where the ledger does not answer, the process counts for itself, as it would without one: slower is never down.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from typing import Protocol

from vendors.ports.health import RateLimit
from vendors.resilience.bucket import LocalBucket
from vendors.resilience.limits import Limit


class Ledger(Protocol):
    """Where processes count together."""

    async def take(self, name: str, requests: int, seconds: float, wait_seconds: float) -> tuple[float, str] | None:
        """Seconds to wait, negative if there is no token in time, and the token; None if it does not answer."""
        ...

    async def give_back(self, name: str, token: str) -> None:
        """A token that will not be used."""
        ...

    async def pause(self, name: str, seconds: float) -> None:
        """The product asked for a pause."""
        ...


class SharedBucket:
    """See Bucket. `name` is the same in every process, and holds the account, the limit and the share."""

    def __init__(self, name: str, limit: Limit, local: LocalBucket, ledger: Ledger, now: Callable[[], float]) -> None:
        self._name, self._limit, self._local, self._ledger, self._now = name, limit, local, ledger, now
        self._tokens: dict[float, tuple[float, str]] = {}  # by the moment told: the local one, and the ledger's token
        self._background: set[asyncio.Task[None]] = set()

    @property
    def paused_until(self) -> float:
        """Of this process; another's pause is in the ledger's moments."""
        return self._local.paused_until

    async def take(self, latest: float) -> float | None:
        """See Bucket."""
        own = self._local.take_now(latest)
        most = self._local.allowance.most()
        if own is None or most is None:
            return own
        told = await self._ledger.take(self._name, most, self._limit.seconds, latest - self._now())
        if told is None:
            return own
        wait, token = told
        if wait < 0:
            self._local.give_back(own)
            return None
        moment = max(own, self._now() + wait)
        self._tokens[moment] = own, token
        while len(self._tokens) > most:
            self._tokens.pop(next(iter(self._tokens)))
        return moment

    def give_back(self, moment: float) -> None:
        """See Bucket."""
        own, token = self._tokens.pop(moment, (moment, ""))
        self._local.give_back(own)
        if token:
            self._spawn(self._ledger.give_back(self._name, token))

    def pause(self, until: float) -> None:
        """See Bucket."""
        self._local.pause(until)
        self._tell_pause()

    def slow_down(self, began: float, longest_seconds: float) -> None:
        """See Bucket. A rate is learnt by each process; a pause is everybody's."""
        before = self._local.paused_until
        self._local.slow_down(began, longest_seconds)
        if self._local.paused_until > before:
            self._tell_pause()

    def told(self, limit: int | None, remaining: int | None, reset_seconds: float | None) -> None:
        """See Bucket."""
        self._local.told(limit, remaining, reset_seconds)

    def state(self) -> RateLimit | None:
        """See Bucket."""
        return self._local.state()

    def _tell_pause(self) -> None:
        self._spawn(self._ledger.pause(self._name, self._local.paused_until - self._now()))

    def _spawn(self, telling: object) -> None:
        with contextlib.suppress(RuntimeError):
            task = asyncio.ensure_future(telling)  # type: ignore[call-overload]
            self._background.add(task)
            task.add_done_callback(self._background.discard)
