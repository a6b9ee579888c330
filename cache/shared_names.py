"""How things are called on a server that processes share. No name there holds an id."""

from __future__ import annotations

import hashlib
from functools import cache

import msgspec

from cache.envelope import Envelope
from cache.kinds import Kind
from cache.memory import Place
from cache.records import shape_of


class Names:
    """`namespace` parts what several installations keep on one server."""

    def __init__(self, namespace: str, envelope: Envelope) -> None:
        self._space, self.envelope = namespace, envelope
        self.counter, self.channel = f"{namespace}:evictions", f"{namespace}:evicted"

    def entry(self, kind: Kind, place: Place) -> str:
        """Of a record; another shape of the record has another name, so versions of the gateway live side by side."""
        return f"{self._space}:entry:{self._of(kind, place)}"

    def lock(self, kind: Kind, place: Place) -> str:
        """Of the claim to read it."""
        return f"{self._space}:read:{self._of(kind, place)}"

    def mark(self, tag: str) -> str:
        """Where the number of a tag's last eviction stands."""
        return f"{self._space}:mark:{self.envelope.name(tag.encode())}"

    def index(self, tag: str) -> str:
        """The names of the entries that hang on a tag, by when they end."""
        return f"{self._space}:tag:{self.envelope.name(tag.encode())}"

    def rate(self, name: str) -> str:
        """Of an account's limit."""
        return f"{self._space}:rate:{self.envelope.name(name.encode())}"

    def _of(self, kind: Kind, place: Place) -> str:
        return self.envelope.name(_digest(kind) + msgspec.msgpack.encode(place))


@cache
def _digest(kind: Kind) -> bytes:
    return hashlib.sha256(shape_of(kind)).digest()
