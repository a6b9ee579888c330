"""What an adapter declares of its product. docs/vendors.md is written from it, and tests hold it against the adapter.

Texts are Markdown of one table cell; numbers are the adapter's own constants, imported and never written out again.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from enum import Enum

import msgspec

from vendors.resilience.limits import Limit

NO_FIELDS: Mapping[str, str] = {}


class Idempotency(Enum):
    """What keeps a write from being done twice."""

    NATIVE = "native"  # the product does it once, whatever number of times it is told under one key
    STATE_GUARD = "state guard"  # a repeat is refused by the state that the first left, or leaves the same state
    NONE = "none"


class Document(msgspec.Struct, frozen=True):
    """A document that the adapter was written by, and the date of the copy, or of the reading."""

    name: str
    date: str


class Call(msgspec.Struct, frozen=True):
    """A documented operation, by the name that adapter and simulator give it. A mapped one has no address here."""

    name: str
    method: str = ""
    path: str = ""


class Read(msgspec.Struct, frozen=True, kw_only=True):
    """A port's read, or the part of it that `calls` answer.

    `keys` is how many keys one call takes at most, a text where that is no number; `fields` are those of the graph
    and what of the reply they are made of; `absent` those that no document holds, and what the graph shows instead.
    """

    port: str
    calls: Sequence[Call]
    keys: int | str = 1
    pages: str = ""
    remark: str = ""
    fields: Mapping[str, str] = NO_FIELDS
    absent: Mapping[str, str] = NO_FIELDS


class Write(msgspec.Struct, frozen=True, kw_only=True):
    """A mutation by a port's write. Without `calls` the product documents nothing for it and it is refused.

    `read_back` tells where its audit id stands, `read_back_by` the operation that finds it there, which no adapter
    calls yet; None is UNRECONCILABLE: nobody can find out whether it was done. `first` is what is called before it.
    """

    port: str
    mutation: str
    calls: Sequence[Call]
    idempotency: Idempotency = Idempotency.NONE
    read_back: str | None = None
    read_back_by: Sequence[Call] = ()
    first: Sequence[Call] = ()
    remark: str = ""


class Webhooks(msgspec.Struct, frozen=True, kw_only=True):
    """What the product tells by itself: how it proves itself, and how repeats and order are told apart."""

    signature: str
    told_apart_by: str
    ordered_by: str
    tells: str


class Declared(msgspec.Struct, frozen=True, kw_only=True):
    """One product, for one system. `throttled` tells how a 429 is told; `credential` is how its credential is had.

    `absent` is what no document of it holds and no field stands for; `assumptions` a live system has to confirm.
    """

    documents: Sequence[Document]
    reads: Sequence[Read]
    writes: Sequence[Write] = ()
    credential: Sequence[Call] = ()
    limits: Sequence[Limit] = ()
    throttled: str = "none documented"
    webhooks: Webhooks | None = None
    notes: str = ""
    absent: Mapping[str, str] = NO_FIELDS
    assumptions: Sequence[str] = ()

    @property
    def ports(self) -> frozenset[str]:
        """The operations of the port that it declares."""
        return frozenset([one.port for one in self.reads] + [one.port for one in self.writes])

    @property
    def calls(self) -> Iterator[Call]:
        """Every documented operation that is named, some more than once."""
        yield from self.credential
        for read in self.reads:
            yield from read.calls
        for write in self.writes:
            yield from (*write.calls, *write.first, *write.read_back_by)
