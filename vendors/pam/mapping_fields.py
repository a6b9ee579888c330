"""How a record is made of a reply: a translation to the reference contract's shapes, one rule a type.

What a mapping may say of an attribute follows from its type in the port, so a new attribute needs no line here:

    text, yes or no   an expression
    a word            an expression, or `value` with `words`: the PAM's word to the port's; another becomes UNKNOWN
    an instant        an expression (ISO 8601 with its offset), or `value` with `as`
    money             `amount`, `currency`, and `unit`: major (12.50) or minor (1250)
    a record          its attributes
    several           `each` finds them, the rest says what one is; of texts an expression is enough, and where the PAM
                      has none of the kind, "`[]`" says so
"""

from __future__ import annotations

import typing
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
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
INSTANTS: Mapping[str, Callable[[Any], datetime]] = {
    "epoch_seconds": lambda said: datetime.fromtimestamp(float(said), UTC),
    "epoch_milliseconds": lambda said: datetime.fromtimestamp(float(said) / 1000, UTC),
    "utc": lambda said: datetime.fromisoformat(str(said)).replace(tzinfo=UTC),
}


def translated(hint: Any, said: Said) -> Translation:
    """What the file says of an attribute of this type. Raises BadMapping."""
    if (inner := optional(hint)) is not None:
        return translated(inner, said)
    if hint is Money:
        return _money(said)
    if hint is Key:
        return translated(str, said)
    if typing.get_origin(hint) is not None:
        return _several(typing.get_args(hint)[0], said)
    if isinstance(hint, type) and issubclass(hint, msgspec.Struct):
        return record(hint, said)
    if isinstance(hint, type) and issubclass(hint, Enum):
        return _word(hint, said)
    if hint is datetime:
        return _instant(said)
    find = said.expression()
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
        number = Decimal(str(found)).scaleb(-exponent_of(code)) if minor else Decimal(str(found))
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
        find, translate = parts["each"].expression(), _meant(item, parts["words"])

    def each(reply: Any) -> Any:
        found = find(reply)
        if found is None:
            return None
        if not isinstance(found, list):
            raise ValueError("no list")
        return [translate(one) for one in found]

    return each


def _word(kind: type[Enum], said: Said) -> Translation:
    if not said.is_mapping:
        return said.expression()
    parts = said.parts(("value", "words"), ("value", "words"))
    find, meant = parts["value"].expression(), _meant(kind, parts["words"])
    return lambda reply: meant(find(reply))


def _meant(kind: Any, said: Said) -> Translation:
    """The port's word for the PAM's. Yes and no are written true and false."""
    known = [one.value for one in kind]
    words = {name: part.one_of(known) for name, part in said.parts().items()}
    return lambda found: None if found is None else words.get(_text(found), _text(found))


def _instant(said: Said) -> Translation:
    if not said.is_mapping:
        return said.expression()
    parts = said.parts(("value", "as"), ("value", "as"))
    find, convert = parts["value"].expression(), INSTANTS[parts["as"].one_of(tuple(INSTANTS))]

    def translate(reply: Any) -> Any:
        found = find(reply)
        try:
            return None if found is None else convert(found).isoformat()
        except (ValueError, TypeError, OverflowError, OSError):
            raise ValueError("no instant") from None

    return translate


def _as_it_is(found: Any) -> Any:
    return found


def _text(found: Any) -> Any:
    """Numbers are texts here, as ids often are; yes and no are words."""
    if isinstance(found, bool):
        return str(found).lower()
    return str(found) if isinstance(found, int | float) else found
