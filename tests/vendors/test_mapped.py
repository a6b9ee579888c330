"""A PAM by a mapping file: read as its file says, recognised by its own ids, and a wrong file is told by its line."""

from __future__ import annotations

import json
from pathlib import Path

import httpx
import pytest

from tests.vendors.mapped_bench import (
    LITTLE,
    NOW,
    PLAYER,
    WORLD,
    adapter,
    bet,
    calls,
    person,
    replying,
    stand,
    with_bets,
)
from vendors.errors import (
    VendorAuthError,
    VendorBusyError,
    VendorConflictError,
    VendorDownError,
    VendorError,
    VendorMalformedError,
    VendorRejectedError,
)
from vendors.pam.mapped import filled
from vendors.ports.keys import Key
from vendors.ports.paging import Listing, Page
from vendors.ports.pam import (
    AccountStatus,
    Balance,
    GameRound,
    NewNote,
    Player,
    PlayerHits,
    PlayerSearch,
    ResponsibleGambling,
    Restrict,
    RestrictionScope,
    RoundStatus,
)


@pytest.fixture
def little(tmp_path: Path) -> Path:
    """A mapping of players alone."""
    (file := tmp_path / "little.yaml").write_text(LITTLE)
    return file


async def test_every_player_reads_as_his_facts_say() -> None:
    keys = [Key("player", brand, local) for brand, local in WORLD.players]
    http = stand()
    found = await adapter(http).players(keys)
    assert set(found) == set(keys)
    for key, facts in zip(keys, WORLD.players.values(), strict=True):
        player = found[key]
        assert isinstance(player, Player)
        assert (player.id, player.market, player.first_name, player.email) == (
            key, facts.market, facts.first_name, facts.email,
        )  # fmt: skip
        assert player.registered_at == NOW - facts.registered_age
        assert (player.vip_level, player.tags) == (facts.vip_level, facts.tags)
        assert [note.body for note in player.notes] == [note.body for note in facts.notes]
        expected = AccountStatus.LOCKED if "locked" in facts.bans else AccountStatus.RESTRICTED
        assert player.account.status is (expected if facts.bans else AccountStatus.ACTIVE)
    most = {brand: sum(one.brand == brand for one in keys) for brand in {one.brand for one in keys}}
    assert (await calls(http))["players"] == sum(-(-number // 50) for number in most.values())


async def test_wallets_count_minor_units_and_bets_count_decimals() -> None:
    player = next(key for key, facts in WORLD.players.items() if facts.rounds and facts.wagering)
    facts, key = WORLD.players[player], Key("player", *player)
    one = adapter(stand())
    (balance,) = (await one.balances([key]))[key]  # type: ignore[misc]
    assert isinstance(balance, Balance)
    assert (balance.cash.amount_minor, balance.cash.currency) == (facts.cash_minor, facts.currency)
    page = (await one.rounds([Listing(key, 50)]))[Listing(key, 50)]
    assert isinstance(page, Page)
    assert {bet.id.local: bet.stake.amount_minor for bet in page.items} == {
        bet.id: bet.stake_minor for bet in facts.rounds
    }


async def test_exclusions_and_limits_are_in_the_ports_words() -> None:
    player = next(key for key, facts in WORLD.players.items() if facts.exclusions and facts.limits)
    facts, key = WORLD.players[player], Key("player", *player)
    told = (await adapter(stand()).responsible_gambling([key]))[key]
    assert isinstance(told, ResponsibleGambling)
    assert [(one.active, one.since) for one in told.exclusions] == [(True, NOW - one.age) for one in facts.exclusions]
    assert told.limits is not None
    assert [one.value.amount_minor for one in told.limits] == [one.amount_minor for one in facts.limits]
    assert (told.play_allowed, told.deposit_allowed) == (False, False)


async def test_another_brands_player_and_nobody_are_left_out() -> None:
    keys = [PLAYER, Key("player", "borealis", "s-001"), Key("player", "acme", "nobody"), PLAYER]
    assert set(await adapter(stand()).players(keys)) == {PLAYER}
    assert await adapter(stand()).players([Key("player", "elsewhere", "s-001")]) == {}
    assert await adapter(stand()).identified(["s-001", "nobody"]) == {"s-001": PLAYER}


async def test_a_long_list_is_read_page_by_page_without_gap_or_repeat() -> None:
    one, seen, before = adapter(stand(with_bets(*(bet(number) for number in range(250))))), list[str](), None
    while True:
        listing = Listing(PLAYER, 40, before)
        page = (await one.rounds([listing]))[listing]
        assert isinstance(page, Page)
        seen += [item.id.local for item in page.items]
        if not page.more:
            break
        before = page.positions[-1]
    assert seen == [f"b{number:04}" for number in range(250)]


async def test_more_bets_of_one_instant_than_a_page_holds_are_an_error_and_not_a_shorter_list() -> None:
    one = adapter(stand(with_bets(*(bet(number, minutes=5) for number in range(150)))))
    listing = Listing(PLAYER, 100)
    assert isinstance((await one.rounds([listing]))[listing], VendorMalformedError)


async def test_open_bets_are_those_alone_and_a_word_nobody_mapped_is_unknown() -> None:
    one = adapter(stand(with_bets(bet(1, "open"), bet(2), bet(3, "teleported"))))
    (found,) = (await one.open_rounds([PLAYER]))[PLAYER]  # type: ignore[misc]
    assert isinstance(found, GameRound)
    assert found.status is RoundStatus.OPEN
    page = (await one.rounds([Listing(PLAYER, 9)]))[Listing(PLAYER, 9)]
    assert isinstance(page, Page)
    assert [(item.status, item.vendor_status) for item in page.items][2] == (RoundStatus.UNKNOWN, "teleported")


async def test_a_search_finds_by_each_criterion_that_is_mapped() -> None:
    facts = WORLD.players["acme", "s-001"]
    wishes = [PlayerSearch("acme", 5, email=facts.email), PlayerSearch("acme", 5, phone="+000", country="GB")]
    refused = PlayerSearch("acme", 5, registered_from=NOW)
    found = await adapter(stand()).search([*wishes, refused, PlayerSearch("acme", 5)])
    assert found[wishes[0]] == PlayerHits((PLAYER,), 1)
    assert found[wishes[1]] == PlayerHits((), 0)
    assert isinstance(found[refused], VendorRejectedError)
    assert isinstance(found[PlayerSearch("acme", 5)], VendorRejectedError)


async def test_blocks_and_notes_are_written_once_under_their_audit_id() -> None:
    http = stand()
    one = adapter(http)
    assert one.supports == set(RestrictionScope)
    for _ in range(2):
        await one.restrict(Restrict(PLAYER, [RestrictionScope.LOGIN, RestrictionScope.WITHDRAWAL], "a-1"))
        await one.add_note(NewNote(PLAYER, 'Called. {id} "quoted"', "a-2"))
    player = (await one.players([PLAYER]))[PLAYER]
    assert isinstance(player, Player)
    assert set(player.account.restrictions) == {RestrictionScope.LOGIN, RestrictionScope.WITHDRAWAL}
    assert [note.body for note in player.notes].count('Called. {id} "quoted"') == 1
    stats = (await http.get("http://pam/__stats")).json()
    assert [stats[name]["effects"] for name in ("restrict", "add_note")] == [1, 1]


async def test_nothing_is_written_for_another_brands_player() -> None:
    http = stand()
    with pytest.raises(VendorRejectedError):
        await adapter(http).add_note(NewNote(Key("player", "borealis", "s-001"), "Called.", "a-1"))
    assert (await http.get("http://pam/__stats")).json()["add_note"]["effects"] == 0


async def test_what_the_file_does_not_name_is_refused_without_a_call(little: Path) -> None:
    def never(request: httpx.Request) -> httpx.Response:
        raise AssertionError

    one = adapter(replying(never), little)
    assert isinstance((await one.balances([PLAYER]))[PLAYER], VendorRejectedError)
    assert isinstance((await one.rounds([Listing(PLAYER, 1)]))[Listing(PLAYER, 1)], VendorRejectedError)
    for write in (
        one.restrict(Restrict(PLAYER, [RestrictionScope.LOGIN], "a")),
        one.add_note(NewNote(PLAYER, "b", "a")),
    ):
        with pytest.raises(VendorRejectedError):
            await write


@pytest.mark.parametrize(
    "reply",
    [
        "<html>", '{"people": [{"id": "s-001"', '{"people": {}}', '{"other": []}', "[]", '"text"',
        json.dumps({"people": [person(blocks="LOGIN")]}), json.dumps({"people": [person(checked="perhaps")]}),
        json.dumps({"people": [person(), person(checked=False)]}), json.dumps({"people": [person("stranger")]}),
    ],
)  # fmt: skip
async def test_an_answer_that_cannot_be_taken_is_an_error_and_not_nobody(little: Path, reply: str) -> None:
    found = await adapter(replying(lambda request: httpx.Response(200, text=reply)), little).players([PLAYER])
    assert isinstance(found[PLAYER], VendorMalformedError)


async def test_trouble_with_one_record_spares_the_others(little: Path) -> None:
    people = [person(), person("s-002", blocks=7), person("s-003", state="ELSEWHERE", extra=1)]
    keys = [Key("player", "acme", f"s-00{number}") for number in range(1, 5)]

    def answer(request: httpx.Request) -> httpx.Response:
        asked = request.url.params["ids"].split(",")
        return httpx.Response(200, json={"people": [one for one in people if one["id"] in asked]})

    found = await adapter(replying(answer), little).players(keys)
    assert [type(found.get(key)).__name__ for key in keys] == ["Player", "VendorMalformedError", "Player", "NoneType"]
    unknown = found[keys[2]]
    assert isinstance(unknown, Player)
    assert unknown.account.status is AccountStatus.UNKNOWN


async def test_no_sentence_of_an_error_repeats_what_a_reply_said(little: Path) -> None:
    hostile = json.dumps({"people": [person(blocks={"passport": "X1234567"})]})
    found = await adapter(replying(lambda request: httpx.Response(200, text=hostile)), little).players([PLAYER])
    assert "X1234567" not in str(found[PLAYER])


@pytest.mark.parametrize(
    ("fault", "error"),
    [("BUSY", VendorBusyError), ("WRONG_STATE", VendorConflictError), ("NOT_ALLOWED", VendorRejectedError),
     ("ON_FIRE", VendorDownError)],
)  # fmt: skip
async def test_a_refusal_with_status_200_is_one(fault: str, error: type[VendorError]) -> None:
    http = replying(lambda request: httpx.Response(200, json={"ok": False, "fault": fault}))
    assert isinstance((await adapter(http).players([PLAYER]))[PLAYER], error)


async def test_a_wrong_token_is_told_as_ours() -> None:
    assert isinstance((await adapter(stand(), token="other").players([PLAYER]))[PLAYER], VendorAuthError)


async def test_an_id_that_tries_to_be_a_path_stays_a_segment() -> None:
    seen: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request.url.raw_path.decode().partition("?")[0])
        return httpx.Response(200, json={"ok": True, "wagers": []})

    listing = Listing(Key("player", "acme", "../x/y?z"), 1)
    await adapter(replying(answer)).rounds([listing])
    assert seen == ["/api/2/customers/..%2Fx%2Fy%3Fz/wagers"]


def test_what_is_filled_in_is_never_filled_in_again() -> None:
    words = {"id": "{body}", "body": "said {audit_id}", "audit_id": "a"}
    assert filled({"x": ["{id} {body}", 1, None], "{id}": "{other}"}, words) == {
        "x": ["{body} said {audit_id}", 1, None], "{id}": "{other}",
    }  # fmt: skip
