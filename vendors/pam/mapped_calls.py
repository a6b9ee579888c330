"""The calls of a mapped PAM: the brand is said as the file says, and a reply that means no is taken for one."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from types import MappingProxyType
from typing import Any

import msgspec

from vendors.client import Client
from vendors.errors import (
    VendorBusyError,
    VendorConflictError,
    VendorDownError,
    VendorError,
    VendorMalformedError,
    VendorRejectedError,
)
from vendors.pam.mapping import Mapped, Read
from vendors.pam.mapping_file import Expression
from vendors.ports.source import System
from vendors.resilience.call import Effect, not_asked

_MEANT: Mapping[str, Callable[[System, str, str], VendorError]] = {
    "busy": VendorBusyError,
    "conflict": VendorConflictError,
    "down": partial(VendorDownError, answered=True),
    "rejected": VendorRejectedError,
    "absent": VendorRejectedError,  # of many ids: which of them is not said
}
NOTHING: Mapping[str, str] = MappingProxyType({})
ABSENT = object()  # there is no such player


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """A call as the mapping names it. `id` is the player's in the path; a read by POST sends its query as a body.

    `one`: it is about one player, so that a reply can say that there is none.
    """

    name: str
    method: str
    path: str
    brand: str
    id: str
    one: bool = True
    query: Mapping[str, str] = NOTHING
    body: Any = None
    effect: Effect = Effect.READ
    headers: Mapping[str, str] = NOTHING


class Calls:
    """One account of a mapped PAM."""

    def __init__(self, client: Client, mapped: Mapped) -> None:
        self._client, self._mapped = client, mapped

    async def ask(self, asked: Asked) -> Any:
        """The decoded reply, or ABSENT. Raises what the file says a reply with status 200 means."""
        mapped, word, reads = self._mapped, self._mapped.brands[asked.brand], asked.effect is Effect.READ
        headers = {**asked.headers, **({mapped.brand_header: word} if mapped.brand_header else {})}
        query: Any = {**asked.query, **({mapped.brand_parameter: word} if mapped.brand_parameter else {})}
        body = asked.body
        if reads and asked.method == "POST":
            query, body = {}, {**query, **(body or {})}
        kind: Any = dict[str, Any] | list[Any] if reads else dict[str, Any] | list[Any] | None
        reply = await self._client.ask(
            asked.name, asked.method, asked.path, into=kind, at={"id": asked.id} if "{id}" in asked.path else {},
            query=query or None, body=body, headers=headers, absent=self._absent(asked), effect=asked.effect,
            meant=lambda reply: self._refusal(asked, reply),
        )  # fmt: skip
        return ABSENT if (reply is None and reads) or self._meaning(reply) == "absent" else reply

    def _absent(self, asked: Asked) -> Sequence[int]:
        """Of many ids a status cannot say which it means; and a 404 of a path without an id may mean the path."""
        if asked.effect is not Effect.READ or not asked.one:
            return ()
        return (404,) * ("{id}" in asked.path) if self._mapped.absent is None else self._mapped.absent

    def _refusal(self, asked: Asked, reply: Any) -> VendorError | None:
        meaning = self._meaning(reply)
        if meaning is None or (meaning == "absent" and asked.one):
            return None
        return _MEANT[meaning](self._client.system, asked.name, "the reply says so")

    def _meaning(self, reply: Any) -> str | None:
        """The first refusal whose expression is true of the reply."""
        return next((one.meaning for one in self._mapped.refusals if found(one.when, reply)), None)

    async def entries(
        self, read: Read, brand: str, ids: Sequence[str], more: Mapping[str, str]
    ) -> Sequence[Any] | None:
        """What a read answered of these ids; None if there is no such player."""
        query = {**read.query, **more, **({read.parameter: ",".join(ids)} if read.parameter else {})}
        asked = Asked(
            name=read.name, method=read.method, path=read.path, brand=brand, id=ids[0], one=len(ids) == 1, query=query
        )
        reply = await self.ask(asked)
        if reply is ABSENT:
            return None
        told = found(read.items, reply)
        if not isinstance(told, list):
            raise self.malformed(read.name, "there is no list in it where the mapping says")
        return told

    def malformed(self, operation: str, detail: str) -> VendorMalformedError:
        """An answer that cannot be taken."""
        return VendorMalformedError(self._client.system, operation, detail)

    def refused(self, operation: str, detail: str) -> VendorRejectedError:
        """What the gateway itself says no to, without a call."""
        return not_asked(VendorRejectedError(self._client.system, operation, detail))


def found(expression: Expression, value: Any) -> Any:
    """What an expression finds; None also where it does not fit."""
    try:
        return expression(value)
    except ValueError:
        return None


def word_in(expression: Expression | None, entry: Any) -> str:
    """The id or word that an expression finds, numbers as text; empty for none."""
    word = found(expression, entry) if expression else None
    return str(word) if isinstance(word, str | int) and not isinstance(word, bool) else ""
