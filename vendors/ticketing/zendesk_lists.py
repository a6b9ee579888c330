"""Zendesk's lists by cursor, whole or not at all.

developer.zendesk.com/api-reference/introduction/pagination, read 2026-11: `page[size]` of at most 100 asks for cursor
paging, `meta.has_more` and `meta.after_cursor` lead on. The link to the next page is never followed: it could lead to
another host.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol, TypeVar

from vendors.client import Client
from vendors.errors import VendorMalformedError
from vendors.ticketing.zendesk_records import CommentRecord, Meta, TicketRecord

R = TypeVar("R", TicketRecord, CommentRecord)
R_co = TypeVar("R_co", TicketRecord, CommentRecord, covariant=True)

PAGE_SIZE, MAX_PAGES = 100, 5


class Part(Protocol[R_co]):
    """A page of either list."""

    @property
    def records(self) -> tuple[R_co, ...]: ...

    @property
    def meta(self) -> Meta: ...


async def listed(
    client: Client,
    operation: str,
    path: str,
    at: Mapping[str, str],
    *,
    into: type[Part[R]],
    enough: Callable[[Sequence[R]], bool],
    query: Mapping[str, str] | None = None,
) -> tuple[Sequence[R], bool] | None:
    """Each record once, and whether there are more; None if there is no such list.

    Reads until the end or until `enough`; a list that is neither within five pages is an error.
    """
    found: dict[int, R] = {}
    asked = {**(query or {}), "page[size]": str(PAGE_SIZE)}
    for _ in range(MAX_PAGES):
        part = await client.ask(operation, "GET", path, into=into, at=at, query=asked)
        if part is None and "page[after]" not in asked:
            return None
        if part is None:
            raise VendorMalformedError(client.system, operation, "the list was gone before its end")
        found.update({record.id: record for record in part.records})
        if not part.meta.has_more:
            return list(found.values()), False
        if found and enough(list(found.values())):
            return list(found.values()), True
        if not part.meta.after_cursor:
            raise VendorMalformedError(client.system, operation, "a page says there is more, but not where")
        asked["page[after]"] = part.meta.after_cursor
    raise VendorMalformedError(client.system, operation, f"more than {MAX_PAGES} pages")
