"""What a mapped PAM leaves open is not guessed: silence is not nobody, missing is not no, another brand is not ours."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.vendors.mapped_bench import (
    PLAYER,
    Written,
    adapter,
    bet,
    client,
    over,
    person,
    replying,
    saying,
    stand,
    with_bets,
)
from vendors.errors import VendorDownError, VendorError, VendorMalformedError, VendorRejectedError
from vendors.ports.health import HealthState
from vendors.ports.keys import Key
from vendors.ports.money import Money
from vendors.ports.pam import AccountStatus, Balance, NewNote, Player
from vendors.sandbox import mapped_pam

OTHER = Key("player", "borealis", "s-001")
WALLETS = """balances:
  get: /wallets
  ids: {parameter: ids, most: 50}
  items: wallets
  id: id
  record:
    cash: {amount: cash, currency: "'EUR'", unit: major}
    bonus: {amount: "`0`", currency: "'EUR'", unit: minor}
    withdrawable: {amount: cash, currency: "'EUR'", unit: major}
"""
NOTES = """add_note: {post: "/people/{id}/notes", body: {text: "{body} {audit_id}"}}
"""


def people(*told: Any) -> httpx.AsyncClient:
    return saying({"people": list(told)})


async def read(http: httpx.AsyncClient, mapping: Path) -> Player | VendorError | None:
    return (await adapter(http, mapping).players([PLAYER])).get(PLAYER)


async def player(http: httpx.AsyncClient, mapping: Path) -> Player:
    found = await read(http, mapping)
    assert isinstance(found, Player), found
    return found


async def test_a_pam_that_is_down_does_not_say_that_an_id_is_nobodys() -> None:
    found = await adapter(saying("", 503)).identified(["s-001"])
    assert isinstance(found["s-001"], VendorDownError)


async def test_what_cannot_be_an_id_is_asked_of_nobody(written: Written) -> None:
    def never(request: httpx.Request) -> httpx.Response:
        raise AssertionError

    mapping = written(("/people\n  ids: {parameter: ids, most: 2}", "/people/{id}"))
    assert await adapter(replying(never), mapping).identified(["..", "a,b", "", "x/y"]) == {}


@pytest.mark.parametrize("body", ["", "null"])
async def test_an_empty_answer_does_not_say_that_there_is_nobody(written: Written, body: str) -> None:
    assert isinstance(await read(saying(body), written()), VendorMalformedError)


async def test_a_404_is_nobody_only_of_one_id_in_the_path(written: Written) -> None:
    assert isinstance(await read(saying({}, 404), written()), VendorRejectedError)
    one = written(("/people\n  ids: {parameter: ids, most: 2}", "/people/{id}"))
    assert await read(saying({}, 404), one) is None
    said = written(("brands:", "absent: [404, 410]\nbrands:"))
    assert await read(saying({}, 410), said) is None
    both = await adapter(saying({}, 404), said).players([PLAYER, Key("player", "acme", "s-002")])
    assert all(isinstance(one, VendorRejectedError) for one in both.values())


async def test_no_such_customer_said_of_many_is_said_of_nobody_of_them() -> None:
    http = saying({"ok": False, "fault": "UNKNOWN_CUSTOMER"})
    assert await adapter(http).players([PLAYER]) == {}
    both = await adapter(http).players([PLAYER, Key("player", "acme", "s-002")])
    assert [type(one) for one in both.values()] == [VendorRejectedError] * 2


async def test_a_refusal_with_status_200_counts_as_a_failure_of_the_pam() -> None:
    account = client(saying({"ok": False, "fault": "ON_FIRE"}))
    assert isinstance((await over(account).players([PLAYER]))[PLAYER], VendorDownError)
    assert account.health.now().state is HealthState.DOWN


async def test_a_write_that_fails_with_status_200_may_have_happened() -> None:
    with pytest.raises(VendorDownError) as told:
        await adapter(saying({"ok": False, "fault": "ON_FIRE"})).add_note(NewNote(PLAYER, "Called.", "a-1"))
    assert told.value.write_may_have_happened


async def test_what_a_pam_tells_twice_is_one_thing() -> None:
    http = stand(with_bets(bet(1, "open")))
    await http.post("http://pam/__faults", json={"operation": "*", "kind": "duplicate"})
    one = adapter(http)
    assert len((await one.balances([PLAYER]))[PLAYER]) == 1  # type: ignore[arg-type]
    assert len((await one.open_rounds([PLAYER]))[PLAYER]) == 1  # type: ignore[arg-type]
    assert isinstance((await one.players([PLAYER]))[PLAYER], Player)


async def test_answers_in_another_order_are_those_of_the_same_players() -> None:
    http, keys = stand(), [Key("player", "acme", f"s-{number:03}") for number in range(1, 9)]
    expected = await adapter(http).players(keys)
    await http.post("http://pam/__faults", json={"operation": "*", "kind": "reorder"})
    assert await adapter(http).players(keys[::-1]) == expected


async def test_open_bets_do_not_hold_those_that_are_over(written: Written) -> None:
    text = mapped_pam.MAPPING.read_text().replace("words: {open: OPEN, done:", "words: {open: SETTLED, done:")
    (file := written()).write_text(text)
    assert (await adapter(stand(with_bets(bet(1, "open"))), file).open_rounds([PLAYER]))[PLAYER] == []


TWO = ("{acme: A}", "{acme: A, borealis: B}")


async def test_a_reply_says_of_which_of_two_brands_a_player_is(written: Written) -> None:
    mapping = written(TWO, ("players:", "brand: {is: site}\nplayers:"))
    found = await adapter(people(person(site="A")), mapping).players([PLAYER, OTHER])
    assert list(found) == [PLAYER]
    assert isinstance(await read(people(person()), mapping), VendorMalformedError)


async def test_a_note_is_written_only_for_a_player_who_is_proven_to_be_the_brands(written: Written) -> None:
    sent: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        sent.append(request.method)
        return httpx.Response(200, json={"people": [person(site="B")]})

    pam = adapter(replying(answer), written(TWO, ("players:", "brand: {is: site}\nplayers:"), more=NOTES))
    with pytest.raises(VendorRejectedError):
        await pam.add_note(NewNote(PLAYER, "Called.", "a-1"))
    assert sent == ["GET"]
    await pam.add_note(NewNote(OTHER, "Called.", "a-1"))
    assert sent == ["GET", "GET", "POST"]


async def test_a_note_whose_proof_fails_has_not_been_written(written: Written) -> None:
    pam = adapter(saying("<html>"), written(("players:", "brand: {is: site}\nplayers:"), more=NOTES))
    with pytest.raises(VendorMalformedError) as told:
        await pam.add_note(NewNote(PLAYER, "Called.", "a-1"))
    assert not told.value.write_may_have_happened


@pytest.mark.parametrize(("said", "verified"), [("Y", True), ("N", False), (None, None), ("MAYBE", None), (True, None)])
async def test_a_yes_or_no_in_words_is_neither_where_the_pam_does_not_say(
    written: Written, said: Any, verified: bool | None
) -> None:
    mapping = written(("verified: checked", "verified: {value: kyc, words: {Y: true, N: false}}"))
    assert (await player(people(person(kyc=said)), mapping)).account.verified is verified


@pytest.mark.parametrize("word", ["LOCKED", "new", 7, True, None])
async def test_a_status_that_no_table_has_is_unknown_even_where_it_is_a_word_of_ours(
    written: Written, word: Any
) -> None:
    mapping = written(("status: state", "status: {value: state, words: {A: ACTIVE}}"))
    assert (await player(people(person(state=word)), mapping)).account.status is AccountStatus.UNKNOWN


async def test_a_block_that_no_table_has_is_not_left_out(written: Written) -> None:
    mapping = written(("restrictions: blocks", "restrictions: {each: blocks, words: {x: LOGIN}}"))
    assert isinstance(await read(people(person(blocks=["x", "y"])), mapping), VendorMalformedError)


async def test_a_market_follows_from_the_country_by_a_table(written: Written) -> None:
    mapping = written(("    tags:", "    market: {value: country, words: {GB: UKGC-GB}}\n    tags:"))
    assert (await player(people(person(country="GB")), mapping)).market == "UKGC-GB"
    assert (await player(people(person(country="XX")), mapping)).market is None


AT = datetime(2026, 1, 1, 10, tzinfo=UTC)


@pytest.mark.parametrize(
    ("how", "said", "meant"),
    [
        ("utc", "2026-01-01T10:00:00", AT),
        ("utc", "2026-01-01 15:00:00+05:00", AT),
        ("utc", 20260101, None),
        ("epoch_seconds", 1767261600, AT),
        ("epoch_seconds", "1767261600", AT),
        ("epoch_milliseconds", 1767261600000, AT),
        ("epoch_seconds", 1767261600000, None),  # milliseconds, said to be seconds
        ("epoch_seconds", True, None),
        ("epoch_seconds", [1], None),
        ("epoch_milliseconds", "NaN", None),
    ],
)
async def test_an_instant_is_what_the_file_says_it_is(written: Written, how: str, said: Any, meant: Any) -> None:
    mapping = written(("    tags:", f"    registered_at: {{value: at, as: {how}}}\n    tags:"))
    found = await read(people(person(at=said)), mapping)
    assert (found.registered_at == meant) if isinstance(found, Player) else meant is None, found


async def test_an_instant_without_offset_is_no_instant_unless_the_file_says_of_where(written: Written) -> None:
    mapping = written(("    tags:", "    registered_at: at\n    tags:"))
    assert (await player(people(person(at="2026-01-01T10:00:00Z")), mapping)).registered_at == AT
    assert isinstance(await read(people(person(at="2026-01-01T10:00:00")), mapping), VendorMalformedError)


async def test_a_birthday_may_be_an_instant(written: Written) -> None:
    mapping = written(("    tags:", "    date_of_birth: {value: born, as: epoch_seconds}\n    tags:"))
    assert (await player(people(person(born=-3600)), mapping)).date_of_birth == date(1969, 12, 31)


@pytest.mark.parametrize(
    ("cash", "minor"),
    [("12.50", 1250), (12.5, 1250), (12, 1200), ("-0.01", -1), (0.1 + 0.2, None), ("1E+99999999", None), (1e15, None),
     ("NaN", None), ("12.505", None), (True, None), ("twelve", None), ([], None)],
)  # fmt: skip
async def test_an_amount_is_exact_or_an_error(written: Written, cash: Any, minor: int | None) -> None:
    http = saying({"wallets": [{"id": "s-001", "cash": cash}]})
    found = (await adapter(http, written(more=WALLETS)).balances([PLAYER]))[PLAYER]
    if isinstance(found, VendorMalformedError):
        assert minor is None, found
    else:
        (balance,) = found  # type: ignore[misc]
        assert isinstance(balance, Balance)
        assert balance.cash == Money("EUR", minor or 0)


@pytest.mark.parametrize("hostile", ["[" * 200_000, '{"people": ' + "[" * 100_000])
async def test_lists_within_lists_without_end_are_no_answer(written: Written, hostile: str) -> None:
    assert isinstance(await read(saying(hostile), written()), VendorMalformedError)


async def test_an_expression_that_trips_over_a_reply_is_that_records_error(written: Written) -> None:
    mapping = written(("items: people", "items: people[?age > `1`]"), ("id: id", "id: max_by(ids, &no).no"))
    odd = {**person(), "age": 2, "ids": [{"no": "a"}, {"no": 1}]}
    assert isinstance(await read(people(odd), mapping), VendorMalformedError)
    torn = written(("items: people", "items: people[::0]"))
    assert isinstance(await read(people(person()), torn), VendorMalformedError)
