"""Reads of many: as many keys a call as the product allows, and every record given to the key it belongs to."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import TypeVar

import msgspec

from vendors.client import each
from vendors.errors import VendorError

K = TypeVar("K")
V = TypeVar("V")


async def in_batches(
    keys: Sequence[K], read: Callable[[Sequence[K]], Awaitable[Mapping[K, V | VendorError]]], *, most: int
) -> dict[K, V | VendorError]:
    """Asks for distinct keys, `most` at a time and all batches at once; a batch that fails fails for its keys."""
    distinct = list(dict.fromkeys(keys))
    batches = [tuple(distinct[start : start + most]) for start in range(0, len(distinct), most)]
    found: dict[K, V | VendorError] = {}
    for batch, answer in (await each(batches, read)).items():
        found.update(dict.fromkeys(batch, answer) if isinstance(answer, VendorError) else answer)
    return found


def attributed(
    asked: Mapping[str, K], records: Iterable[tuple[str | None, V | None]], malformed: Callable[[str], VendorError]
) -> dict[K, V | VendorError]:
    """Records by key. Each comes with the name it goes by; None stands for a name, or a record, that cannot be read.

    Once a record belongs to nobody who was asked for, a key without one cannot be called unknown: it may be its.
    """
    found: dict[K, V | VendorError] = {}
    stray = False
    for name, record in records:
        key = asked.get(name) if name is not None else None
        if key is None:
            stray = True
        elif record is None:
            found[key] = malformed("a record cannot be read")
        elif found.setdefault(key, record) != record:
            found[key] = malformed("two records answer to one key")
    if stray:
        found.update({key: malformed("a record nobody asked for") for key in asked.values() if key not in found})
    return found


def readable(raw: msgspec.Raw, kind: type[V]) -> V | None:
    """The record, or None if it is not what its document says."""
    try:
        return msgspec.json.decode(raw, type=kind)
    except msgspec.DecodeError:
        return None
