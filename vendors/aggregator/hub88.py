"""Hub88's Games API: the catalogue, and the address of a round. Pages of docs.hub88.io, copies of 2026-11:

/developer-docs/operator-api-reference/games-api                          the two operations and the signature header
/developer-docs/operator-api-reference/operator-api-overview/error-codes  statuses; 404 is an unknown operator, too
/api-changelog/june-2025                                                  phoenix_jackpot_support was removed

The fields of a game and which may be null are those that Hub88's public test suite checks (repository
coingaming/hub88-automationtests, read 2026-11). game/list has no paging. Where game/round is not found (404) the
round has no details to show.
"""

from __future__ import annotations

import re
import time
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime

import msgspec
from cryptography.hazmat.primitives.asymmetric import rsa

from vendors import signing
from vendors.aggregator.hub88_catalogues import Catalogue, Catalogues
from vendors.client import Client, Headers, Sent, each
from vendors.errors import VendorError, VendorMalformedError
from vendors.ports.aggregator import Game, RoundAsk
from vendors.ports.keys import Key
from vendors.ports.source import Source, System
from vendors.resilience.call import Effect

PATH = "/operator/generic/v2"
GAMES, ROUND = "gameList", "gameRound"


class Title(msgspec.Struct, frozen=True):
    """What the gateway takes of a game. `rtp` is a percentage; `volatility` runs from 1 (low) to 6 (very high)."""

    game_code: str
    name: str
    product: str
    enabled: bool
    platforms: tuple[str, ...]
    category: str | None = None
    freebet_support: bool | None = None
    blocked_countries: tuple[str, ...] | None = None
    rtp: str | None = None
    volatility: int | None = None
    release_date: str | None = None


class _Coded(msgspec.Struct, frozen=True):
    game_code: str


class _Address(msgspec.Struct, frozen=True):
    url: str


_PLATFORMS = {"GPL_DESKTOP": "DESKTOP", "GPL_MOBILE": "MOBILE"}
_VOLATILITY = {1: "LOW", 2: "MEDIUM_LOW", 3: "MEDIUM", 4: "MEDIUM_HIGH", 5: "HIGH", 6: "VERY_HIGH"}
_COUNTRY = re.compile(r"[A-Z]{2}\Z")


def sign(private_key: rsa.RSAPrivateKey) -> Sent:
    """Credentials: a signature over the very bytes of the body, checked with the operator's public key."""

    async def headers(method: str, path: str, body: bytes) -> Headers:
        return signing.hub88(private_key, body)

    return headers


class Hub88:
    """AggregatorPort over Hub88: a brand is an operator of its own, and its catalogue is one call a minute."""

    def __init__(
        self,
        client: Client,
        operator_ids: Mapping[str, int],
        clock: Callable[[], datetime],
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        """`operator_ids` by brand; a brand that is not in it has no games here. `now` is for what is kept a minute."""
        self._client, self._operator_ids, self._clock = client, operator_ids, clock
        self._catalogues = Catalogues(self._catalogue, now)

    async def games(self, keys: Sequence[Key]) -> Mapping[Key, Game | VendorError]:
        """Titles by `game:<brand>:<game_code>`; a code that the brand's catalogue does not have is left out."""
        wanted = defaultdict(set)
        for key in keys:
            wanted[key.brand].add(key)
        catalogues = await each([brand for brand in wanted if brand in self._operator_ids], self._catalogues.of)
        answers: dict[Key, Game | VendorError] = {}
        for brand, catalogue in catalogues.items():
            for key in wanted[brand]:
                answer = catalogue if isinstance(catalogue, VendorError) else self._game(key, catalogue)
                if answer is not None:
                    answers[key] = answer
        return answers

    async def round_links(self, asks: Sequence[RoundAsk]) -> Mapping[RoundAsk, str | VendorError]:
        """One call a round, as there is no batch; a round without details is left out."""
        return await each([ask for ask in asks if ask.player.brand in self._operator_ids], self._link)

    async def _catalogue(self, brand: str) -> Catalogue:
        body = {"operator_id": self._operator_ids[brand]}
        path = f"{PATH}/game/list"
        records = await self._client.ask(
            GAMES, "POST", path, into=list[msgspec.Raw], body=body, absent=(), effect=Effect.READ, share=brand
        )
        return {_code(record): record for record in records or ()}

    def _game(self, key: Key, catalogue: Catalogue) -> Game | VendorError | None:
        record = catalogue.get(key.local)
        if record is None:
            return self._malformed(GAMES, "a game without a code") if None in catalogue else None
        try:
            return _canonical(key, msgspec.json.decode(record, type=Title), self._clock())
        except (msgspec.DecodeError, ValueError) as error:
            return self._malformed(GAMES, str(error))

    async def _link(self, ask: RoundAsk) -> str | None:
        body = {
            "operator_id": self._operator_ids[ask.player.brand],
            "user": ask.player.local,
            "transaction_uuid": ask.transaction,
        }
        if ask.round_id is not None:
            body["round"] = ask.round_id
        found = await self._client.ask(
            ROUND, "POST", f"{PATH}/game/round", into=_Address, body=body, effect=Effect.READ
        )
        if found is None:
            return None
        if not found.url.startswith("https://"):  # staff will open it: never a script, never in the clear
            raise self._malformed(ROUND, "url is not an https address")
        return found.url

    def _malformed(self, operation: str, detail: str) -> VendorMalformedError:
        return VendorMalformedError(self._client.system, operation, detail)


def _code(record: msgspec.Raw) -> str | None:
    try:
        return msgspec.json.decode(record, type=_Coded).game_code
    except msgspec.DecodeError:
        return None


def _canonical(key: Key, title: Title, now: datetime) -> Game:
    """Raises ValueError for a country or a date that cannot be read: a block must not be lost."""
    if any(not _COUNTRY.match(country) for country in title.blocked_countries or ()):
        raise ValueError("a blocked country is not alpha-2")
    return Game(
        id=key,
        code=title.game_code,
        name=title.name,
        provider=title.product,
        category=title.category,
        enabled=title.enabled,
        free_spins_supported=title.freebet_support,
        jackpot=None,
        platforms=tuple(_PLATFORMS.get(word, word) for word in title.platforms),
        blocked_countries=title.blocked_countries,
        rtp=title.rtp,
        volatility=None if title.volatility is None else _VOLATILITY.get(title.volatility, str(title.volatility)),
        released_on=date.fromisoformat(title.release_date) if title.release_date else None,
        source=Source(System.AGGREGATOR, "Hub88", title.game_code, now),
    )
