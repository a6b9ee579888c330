"""InfiGaming's two operations that the adapter uses, over the world; field names after its document of 2026-04.

The document has neither a security scheme nor error replies: the bearer token and `{code, reason, message}`
are this sandbox's assumption.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from vendors.ports.money import Money, exponent_of
from vendors.sandbox.stage import Operation, Refused, Stage
from vendors.sandbox.world import PlayerFacts, World


class Asked(msgspec.Struct, rename="camel"):
    """What both operations ask by; no `currencies` means every wallet."""

    user_id: str
    currencies: list[str] = []


def stage(world: World, token: str, operator_ids: Mapping[str, str]) -> Stage:
    """The simulator of `world`, open to `token`; `operator_ids` maps a brand to its operatorId.

    It only reads, so a reset has nothing to put back.
    """
    backoffice = _Backoffice(world, token, operator_ids)
    operations = [
        Operation("getUserProfile", "POST", "/v1/backoffice/user/profile/get", backoffice.profile),
        Operation("getWallets", "POST", "/v1/backoffice/wallet/get", backoffice.wallets),
    ]
    return Stage(operations, reset=lambda: None)


class _Backoffice:
    """Players by userId over all brands, as one backoffice credential sees them."""

    def __init__(self, world: World, token: str, operator_ids: Mapping[str, str]) -> None:
        self._world, self._token, self._operator_ids = world, token, operator_ids
        self._players = {facts.id: facts for facts in world.players.values()}

    async def profile(self, request: Request) -> Response:
        """Who the player is, whose, and what the account may not do."""
        facts, _ = await self._asked(request)
        operator = {"operatorId": self._operator_ids[facts.brand]}
        return JSONResponse(
            {
                **_person(facts),
                **_flags(facts),
                "registrationRecord": self._registration(facts),
                "userOperatorContext": operator,
            }
        )

    async def wallets(self, request: Request) -> Response:
        """One wallet, in the player's currency; amounts are decimal strings in its major unit."""
        facts, asked = await self._asked(request)
        wanted = not asked.currencies or facts.currency in asked.currencies
        return JSONResponse({"wallets": [_wallet(facts)] if wanted else []})

    async def _asked(self, request: Request) -> tuple[PlayerFacts, Asked]:
        if request.headers.get("Authorization") != f"Bearer {self._token}":
            raise _refused(401, "UNAUTHORIZED", "token is missing or wrong")
        try:
            asked = msgspec.json.decode(await request.body(), type=Asked)
        except msgspec.DecodeError as error:
            raise _refused(400, "INVALID_ARGUMENT", "body cannot be read") from error
        if (facts := self._players.get(asked.user_id)) is None:
            raise _refused(404, "USER_NOT_FOUND", "user not found")
        return facts, asked

    def _registration(self, facts: PlayerFacts) -> dict[str, Any]:
        registered_at = self._world.now - facts.registered_age
        return {
            "registeredAt": registered_at.isoformat(),
            "ipInfo": {"ip": "192.0.2.1", "count": 1, "country": facts.country},  # RFC 5737: for documentation
            "username": facts.id,
            "email": facts.email,
            "mobile": facts.phone,
        }


def _person(facts: PlayerFacts) -> dict[str, Any]:
    return {
        "userId": facts.id,
        "nickname": facts.first_name,
        "firstName": facts.first_name,
        "lastName": facts.last_name,
        "dob": f"{facts.birth_year}-01-01T00:00:00Z",
        "registeredEmail": facts.email,
        "registeredMobile": facts.phone,
        "loginEmail": facts.email,
        "loginMobile": facts.phone,
        "address": "1 Example Street",
    }


def _flags(facts: PlayerFacts) -> dict[str, Any]:
    return {
        "banLogin": "login" in facts.bans,
        "banGame": "game" in facts.bans,
        "banWithdraw": "withdraw" in facts.bans,
        "locked": "locked" in facts.bans,
        "kycLevel": int(facts.verified_in_pam),
        "emailVerified": True,
        "phoneVerified": True,
    }


def _wallet(facts: PlayerFacts) -> dict[str, Any]:
    def amount(minor: int) -> str:
        return Money(facts.currency, minor, exponent_of(facts.currency)).amount

    done, required = facts.wagering or (0, 0)
    withdrawable = facts.cash_minor if facts.withdrawable_minor is None else facts.withdrawable_minor
    return {
        "currency": facts.currency,
        "cash": amount(facts.cash_minor),
        "bonus": amount(facts.bonus_minor),
        "withdrawableCash": amount(withdrawable),
        "turnoverThreshold": amount(required),
        "turnover": amount(done),
    }


def _refused(status: int, reason: str, message: str) -> Refused:
    return Refused(status, {"code": status, "reason": reason, "message": message})
