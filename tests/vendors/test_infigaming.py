"""The InfiGaming adapter reads profiles, wallets and responsible gambling from its simulator."""

from collections.abc import AsyncIterator, Sequence
from datetime import date, timedelta
from typing import Any

import httpx
import pytest

from tests.vendors.infigaming_bench import (
    BANNED,
    EXCLUDED,
    FINISHED,
    HELD,
    NOW,
    PLAIN,
    Bench,
    adapter,
    key,
    standing,
)
from vendors.errors import VendorAuthError, VendorBusyError, VendorMalformedError, VendorTimeoutError
from vendors.ports.keys import Key
from vendors.ports.money import Money
from vendors.ports.pam import (
    AccountStatus,
    Balance,
    Exclusion,
    ExclusionKind,
    LimitKind,
    LimitPeriod,
    Player,
    PlayerLimit,
    ResponsibleGambling,
    RestrictionScope,
)
from vendors.ports.source import Source, System

DAY = timedelta(days=1)


@pytest.fixture
async def bench() -> AsyncIterator[Bench]:
    async with standing() as made:
        yield made


def gbp(minor: int) -> Money:
    return Money("GBP", minor)


async def test_every_player_of_the_world_maps(bench: Bench) -> None:
    keys = [Key("player", *pair) for pair in bench.world.players]
    found = await bench.pam.players(keys)
    assert set(found) == set(keys)
    for asked, player in found.items():
        facts = bench.world.players[asked.brand, asked.local]
        assert isinstance(player, Player)
        assert (player.id, player.market, player.email) == (asked, facts.market, facts.email)
        assert (player.phone, player.account.verified) == (facts.phone, facts.verified_in_pam)
        assert (player.registered_at, player.last_login_at) == (NOW - facts.registered_age, NOW - facts.last_login_age)
        assert (player.vip_level, tuple(player.tags)) == (facts.vip_level, facts.tags)
        assert [(n.author, n.body, n.at) for n in player.notes] == [
            (n.author, n.body, NOW - n.age) for n in facts.notes
        ]
        assert player.date_of_birth == date(facts.birth_year, 1, 1)
        assert player.source == Source(System.PAM, "InfiGaming", asked.local, NOW)


@pytest.mark.parametrize(
    ("local", "status", "restrictions"),
    [
        ("p-003", AccountStatus.ACTIVE, []),
        ("s-005", AccountStatus.RESTRICTED, [RestrictionScope.WITHDRAWAL]),
        ("t-game", AccountStatus.RESTRICTED, [RestrictionScope.ALL_PLAY]),
        ("t-locked", AccountStatus.LOCKED, [RestrictionScope.LOGIN]),
    ],
)
async def test_bans_and_lock_map(
    bench: Bench, local: str, status: AccountStatus, restrictions: list[RestrictionScope]
) -> None:
    account = (await bench.player(key(local))).account
    assert (account.status, account.restrictions) == (status, restrictions)


async def test_money_maps_to_minor_units(bench: Bench) -> None:
    source = Source(System.PAM, "InfiGaming", HELD.local, NOW)
    held = Balance(gbp(50000), gbp(2000), gbp(5000), gbp(70000), gbp(30000), source)
    assert await bench.pam.balances([HELD]) == {HELD: [held]}


async def test_every_wallet_of_the_world_maps(bench: Bench) -> None:
    keys = [Key("player", *pair) for pair in bench.world.players]
    found = await bench.pam.balances(keys)
    for asked in keys:
        facts, balances = bench.world.players[asked.brand, asked.local], found[asked]
        assert not isinstance(balances, Exception)
        assert [b.cash for b in balances] == [Money(facts.currency, facts.cash_minor)]


async def _gambling(bench: Bench, asked: Key) -> ResponsibleGambling:
    found = (await bench.pam.responsible_gambling([asked]))[asked]
    assert isinstance(found, ResponsibleGambling)
    return found


async def test_a_self_exclusion_forbids_deposits_and_play(bench: Bench) -> None:
    found = await _gambling(bench, EXCLUDED)
    assert found.exclusions == (Exclusion(ExclusionKind.SELF_EXCLUSION, True, NOW - 2 * DAY, NOW + 180 * DAY, None),)
    assert (found.login_allowed, found.deposit_allowed, found.play_allowed) == (True, False, False)


async def test_a_break_that_is_over_is_not_active(bench: Bench) -> None:
    found = await _gambling(bench, key("t-break"))
    assert found.exclusions == (Exclusion(ExclusionKind.TIME_OUT, False, NOW - 9 * DAY, NOW - 2 * DAY, None),)
    assert (found.deposit_allowed, found.play_allowed) == (True, True)


