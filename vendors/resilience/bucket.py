"""A bucket of tokens, one a call: each is back exactly one window after it was taken.

So no window of the product, wherever it begins, ever sees more than its limit; a bucket that refills evenly would let
a full one and a whole refill through in one. A token may be promised for a later moment: its caller waits till then.
"""

from __future__ import annotations

import contextlib
import math
from collections import deque
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Protocol

from vendors.ports.health import RateLimit, RateLimitSource
from vendors.resilience.allowance import Allowance
from vendors.resilience.limits import Limit

FIRST_PAUSE_SECONDS = 0.5  # after a refusal that named no date, with no rate to blame; doubled while they go on


class Bucket(Protocol):
    """One limit's tokens. Moments are seconds on the clock of the limiter that holds it."""

    @property
    def paused_until(self) -> float:
        """Until when nothing may be asked, as far as this process was told."""
        ...

    async def take(self, latest: float) -> float | None:
        """The moment from which the token may be used; None, and none is taken, if that is not before `latest`."""
        ...

    def give_back(self, moment: float) -> None:
        """A token that will not be used."""
        ...

    def pause(self, until: float) -> None:
        """The product said when it may be called again."""
        ...

    def slow_down(self, began: float, longest_seconds: float) -> None:
        """The product refused a call that left at `began`, and did not say for how long."""
        ...

    def told(self, limit: int | None, remaining: int | None, reset_seconds: float | None) -> None:
        """What a reply says of the limit."""
        ...

    def state(self) -> RateLimit | None:
        """What is to be told of it; None where there is no limit to speak of."""
        ...


class LocalBucket:
    """The tokens of this process. A limit without a name is published nowhere: it shows only what it learnt."""

    def __init__(self, limit: Limit, now: Callable[[], float], *, holds: bool, learns: bool = True) -> None:
        """`holds`: it keeps to the number, not only to what the product refuses. `learns`: headers may change it."""
        self._limit, self._now, self._learns, self._holds = limit, now, learns, holds
        self.allowance = Allowance(limit.requests, limit.seconds, now, holds=holds)
        self._taken: deque[float] = deque()
        self.paused_until, self._blind_pause = -math.inf, 0.0
        self._source = RateLimitSource.PUBLISHED
        self._heard: tuple[int, float] | None = None  # (remaining, until when that is so)

    async def take(self, latest: float) -> float | None:
        """See Bucket."""
        return self.take_now(latest)

    def take_now(self, latest: float) -> float | None:
        """`take`, which has nothing to wait for here."""
        now, most = self._now(), self.allowance.most()
        taken = self._forget(now)
        moment = max(now, self.paused_until)
        if most is not None and taken:
            moment = max(moment, taken[-1])  # whoever came first goes first
            if len(taken) >= most:
                moment = max(moment, taken[-most] + self._limit.seconds)
        if moment > now and moment >= latest:
            return None
        taken.append(moment)
        return moment

    def give_back(self, moment: float) -> None:
        """See Bucket."""
        with contextlib.suppress(ValueError):
            self._taken.remove(moment)

    def pause(self, until: float) -> None:
        """See Bucket."""
        self.paused_until = max(self.paused_until, until)

    def slow_down(self, began: float, longest_seconds: float) -> None:
        """See Bucket. Where there is no rate to halve it pauses, for longer each time in a row."""
        now = self._now()
        if not self.allowance.cut(len(self._forget(now)), began):
            in_a_row = now < self.paused_until + 2 * self._blind_pause
            pause = self._blind_pause * 2 if in_a_row else FIRST_PAUSE_SECONDS
            self._blind_pause = min(pause, self._limit.seconds, longest_seconds)
            self.pause(now + self._blind_pause)

    def told(self, limit: int | None, remaining: int | None, reset_seconds: float | None) -> None:
        """See Bucket. Nothing left is a pause: others share the account."""
        if limit is not None and limit >= 1 and self._learns:
            self.allowance.ceiling, self._source = limit, RateLimitSource.HEADER
        until = self._now() + (self._limit.seconds if reset_seconds is None else reset_seconds)
        if remaining is not None:
            self._heard = (remaining, until)
            if remaining <= 0 and self._holds:
                self.pause(until)

    def state(self) -> RateLimit | None:
        """See Bucket."""
        now, adapted = self._now(), self.allowance.is_adapted
        paused = self.paused_until > now
        if not self._limit.name and not adapted and not paused:
            return None
        most = self.allowance.most() or self.allowance.ceiling
        taken = self._forget(now)
        left = max(0, most - len(taken))
        if self._heard is not None and self._heard[1] > now:
            left = min(left, self._heard[0])
        whole = max(now, self.paused_until, taken[-1] + self._limit.seconds if taken else now)
        return RateLimit(
            name=self._limit.name or "unpublished",
            limit=most,
            window_seconds=self._limit.seconds,
            remaining=0 if paused else left,
            resets_at=_at(whole - now),
            throttled_until=_at(self.paused_until - now) if paused else None,
            source=RateLimitSource.ADAPTED if adapted or not self._limit.name else self._source,
        )

    def _forget(self, now: float) -> deque[float]:
        taken, since = self._taken, now - self._limit.seconds
        while taken and taken[0] <= since:
            taken.popleft()
        return taken


def _at(seconds: float) -> datetime:
    return datetime.now(UTC) + timedelta(seconds=seconds)
