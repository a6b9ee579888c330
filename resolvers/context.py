"""What a resolver may reach: the request's reads, the clock, and who is asking (for scope, never for permission)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import msgspec

from cache.reads import Reads
from execution.loading import Loader
from execution.publication import Spec


class Scope(msgspec.Struct, frozen=True):
    """Where the caller's roles hold. Empty means everywhere."""

    brands: frozenset[str]
    markets: frozenset[str]

    def holds_brand(self, brand: str) -> bool:
        """Decided from the id alone, before any call."""
        return not self.brands or brand in self.brands

    def holds_market(self, market: str | None) -> bool:
        """A player whose market is unknown is in no restricted scope."""
        return not self.markets or market in self.markets


@dataclass
class Context:
    """One operation's context."""

    reads: Reads
    scope: Scope
    denied: Mapping[str, Spec]
    clock: Callable[[], datetime]
    loaders: dict[Any, Loader] = field(default_factory=dict)
