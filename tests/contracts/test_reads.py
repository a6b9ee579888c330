"""Every read of every product, unedited when one is added: asked twice, out of order, of nobody, or answered badly."""

from __future__ import annotations

import gzip
import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from enum import Enum
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest

from tests.contracts.standing import (
    NAMES,
    NOBODY,
    READS,
    Line,
    Spoil,
    asks,
    lines,
    plain,
    read,
    rewritten,
    standing,
)
from vendors.errors import VendorAuthError, VendorError
from vendors.ports.keys import Key
from vendors.ports.money import Money, exponent_of
from vendors.ports.paging import Listing, Page
from vendors.sandbox.world import World

NIGHTLY = "NIGHTLY" in os.environ  # else a part of what is slow
BREAKS = [(kind, wire) for kind in ("reset", "truncate", "drip", "html", "garbage") for wire in ("aiohttp", "httpx")]
every_read = pytest.mark.parametrize(("line", "name"), READS, ids=NAMES)
every_line = pytest.mark.parametrize("line", lines(), ids=[line.name for line in lines()])


def shown(found: dict[Any, Any]) -> dict[str, Any]:
    """Records by what was asked; an error by its code."""
    return {str(ask): one.code if isinstance(one, VendorError) else plain(one) for ask, one in found.items()}


def records(value: Any) -> Iterator[Any]:
    """Every record in an answer, however deep."""
    if isinstance(value, msgspec.Struct):
        yield value
        for name in value.__struct_fields__:
            yield from records(getattr(value, name))
    elif isinstance(value, list | tuple):
        for one in value:
            yield from records(one)


@every_read
async def test_what_is_asked_twice_out_of_order_and_of_nobody_changes_nothing(
    line: Line, name: str, world: World, keys: Path
) -> None:
    async with standing(line, world, keys) as it:
        asked = await asks(line, name, it.port)
        found = await read(it.port, name, asked)
        assert found, "nothing was compared"
        assert not any(isinstance(one, VendorError) for one in found.values()), found
        nobody = [Listing(NOBODY, 5) if isinstance(asked[0], Listing) else NOBODY] if _is_of_players(asked) else []
        again = await read(it.port, name, [*reversed(asked), *nobody, *asked])
        assert not any(holds(again.pop(one)) for one in nobody if one in again), "nobody has something"
        assert shown(again) == shown(found)
        assert await read(it.port, name, []) == {}


def holds(answer: Any) -> bool:
    """Whether there is anything in it. A system that does not know players answers with an empty list."""
    return bool(answer.items) if isinstance(answer, Page) else bool(answer)


def _is_of_players(asked: list[Any]) -> bool:
    first = asked[0].owner if isinstance(asked[0], Listing) else asked[0]
    return isinstance(first, Key) and first.kind == "player"


@every_read
async def test_many_are_answered_as_few_are(line: Line, name: str, world: World, keys: Path) -> None:
    """More than any product takes in a call."""
    everybody = [Key("player", brand, local) for brand, local in world.players][:220]
    async with standing(line, world, keys) as it:
        asked = await asks(line, name, it.port)
        if not _is_of_players(asked):
            return
        many = [Listing(key, 5) if isinstance(asked[0], Listing) else key for key in (*everybody, *map(_player, asked))]
        whole, few = await read(it.port, name, many), await read(it.port, name, asked)
        assert {ask: one for ask, one in shown(whole).items() if ask in shown(few)} == shown(few)
        assert not any(isinstance(one, VendorError) for one in whole.values())


def _player(ask: Any) -> Key:
    found: Key = ask.owner if isinstance(ask, Listing) else ask
    return found


def unreadable(body: bytes, status: int = 200, **more: str) -> Spoil:
    headers = {name.replace("_", "-").encode(): value.encode() for name, value in more.items()}
    return lambda _, __, ___: (status, {b"content-type": b"application/json", **headers}, body)