async def test_every_documented_limit_maps_and_only_some_have_a_period(bench: Bench) -> None:
    found = await _gambling(bench, key("t-limits"))
    assert found.limits == (
        PlayerLimit(LimitKind.DEPOSIT, None, gbp(100000), None),
        PlayerLimit(LimitKind.WITHDRAWAL, None, gbp(50000), None),
        PlayerLimit(LimitKind.WAGER, LimitPeriod.DAY, gbp(1000), NOW + 2 * DAY),
        PlayerLimit(LimitKind.WAGER, LimitPeriod.WEEK, gbp(2000), None),
        PlayerLimit(LimitKind.WAGER, LimitPeriod.MONTH, gbp(3000), None),
        PlayerLimit(LimitKind.LOSS, LimitPeriod.DAY, gbp(400), None),
        PlayerLimit(LimitKind.LOSS, LimitPeriod.WEEK, gbp(500), None),
        PlayerLimit(LimitKind.LOSS, LimitPeriod.MONTH, gbp(600), None),
    )  # fmt: skip


async def test_unknown_player_is_left_out(bench: Bench) -> None:
    nobody = key("nobody")
    assert list(await bench.pam.players([nobody, PLAIN])) == [PLAIN]
    assert list(await bench.pam.balances([nobody, PLAIN])) == [PLAIN]
    assert list(await bench.pam.responsible_gambling([nobody, PLAIN])) == [PLAIN]


@pytest.mark.parametrize("brand", ["borealis", "unheard-of"])
async def test_player_of_another_brand_is_left_out(bench: Bench, brand: str) -> None:
    assert await bench.pam.players([key(PLAIN.local, brand)]) == {}


async def test_a_brand_without_an_operator_is_never_asked(bench: Bench) -> None:
    foreign = key(PLAIN.local, "unheard-of")
    assert await bench.pam.balances([foreign]) == {}
    assert await bench.pam.responsible_gambling([foreign]) == {}
    assert bench.asked == []


async def _reads(bench: Bench, *keys: Key) -> Sequence[Any]:
    pam = bench.pam
    return (await pam.players(keys), await pam.balances(keys), await pam.responsible_gambling(keys))


@pytest.mark.parametrize(
    ("kind", "error"),
    [("garbage", VendorMalformedError), ("rate_limit", VendorBusyError), ("html", VendorMalformedError)],
)
async def test_trouble_stays_with_its_player(bench: Bench, kind: str, error: type[Exception]) -> None:
    await bench.fault(kind, key=BANNED.local)
    for found in await _reads(bench, BANNED, PLAIN):
        assert isinstance(found[BANNED], error)
        assert not isinstance(found[PLAIN], Exception)


async def test_a_hanging_read_times_out_for_its_player_alone(bench: Bench) -> None:
    await bench.fault("hang", key=BANNED.local)
    found = await adapter(bench.wire, timeout_seconds=0.2).players([BANNED, PLAIN])
    assert isinstance(found[BANNED], VendorTimeoutError)
    assert isinstance(found[PLAIN], Player)


async def test_limits_that_cannot_be_read_are_an_error_and_not_none(bench: Bench) -> None:
    await bench.fault("garbage", "listWalletResponsibleGamblingConfigs")
    assert isinstance((await bench.pam.responsible_gambling([PLAIN]))[PLAIN], VendorMalformedError)


async def test_an_id_cannot_become_a_path(bench: Bench) -> None:
    with pytest.raises(ValueError, match="not an id"):
        Key.parse("player:acme:../wallet/get")
    assert await bench.pam.players([key("../../wallet/get?x=1#")]) == {}
    assert bench.asked == ["/v1/backoffice/user/profile/get"]


async def test_calls_per_read(bench: Bench) -> None:
    await bench.pam.players([PLAIN, FINISHED, PLAIN])
    assert await bench.stats() == {"getUserProfile": 2}
    await bench.pam.balances([PLAIN, FINISHED, PLAIN])
    assert await bench.stats() == {"getUserProfile": 2, "getWallets": 2}
    await bench.pam.responsible_gambling([PLAIN, PLAIN])
    stats = await bench.stats()
    assert stats["getUserResponsibleGamblingConfig"] == stats["listWalletResponsibleGamblingConfigs"] == 1


async def test_a_wrong_token_is_our_credential_refused(bench: Bench) -> None:
    found = await adapter(bench.wire, "bad").players([PLAIN])
    assert isinstance(found[PLAIN], VendorAuthError)


