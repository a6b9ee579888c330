"""Ids that no player has and that try to be something else: a path, another's id, a header, too much."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec

from tests.contracts.truths import Truth, plain
from vendors.errors import VendorError
from vendors.ports.keys import Key
from vendors.ports.kyc import Applicant
from vendors.ports.paging import Page
from vendors.ports.pam import PlayerHits

NAMES = (
    "..", ".", "", "../../x", "%2e%2e", "%2e%2e%2fs-004", "s-004/../s-004", "s-004?x=1", "s-004#", "s-004;x=1",
    "s-004,s-010", "s-004\n", "x\r\nHost: elsewhere", "s-004\x00", "x" * 10_000, "Zoë-李-🎰", "\u202es-004", "\ud800",
    " s-004 ", "s-004&externalUserId=acme:s-004", "//elsewhere/x", "player:acme:s-004", "*", "%", "1e3", "٣",
)  # fmt: skip
BRANDS = ("acme\r\nX-Other: borealis", "../acme", "", "acme,borealis", "ACMÉ")


def asks(ask: Any) -> Iterator[Any]:
    """The same question about each of them."""
    for name in NAMES:
        yield _renamed(ask, name)
    if not isinstance(ask, str | Applicant):  # an applicant's id has no brand
        for brand in BRANDS:
            yield _of_brand(ask, brand)


def _renamed(ask: Any, name: str) -> Any:
    if isinstance(ask, str):
        return name
    if isinstance(ask, Key):
        return Key(ask.kind, ask.brand, name)
    for field in ("vendor_id", "transaction", "owner", "player_id", "psp_reference"):
        if hasattr(ask, field):
            told = getattr(ask, field)
            return msgspec.structs.replace(ask, **{field: _renamed(told, name) if isinstance(told, Key) else name})
    raise AssertionError(f"{type(ask).__name__} has no id that could be another")


def _of_brand(ask: Any, brand: str) -> Any:
    if isinstance(ask, Key):
        return Key(ask.kind, brand, ask.local)
    for field in ("owner", "player"):
        if hasattr(ask, field):
            return msgspec.structs.replace(ask, **{field: _of_brand(getattr(ask, field), brand)})
    return msgspec.structs.replace(ask, brand=brand)


def faults_of(truth: Truth, ask: Any, beside: Any, answers: Any) -> Iterator[str]:
    """It is told of nobody, and who was asked for beside it is told of as ever or by an error."""
    if not isinstance(answers, Mapping) or not set(answers) <= {ask, beside}:
        yield f"{truth.read} {ask}: what was not asked for"
        return
    told, one = answers.get(ask), answers.get(beside)
    if not isinstance(told, VendorError) and not _says_nothing(told):
        yield f"{truth.read} {ask!r}: is told as {plain(told)}"
    if one is None or (not isinstance(one, VendorError) and plain(one) != plain(truth.answers[beside])):
        yield f"{truth.read} {ask!r}: beside it {beside} is told as {plain(one)}"


def _says_nothing(answer: Any) -> bool:
    """Nothing, or an empty list: some products do not tell an unknown player from one who has nothing."""
    if isinstance(answer, Page):
        return not answer.items
    if isinstance(answer, PlayerHits):
        return not answer.keys
    return answer is None or (isinstance(answer, Sequence) and not answer)
