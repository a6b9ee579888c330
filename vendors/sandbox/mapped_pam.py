"""A PAM that an operator wrote for himself, with words of his own: what docs/mapping.example.yaml describes.

Nobody else has such an API, so nothing here follows a document. It knows sites in place of brands, says no with status
200 and a `fault`, counts money in minor units in wallets and in decimals in bets, and instants in three ways.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from vendors.ports.money import Money, exponent_of
from vendors.sandbox.facts import GAMES, PlayerFacts, RoundFacts
from vendors.sandbox.stage import Operation, Refused, Stage, count
from vendors.sandbox.world import World

MAPPING = Path(__file__).parents[2] / "docs" / "mapping.example.yaml"
MOST = 50
SITES = {"acme": "AC", "borealis": "BO", "corona": "CO"}
_BLOCKS = {"login": "signin", "withdraw": "cashout", "game": "games"}
_STATES = {"open": "open", "settled": "done", "rolled back": "void"}
_KINDS = {"selfExclusion": "exclusion", "breakInPlay": "break"}
_CAPS = {"deposit": "in", "withdraw": "out", "play": "stake", "loss": "net"}
_PERIODS = {"day": "d", "week": "w", "month": "m"}


class _Customer(msgspec.Struct):
    """A player and what has been written since."""

    facts: PlayerFacts
    blocks: set[str]
    remarks: list[dict[str, Any]]


def stage(world: World, token: str, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> Stage:
    """The PAM with every site's customers."""
    house = _House(world, token, clock)
    read, write = house.of_many, house.written
    operations = [
        Operation("players", "GET", "/api/2/customers", read("customers", house.customer)),
        Operation("balances", "GET", "/api/2/purses", read("customers", house.purses)),
        Operation("responsible_gambling", "GET", "/api/2/protection", read("customers", house.protection)),
        Operation("open_rounds", "GET", "/api/2/wagers/open", read("customers", house.open_wagers)),
        Operation("rounds", "GET", "/api/2/customers/{no}/wagers", house.wagers),
        Operation("search", "POST", "/api/2/customers/search", house.search),
        Operation("restrict", "POST", "/api/2/customers/{no}/blocks", write(house.block)),
        Operation("add_note", "POST", "/api/2/customers/{no}/remarks", write(house.remark)),
    ]
    return Stage(operations, house.reset)