def _profile(**changed: object) -> dict[str, object]:
    flags = dict.fromkeys(("banLogin", "banGame", "banWithdraw", "locked"), False)
    return {"userId": PLAIN.local, "userOperatorContext": {"operatorId": "op-acme"}, **flags, **changed}


def _answering(answers: object, **by_ending: object) -> httpx.AsyncClient:
    """`answers`, or what is said for the path's last but one word."""

    def answer(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, json=by_ending.get(request.url.path.split("/")[-2], answers))

    return httpx.AsyncClient(transport=httpx.MockTransport(answer))


@pytest.mark.parametrize(
    "changed",
    [
        {"userId": "p-006"},
        {"userId": "p-006", "userOperatorContext": {"operatorId": "op-corona"}},
        {"banWithdraw": None},
        {"kycLevel": "two"},
    ],
)
async def test_profile_that_cannot_be_trusted_is_malformed(changed: dict[str, object]) -> None:
    async with _answering(_profile(**changed)) as wire:
        assert isinstance((await adapter(wire).players([PLAIN]))[PLAIN], VendorMalformedError)


async def test_what_the_product_does_not_say_is_none() -> None:
    async with _answering(_profile(vipLevel="", tags=None, comments=None, loginRecords=None)) as wire:
        player = (await adapter(wire).players([PLAIN]))[PLAIN]
    assert isinstance(player, Player)
    assert (player.market, player.account.verified, player.email, player.date_of_birth) == (None,) * 4
    assert (player.vip_level, player.last_login_at, player.tags, player.notes) == (None, None, (), ())


async def test_notes_are_newest_first_and_the_latest_login_counts() -> None:
    def at(day: int) -> str:
        return f"2026-11-{day:02d}T08:00:00Z"

    comments = [{"authorUsername": "kim", "content": f"day {day}", "createdAt": at(day)} for day in (3, 9, 5)]
    logins = [{"loginAt": at(day)} for day in (4, 8, 6)]
    async with _answering(_profile(comments=comments, loginRecords=logins)) as wire:
        player = (await adapter(wire).players([PLAIN]))[PLAIN]
    assert isinstance(player, Player)
    assert [note.body for note in player.notes] == ["day 9", "day 5", "day 3"]
    assert player.last_login_at is not None
    assert player.last_login_at.day == 8


@pytest.mark.parametrize("cash", ["12.345", "NaN", "twelve"])
async def test_amount_that_cannot_be_read_is_malformed(cash: str) -> None:
    wallets = {"wallets": [{"currency": "GBP", "cash": cash, "bonus": "0", "withdrawableCash": "0"}]}
    async with _answering(wallets) as wire:
        assert isinstance((await adapter(wire).balances([PLAIN]))[PLAIN], VendorMalformedError)


_EXCLUSION = {"responsibleGamblingConfig": {"selfExclusion": {"startTime": "2026-11-01T00:00:00Z"}}}


@pytest.mark.parametrize(
    ("user", "limit"),
    [
        (_EXCLUSION, {"currency": "GBP"}),
        ({"responsibleGamblingStatus": {"loginAllowed": True}}, {"currency": "GBP"}),
        ({}, {"depositLimit": "5.00"}),
        ({}, {"currency": "GBP", "depositLimit": "5.001"}),
        ({}, {"currency": "GBP", "dailyPlayLimit": "5.00", "dailyPlayLimitDeleteScheduleTime": "soon"}),
    ],
)
async def test_gambling_settings_that_cannot_be_trusted_are_malformed(user: object, limit: object) -> None:
    async with _answering(None, config=user, configs={"responsibleGamblingConfigs": [limit]}) as wire:
        assert isinstance((await adapter(wire).responsible_gambling([PLAIN]))[PLAIN], VendorMalformedError)


async def test_settings_the_product_does_not_say_are_none_and_not_allowed() -> None:
    limit = {"currency": "GBP", "depositLimit": "", "weeklyLossLimit": "0"}
    async with _answering(None, config={}, configs={"responsibleGamblingConfigs": [limit]}) as wire:
        found = (await adapter(wire).responsible_gambling([PLAIN]))[PLAIN]
    assert isinstance(found, ResponsibleGambling)
    assert (found.login_allowed, found.deposit_allowed, found.play_allowed) == (None, None, None)
    assert found.limits == (PlayerLimit(LimitKind.LOSS, LimitPeriod.WEEK, gbp(0), None),)
