"""What can become of a reply on its way, whatever product it is of."""

from __future__ import annotations

import gzip
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import msgspec

from tests.contracts.stands import Change, Said
from vendors.client import MAX_REPLY_BYTES

STRANGE = "word_of_next_year"


def zipped(said: Said) -> Said:
    """As the product may send it to who accepts it."""
    return Said(said.status, {**said.headers, "content-encoding": "gzip"}, gzip.compress(said.body, 1))


def badly_zipped(said: Said) -> Said:
    """It says so, and is not."""
    return Said(said.status, {**said.headers, "content-encoding": "gzip"}, said.body)


def cut(said: Said) -> Said:
    """The connection ends in the middle of the body."""
    return Said(said.status, said.headers, said.body, len(said.body) // 2)


def endless(said: Said) -> Said:
    """Harmless on the wire, more than is read once it is unfolded."""
    body = gzip.compress(said.body + b" " * MAX_REPLY_BYTES, 1)
    return Said(said.status, {**said.headers, "content-encoding": "gzip"}, body)


def status(code: int) -> Change:
    """A refusal in place of the answer."""
    return lambda said: Said(code, {"content-type": "application/json"}, b'{"error": "fault"}')


def body(text: bytes) -> Change:
    """Another body in place of the answer's."""
    return lambda said: Said(said.status, {"content-type": "application/json"}, text)


def cut_to_a_part(said: Said) -> Said:
    """A part that nobody asked for."""
    return Said(206, said.headers, said.body[: len(said.body) // 2])


class InTurn:
    """A reply is changed by the first, the next by the second, and so on round."""

    def __init__(self, changes: Sequence[Change]) -> None:
        self._changes, self._count = changes, 0

    @property
    def is_through(self) -> bool:
        """Whether each had its turn."""
        return self._count >= len(self._changes)

    def __call__(self, said: Said) -> Said:
        change = self._changes[self._count % len(self._changes)]
        self._count += 1
        return change(said)


def redirected(to: str) -> Change:
    """It stands elsewhere, says the product; a credential does not follow."""
    return lambda said: Said(307, {"location": to}, b"")


def with_more_fields(said: Said) -> Said:
    """Every object has a field that nobody knows yet."""
    return _json(said, lambda told: _each(told, lambda one: {**one, STRANGE: None}))


def reworded(field: str, word: str = STRANGE) -> Change:
    """Every text under one name is another."""

    def put(one: dict[str, Any]) -> dict[str, Any]:
        return {name: _put(value, word) if name == field else value for name, value in one.items()}

    return lambda said: _json(said, lambda told: _each(told, put))


class Texts:
    """Changes nothing, and keeps the texts of replies by the names under which they stand."""

    def __init__(self) -> None:
        self.seen: dict[str, set[str]] = defaultdict(set)

    def __call__(self, said: Said) -> Said:
        if said.status == 200:
            for name, text in texts(msgspec.json.decode(said.body)):
                self.seen[name].add(text)
        return said


def texts(said: Any) -> Iterator[tuple[str, str]]:
    """Every text of a reply with its name."""
    if isinstance(said, dict):
        for name, value in said.items():
            held = value if isinstance(value, list) else [value]
            yield from ((name, one) for one in held if isinstance(one, str))
            yield from texts(value)
    elif isinstance(said, list):
        for one in said:
            yield from texts(one)


def _put(value: Any, word: str) -> Any:
    if isinstance(value, list):
        return [word if isinstance(one, str) else one for one in value]
    return word if isinstance(value, str) else value


def _each(told: Any, change: Callable[[dict[str, Any]], dict[str, Any]]) -> Any:
    if isinstance(told, dict):
        return change({name: _each(one, change) for name, one in told.items()})
    return [_each(one, change) for one in told] if isinstance(told, list) else told


def _json(said: Said, change: Callable[[Any], Any]) -> Said:
    return Said(said.status, said.headers, msgspec.json.encode(change(msgspec.json.decode(said.body))))


REFUSALS = (302, 400, 401, 403, 408, 409, 422, 429, 499, 500, 502, 503, 504)
STATUSES = [*map(status, REFUSALS), lambda said: Said(204, {}, b""), cut_to_a_part]
UNREADABLE = [
    cut,
    badly_zipped,
    endless,
    body(b'{"\xff\xfe": "\xff"}'),
    body(b'{"x":' + b"[" * 100_000 + b"]" * 100_000 + b"}"),
]
SHAPES = [body(text) for text in (b"null", b"[]", b"{}", b'"x"', b"7", b"", b"[null]", b"[{}]", b'{"error": null}')]
