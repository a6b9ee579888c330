"""How a record is made of a reply: a translation to the reference contract's shapes, one rule a type.

What a mapping may say of an attribute follows from its type in the port, so a new attribute needs no line here:

    text, yes or no   an expression, or `value` with `words`; a yes or no is not compared, since missing is not no
    a word            an expression, or `value` with `words`: the PAM's word to the port's
    an instant        an expression (ISO 8601 with its offset), or `value` with `as`; so is a day
    money             `amount`, `currency`, and `unit`: major (12.50) or minor (1250)
    a record          its attributes
    several           `each` finds them, the rest says what one is; of texts an expression is enough

A word that is not in `words` is UNKNOWN, null where the enumeration has none of that and the attribute may be null, and
makes the record unreadable where neither is so.
"""

from __future__ import annotations

import typing
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from enum import Enum
from typing import Any

import msgspec

from vendors.pam.mapping_file import Said
from vendors.ports.keys import Key
from vendors.ports.money import Money, exponent_of
from vendors.ports.source import Source
from vendors.reference.shapes import fields_of, kind_of, optional

Translation = Callable[[Any], Any]  # a part of a reply -> the reference contract's shape of it; raises ValueError
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LONGEST = 18  # digits of an amount before its point; Decimal would write out a billion of them
_EXACT = 1e13  # up to here the shortest text of a number is the very amount that was written


def _since_epoch(unit: str) -> Callable[[Any], datetime]:
    def convert(said: Any) -> datetime:
        if isinstance(said, bool):
            raise ValueError
        return _EPOCH + timedelta(**{unit: float(said)})

    return convert


def _utc(said: Any) -> datetime:
    """An instant without an offset is one of UTC; an offset that stands there is heard."""
    at = datetime.fromisoformat(msgspec.convert(said, str))
    return at if at.tzinfo else at.replace(tzinfo=UTC)


INSTANTS: Mapping[str, Callable[[Any], datetime]] = {
    "epoch_seconds": _since_epoch("seconds"), "epoch_milliseconds": _since_epoch("milliseconds"), "utc": _utc,
}  # fmt: skip
ANSWERS = {"true": True, "false": False}


def translated(hint: Any, said: Said, *, may_lack: bool = False) -> Translation:
    """What the file says of an attribute of this type. Raises BadMapping."""
    if (inner := optional(hint)) is not None:
        return translated(inner, said, may_lack=True)
    if hint is Money:
        return _money(said)
    if hint is Key:
        return translated(str, said)
    if typing.get_origin(hint) is not None:
        return _several(typing.get_args(hint)[0], said)
    if isinstance(hint, type) and issubclass(hint, msgspec.Struct):
        return record(hint, said)
    if hint in (datetime, date):
        return _instant(said, hint)
    if said.is_mapping:
        parts = said.parts(("value", "words"), ("value", "words"))
        find, meant = parts["value"].expression(), _meant(hint, parts["words"], may_lack)
        return lambda reply: meant(find(reply))
    find = said.expression(may_compare=hint is not bool)
    return (lambda reply: _text(find(reply))) if hint is str else find


def record(kind: Any, said: Said, *, each: bool = False) -> Translation:
    """A record of this type. What is of the player asked for, and the source, no file has to say."""
    told = {
        name: (hint, optional(hint) is not None or has_default)
        for name, hint, has_default in fields_of(kind)
        if hint is not Source and not is_owner(kind, name, hint)
    }
    needed = [name for name, (_, may_lack) in told.items() if not may_lack]
    parts = said.parts([*told, "each"] if each else list(told), needed)
    fields = {name: translated(told[name][0], part) for name, part in parts.items() if name != "each"}
    return lambda reply: {name: _named(name, translate, reply) for name, translate in fields.items()}


def is_owner(kind: Any, name: str, hint: Any) -> bool:
    """Whether this attribute is the player who was asked for."""
    return hint is Key and kind_of(kind, name) == "player"


def owners(kind: Any) -> Sequence[str]:
    """The attributes of a record that are the player who was asked for."""
    return [name for name, hint, _ in fields_of(kind) if is_owner(kind, name, hint)]


def _named(name: str, translate: Translation, reply: Any) -> Any:
    try:
        return translate(reply)
    except (ValueError, TypeError, ArithmeticError) as error:
        raise ValueError(f"{name}: {error if isinstance(error, ValueError) else 'does not fit'}") from None


def _money(said: Said) -> Translation:
    parts = said.parts(("amount", "currency", "unit"), ("amount", "currency", "unit"))
    amount, currency = parts["amount"].expression(), parts["currency"].expression()
    minor = parts["unit"].one_of(("major", "minor")) == "minor"

    def translate(reply: Any) -> Any:
        found, code = amount(reply), currency(reply)
        if found is None:
            return None
        if isinstance(found, bool) or not isinstance(code, str):
            raise ValueError("no amount of a currency")
        number = Decimal(str(found)).scaleb(-exponent_of(code) if minor else 0)
        if abs(number.adjusted()) > _LONGEST or (isinstance(found, float) and abs(found) >= _EXACT):
            raise ValueError("an amount of too many digits")
        return {"amount": f"{number:f}", "currency": code}

    return translate


def _several(item: Any, said: Said) -> Translation:
    translate: Translation
    if not said.is_mapping:
        find, translate = said.expression(), _text if item is str else _as_it_is
    elif isinstance(item, type) and issubclass(item, msgspec.Struct):
        find, translate = said.parts(needed=("each",))["each"].expression(), record(item, said, each=True)
    else:
        parts = said.parts(("each", "words"), ("each", "words"))
        find, translate = parts["each"].expression(), _meant(item, parts["words"], False)

    def each(reply: Any) -> Any:
        found = find(reply)
        if found is None:
            return None
        if not isinstance(found, list):
            raise ValueError("no list")
        return [translate(one) for one in found]

    return each


def _meant(kind: Any, said: Said, may_lack: bool) -> Translation:
    """What the PAM's word means. Its yes and no are written true and false."""
    if isinstance(kind, type) and issubclass(kind, Enum):
        known, spare = [one.value for one in kind], "UNKNOWN" if "UNKNOWN" in {one.value for one in kind} else None
        words: Mapping[str, Any] = {name: part.one_of(known) for name, part in said.parts().items()}
    else:
        spare = None
        words = {
            name: ANSWERS[part.one_of(tuple(ANSWERS))] if kind is bool else part.text()
            for name, part in said.parts().items()
        }

    def meant(found: Any) -> Any:
        word = words.get(_text(found), spare) if found is not None else None
        if word is None and found is not None and not may_lack:
            raise ValueError("a word that the mapping does not have")
        return word

    return meant


def _instant(said: Said, kind: Any) -> Translation:
    if not said.is_mapping:
        return said.expression()
    parts = said.parts(("value", "as"), ("value", "as"))
    find, convert = parts["value"].expression(), INSTANTS[parts["as"].one_of(tuple(INSTANTS))]

    def translate(reply: Any) -> Any:
        found = find(reply)
        try:
            at = None if found is None else convert(found)
        except (ValueError, TypeError, OverflowError):
            raise ValueError("no instant") from None
        return at and (at.isoformat() if kind is datetime else at.date().isoformat())

    return translate


def _as_it_is(found: Any) -> Any:
    return found


def _text(found: Any) -> Any:
    """Numbers are texts here, as ids often are; yes and no are words."""
    if isinstance(found, bool):
        return str(found).lower()
    return str(found) if isinstance(found, int | float) else found
