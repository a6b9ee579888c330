"""The game aggregator: the catalogue of games and what a round looks like at the game's own vendor."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Protocol

import msgspec

from vendors.errors import VendorError
from vendors.ports.keys import Key
from vendors.ports.source import Source


class Game(msgspec.Struct, frozen=True):
    """A title of the catalogue. `blocked_countries` are ISO 3166-1 alpha-2, None if the vendor does not say.

    `rtp` is a percentage as text; `platforms` are DESKTOP, MOBILE or the vendor's own word.
    """

    id: Key
    code: str
    name: str
    provider: str
    category: str | None
    enabled: bool
    free_spins_supported: bool | None
    jackpot: bool | None
    platforms: Sequence[str]
    blocked_countries: Sequence[str] | None
    rtp: str | None
    volatility: str | None
    released_on: date | None
    source: Source


class RoundAsk(msgspec.Struct, frozen=True):
    """A round as the PAM knows it: `transaction` is the aggregator's own id of its bet, `round_id` names the round."""

    player: Key
    transaction: str
    round_id: str | None = None


class AggregatorPort(Protocol):
    """Reads answer per key: a value, a VendorError, or nothing."""

    async def games(self, keys: Sequence[Key]) -> Mapping[Key, Game | VendorError]:
        """Titles by `game:<brand>:<code>`, from one read of the catalogue a brand."""

    async def round_links(self, asks: Sequence[RoundAsk]) -> Mapping[RoundAsk, str | VendorError]:
        """The address of the vendor's own round details, to be opened by staff."""
