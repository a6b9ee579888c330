"""When something was last said to have changed: what was read before that is worth nothing, even if it arrives later.

An eviction removes nothing. It moves on the generation of its tags, and a record that left its vendor in an earlier one
is never used again: neither one that is kept already nor one whose read is still under way.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

MOST: Final = 100_000


class Generations:
    """Bounded: when too many tags have changed, the oldest change is taken for one of everything before it."""

    def __init__(self, most: int = MOST) -> None:
        self._changed: dict[str, int] = {}  # by tag, the oldest change first
        self._most, self._floor, self.now = most, 0, 0

    def move_on(self, tags: Iterable[str]) -> None:
        """Whatever hangs on these has changed now."""
        self.now += 1
        for tag in tags:
            self._changed.pop(tag, None)
            self._changed[tag] = self.now
        while len(self._changed) > self._most:
            self._floor = self._changed.pop(next(iter(self._changed)))

    def move_all_on(self) -> None:
        """Anything may have changed."""
        self.now += 1
        self._floor = self.now
        self._changed.clear()

    def holds(self, since: int, tags: Iterable[str]) -> bool:
        """Whether what was read in generation `since` still stands for these tags."""
        return since >= self._floor and all(self._changed.get(tag, 0) <= since for tag in tags)
