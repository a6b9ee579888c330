"""The memory tier: this process's records, bounded in number, each for as long as its kind is worth anything."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from cachetools import TLRUCache

from cache.kept import Entry
from cache.kinds import Kind

Place = tuple[str, str, Any]  # kind, product, what was asked: the system is the kind's, the brand stands in the id


class Memory:
    """`clock` is in Unix seconds. The least recently used go first when it is full."""

    def __init__(self, most: int, clock: Callable[[], float]) -> None:
        self._entries: TLRUCache[Place, tuple[Entry, float]] = TLRUCache(most, lambda _, held, __: held[1], clock)

    def get(self, place: Place) -> Entry | None:
        """What is kept there, whatever it is still good for."""
        held = self._entries.get(place)
        return held[0] if held else None

    def put(self, kind: Kind, place: Place, entry: Entry) -> None:
        """Keeps it; an absence that is not believed for any time takes the place of what was there."""
        self._entries[place] = (entry, entry.read_at + kind.seconds_of(entry.value))

    def __len__(self) -> int:
        return len(self._entries)
