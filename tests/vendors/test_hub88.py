"""Hub88's catalogue is read once a brand, and a round's address is only ever shown for the player who played it."""

import base64
import hashlib
import json
from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from vendors import signing
from vendors.aggregator.hub88 import Hub88, sign
from vendors.client import Client
from vendors.errors import VendorAuthError, VendorBusyError, VendorError, VendorMalformedError, VendorTimeoutError
from vendors.ports.aggregator import Game, RoundAsk
from vendors.ports.keys import Key
from vendors.ports.source import System
from vendors.sandbox import hub88 as sandbox
from vendors.sandbox.world import build

NOW = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)
WORLD = build(NOW)
OPERATOR_IDS = {"acme": 8001, "borealis": 8002}
PRIVATE_KEY = rsa.generate_private_key(65537, 2048)
SPINS, ROULETTE = Key("game", "acme", "nor-auroraspins"), Key("game", "acme", "sol-goldenroulette")
ROUND = RoundAsk(Key("player", "acme", "s-001"), "tx-s1-1", "r-bs101")
LIST = "/operator/generic/v2/game/list"

# Two primes of a key made for this test alone, and what `openssl dgst -sha256 -sign` makes of BODY with that key.
P = int(
    "ff610c7aac975ede7330faeddc17a76528960444c3cfdafc278dd648078b33cfd5b625d0d2863a323dd289d3ffa2ec5eab79"
    "3454b320b91e13b3efd0d37dd301f1010d004740d9f952db3f23661db512c73a1abbf24a4b931072cd323247ee09ef26d746"
    "2927a641611611d7f04c0ffa271b3e64fb3d73212f56dbcb57d0ac0f",
    16,
)
Q = int(
    "eb4a34dbc6c542dc7a5ca5ac5444b0c6a6e9aaa1a7158ea55c10077bea208fedba700efbb4f324d25ced562c1caad3343c52"
    "3a7886a085e293469f462eedff05c54fa4e43acd55683338a07867e5b582b3c0cb4a316fdb02a3b3b538449d995871f41abf"
    "d0fb6a6b548cd0244356f4d22826c8b18ffd0a414b26713d382805f9",
    16,
)
BODY = b'{"operator_id":7001}'
SIGNATURE = (
    "lWsAhlRAnn2CpEFiYXB8DCkFY9Id4bHPBBccseJlb8JdnnLvtScGXiuuMKeh1MX/sALXkkoxBMrY2t4GhhHE/mqqTS+Z7/v5y2M3"
    "04GwrSrgZy8p57dxCY+K78hpCl6r2PVYAC2N1CEgm3RxCg9d0ViRYCgwo0u19eZMXdl5GD0aNOqebgfxzXitQcgHZbHmj0JLNyZb"
    "lqSoPGOXPDp4FXuYqP51VENEK47qtddH+uYZVYpXAlMvFrm4cBVe5zwaONswzgFWup0hmcmRm+YB6xlBkAr8YLruwvF9krrTV2LR"
    "xTxBxfMrjB4SYSo/Inq3p7Lpke2TNzu0Uho9OIjRdQ=="
)

# A game as Hub88's public test suite requires it (coingaming/hub88-automationtests, operatorGameListTest, read
# 2026-11): every field, those that may be null filled with the kind of value the suite names.
WORKED: dict[str, Any] = {
    "url_thumb": "https://example.com/thumb.jpg",
    "url_background": "https://example.com/background.jpg",
    "product": "Caleta",
    "platforms": ["GPL_DESKTOP", "GPL_MOBILE"],
    "name": "Dragon Rising",
    "game_code": "clt_dragonrising",
    "freebet_support": True,
    "phoenix_jackpot_support": None,
    "enabled": True,
    "category": "Video Slots",
    "blocked_countries": ["AU", "US"],
    "release_date": "2017-11-05",
    "volatility": 6,
    "rtp": "96.50",
    "paylines": 20,
    "hit_ratio": "24.47",
    "certifications": ["CURACAO"],
    "languages": ["eng", "jpn", "kor", "deu"],
    "technology": ["HTML5"],
    "features": ["FreeSpins"],
}
NULLABLE = ("category", "blocked_countries", "release_date", "volatility", "rtp")
DRAGON = Key("game", "acme", "clt_dragonrising")


