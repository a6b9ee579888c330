"""The InfiGaming adapter against its simulator."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, date, datetime

import httpx
import msgspec
import pytest

from vendors.client import Client, Headers
from vendors.errors import VendorAuthError, VendorMalformedError
from vendors.pam.infigaming import InfiGaming
from vendors.ports.keys import Key
from vendors.ports.money import Money
from vendors.ports.pam import AccountStatus, Balance, PamPort, Player, RestrictionScope
from vendors.ports.source import Source, System
from vendors.sandbox.infigaming import stage
from vendors.sandbox.world import BRANDS, MARKETS, World, build

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
OPERATORS = {brand: f"op-{brand}" for brand in BRANDS}
COUNTRIES = {country: market for market, (country, _) in MARKETS.items()}
PLAIN, FINISHED, HELD, BANNED = (Key("player", "acme", local) for local in ("p-003", "s-009", "s-004", "s-005"))


@dataclass
class Bench:
    """The adapter, the wire under it, and the world behind it."""

    pam: PamPort
    wire: httpx.AsyncClient
    world: World
    asked: list[str]

    async def calls(self) -> dict[str, int]:
        """Calls so far by operation."""
        stats = (await self.wire.get("/__stats")).json()
        return {name: counts["calls"] for name, counts in stats.items()}


def _adapter(wire: httpx.AsyncClient, token: str) -> InfiGaming:
    async def sign(method: str, path: str, body: bytes) -> Headers:
        return {"Authorization": f"Bearer {token}"}

    client = Client(System.PAM, "http://pam.test", wire, sign)
    return InfiGaming(client, OPERATORS, lambda: NOW, COUNTRIES)


def _world() -> World:
    world = build(NOW)
    plain = world.players["acme", "p-003"]
    odd = {
        (plain.brand, name): msgspec.structs.replace(plain, id=name, bans=bans)
        for name, bans in {"t-locked": ("locked", "login"), "t-game": ("game",)}.items()
    }
    return World(NOW, {**world.players, **odd})


@pytest.fixture
async def bench() -> AsyncIterator[Bench]:
    world, asked = _world(), list[str]()

    async def note(request: httpx.Request) -> None:
        asked.append(request.url.path)

    transport = httpx.ASGITransport(app=stage(world, "good", OPERATORS).app)
    async with httpx.AsyncClient(
        transport=transport, base_url="http://pam.test", event_hooks={"request": [note]}
    ) as wire:
        yield Bench(_adapter(wire, "good"), wire, world, asked)


async def _player(bench: Bench, key: Key) -> Player:
    found = (await bench.pam.players([key]))[key]
    assert isinstance(found, Player)
    return found


async def test_every_player_of_the_world_maps(bench: Bench) -> None:
    keys = [Key("player", *pair) for pair in bench.world.players]
    found = await bench.pam.players(keys)
    assert set(found) == set(keys)
    for key, player in found.items():
        facts = bench.world.players[key.brand, key.local]
        assert isinstance(player, Player)
        assert (player.id, player.market, player.email) == (key, facts.market, facts.email)
        assert (player.phone, player.account.verified) == (facts.phone, facts.verified_in_pam)
        assert player.registered_at == NOW - facts.registered_age
        assert player.date_of_birth == date(facts.birth_year, 1, 1)
        assert player.source == Source(System.PAM, "InfiGaming", key.local, NOW)


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
    account = (await _player(bench, Key("player", "acme", local))).account
    assert (account.status, account.restrictions) == (status, restrictions)


async def test_money_maps_to_minor_units(bench: Bench) -> None:
    def gbp(minor: int) -> Money:
        return Money("GBP", minor)

    source = Source(System.PAM, "InfiGaming", HELD.local, NOW)
    held = Balance(gbp(50000), gbp(2000), gbp(5000), gbp(70000), gbp(30000), source)
    assert await bench.pam.balances([HELD]) == {HELD: [held]}


async def test_every_wallet_of_the_world_maps(bench: Bench) -> None:
    keys = [Key("player", *pair) for pair in bench.world.players]
    found = await bench.pam.balances(keys)
    for key in keys:
        facts, balances = bench.world.players[key.brand, key.local], found[key]
        assert not isinstance(balances, Exception)
        assert [b.cash for b in balances] == [Money(facts.currency, facts.cash_minor)]


async def test_unknown_player_is_left_out(bench: Bench) -> None:
    nobody = Key("player", "acme", "nobody")
    assert list(await bench.pam.players([nobody, PLAIN])) == [PLAIN]
    assert list(await bench.pam.balances([nobody, PLAIN])) == [PLAIN]


@pytest.mark.parametrize("brand", ["borealis", "unheard-of"])
async def test_player_of_another_brand_is_left_out_and_the_wallet_not_read(bench: Bench, brand: str) -> None:
    foreign = Key("player", brand, PLAIN.local)
    assert await bench.pam.players([foreign]) == {}
    assert await bench.pam.balances([foreign]) == {}
    assert "getWallets" not in await bench.calls()


async def test_garbage_stays_with_its_player(bench: Bench) -> None:
    await bench.wire.post("/__faults", json={"operation": "*", "kind": "garbage", "key": BANNED.local})
    for found in (await bench.pam.players([BANNED, PLAIN]), await bench.pam.balances([BANNED, PLAIN])):
        assert isinstance(found[BANNED], VendorMalformedError)
        assert not isinstance(found[PLAIN], Exception)


async def test_an_id_cannot_become_a_path(bench: Bench) -> None:
    with pytest.raises(ValueError, match="not an id"):
        Key.parse("player:acme:../wallet/get")
    assert await bench.pam.players([Key("player", "acme", "../../wallet/get?x=1#")]) == {}
    assert bench.asked == ["/v1/backoffice/user/profile/get"]


async def test_calls_per_read(bench: Bench) -> None:
    await bench.pam.players([PLAIN, FINISHED, PLAIN])
    assert await bench.calls() == {"getUserProfile": 2}
    await bench.pam.balances([PLAIN, FINISHED])
    assert await bench.calls() == {"getUserProfile": 4, "getWallets": 2}


async def test_a_wrong_token_is_our_credential_refused(bench: Bench) -> None:
    found = await _adapter(bench.wire, "bad").players([PLAIN])
    assert isinstance(found[PLAIN], VendorAuthError)


def _profile(**changed: object) -> dict[str, object]:
    flags = dict.fromkeys(("banLogin", "banGame", "banWithdraw", "locked"), False)
    return {"userId": PLAIN.local, "userOperatorContext": {"operatorId": "op-acme"}, **flags, **changed}


def _answering(profile: object, wallets: object = None) -> httpx.MockTransport:
    return httpx.MockTransport(lambda r: httpx.Response(200, json=wallets if "wallet" in r.url.path else profile))


@pytest.mark.parametrize("changed", [{"userId": "p-006"}, {"banWithdraw": None}, {"kycLevel": "two"}])
async def test_profile_that_cannot_be_trusted_is_malformed(changed: dict[str, object]) -> None:
    async with httpx.AsyncClient(transport=_answering(_profile(**changed))) as wire:
        assert isinstance((await _adapter(wire, "good").players([PLAIN]))[PLAIN], VendorMalformedError)


async def test_what_the_product_does_not_say_is_none() -> None:
    async with httpx.AsyncClient(transport=_answering(_profile())) as wire:
        player = (await _adapter(wire, "good").players([PLAIN]))[PLAIN]
    assert isinstance(player, Player)
    assert (player.market, player.account.verified, player.email, player.date_of_birth) == (None,) * 4


@pytest.mark.parametrize("cash", ["12.345", "NaN", "twelve"])
async def test_amount_that_cannot_be_read_is_malformed(cash: str) -> None:
    wallets = {"wallets": [{"currency": "GBP", "cash": cash, "bonus": "0", "withdrawableCash": "0"}]}
    async with httpx.AsyncClient(transport=_answering(_profile(), wallets)) as wire:
        assert isinstance((await _adapter(wire, "good").balances([PLAIN]))[PLAIN], VendorMalformedError)
