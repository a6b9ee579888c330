"""Typed, readable ids: `player:<brand>:<local>`. The brand selects the product and the credential."""

from __future__ import annotations

import re
from typing import NewType

import msgspec

Id = NewType("Id", str)  # a typed id as a client writes it, not parsed yet

# Letters, digits and . _ - only, never dots alone: an id can become neither a path nor a header.
_LOCAL = re.compile(r"^(?!\.+\Z)[A-Za-z0-9._-]{1,64}\Z")
_BRAND = re.compile(r"^[a-z][a-z0-9-]{0,31}\Z")


class Key(msgspec.Struct, frozen=True, order=True):
    """A typed id. `kind` is the lower-case type name: player, withdrawal, ticket..."""

    kind: str
    brand: str
    local: str

    def __str__(self) -> str:
        return f"{self.kind}:{self.brand}:{self.local}"

    @classmethod
    def parse(cls, text: str) -> Key:
        """Raises ValueError, without repeating the text, if it is not a typed id."""
        parts = text.split(":")
        if len(parts) != 3 or not parts[0].isalpha() or not _BRAND.match(parts[1]) or not _LOCAL.match(parts[2]):
            raise ValueError("not an id of the form kind:brand:id")
        return cls(*parts)