def now() -> datetime:
    return NOW


def wire() -> httpx.AsyncClient:
    stage = sandbox.stage(WORLD, PRIVATE_KEY.public_key(), OPERATOR_IDS)
    return httpx.AsyncClient(transport=httpx.ASGITransport(app=stage.app))


def replying(reply: Any, status: int = 200) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.MockTransport(lambda request: httpx.Response(status, json=reply)))


def adapter(http: httpx.AsyncClient, *, key: rsa.RSAPrivateKey = PRIVATE_KEY, timeout_seconds: float = 2.0) -> Hub88:
    client = Client(System.AGGREGATOR, "http://hub88", http, sign(key), timeout_seconds=timeout_seconds)
    return Hub88(client, OPERATOR_IDS, now)


async def games(http: httpx.AsyncClient, *keys: Key) -> Mapping[Key, Game | VendorError]:
    async with http:
        return await adapter(http).games(keys or (SPINS,))


async def links(http: httpx.AsyncClient, *asks: RoundAsk) -> Mapping[RoundAsk, str | VendorError]:
    async with http:
        return await adapter(http).round_links(asks or (ROUND,))


async def stats(http: httpx.AsyncClient) -> Any:
    return (await http.get("http://hub88/__stats")).json()


async def fault(http: httpx.AsyncClient, **fields: Any) -> None:
    assert (await http.post("http://hub88/__faults", json=fields)).status_code == 200


async def test_a_title_of_the_catalogue_is_read() -> None:
    found = (await games(wire()))[SPINS]
    assert isinstance(found, Game)
    assert (found.id, found.code, found.name, found.provider) == (
        SPINS, "nor-auroraspins", "Aurora Spins", "Northern Reels",
    )  # fmt: skip
    assert (found.category, found.enabled, found.free_spins_supported) == ("Video Slots", True, True)
    assert (found.platforms, found.blocked_countries) == (("DESKTOP", "MOBILE"), ("AU",))
    assert (found.rtp, found.volatility, found.released_on) == ("95.8", "MEDIUM_HIGH", date(2023, 5, 10))
    assert (found.source.system, found.source.vendor, found.source.fetched_at) == (System.AGGREGATOR, "Hub88", NOW)


async def test_the_documented_game_is_read_whole() -> None:
    found = (await games(replying([WORKED]), DRAGON))[DRAGON]
    assert isinstance(found, Game)
    assert (found.name, found.provider, found.rtp, found.volatility) == (
        "Dragon Rising",
        "Caleta",
        "96.50",
        "VERY_HIGH",
    )
    assert (found.blocked_countries, found.released_on) == (("AU", "US"), date(2017, 11, 5))
    assert found.jackpot is None  # the field went in July 2025


async def test_what_may_be_null_is_unknown_and_not_empty() -> None:
    found = (await games(replying([{**WORKED, **dict.fromkeys(NULLABLE)}]), DRAGON))[DRAGON]
    assert isinstance(found, Game)
    assert (found.category, found.blocked_countries, found.rtp, found.volatility, found.released_on) == (None,) * 5


async def test_a_platform_or_a_volatility_of_next_year_keeps_its_word() -> None:
    found = (await games(replying([{**WORKED, "platforms": ["GPL_WATCH"], "volatility": 7}]), DRAGON))[DRAGON]
    assert isinstance(found, Game)
    assert (found.platforms, found.volatility) == (("GPL_WATCH",), "7")


async def test_a_brands_catalogue_is_one_call_for_all_its_games() -> None:
    elsewhere = Key("game", "borealis", "nor-auroraspins")
    async with wire() as http:
        found = await adapter(http).games([SPINS, ROULETTE, SPINS, elsewhere])
        assert set(found) == {SPINS, ROULETTE, elsewhere}
        assert (await stats(http))["gameList"]["calls"] == 2


