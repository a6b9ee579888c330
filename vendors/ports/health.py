"""How a product has been answering this process lately."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import Enum
from typing import Protocol

import msgspec

from vendors.ports.source import System

RECENT = 20  # calls that make up the picture


class HealthState(Enum):
    """UNKNOWN until it has been asked something."""

    HEALTHY = "HEALTHY"
    DEGRADED = "DEGRADED"
    DOWN = "DOWN"
    UNKNOWN = "UNKNOWN"


class CircuitState(Enum):
    """OPEN: an operation that kept failing is not called for a while. HALF_OPEN: the next call is its probe."""

    CLOSED = "CLOSED"
    HALF_OPEN = "HALF_OPEN"
    OPEN = "OPEN"


_CLOSED = CircuitState.CLOSED


class RateLimitSource(Enum):
    """Whose number it is: the product's page or the installation's, a reply's header, or learnt from refusals."""

    PUBLISHED = "PUBLISHED"
    HEADER = "HEADER"
    ADAPTED = "ADAPTED"


class RateLimit(msgspec.Struct, frozen=True):
    """At most `limit` calls in any `window_seconds`; all of it is there again at `resets_at` if nothing more is asked.

    `throttled_until` is there while the product asked for a pause.
    """

    name: str
    limit: int
    window_seconds: float
    remaining: int
    resets_at: datetime
    throttled_until: datetime | None
    source: RateLimitSource


class Latency(msgspec.Struct, frozen=True):
    """Milliseconds that the last requests took, `calls` of them; those that timed out are among them."""

    calls: int
    p50_ms: int
    p95_ms: int
    p99_ms: int


class Standing(Protocol):
    """What stands before a product, as far as its health shows it."""

    @property
    def circuits(self) -> Mapping[str, CircuitState]: ...
    @property
    def rate_limit(self) -> RateLimit | None: ...
    @property
    def latency(self) -> Latency | None: ...


class VendorHealth(msgspec.Struct, frozen=True):
    """The last calls of one product, by this process alone. `error_percent` is of the last 20 calls.

    `circuit` is that of the product's worst operation; `circuits_open` names those whose circuit is not closed.
    `rate_limit` is the one that is nearest to its end.
    """

    system: System
    vendor: str
    state: HealthState
    error_percent: int | None
    last_success_at: datetime | None
    last_error_at: datetime | None
    last_error_code: str | None
    circuit: CircuitState
    circuits_open: Sequence[str]
    rate_limit: RateLimit | None
    latency: Latency | None


class HealthLog:
    """Written by the product's client after every call."""

    def __init__(self, system: System, vendor: str, standing: Standing) -> None:
        self.system, self.vendor, self._standing = system, vendor, standing
        self._recent: deque[bool] = deque(maxlen=RECENT)
        self._success: datetime | None = None
        self._error: tuple[datetime, str] | None = None

    def succeeded(self, at: datetime) -> None:
        """An answer that could be read, a "no such thing" among them."""
        self._recent.append(True)
        self._success = at

    def failed(self, at: datetime, code: str) -> None:
        """Any VendorError but a refusal of what we asked."""
        self._recent.append(False)
        self._error = (at, code)

    def now(self) -> VendorHealth:
        """The picture at this moment."""
        errors = self._recent.count(False)
        state = HealthState.UNKNOWN if not self._recent else HealthState.HEALTHY if not errors else HealthState.DEGRADED
        if self._recent and errors == len(self._recent):
            state = HealthState.DOWN
        percent = errors * 100 // len(self._recent) if self._recent else None
        at, code = self._error or (None, None)
        told = {operation: circuit for operation, circuit in self._standing.circuits.items() if circuit is not _CLOSED}
        worst = CircuitState.OPEN if CircuitState.OPEN in told.values() else next(iter(told.values()), _CLOSED)
        return VendorHealth(
            self.system, self.vendor, state, percent, self._success, at, code, worst, sorted(told),
            self._standing.rate_limit, self._standing.latency,
        )  # fmt: skip
