"""The bonus engine: what the player was granted and how far its wagering is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import Enum
from typing import Protocol

import msgspec

from vendors.errors import VendorError
from vendors.ports.keys import Key
from vendors.ports.money import Money
from vendors.ports.source import Source


class GrantStatus(Enum):
    """Canonical status of a grant; UNKNOWN is a vendor word the gateway does not know, and is never clear."""

    OFFERED = "OFFERED"
    PENDING = "PENDING"
    ACTIVE = "ACTIVE"
    WAGERING = "WAGERING"
    COMPLETED = "COMPLETED"
    CONVERTED = "CONVERTED"
    FORFEITED = "FORFEITED"
    EXPIRED = "EXPIRED"
    LOST = "LOST"
    REVERSED = "REVERSED"
    SUSPENDED = "SUSPENDED"
    UNKNOWN = "UNKNOWN"


class Wagering(msgspec.Struct, frozen=True):
    """Turnover asked and counted, in one currency."""

    required: Money
    done: Money

    @property
    def remaining(self) -> Money:
        """What is still to be wagered, never below nothing."""
        left = self.required - self.done
        return left if left.amount_minor > 0 else Money(left.currency, 0, left.exponent)

    @property
    def percent(self) -> int:
        """Whole percent of the way, 100 when nothing is asked."""
        if self.required.amount_minor <= 0:
            return 100
        return min(100, max(0, self.done.amount_minor * 100 // self.required.amount_minor))


class BonusGrant(msgspec.Struct, frozen=True):
    """One bonus of one player. `blocks_withdrawal` is the engine's own word, None if it does not say.

    `granted_at` is None where the product keeps no instant for it; such a grant is listed last.
    """

    id: Key
    player: Key
    campaign_code: str | None
    status: GrantStatus
    vendor_status: str
    amount: Money | None
    free_spins_total: int | None
    free_spins_used: int | None
    wagering: Wagering | None
    blocks_withdrawal: bool | None
    granted_at: datetime | None
    expires_at: datetime | None
    source: Source


class BonusPort(Protocol):
    """Reads answer per key: a value, a VendorError, or nothing for a player the engine does not know."""

    async def grants(self, players: Sequence[Key]) -> Mapping[Key, Sequence[BonusGrant] | VendorError]:
        """Every grant the engine still lists, newest first."""
