"""Hub88's operator API on stage: games, rounds, free spins (docs.hub88.io, copies of 2026-11; pages in the adapters).

Every refusal is `{"error": text}` with the status of the page of error codes. Which fields of game/round may be left
out is not shown: user and one of transaction_uuid and round are asked for here. How rewards are ordered is not shown
either: by their start, newest first. Their filters by time are taken to mean what those of campaigns are documented to
mean: start on or after, end on or before (/api-changelog/august-2025). The limit of game/list is not kept.
All that the gateway uses here is read, so a reset has nothing to put back. Of a scenario file's reward what is left out
is that of ten spins of 0.10 for a week; the rounds follow the bets that the file has the PAM tell.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import NAMESPACE_URL, uuid5

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from vendors.ports.money import exponent_of
from vendors.sandbox.ages import age_of, verbatim
from vendors.sandbox.facts import GAMES, FreeBetFacts, PlayerFacts
from vendors.sandbox.stage import Operation, Refused, Stage
from vendors.sandbox.world import World

PATH = "/operator/generic/v2"
LEAST, MOST = 50, 100  # rewards a page
_ROUND_HOST = "https://rounds.hub88.example"


class _Operator(msgspec.Struct):
    operator_id: int


class _Games(_Operator):
    product_code: str | None = None


class _Round(_Operator):
    user: str
    transaction_uuid: str | None = None
    round: str | None = None


class _Paging(msgspec.Struct):
    cursor: str | None = None
    limit: int = LEAST


class _Rewards(_Operator):
    user: str | None = None
    reward_uuid: str | None = None
    campaign_uuid: str | None = None
    start_time: str | None = None
    end_time: str | None = None
    pagination: _Paging | None = None


def stage(world: World, public_key: rsa.RSAPublicKey, operator_ids: Mapping[str, int]) -> Stage:
    """Hub88 with one operator a brand; a brand without an entry in `operator_ids` is not on it."""
    product = _Product(world, operator_ids)

    def signed(handle: Callable[[bytes], Any]) -> Callable[[Request], Awaitable[Response]]:
        async def answer(request: Request) -> Response:
            body = await request.body()
            _verify(public_key, request.headers.get("X-Hub88-Signature", ""), body)
            try:
                return JSONResponse(handle(body))
            except msgspec.DecodeError as error:
                raise _refused(400, str(error)) from error

        return answer

    return Stage(
        [
            Operation("gameList", "POST", f"{PATH}/game/list", signed(product.game_list)),
            Operation("gameRound", "POST", f"{PATH}/game/round", signed(product.game_round)),
            Operation("rewardsList", "POST", f"{PATH}/freebet/rewards/list", signed(product.rewards_list)),
        ],
        lambda: None,
    )


class _Product:
    """What each operator holds: nothing of one is ever answered to another."""

    def __init__(self, world: World, operator_ids: Mapping[str, int]) -> None:
        self._brands = {number: brand for brand, number in operator_ids.items()}
        self._titles = [_title(code) for code in GAMES]
        self._rounds, self._rewards = {}, {brand: [] for brand in operator_ids}  # type: ignore[var-annotated]
        for player in world.players.values():
            if player.brand in operator_ids:
                self._rewards[player.brand] += _rewards(player, world)
                for transaction, number in _played(player, world):
                    self._rounds[player.brand, player.id, transaction] = number
        for rewards in self._rewards.values():
            rewards.sort(key=lambda reward: (reward["start_time"], reward["reward_uuid"]), reverse=True)

    def game_list(self, body: bytes) -> Any:
        asked = msgspec.json.decode(body, type=_Games)
        self._brand(asked)
        return [t for t in self._titles if asked.product_code is None or _product_code(t) == asked.product_code]

    def game_round(self, body: bytes) -> Any:
        asked = msgspec.json.decode(body, type=_Round)
        brand = self._brand(asked)
        if asked.transaction_uuid is None and asked.round is None:
            raise _refused(400, "transaction_uuid or round is missing")
        for (owner, user, transaction), number in self._rounds.items():
            same = asked.transaction_uuid in (None, transaction) and asked.round in (None, number)
            if (owner, user) == (brand, asked.user) and same:
                return {"url": f"{_ROUND_HOST}/{_digest(brand, user, transaction)}"}
        raise _refused(404, "Round not found")

    def rewards_list(self, body: bytes) -> Any:
        asked = msgspec.json.decode(body, type=_Rewards)
        brand = self._brand(asked)
        wanted = {name: getattr(asked, name) for name in ("user", "reward_uuid", "campaign_uuid")}
        found = [
            reward
            for reward in self._rewards[brand]
            if all(value is None or reward[name] == value for name, value in wanted.items())
            and (asked.start_time is None or reward["start_time"] >= asked.start_time.removesuffix("Z"))
            and (asked.end_time is None or reward["end_time"] <= asked.end_time.removesuffix("Z"))
        ]
        return _page(found, asked.pagination or _Paging())

    def _brand(self, asked: _Operator) -> str:
        if asked.operator_id not in self._brands:
            raise _refused(404, "Operator not found")
        return self._brands[asked.operator_id]


def _verify(public_key: rsa.RSAPublicKey, signature: str, body: bytes) -> None:
    try:
        public_key.verify(base64.b64decode(signature, validate=True), body, padding.PKCS1v15(), hashes.SHA256())
    except (InvalidSignature, binascii.Error) as error:
        raise _refused(401, "Invalid signature") from error


def _refused(status: int, text: str) -> Refused:
    return Refused(status, {"error": text})


def _page(found: Sequence[dict[str, Any]], asked: _Paging) -> dict[str, Any]:
    """A cursor names the last reward before the page, so nothing is skipped when a newer one comes in between."""
    limit = min(max(asked.limit, LEAST), MOST)
    start = 0 if asked.cursor is None else _place(found, asked.cursor)
    pagination: dict[str, Any] = {"limit": limit}
    if start + limit < len(found):
        pagination["next_cursor"] = _cursor(found[start + limit - 1])
    if start > limit:
        pagination["previous_cursor"] = _cursor(found[start - limit - 1])
    return {"rewards": found[start : start + limit], "pagination": pagination}


def _cursor(reward: Mapping[str, Any]) -> str:
    return base64.urlsafe_b64encode(str(reward["reward_uuid"]).encode()).decode()


def _place(found: Sequence[Mapping[str, Any]], cursor: str) -> int:
    for place, reward in enumerate(found, 1):
        if _cursor(reward) == cursor:
            return place
    raise _refused(400, "cursor is invalid")


def _title(code: str) -> dict[str, Any]:
    name, provider, category, rtp = GAMES[code]
    slots = category == "Video Slots"
    return {
        "url_thumb": f"https://img.hub88.example/{code}-thumb.jpg",
        "url_background": f"https://img.hub88.example/{code}.jpg",
        "product": provider,
        "platforms": ["GPL_DESKTOP", "GPL_MOBILE"],
        "name": name,
        "game_code": code,
        "freebet_support": slots,
        "demo_game_support": slots,
        "enabled": True,
        "category": category,
        "blocked_countries": ["AU", "US"] if provider == "Solaris Live" else ["AU"],
        "release_date": "2023-05-10",
        "volatility": 4 if slots else None,
        "rtp": rtp,
        "paylines": 20 if slots else None,
        "hit_ratio": "24.47" if slots else None,
        "certifications": ["MGA", "UKGC"],
        "languages": ["eng", "swe", "dan", "deu"],
        "technology": ["HTML5"],
        "features": ["FreeSpins"] if slots else None,
    }


def _product_code(title: Mapping[str, Any]) -> str:
    return str(title["game_code"]).split("-", 1)[0]


def _played(player: PlayerFacts, world: World) -> list[tuple[str, str]]:
    """(transaction, round) of every bet."""
    bets = world.laid(player, "pam.infigaming").get("bets")
    if bets is None:
        return [(played.transaction, played.round_id) for played in player.rounds]
    return [(bet["providerBetId"], bet.get("roundId", f"r-{bet['operatorBetId']}")) for bet in bets]


def _rewards(player: PlayerFacts, world: World) -> list[dict[str, Any]]:
    laid = world.laid(player, "aggregator.hub88")
    if "rewards" not in laid:
        return [_reward(player, bet, world.now) for bet in player.free_bets]
    return [_laid_reward(player, said, world.now) for said in laid["rewards"]]


def _laid_reward(player: PlayerFacts, said: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    game = said.get("game_code", "")
    known = game if game in GAMES else next(iter(GAMES))
    usual = FreeBetFacts(said["reward_uuid"], known, 10, 0, 10, said["status"], age_of(said), timedelta(days=7))
    return verbatim(_reward(player, usual, now), *(("game_id",) if game and game != known else ())) | verbatim(said)


def _reward(player: PlayerFacts, bet: FreeBetFacts, now: datetime) -> dict[str, Any]:
    """How many spins were used is not among the fields."""
    return {
        "status": bet.status,
        "reward_uuid": bet.uuid,
        "campaign_uuid": None,
        "user": player.id,
        "start_time": _instant(now - bet.granted_age),
        "end_time": _instant(now + bet.ends_in),
        "game_code": bet.game,
        "game_id": 1000 + list(GAMES).index(bet.game),
        "bet_count": bet.bet_count,
        "bet_value": bet.bet_minor * 100_000 // 10 ** exponent_of(player.currency),
        "prepaid_uuid": str(uuid5(NAMESPACE_URL, f"{bet.game}/{bet.bet_minor}/{player.currency}")),
        "currency": player.currency,
        "sub_partner_id": None,
        "operator_reference": None,
    }


def _instant(moment: datetime) -> str:
    """As Hub88 writes it: without a zone, without fractions."""
    return (moment - (moment.utcoffset() or timedelta())).strftime("%Y-%m-%dT%H:%M:%S")


def _digest(*parts: str) -> str:
    return hashlib.sha256("/".join(parts).encode()).hexdigest()[:32]
