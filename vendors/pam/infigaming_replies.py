"""How every reply of InfiGaming is read: its instants, its pages, and what becomes of a value that cannot be read."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from datetime import datetime
from typing import Annotated, Protocol, TypeVar

import msgspec

from vendors.errors import VendorMalformedError
from vendors.ports.source import System

T = TypeVar("T")
Instant = Annotated[datetime, msgspec.Meta(tz=True)]
Call = tuple[str, str, str]  # (operation, method, path)


class InCurrency(Protocol):
    """An entry of a list that has one a currency."""

    @property
    def currency(self) -> str: ...


C = TypeVar("C", bound=InCurrency)


class Paged(msgspec.Struct, rename="camel"):
    """A page of a list, as the product tells it back; `total` counts the items of all pages."""

    page: int
    page_size: int
    total: int


def malformed(call: Call, detail: str) -> VendorMalformedError:
    """The error of a reply to `call` that is not what was asked for."""
    return VendorMalformedError(System.PAM, call[0], detail)


def readable(call: Call, mapping: Callable[[], T]) -> T:
    """What `mapping` makes of a decoded reply; a value that it cannot read makes the reply malformed."""
    try:
        return mapping()
    except ValueError as error:
        raise malformed(call, str(error)) from error


def one_a_currency(entries: Sequence[C]) -> Collection[C]:
    """Each entry once. Raises ValueError where two of one currency differ: money told twice is not twice the money."""
    found: dict[str, C] = {}
    for entry in entries:
        if found.setdefault(entry.currency, entry) != entry:
            raise ValueError("two entries of one currency differ")
    return found.values()


def check_whole(call: Call, items: int, reply: Paged, page: int, page_size: int) -> None:
    """Raises VendorMalformedError unless a page is the one asked for and holds as many items as it must."""
    due = min(page_size, max(0, reply.total - (page - 1) * page_size))
    if (reply.page, reply.page_size, items) != (page, page_size, due):
        raise malformed(call, "another page than was asked for, or one of another length than it must have")
