"""What an earlier request has left: a record, when it was read, and what may be said of it when it is served again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Generic, TypeVar

import msgspec

from vendors.errors import VendorError, VendorRejectedError
from vendors.ports.keys import Key
from vendors.ports.paging import Page
from vendors.ports.source import Source

V = TypeVar("V")


class Entry(msgspec.Struct, frozen=True):
    """A record as kept. `value` None: the vendor knows no such thing. `read_at`: Unix seconds, when the read left.

    `since` is the generation in which the read left; `tags` are the ids whose change makes it worthless.
    """

    value: Any
    read_at: float
    since: int
    tags: tuple[str, ...]


class Kept(msgspec.Struct, Generic[V], frozen=True):
    """An answer that is not the vendor's of now. `failure`: the vendor was asked now and failed; None: it was not."""

    value: V | None
    failure: VendorError | None = None


def tags_of(key: Any, value: Any = None) -> tuple[str, ...]:
    """The ids a record hangs on: what was asked about, and the player it names."""
    subject = key if isinstance(key, Key) else getattr(key, "owner", None) or getattr(key, "player", None)
    owner = getattr(value, "player", None)
    return tuple(dict.fromkeys(str(one) for one in (subject, owner) if one is not None))


def stands_in_for(failure: VendorError) -> bool:
    """Whether an older record may answer in its place: the vendor could not. A refusal of what we asked may not."""
    return not isinstance(failure, VendorRejectedError)


def flagged(value: Any) -> Any | None:
    """The same record saying that it is stale; None if there is no place in it to say so, as in an empty list."""
    if isinstance(value, Source):
        return msgspec.structs.replace(value, stale=True)
    if isinstance(value, Page):
        items = flagged(value.items)
        return None if items is None else msgspec.structs.replace(value, items=items)
    if isinstance(value, Sequence) and not isinstance(value, str):
        marked = [flagged(item) for item in value]
        return marked if marked and all(item is not None for item in marked) else None
    source = getattr(value, "source", None)
    return msgspec.structs.replace(value, source=flagged(source)) if isinstance(source, Source) else None
