"""What decides a player's scope before he is read: the market his PAM record last told, and who does not exist.

No personal data: a typed id and a market. Bounded and at most 24 h old; an unknown id is remembered for 60 s, so that
guessing ids costs the guesser's quota and not the PAM.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import msgspec
from cachetools import TTLCache

from vendors.ports.keys import Key

MOST = 1_000_000
FRESH_SECONDS, UNKNOWN_SECONDS = 24 * 3600, 60


class ScopeRecord(msgspec.Struct, frozen=True):
    """Where a player belongs; `market` is None if his PAM names none."""

    market: str | None


class ScopeRecords:
    """One process's memory of scopes. `timer` is in seconds and only ever grows."""

    def __init__(self, timer: Callable[[], float] = time.monotonic, most: int = MOST) -> None:
        self._known: TTLCache[Key, ScopeRecord] = TTLCache(most, FRESH_SECONDS, timer)
        self._unknown: TTLCache[Key, bool] = TTLCache(most, UNKNOWN_SECONDS, timer)

    def of(self, player: Key) -> ScopeRecord | None:
        """None: never seen, or too long ago."""
        return self._known.get(player)

    def learn(self, player: Key, market: str | None) -> None:
        """From every answer of the PAM."""
        self._known[player] = ScopeRecord(market)
        self._unknown.pop(player, None)

    def is_unknown(self, player: Key) -> bool:
        """Whether the PAM said within the last minute that there is no such player."""
        return player in self._unknown

    def learn_unknown(self, player: Key) -> None:
        """The PAM knows no such player."""
        self._unknown[player] = True
        self._known.pop(player, None)
