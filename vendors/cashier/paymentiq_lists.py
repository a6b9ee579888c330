"""Newest first out of PaymentIQ's search, without losing or repeating a payment.

What the page "search" (Admin API v1, snapshot 2023-04) leaves open decides the shape of this room:

- Dates are whole seconds and nobody says whether `txDateTo` includes its own. A walk asks one second further and drops
  what it knows, so either reading gives the same list.
- `descOrder` does not say by what. A cut reply must run from new to old by creation, or it is refused; a whole one may
  come in any order.
- The last second of a cut reply may go on beyond it. Its payments are not shown before a later call has them all.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Sequence
from datetime import datetime

from vendors.cashier.paymentiq_payments import SEARCH, Row, malformed
from vendors.errors import VendorRejectedError
from vendors.ports.cashier import Transaction
from vendors.ports.paging import Listing, Page, Position, page_of
from vendors.ports.source import System

OVERLAP = 10  # payments asked for beyond the page, for those that share a second with its ends
LIMIT = 1000  # payments in one call; the product's maximum is 10 000, which the largest reply we read cannot hold
CALLS = 8  # a walk that has not filled its page by then, after some 5 000 payments, is refused

Ask = Callable[[int, datetime | None], Awaitable[Sequence[Row]]]  # (limit, second it may reach up to)
Wanted = Callable[[Transaction], bool]


async def newest(ask: Ask, listing: Listing, until: datetime | None, wanted: Wanted) -> Page[Transaction]:
    """The first page of what is `wanted`, beyond `listing.before`, of payments created up to `until`.

    Raises VendorRejectedError where what is wanted is so rare that the search would go on: never a shorter list.
    """
    limit, seen = min(listing.first + 1 + OVERLAP, LIMIT), dict[Position, Row]()
    for _ in range(CALLS):
        rows = await ask(limit, until)
        seen.update((row.position, row) for row in rows)
        if len(rows) < limit:
            return _page(seen.values(), wanted, listing)
        last = _last_second(rows)
        page = _page((row for row in seen.values() if row.position.at > last), wanted, listing)
        if page.more:
            return page
        if limit == LIMIT and until is not None and last >= until:
            raise malformed(SEARCH, f"{LIMIT} payments in one second: the list may be cut")
        limit, until = min(limit * 4, LIMIT), last
    raise VendorRejectedError(System.CASHIER, SEARCH, f"no full page within {CALLS} calls: narrow the search")


def merged(pages: Sequence[Page[Transaction]], listing: Listing) -> Page[Transaction]:
    """One page of several that answer parts of the same question; what stands in two of them is shown once."""
    found = {at: item for page in pages for at, item in zip(page.positions, page.items, strict=True)}
    return page_of(list(found.values()), list(found), listing, more=any(page.more for page in pages))


def _page(rows: Iterable[Row], wanted: Wanted, listing: Listing) -> Page[Transaction]:
    found = {row.position: row.payment for row in rows if row.payment is not None and wanted(row.payment)}
    return page_of(list(found.values()), list(found), listing)


def _last_second(rows: Sequence[Row]) -> datetime:
    moments = [row.position.at for row in rows]
    if moments != sorted(moments, reverse=True):
        raise malformed(SEARCH, "a part of a list that is not in order of creation")
    return moments[-1]
