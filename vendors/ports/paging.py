"""Lists by keyset, newest first: a position is an instant and an id, so it survives what is inserted meanwhile."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Generic, TypeVar

import msgspec

from vendors.ports.keys import Key

T = TypeVar("T")


class Position(msgspec.Struct, frozen=True, order=True):
    """Where an item stands: lists run from the greatest position to the smallest."""

    at: datetime
    local: str


class Listing(msgspec.Struct, frozen=True):
    """At most `first` items of `owner`, beyond `before` where that is given. It is the key of one read."""

    owner: Key
    first: int
    before: Position | None = None


class Page(msgspec.Struct, Generic[T], frozen=True):
    """Items in order, each with its position; `more` tells whether the vendor has further ones."""

    items: Sequence[T]
    positions: Sequence[Position]
    more: bool


def page_of(items: Sequence[T], positions: Sequence[Position], listing: Listing, *, more: bool = False) -> Page[T]:
    """Orders what a vendor answered in any order, cuts it to the listing; `more` if the vendor holds still others."""
    pairs = sorted(zip(positions, items, strict=True), key=lambda pair: pair[0], reverse=True)
    beyond = [pair for pair in pairs if listing.before is None or pair[0] < listing.before]
    kept = beyond[: listing.first]
    return Page([item for _, item in kept], [position for position, _ in kept], more or len(beyond) > len(kept))
