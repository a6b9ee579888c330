"""Intercom's searches, whole or not at all.

OpenAPI document 2.15, copy of 2026-08: SearchContacts and searchTickets take a filter of field, operator and value, IN
with a list among them, and lead on by `pages.next.starting_after`. Known at second hand only: at most 150 a page.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol, TypeVar

import msgspec

from vendors.client import Client
from vendors.errors import VendorMalformedError
from vendors.resilience.call import Effect

R_co = TypeVar("R_co", covariant=True)

PAGE_SIZE, MAX_PAGES, MAX_IDS = 150, 5, 100
VERSION = {"Intercom-Version": "2.15"}


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


def of(field: str, operator: str, value: Any) -> dict[str, Any]:
    """A filter."""
    return {"field": field, "operator": operator, "value": value}


async def search(client: Client, operation: str, path: str, asked: Any, *, into: type[Found[R_co]]) -> Sequence[R_co]:
    """Everything that was found; more than five pages of it are an error."""
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
    raise VendorMalformedError(client.system, operation, f"more than {MAX_PAGES} pages, or pages in a circle")
