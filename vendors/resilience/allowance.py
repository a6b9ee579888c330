"""How many calls a window may hold just now: the limit, or less after the product said that it was too much.

Additive increase, multiplicative decrease: half of what was used, then a tenth of the limit more in every window.
"""

from __future__ import annotations

import math
from collections.abc import Callable

STEPS = 10  # windows from nothing to the whole limit


class Allowance:
    """`ceiling` calls in `seconds`. One that does not hold counts only, until the product complains."""

    def __init__(self, ceiling: int, seconds: float, now: Callable[[], float], *, holds: bool) -> None:
        self.ceiling, self._seconds, self._now, self._holds = ceiling, seconds, now, holds
        self._reduced: int | None = None  # None: all of the ceiling
        self._since, self._cut_at = 0.0, -math.inf

    @property
    def is_adapted(self) -> bool:
        """Whether it is below the ceiling."""
        self._recover()
        return self._reduced is not None

    def most(self) -> int | None:
        """Calls a window may hold; None where nothing holds them back."""
        if self._reduced is not None:
            self._recover()
        if self._reduced is not None:
            return self._reduced
        return self.ceiling if self._holds else None

    def cut(self, used: int, began: float) -> bool:
        """Halves what was used, once for all calls that were under way; False where that was too little to be at fault.

        `began` is when the refused call left.
        """
        if began < self._cut_at:
            return True
        level = min(used, self.ceiling, self._reduced or self.ceiling)
        self._cut_at = self._since = self._now()
        if level // 2 < max(1, self.ceiling // STEPS):  # a shared account's other users, or a limit of another kind
            return False
        self._reduced = level // 2
        return True

    def _recover(self) -> None:
        windows = int((self._now() - self._since) / self._seconds)
        if self._reduced is None or not windows:
            return
        self._since += windows * self._seconds
        grown = self._reduced + windows * max(1, self.ceiling // STEPS)
        self._reduced = grown if grown < self.ceiling else None
