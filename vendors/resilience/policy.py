"""How a product is treated when it fails, throttles or hangs: every number an installation may set for it.

The records are read from `config.yaml`; a number out of its range or an unknown name stops the start.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, ClassVar

from pydantic import Field

Share = Annotated[float, Field(gt=0, le=1)]
Seconds = Annotated[float, Field(gt=0, le=3600)]
Count = Annotated[int, Field(ge=1)]
_STRICT = {"extra": "forbid"}


@dataclass(frozen=True, kw_only=True)
class RetryPolicy:
    """At most `attempts` a call, and over all calls of a product `floor` + `ratio` x calls repetitions.

    The n-th pause is a random share of `pause_seconds` x 2^(n-1), at most `longest_pause_seconds`: full jitter.
    """

    __pydantic_config__: ClassVar = _STRICT
    attempts: Count = 3
    ratio: Annotated[float, Field(ge=0, le=0.1)] = 0.1
    floor: Count = 10
    pause_seconds: Seconds = 0.05
    longest_pause_seconds: Seconds = 1.0


@dataclass(frozen=True, kw_only=True)
class BreakerPolicy:
    """Opens when, of at least `minimum_calls` in the last `window_seconds`, `failure_ratio` failed or were slow.

    After `open_seconds` one call is let through as a probe. Slow is `slow_seconds`, or four fifths of the time limit.
    """

    __pydantic_config__: ClassVar = _STRICT
    window_seconds: Seconds = 10.0
    minimum_calls: Count = 10
    failure_ratio: Share = 0.5
    open_seconds: Seconds = 5.0
    slow_seconds: Seconds | None = None


@dataclass(frozen=True, kw_only=True)
class BulkheadPolicy:
    """Calls under way at once, and how many more may wait for a place."""

    __pydantic_config__: ClassVar = _STRICT
    max_concurrency: Count = 32
    max_waiting: Annotated[int, Field(ge=0)] = 1024


@dataclass(frozen=True, kw_only=True)
class Rate:
    """At most `requests` in any `seconds`."""

    __pydantic_config__: ClassVar = _STRICT
    requests: Count
    seconds: Seconds


@dataclass(frozen=True, kw_only=True)
class LimiterPolicy:
    """The product's published limits, and what replaces them.

    `rates` by the limit's name in docs/vendors.md, such as Zendesk's `account`, whose number depends on the plan; `all`
    is a limit on every call. `enforce` False only counts against the published ones and shows them. A 429 is obeyed all
    the same: it pauses for as long as it says, at most `longest_pause_seconds`; one that says nothing halves the rate.
    """

    __pydantic_config__: ClassVar = _STRICT
    enforce: bool = True
    rates: Mapping[Annotated[str, Field(min_length=1)], Rate] = field(default_factory=dict)
    max_waiting: Annotated[int, Field(ge=0)] = 1024
    longest_pause_seconds: Seconds = 600.0


@dataclass(frozen=True, kw_only=True)
class Policy:
    """One product's policy. `timeout_seconds` limits each attempt; None is the installation's own."""

    __pydantic_config__: ClassVar = _STRICT
    timeout_seconds: Annotated[float, Field(gt=0, le=60)] | None = None
    retry: RetryPolicy = field(default_factory=RetryPolicy)
    breaker: BreakerPolicy = field(default_factory=BreakerPolicy)
    limiter: LimiterPolicy = field(default_factory=LimiterPolicy)
    bulkhead: BulkheadPolicy = field(default_factory=BulkheadPolicy)


ONCE = Policy(retry=RetryPolicy(attempts=1))  # of a client that nobody gave a policy: it repeats nothing
