"""Records as bytes and back, each kind by its own type: what does not fit it is not there."""

from __future__ import annotations

from functools import cache
from typing import Any

import msgspec

from cache.kept import Entry
from cache.kinds import Kind


class _Written(msgspec.Struct, frozen=True, array_like=True):
    """An entry, its value still as bytes."""

    seen: int
    read_at: float
    tags: tuple[str, ...]
    value: msgspec.Raw


_outside = msgspec.msgpack.Decoder(_Written)
_encoder = msgspec.msgpack.Encoder()


def written(seen: int, entry: Entry) -> bytes:
    """The entry, with the number of the last eviction that was known when its read left."""
    return _encoder.encode((seen, entry.read_at, entry.tags, entry.value))


def read(kind: Kind, text: bytes) -> tuple[int, Entry] | None:
    """That number and the entry; None if it is no record of this kind. Its `since` is for the caller to say."""
    try:
        found = _outside.decode(text)
        value = _inside(kind).decode(found.value)
    except msgspec.MsgspecError:
        return None
    return found.seen, Entry(value, found.read_at, 0, found.tags)


@cache
def shape_of(kind: Kind) -> bytes:
    """The shape of a kind's records, as text."""
    return msgspec.json.encode(msgspec.json.schema(kind.record), order="deterministic")


@cache
def _inside(kind: Kind) -> msgspec.msgpack.Decoder[Any]:
    return msgspec.msgpack.Decoder(kind.record | None)