class _House:
    def __init__(self, world: World, token: str, clock: Callable[[], datetime]) -> None:
        self._world, self._token, self._clock = world, token, clock
        self.reset()

    def reset(self) -> None:
        self._customers = {facts.id: self._customer(facts) for facts in self._world.players.values()}
        self._done: dict[str, bytes] = {}  # by request key, the body it came with

    def _customer(self, facts: PlayerFacts) -> _Customer:
        remarks = [{"by": one.author, "text": one.body, "at": self._utc(one.age)} for one in facts.notes]
        return _Customer(facts, {_BLOCKS[ban] for ban in facts.bans if ban in _BLOCKS}, remarks)

    def of_many(self, name: str, tell: Callable[[_Customer], dict[str, Any]]) -> Any:
        """A read of customers by their numbers, in the order the PAM likes: from the greatest."""

        async def handle(request: Request) -> Response:
            site = self._admit(request)
            numbers = [number for number in request.query_params.get("nos", "").split(",") if number]
            count(request, keys=len(numbers))
            if len(numbers) > MOST:
                raise _fault("NOT_ALLOWED")
            found = [one for number in sorted(set(numbers), reverse=True) if (one := self._of(number, site))]
            return JSONResponse({"ok": True, name: [{"no": one.facts.id, "site": site, **tell(one)} for one in found]})

        return handle

    def customer(self, one: _Customer) -> dict[str, Any]:
        facts = one.facts
        locked = "locked" in facts.bans
        return {
            "jurisdiction": facts.market, "login": facts.id, "born": f"{facts.birth_year}-01-01",
            "name": {"given": facts.first_name, "family": facts.last_name}, "tier": int(facts.vip_level),
            "mail": {"address": facts.email, "confirmed": True},
            "mobile": {"number": facts.phone, "confirmed": True},
            "opened": self._millis(facts.registered_age), "lastSeen": self._millis(facts.last_login_age),
            "labels": [{"name": tag} for tag in facts.tags], "remarks": one.remarks,
            "state": "L" if locked else "B" if one.blocks else "A", "blocks": sorted(one.blocks),
            "idChecked": facts.verified_in_pam,
        }  # fmt: skip

    def purses(self, one: _Customer) -> dict[str, Any]:
        facts = one.facts
        done, target = facts.wagering or (0, 0)
        free = facts.cash_minor if facts.withdrawable_minor is None else facts.withdrawable_minor
        purse = {"iso": facts.currency, "real": facts.cash_minor, "promo": facts.bonus_minor, "free": free}
        return {"purses": [{**purse, "rollover": {"target": target, "done": done}}]}

    def protection(self, one: _Customer) -> dict[str, Any]:
        pauses = [
            {"kind": _KINDS[said.kind], "running": True, "from": self._utc(said.age), "to": self._utc(-said.ends_in)}
            for said in one.facts.exclusions
        ]
        caps = [
            {"of": _CAPS[said.kind], "per": _PERIODS[said.period], "amount": said.amount_minor,
             "iso": one.facts.currency, "lifted": None if said.removal_in is None else self._utc(-said.removal_in)}
            for said in one.facts.limits
        ]  # fmt: skip
        may = {"signin": "signin" not in one.blocks, "cashin": not pauses, "play": not pauses}
        return {"pauses": pauses, "caps": caps, "may": may}

    def open_wagers(self, one: _Customer) -> dict[str, Any]:
        return {"wagers": [self._wager(one, bet) for bet in one.facts.rounds if bet.status == "open"]}

    async def wagers(self, request: Request) -> Response:
        one = self._named(request)
        upto, take = request.query_params.get("upto"), int(request.query_params.get("take", "100"))
        told = [self._wager(one, bet) for bet in one.facts.rounds]
        if upto:
            last = int(datetime.fromisoformat(upto).timestamp() * 1000)
            told = [bet for bet in told if bet["placed"] <= last]
        told.sort(key=lambda bet: (bet["placed"], bet["ref"]), reverse=True)
        return JSONResponse({"ok": True, "wagers": told[:take]})

    async def search(self, request: Request) -> Response:
        asked = await _body(request)
        site = self._site(asked, request)
        tests: Mapping[str, Callable[[PlayerFacts], Any]] = {
            "no": lambda facts: facts.id, "mail": lambda facts: facts.email, "mobile": lambda facts: facts.phone,
            "country": lambda facts: facts.country,
        }  # fmt: skip
        fits = [
            facts.id
            for facts in (one.facts for one in self._customers.values())
            if SITES[facts.brand] == site
            and all(test(facts) == asked[name] for name, test in tests.items() if name in asked)
            and ("label" not in asked or asked["label"] in facts.tags)
        ]
        take, sheet = int(asked.get("take", 20)), int(asked.get("sheet", 1))
        hits: Sequence[str] = fits[(sheet - 1) * take : sheet * take]
        return JSONResponse({"ok": True, "hits": [{"no": number} for number in hits], "count": len(fits)})

    def written(self, do: Callable[[_Customer, Mapping[str, Any]], None]) -> Any:
        """A write, done once under its key."""

        async def handle(request: Request) -> Response:
            one, body, key = self._named(request), await request.body(), request.headers.get("X-Request-Key", "")
            asked = await _body(request)
            if not key or not asked.get("reference"):
                raise _fault("NOT_ALLOWED")
            if self._done.get(key, body) != body:
                raise _fault("WRONG_STATE")
            if key not in self._done:
                self._done[key] = body
                do(one, asked)
                count(request, effects=1)
            return JSONResponse({"ok": True})

        return handle

    def block(self, one: _Customer, asked: Mapping[str, Any]) -> None:
        one.blocks |= {name for name, on in asked.items() if on is True}

    def remark(self, one: _Customer, asked: Mapping[str, Any]) -> None:
        said = {"by": "gateway", "text": asked["text"], "at": self._clock().replace(tzinfo=None).isoformat()}
        one.remarks.insert(0, said)

    def _wager(self, one: _Customer, bet: RoundFacts) -> dict[str, Any]:
        (title, studio, _, _), at = GAMES[bet.game], self._millis(bet.age)
        return {
            "customer": one.facts.id, "ref": bet.id, "round": f"r-{bet.id}", "supplierRef": bet.transaction,
            "game": {"code": bet.game, "title": title, "studio": studio}, "state": _STATES.get(bet.status, bet.status),
            "iso": one.facts.currency, "stake": _decimal(one.facts, bet.stake_minor),
            "won": _decimal(one.facts, bet.win_minor), "placed": at, "changed": at,
        }  # fmt: skip

    def _admit(self, request: Request) -> str:
        return self._site(request.query_params, request)

    def _site(self, asked: Mapping[str, Any], request: Request) -> str:
        if request.headers.get("X-Api-Key") != self._token:
            raise Refused(401, {"ok": False, "fault": "WHO_ARE_YOU"})
        if asked.get("site") not in SITES.values():
            raise _fault("NOT_ALLOWED")
        return str(asked["site"])

    def _of(self, number: str, site: str) -> _Customer | None:
        one = self._customers.get(number)
        return one if one and SITES[one.facts.brand] == site else None

    def _named(self, request: Request) -> _Customer:
        one = self._of(request.path_params["no"], self._admit(request))
        if one is None:
            raise _fault("UNKNOWN_CUSTOMER")
        return one

    def _millis(self, age: timedelta) -> int:
        return int((self._world.now - age).timestamp() * 1000)

    def _utc(self, age: timedelta) -> str:
        """Without an offset, as this PAM writes it."""
        return (self._world.now - age).astimezone(UTC).replace(tzinfo=None).isoformat()


async def _body(request: Request) -> dict[str, Any]:
    try:
        return msgspec.json.decode(await request.body(), type=dict[str, Any])
    except msgspec.DecodeError as error:
        raise Refused(400, {"ok": False, "fault": "NOT_ALLOWED"}) from error


def _fault(word: str) -> Refused:
    return Refused(200, {"ok": False, "fault": word})


def _decimal(facts: PlayerFacts, minor: int) -> str:
    return Money(facts.currency, minor, exponent_of(facts.currency)).amount
