"""Any port over a system that keeps the reference contract: a hundred asks a call, within one brand."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Callable, Hashable, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any

import msgspec

from vendors import signing
from vendors.client import Client
from vendors.errors import VendorDownError, VendorError, VendorMalformedError
from vendors.ports.keys import Key
from vendors.ports.paging import Listing
from vendors.ports.source import Source
from vendors.product import Site, always
from vendors.reference.operations import MOST_ASKS, Manner, Operation, operations, supported
from vendors.reference.shapes import Frame, read, written
from vendors.reference_access import ReferenceAccess
from vendors.resilience.call import Effect

Answers = Mapping[Any, Any]


class _Person(msgspec.Struct, frozen=True):
    """Whose id of a person it is."""

    brand: str
    id: str


def connect(access: ReferenceAccess, site: Site) -> ReferencePort:
    """The system's port. Raises ValueError for a word in `supports` that the port does not have."""
    client = site.client(always(signing.bearer(access.token.reveal())))
    return ReferencePort(client, site.vendor, site.clock, access.supports)


class ReferencePort:
    """Every method of the port of the client's system is an attribute, as the port's Protocol declares it."""

    def __init__(
        self, client: Client, vendor: str, clock: Callable[[], datetime], supports: Sequence[str] | None = None
    ) -> None:
        self._client, self._vendor, self._clock = client, vendor, clock
        if (words := supported(client.system)) is not None:
            self.supports = frozenset(words if supports is None else map(words, supports))
        for one in operations(client.system):
            setattr(self, one.name, partial(self._write if one.manner is Manner.WRITE else self._read, one))

    def __getattr__(self, name: str) -> Any:  # what __init__ sets is not asked for here
        raise AttributeError(name)

    async def _read(self, operation: Operation, asks: Sequence[Any]) -> Answers:
        """One answer an ask: a value, the VendorError of it, or nothing."""
        together: dict[Hashable, list[Any]] = defaultdict(list)
        for ask in dict.fromkeys(asks):
            together[_group(operation, ask)].append(ask)
        batches = [
            group[start : start + MOST_ASKS] for group in together.values() for start in range(0, len(group), MOST_ASKS)
        ]
        answers: dict[Any, Any] = {}
        for answer in await asyncio.gather(*(self._batch(operation, batch) for batch in batches)):
            answers |= answer
        return answers

    async def _batch(self, operation: Operation, asks: Sequence[Any]) -> Answers:
        query, body = _request(operation, asks)
        try:
            entries = await self._client.ask(
                operation.name, operation.method, operation.path, into=list[dict[str, Any]], query=query, body=body,
                headers=_brand(asks[0]), effect=Effect.READ, absent=(),
            )  # fmt: skip
        except VendorError as error:
            return dict.fromkeys(asks, error)
        return self._answers(operation, asks, entries or [])

    def _answers(self, operation: Operation, asks: Sequence[Any], entries: Sequence[dict[str, Any]]) -> Answers:
        by_name = {_name(operation, place, ask): ask for place, ask in enumerate(asks)}
        word, found, strangers = _word(operation), dict[Any, Any](), False
        for entry in entries:
            ask = by_name.get(entry.get(word))  # type: ignore[arg-type]
            if ask is None:
                strangers = True
                continue
            answer = self._answer(operation, ask, entry)
            if ask in found and found[ask] != answer:
                answer = self._malformed(operation, "two answers to one ask differ")
            found[ask] = answer
        if strangers:  # what is missing may be meant by what nobody asked for: it is not simply unknown
            missing = self._malformed(operation, "an answer to what was not asked")
            return {**dict.fromkeys(asks, missing), **found}
        return found

    def _answer(self, operation: Operation, ask: Any, entry: Mapping[str, Any]) -> Any:
        if entry.get("error"):
            return VendorDownError(self._client.system, operation.name, "it says so itself", answered=True)
        try:
            return self._value(operation, ask, entry.get("value"))
        except (ValueError, TypeError, KeyError, msgspec.ValidationError) as error:
            return self._malformed(operation, str(error))

    def _value(self, operation: Operation, ask: Any, said: Any) -> Any:
        if operation.answer is Key:  # the brand is what was asked for
            person = msgspec.convert(said, _Person)
            return Key.parse(f"player:{person.brand}:{person.id}")
        return read(said, operation.answer, self._frame(ask), "")

    def _frame(self, ask: Any) -> Frame:
        now = self._clock()

        def source(vendor_id: str | None, link: str | None) -> Source:
            return Source(self._client.system, self._vendor, vendor_id, now, deep_link=link)

        return Frame(_brand(ask).get("Brand", ""), source)

    async def _write(self, operation: Operation, command: Any) -> Any:
        """What the system answers. The command's audit id is the key under which it is done once."""
        said = await self._client.ask(
            operation.name, "POST", operation.path, into=Any, body=_order(command),
            headers={**_brand(command), "Idempotency-Key": command.audit_id}, effect=Effect.IDEMPOTENT_WRITE,
            absent=(),
        )  # fmt: skip
        if operation.answer is None:
            return None
        try:
            return read(said, operation.answer, self._frame(command), "")
        except (ValueError, TypeError) as error:
            raise self._malformed(operation, str(error)) from error

    def _malformed(self, operation: Operation, detail: str) -> VendorMalformedError:
        return VendorMalformedError(self._client.system, operation.name, detail)


def _order(command: Any) -> dict[str, Any]:
    """A command; its audit id travels as its Idempotency-Key."""
    return {name: said for name, said in written(command).items() if name != "audit_id"}


def _subject(ask: Any) -> Key | None:
    """The id that an ask or a command is about."""
    if isinstance(ask, Key):
        return ask
    names = ("owner", "player", "withdrawal", "ticket")
    return next((getattr(ask, name) for name in names if hasattr(ask, name)), None)


def _brand(ask: Any) -> dict[str, str]:
    subject = _subject(ask)
    brand = subject.brand if subject else getattr(ask, "brand", None)
    return {"Brand": brand} if brand else {}


def _group(operation: Operation, ask: Any) -> Hashable:
    """Asks that one call can carry."""
    subject = _subject(ask)
    kind = subject.kind if subject and operation.manner is not Manner.CRITERIA else ""
    return _brand(ask).get("Brand"), kind, *((ask.first, ask.before) if isinstance(ask, Listing) else ())


def _word(operation: Operation) -> str:
    return "ask" if operation.manner is Manner.CRITERIA else "id"


def _name(operation: Operation, place: int, ask: Any) -> str | int:
    """By what an answer names the ask."""
    if operation.manner is Manner.CRITERIA:
        return place
    subject = _subject(ask)
    return subject.local if subject else str(ask)


def _request(operation: Operation, asks: Sequence[Any]) -> tuple[dict[str, str] | None, Any]:
    """The query, or the body."""
    if operation.manner is Manner.CRITERIA:
        return None, {"asks": [written(ask) for ask in asks]}
    names = [str(_name(operation, place, ask)) for place, ask in enumerate(asks)]
    first, subject = asks[0], _subject(asks[0])
    query = {"ids": ",".join(names)} if subject is None else {"kind": subject.kind, "ids": ",".join(names)}
    if isinstance(first, Listing):
        query["first"] = str(first.first)
        if first.before is not None:
            query["before"] = f"{first.before.at.isoformat()},{first.before.local}"
    return query, None
