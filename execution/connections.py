"""Lists in parts, after the Relay connection specification, with cursors that only their own list understands.

A cursor is sealed (AES-GCM) with what it belongs to as associated data: the field, the object it hangs on and the
caller's roles. Brought to another field, player, brand or role it cannot be opened, and says nothing to who reads it.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Sequence
from typing import Generic, TypeVar

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from graphql import GraphQLError

T = TypeVar("T")
P = TypeVar("P")
NONCE_BYTES, MAX_CURSOR = 12, 512


class Mark(msgspec.Struct, frozen=True):
    """A position in a list; sealed when somebody reads its cursor, since most never are."""

    cursors: Cursors
    position: object
    of: str

    @property
    def cursor(self) -> str:
        """As a client may keep it."""
        return self.cursors.seal(self.position, self.of)


class PageInfo(msgspec.Struct, frozen=True):
    """Whether there are more items, and where this part begins and ends."""

    has_next_page: bool
    has_previous_page: bool
    start: Mark | None
    end: Mark | None

    @property
    def start_cursor(self) -> str | None:
        """The first item's."""
        return self.start.cursor if self.start else None

    @property
    def end_cursor(self) -> str | None:
        """The last item's that was looked at."""
        return self.end.cursor if self.end else None


class Edge(msgspec.Struct, Generic[T], frozen=True):
    """An item and its place."""

    place: Mark
    node: T

    @property
    def cursor(self) -> str:
        """To go on from here."""
        return self.place.cursor


class Connection(msgspec.Struct, Generic[T], frozen=True):
    """A part of a list."""

    edges: Sequence[Edge[T]]
    page_info: PageInfo
    total_count: int | None = None


class Cursors:
    """Seals and opens positions for one caller. The nonce is derived, so the same position has the same cursor."""

    def __init__(self, key: bytes, caller: str) -> None:
        self._key = hashlib.sha256(b"cursor" + key).digest()
        self._caller = caller

    def seal(self, position: object, of: str) -> str:
        """The cursor of a position in the list `of`."""
        plain, bound = msgspec.msgpack.encode(position), self._bound(of)
        nonce = hmac.new(self._key, bound + plain, hashlib.sha256).digest()[:NONCE_BYTES]
        sealed = nonce + AESGCM(self._key).encrypt(nonce, plain, bound)
        return base64.urlsafe_b64encode(sealed).decode().rstrip("=")

    def open(self, cursor: str | None, of: str, into: type[P]) -> P | None:
        """The position; None without a cursor. Raises GraphQLError BAD_CURSOR for one that is not of this list."""
        if cursor is None:
            return None
        try:
            if len(cursor) > MAX_CURSOR:
                raise ValueError
            sealed = base64.b64decode(cursor.encode() + b"=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
            plain = AESGCM(self._key).decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], self._bound(of))
            return msgspec.msgpack.decode(plain, type=into)
        except (InvalidTag, ValueError, msgspec.DecodeError):
            message = "This cursor does not belong to this list, object and role."
            raise GraphQLError(message, extensions={"code": "BAD_CURSOR"}) from None

    def connection(
        self, items: Sequence[T], positions: Sequence[object], *, of: str, more: bool, after: str | None,
        total_count: int | None = None, end: object = None,
    ) -> Connection[T]:  # fmt: skip
        """A part that begins beyond `after`, each item with its own cursor.

        `end` is the position of the last item that was looked at, where some are not shown.
        """
        marks = [Mark(self, position, of) for position in positions]
        edges = [Edge(mark, item) for mark, item in zip(marks, items, strict=True)]
        last = Mark(self, end, of) if end is not None else marks[-1] if marks else None
        info = PageInfo(more, after is not None, marks[0] if marks else None, last)
        return Connection(edges, info, total_count)

    def _bound(self, of: str) -> bytes:
        return f"{of}|{self._caller}".encode()


def at_most(first: int, most: int) -> int:
    """A list's size; raises GraphQLError BAD_FIRST outside 1 to `most`."""
    if not 1 <= first <= most:
        raise GraphQLError(f"first must be 1 to {most}.", extensions={"code": "BAD_FIRST"})
    return first
