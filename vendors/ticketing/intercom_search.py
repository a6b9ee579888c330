"""Intercom's searches, whole or not at all.

OpenAPI document 2.15, copy of 2026-08: SearchContacts and searchTickets take a filter of field, operator and value, IN
with a list among them, or a group of at most 15 filters, and lead on by `pages.next.starting_after`.
developers.intercom.com/docs/references/2.2/rest-api/common-structures/pagination-cursor, read 2026-11: 150 a page.
Known at second hand only (read 2026-11): a list of IN holds at most 15 values, as a group of OR does.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol, TypeVar

import msgspec

from vendors.client import Client
from vendors.errors import VendorMalformedError
from vendors.resilience.call import Effect

R_co = TypeVar("R_co", covariant=True)

PAGE_SIZE, MAX_PAGES = 150, 5
MAX_LIST = 15
MAX_IDS = 100  # fits one page, and one group of lists
VERSION = {"Intercom-Version": "2.15"}


class TooMuchError(VendorMalformedError):
    """A search that does not end within five pages: what it asked for may be found in smaller ones."""


class Next(msgspec.Struct, frozen=True):
    starting_after: str | None = None


class Pages(msgspec.Struct, frozen=True):
    next: Next | None = None


class Found(Protocol[R_co]):
    """A page of a search."""

    @property
    def records(self) -> tuple[R_co, ...]: ...

    @property
    def pages(self) -> Pages | None: ...


def any_of(field: str, values: Sequence[str]) -> dict[str, Any]:
    """What has one of the values: a filter, or a group of them where they are more than one list holds."""
    lists = [values[start : start + MAX_LIST] for start in range(0, len(values), MAX_LIST)]
    filters = [{"field": field, "operator": "IN", "value": list(one)} for one in lists]
    return filters[0] if len(filters) == 1 else {"operator": "OR", "value": filters}


async def search(client: Client, operation: str, path: str, asked: Any, *, into: type[Found[R_co]]) -> Sequence[R_co]:
    """Everything that was found. Raises TooMuchError where that is more than five pages, or pages in a circle."""
    found: list[R_co] = []
    paging: dict[str, Any] = {"per_page": PAGE_SIZE}
    for _ in range(MAX_PAGES):
        page = await client.ask(
            operation, "POST", path, into=into, body={"query": asked, "pagination": paging}, headers=VERSION,
            absent=(), effect=Effect.READ,
        )  # fmt: skip
        assert page is not None  # nothing counts as absent
        found += page.records
        following = page.pages.next if page.pages else None
        if following is None or not following.starting_after:
            return found
        if following.starting_after == paging.get("starting_after"):
            break
        paging["starting_after"] = following.starting_after
    raise TooMuchError(client.system, operation, f"more than {MAX_PAGES} pages, or pages in a circle")
