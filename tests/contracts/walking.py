"""A list from its first page to its end, as a client walks it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from vendors.errors import VendorError
from vendors.ports.paging import Position

MOST_PAGES = 200


async def walked(
    read: Any, ask: Any, between: Callable[[], Any] | None = None
) -> tuple[list[Any], list[Position]] | VendorError:
    """Every item and its position, or the error that ended the walk. `between` is awaited after the first page."""
    items, positions = list[Any](), list[Position]()
    for _ in range(MOST_PAGES):
        page = (await read([ask]))[ask]
        if isinstance(page, VendorError):
            return page
        items += page.items
        positions += page.positions
        if not page.more:
            return items, positions
        assert page.items, "a page of nothing that says there is more"
        if between is not None:
            await between()
            between = None
        ask = msgspec.structs.replace(ask, before=page.positions[-1])
    raise AssertionError("a list without an end")


def faults_of(items: list[Any], positions: list[Position], count: int) -> list[str]:
    """Each once, none missing, newest first."""
    wrong = [] if len({one.id for one in items}) == len(items) else ["something stands twice"]
    wrong += [] if len(items) == count else [f"{len(items)} of {count}"]
    return wrong + ([] if positions == sorted(positions, reverse=True) else ["not newest first"])
