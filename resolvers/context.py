"""What a resolver may reach: the request's reads, the clock, and who is asking (for scope, never for permission)."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import msgspec

from auth.acting import Road
from auth.audit import AuditStore
from auth.identity import Principal
from cache.history import Observation
from cache.reads import Reads
from execution.connections import Cursors
from execution.loading import Loader
from execution.publication import Spec
from resolvers.aml_words import AmlWord
from vendors.ports.keys import Key

States = Callable[[Sequence[Key]], Awaitable[Mapping[Key, Sequence[Observation]]]]  # what was seen of subjects


class Scope(msgspec.Struct, frozen=True):
    """Where the caller's roles hold. Empty means everywhere; `player` is set for one, who reaches himself alone."""

    brands: frozenset[str]
    markets: frozenset[str]
    player: str | None = None
    known: frozenset[str] = frozenset()  # the brands there are; empty: not known here

    @property
    def is_everywhere(self) -> bool:
        """No brand, no market and no player bounds it."""
        return not self.brands and not self.markets and self.player is None

    def holds_brand(self, brand: str) -> bool:
        """Decided from the id alone, before any call; a player has the brand of his id."""
        own = self.player is None or self.player.split(":")[1:2] == [brand]
        there = not self.known or brand in self.known
        return own and there and (not self.brands or brand in self.brands)

    def holds_player(self, key: Key) -> bool:
        """His brand, and for a player's own token nobody else."""
        return self.holds_brand(key.brand) and self.player in (None, str(key))

    def holds_market(self, market: str | None) -> bool:
        """A player whose market is unknown is in no restricted scope."""
        return not self.markets or market in self.markets


class Access(msgspec.Struct, frozen=True):
    """One coordinate's rule as data: what explainAccess answers."""

    coordinate: str
    scopes: list[list[str]]
    on_deny: str
    roles_allowed: list[str]
    unmask: list[list[str]] | None = None


@dataclass
class Context:
    """One operation's context. `ahead` holds what was asked for before its turn; `close` ends it."""

    reads: Reads
    scope: Scope
    denied: Mapping[str, Spec]
    clock: Callable[[], datetime]
    principal: Principal
    scopes: frozenset[str]
    cursors: Cursors
    road: Road
    audit: AuditStore
    aml_words: Sequence[AmlWord]
    states: States
    explain: Callable[[str], Access | None]
    loaders: dict[Any, Loader] = field(default_factory=dict)
    ahead: set[asyncio.Task[None]] = field(default_factory=set)

    def renew(self) -> None:
        """Forgets what this operation has read: something is about to change."""
        self.loaders.clear()
        self.reads = self.reads.for_a_decision()

    def close(self) -> None:
        """Nothing goes on for an operation that is over."""
        for task in self.ahead:
            task.cancel()