async def test_an_unknown_game_and_a_brand_that_is_not_on_hub88_are_left_out() -> None:
    unknown, elsewhere = Key("game", "acme", "nor-nothing"), Key("game", "corona", "nor-auroraspins")
    assert set(await games(wire(), unknown, elsewhere, SPINS)) == {SPINS}


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": None},
        {"enabled": "yes"},
        {"blocked_countries": ["AUS"]},
        {"blocked_countries": ["au"]},
        {"blocked_countries": [None]},
        {"release_date": "soon"},
        {"volatility": "high"},
    ],
)
async def test_a_game_that_cannot_be_read_is_its_own_trouble(wrong: dict[str, Any]) -> None:
    other = Key("game", "acme", "clt_other")
    found = await games(replying([{**WORKED, **wrong}, {**WORKED, "game_code": "clt_other"}]), DRAGON, other)
    assert isinstance(found[DRAGON], VendorMalformedError)
    assert isinstance(found[other], Game)


async def test_a_game_without_a_code_may_be_the_one_that_is_missing() -> None:
    other = Key("game", "acme", "clt_other")
    found = await games(replying([{**WORKED, "game_code": None}, {**WORKED, "game_code": "clt_other"}]), DRAGON, other)
    assert isinstance(found[DRAGON], VendorMalformedError)
    assert isinstance(found[other], Game)


@pytest.mark.parametrize("reply", [None, {}, {"games": []}, "x"])
async def test_a_catalogue_that_is_no_list_is_malformed(reply: Any) -> None:
    assert isinstance((await games(replying(reply)))[SPINS], VendorMalformedError)


async def test_an_operator_hub88_does_not_know_is_an_error_and_not_an_empty_catalogue() -> None:
    async with wire() as http:
        client = Client(System.AGGREGATOR, "http://hub88", http, sign(PRIVATE_KEY))
        found = await Hub88(client, {"acme": 1}, now).games([SPINS])
    assert isinstance(found[SPINS], VendorError)


async def test_a_round_has_an_address_for_its_player() -> None:
    link = (await links(wire()))[ROUND]
    assert isinstance(link, str)
    assert link.startswith("https://rounds.hub88.example/")


async def test_a_round_is_found_by_its_transaction_alone() -> None:
    ask = RoundAsk(ROUND.player, ROUND.transaction)
    assert (await links(wire(), ask))[ask] == (await links(wire()))[ROUND]


async def test_nobody_elses_round_is_shown() -> None:
    other_player = RoundAsk(Key("player", "acme", "s-002"), "tx-s1-1")
    other_brand = RoundAsk(Key("player", "borealis", "s-001"), "tx-s1-1")
    other_round = RoundAsk(ROUND.player, "tx-s1-1", "r-bs201")
    no_hub88 = RoundAsk(Key("player", "corona", "s-001"), "tx-s1-1")
    assert set(await links(wire(), other_player, other_brand, other_round, no_hub88, ROUND)) == {ROUND}


async def test_a_round_asked_twice_costs_one_call() -> None:
    async with wire() as http:
        await adapter(http).round_links([ROUND, ROUND])
        assert (await stats(http))["gameRound"]["calls"] == 1


@pytest.mark.parametrize("url", ["javascript:alert(1)", "http://rounds.example/1", "", None])
async def test_an_address_staff_must_not_open_is_malformed(url: str | None) -> None:
    assert isinstance((await links(replying({"url": url})))[ROUND], VendorMalformedError)


async def test_a_hang_is_a_timeout_for_that_round_alone() -> None:
    other = RoundAsk(Key("player", "acme", "s-002"), "tx-s2-1")
    async with wire() as http:
        await fault(http, operation="gameRound", kind="hang", key="tx-s1-1")
        found = await adapter(http, timeout_seconds=0.2).round_links([ROUND, other])
    assert isinstance(found[ROUND], VendorTimeoutError)
    assert isinstance(found[other], str)