def cut(status: int, headers: dict[bytes, bytes], body: bytes) -> tuple[int, dict[bytes, bytes], bytes]:
    return status, headers, body[: len(body) * 3 // 5]


HOSTILE: dict[str, Spoil] = {
    "an error page with status 200": unreadable(b"<html><body>Down</body></html>", content_type="text/html"),
    "a body that is cut": cut,
    "no body at all": unreadable(b""),
    "a text": unreadable(b'"fine"'),
    "a number": unreadable(b"7"),
    "no letters": unreadable(b"\xff\xfe\x00\x01"),
    "a million brackets": unreadable(b"[" * 1_000_000),
    "a redirect": unreadable(b"", 302, location="http://127.0.0.1:9/elsewhere"),
    "a body that says it is packed": unreadable(b"not packed", content_encoding="gzip"),
    "nine million bytes": unreadable(b'{"x": "' + b"a" * 9_000_000 + b'"}'),
}


@every_line
async def test_what_cannot_be_read_is_an_error_of_each_key_and_nobodys_absence(
    line: Line, world: World, keys: Path
) -> None:
    names = [name for one, name in READS if one.name == line.name]
    async with standing(line, world, keys) as it:
        asked = {name: await asks(line, name, it.port) for name in names}
        before = {name: await read(it.port, name, asked[name]) for name in names}
    async with standing(line, world, keys) as it:  # nothing is remembered
        for how, it.between.spoil in HOSTILE.items():
            for name in names:
                found = await read(it.port, name, asked[name])
                assert set(found) >= set(before[name]), f"{how}, {name}: some are as if they were unknown"
                assert all(isinstance(one, VendorError) for one in found.values()), (how, name, found)


@pytest.mark.parametrize(("kind", "wire"), BREAKS if NIGHTLY else [("reset", "aiohttp"), ("truncate", "httpx")])
@every_line
async def test_a_connection_that_breaks_is_an_error_on_either_wire(
    line: Line, kind: str, wire: str, world: World, keys: Path
) -> None:
    name = next(name for one, name in READS if one.name == line.name)
    async with standing(line, world, keys, wire) as it, httpx.AsyncClient(trust_env=False) as http:
        (asked, *_), fault = await asks(line, name, it.port), {"operation": "*", "kind": kind, "value": 30}
        (await http.post(f"{it.url}/__faults", json=fault)).raise_for_status()
        found = await read(it.port, name, [asked])
        assert isinstance(found[asked], VendorError), found


def packed(status: int, headers: dict[bytes, bytes], body: bytes) -> tuple[int, dict[bytes, bytes], bytes]:
    return status, headers | {b"content-encoding": b"gzip"}, gzip.compress(body)


@pytest.mark.parametrize("wire", ["aiohttp", "httpx"] if NIGHTLY else ["aiohttp"])
@every_line
async def test_a_packed_body_is_the_same_body(line: Line, wire: str, world: World, keys: Path) -> None:
    names = [name for one, name in READS if one.name == line.name]
    async with standing(line, world, keys, wire) as it:
        asked = {name: await asks(line, name, it.port) for name in names}
        before = {name: shown(await read(it.port, name, asked[name])) for name in names}
        it.between.spoil = packed
        assert {name: shown(await read(it.port, name, asked[name])) for name in names} == before


def grown(part: Any) -> Any:
    return {**part, "brandNewField": None} if isinstance(part, dict) else part


@every_read
async def test_a_field_that_nobody_knows_changes_no_record(line: Line, name: str, world: World, keys: Path) -> None:
    """Where an object of a product is a map of names, it has one name more."""
    async with standing(line, world, keys) as it:
        asked = await asks(line, name, it.port)
        before = shown(await read(it.port, name, asked))
        it.between.spoil = rewritten(grown)
        after = shown(await read(it.port, name, asked))
    for ask, told in before.items():
        is_map = isinstance(told, list) and isinstance(after[ask], list)
        assert after[ask] == told or (is_map and all(one in after[ask] for one in told)), ask


@every_read
async def test_a_word_of_a_status_that_nobody_knows_is_unknown_and_never_clear(
    line: Line, name: str, world: World, keys: Path
) -> None:
    async with standing(line, world, keys) as it:
        asked = await asks(line, name, it.port)
        before = await read(it.port, name, asked)
        told = [one for one in records(list(before.values())) if hasattr(one, "vendor_status")]
        said = {one.vendor_status for one in told} | {state_of(one) for one in told}
        words = {word for status in said if status for word in (status, *status.split())}
        if not words:
            return
        it.between.spoil = rewritten(lambda part: "QUITE_NEW" if isinstance(part, str) and part in words else part)
        after = await read(it.port, name, asked)
    for one in records(list(after.values())):
        if hasattr(one, "vendor_status") and one.vendor_status:
            assert state_of(one) == "UNKNOWN", one


def state_of(record: Any) -> str:
    """The canonical word for where something stands."""
    found: Enum = record.status if hasattr(record, "status") else record.state
    return str(found.value)


def paid_in(currency: str) -> Any:
    known = {"GBP", "EUR", "SEK", "DKK", "USD"}
    return rewritten(lambda part: currency if isinstance(part, str) and part in known else part)


@pytest.mark.parametrize("currency", ["JPY", "KWD", "BTC"] if NIGHTLY else ["JPY"])
@every_read
async def test_money_of_another_number_of_decimals_is_right_or_an_error(
    line: Line, name: str, currency: str, world: World, keys: Path
) -> None:
    async with standing(line, world, keys) as it:
        asked = await asks(line, name, it.port)
        before = await read(it.port, name, asked)
        it.between.spoil = paid_in(currency)
        after = await read(it.port, name, asked)
    for ask, found in after.items():
        if isinstance(found, VendorError):
            continue
        was = [one for one in records(before[ask]) if isinstance(one, Money)]
        now = [one for one in records(found) if isinstance(one, Money)]
        assert len(was) == len(now)
        for old, new in zip(was, now, strict=True):
            assert new.exponent == exponent_of(new.currency)
            same_amount = Decimal(new.amount) == Decimal(old.amount)
            assert same_amount or new.amount_minor == old.amount_minor, (old, new)


def turned(part: Any) -> Any:
    """Every amount written as a decimal, below zero and far beyond any wallet."""
    is_amount = isinstance(part, str) and part.replace(".", "", 1).isdecimal() and "." in part
    return f"-98765432109876{part}" if is_amount else part


@every_read
async def test_an_amount_below_zero_and_beyond_any_wallet_keeps_its_last_digit(
    line: Line, name: str, world: World, keys: Path
) -> None:
    async with standing(line, world, keys) as it:
        asked = await asks(line, name, it.port)
        before = await read(it.port, name, asked)
        it.between.spoil = rewritten(turned)
        after = await read(it.port, name, asked)
    for ask, found in after.items():
        was = [one for one in records(before[ask]) if isinstance(one, Money)]
        now = [one for one in records(found) if isinstance(one, Money)]
        if isinstance(found, VendorError) or len(was) != len(now):
            continue  # a product may refuse an amount, never round it
        for old, new in zip(was, now, strict=True):
            assert Decimal(new.amount) in (Decimal(old.amount), Decimal(f"-98765432109876{old.amount}")), (old, new)


HOSTILE_IDS = (
    "../../admin", "..", "%2e%2e", "a/b", "a?b=c", "a#b", "a&b=c", "x\r\nHost: y", "a,b", "ü", "", "x" * 10_000,
)  # fmt: skip


@every_line
async def test_an_id_that_tries_to_be_a_path_is_nobodys_and_leads_nowhere_else(
    line: Line, world: World, keys: Path
) -> None:
    async with standing(line, world, keys) as it:
        for name in [name for one, name in READS if one.name == line.name]:
            asked = await asks(line, name, it.port)
            if not _is_of_players(asked):
                continue
            await read(it.port, name, asked)
            usual, known = {path.partition("?")[0].count("/") for path in it.between.paths}, len(it.between.paths)
            for hostile in (Key("player", "acme", local) for local in HOSTILE_IDS):
                try:
                    wish = Listing(hostile, 5) if isinstance(asked[0], Listing) else hostile
                    found = await read(it.port, name, [wish])
                except ValueError:  # no address can hold it, and no id that is parsed can be it
                    continue
                assert not any(holds(one) for one in found.values() if not isinstance(one, VendorError)), found
            assert {path.partition("?")[0].count("/") for path in it.between.paths[known:]} <= usual


@every_line
async def test_a_clock_that_is_wrong_is_told_as_ours_or_does_not_matter(line: Line, world: World, keys: Path) -> None:
    name = next(name for one, name in READS if one.name == line.name)
    async with standing(line, world, keys) as it:
        asked = await asks(line, name, it.port)
        before = await read(it.port, name, asked)
    for minutes in (-10, 10):
        skewed = timedelta(minutes=minutes)
        async with standing(line, world, keys, clock=lambda: datetime.now(UTC) + skewed) as it:  # noqa: B023
            found = await read(it.port, name, asked)
        assert set(found) == set(before)
        refused = [one for one in found.values() if isinstance(one, VendorError)]
        assert all(isinstance(one, VendorAuthError) for one in refused), refused


@every_read
async def test_a_name_in_any_letters_is_the_name(line: Line, name: str, world: World, keys: Path) -> None:
    odd = "Žofie \u202e 🎰 \u0130ç"
    named = {
        key: msgspec.structs.replace(
            facts, first_name=odd, tickets=tuple(msgspec.structs.replace(one, subject=odd) for one in facts.tickets)
        )
        for key, facts in world.players.items()
    }
    async with standing(line, World(world.now, named), keys) as it:
        asked = await asks(line, name, it.port)
        found = await read(it.port, name, asked)
    assert not any(isinstance(one, VendorError) for one in found.values())
    for one in records(list(found.values())):
        for attribute in ("first_name", "subject"):
            assert getattr(one, attribute, odd) in (odd, "", None)