async def test_a_brand_whose_catalogue_hangs_leaves_the_others_alone() -> None:
    elsewhere = Key("game", "borealis", "nor-auroraspins")
    async with wire() as http:
        await fault(http, operation="gameList", kind="hang", key="8001")
        found = await adapter(http, timeout_seconds=0.2).games([SPINS, elsewhere])
    assert isinstance(found[SPINS], VendorTimeoutError)
    assert isinstance(found[elsewhere], Game)


async def test_a_rate_limit_is_told_with_its_wait() -> None:
    async with wire() as http:
        await fault(http, operation="gameList", kind="rate_limit", value=3)
        found = (await adapter(http).games([SPINS]))[SPINS]
    assert isinstance(found, VendorBusyError)
    assert found.retry_after_seconds == 3


async def test_another_key_is_refused() -> None:
    async with wire() as http:
        found = await adapter(http, key=rsa.generate_private_key(65537, 2048)).games([SPINS])
    assert isinstance(found[SPINS], VendorAuthError)


@pytest.mark.parametrize(
    ("change", "status"),
    [({}, 401), ({"X-Hub88-Signature": "invalid"}, 401), ({"X-Hub88-Signature": "aGVsbG8="}, 401)],
)
async def test_a_refusal_has_hub88s_error_body(change: dict[str, str], status: int) -> None:
    async with wire() as http:
        reply = await http.post("http://hub88" + LIST, json={"operator_id": 8001}, headers=change)
    assert reply.status_code == status
    assert "signature" in reply.json()["error"]


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        (LIST, {}, 400),
        (LIST, {"operator_id": "8001"}, 400),
        (LIST, {"operator_id": 1}, 404),
        ("/operator/generic/v2/game/round", {"operator_id": 8001}, 400),
        ("/operator/generic/v2/game/round", {"operator_id": 8001, "user": "s-001"}, 400),
        ("/operator/generic/v2/game/round", {"operator_id": 8001, "user": "s-001", "round": "none"}, 404),
    ],
)
async def test_a_request_that_lacks_something_is_refused_as_documented(path: str, body: Any, status: int) -> None:
    content = json.dumps(body).encode()
    async with wire() as http:
        reply = await http.post("http://hub88" + path, content=content, headers=signing.hub88(PRIVATE_KEY, content))
    assert (reply.status_code, list(reply.json())) == (status, ["error"])


async def test_the_catalogue_can_be_asked_for_one_product() -> None:
    content = json.dumps({"operator_id": 8001, "product_code": "kep"}).encode()
    async with wire() as http:
        reply = await http.post("http://hub88" + LIST, content=content, headers=signing.hub88(PRIVATE_KEY, content))
    assert {title["product"] for title in reply.json()} == {"Kepler Games"}


async def test_the_signature_covers_every_byte_of_the_body() -> None:
    content = b'{"operator_id":8001}'
    async with wire() as http:
        reply = await http.post(
            "http://hub88" + LIST, content=content + b" ", headers=signing.hub88(PRIVATE_KEY, content)
        )
    assert reply.status_code == 401


def test_the_signature_is_the_one_openssl_makes() -> None:
    private = rsa.rsa_recover_private_exponent(65537, P, Q)
    numbers = rsa.RSAPrivateNumbers(
        P, Q, private, rsa.rsa_crt_dmp1(private, P), rsa.rsa_crt_dmq1(private, Q), rsa.rsa_crt_iqmp(P, Q),
        rsa.RSAPublicNumbers(65537, P * Q),
    )  # fmt: skip
    assert signing.hub88(numbers.private_key(), BODY) == {"X-Hub88-Signature": SIGNATURE}
    opened = pow(int.from_bytes(base64.b64decode(SIGNATURE), "big"), 65537, P * Q).to_bytes(256, "big")
    assert opened.endswith(hashlib.sha256(BODY).digest())
