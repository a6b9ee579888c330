"""PaymentIQ's Admin API v1 on stage: the token endpoint and the payment search (snapshot 2023-04).

The search answers with a JSON array, as the reference of 2017-11 shows; the adapter names what is not settled.
`/__reset` also forgets every token.
"""

from __future__ import annotations

import base64
import itertools
import time
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from vendors.ports.money import Money, exponent_of
from vendors.sandbox.stage import Operation, Refused, Stage
from vendors.sandbox.world import PaymentFacts, PlayerFacts, World

EXPIRES_IN_SECONDS = 7200
DEFAULT_LIMIT, MAX_LIMIT = 100, 10_000


def stage(world: World, client_id: str, client_secret: str, merchant_ids: Mapping[str, str]) -> Stage:
    """PaymentIQ with the world's payments; a brand without an entry in `merchant_ids` is not on it."""
    product = _Product(world, client_id, client_secret, merchant_ids)
    operations = [
        Operation("token", "POST", "/paymentiq/oauth/token", product.token),
        Operation("searchPayments", "GET", "/paymentiq/admin/v1/payments", product.search),
    ]
    return Stage(operations, product.reset)


class _Product:
    """The store and the tokens that open it."""

    def __init__(self, world: World, client_id: str, client_secret: str, merchant_ids: Mapping[str, str]) -> None:
        self._basic = "Basic " + base64.b64encode(f"{client_id}:{client_secret}".encode()).decode()
        self._merchants = frozenset(merchant_ids.values())
        self._payments = [
            _payment(world, player, payment, merchant_ids[player.brand])
            for player in world.players.values()
            if player.brand in merchant_ids
            for payment in player.payments
        ]
        self._numbers = itertools.count(1)
        self._tokens: dict[str, float] = {}  # token -> the monotonic second it expires at

    def reset(self) -> None:
        self._tokens.clear()

    async def token(self, request: Request) -> Response:
        if request.headers.get("Authorization") != self._basic:
            raise Refused(401, {"error": "invalid_client", "error_description": "Bad client credentials"})
        if request.query_params.get("grant_type") != "client_credentials":
            raise Refused(400, {"error": "unsupported_grant_type"})
        token = f"paymentiq-token-{next(self._numbers)}"
        self._tokens[token] = time.monotonic() + EXPIRES_IN_SECONDS
        return JSONResponse({"access_token": token, "token_type": "bearer", "expires_in": EXPIRES_IN_SECONDS})

    async def search(self, request: Request) -> Response:
        self._require_token(request)
        asked = request.query_params
        if asked.get("merchantId") not in self._merchants:
            raise Refused(403, {"errorId": "1", "errorMessage": "merchantId is not yours"})
        found = [payment for payment in self._payments if _matches(payment, asked)]
        found.sort(key=lambda payment: str(payment["created"]), reverse=asked.get("descOrder") == "true")
        offset, limit = _number(asked, "offset", 0), _number(asked, "limit", DEFAULT_LIMIT)
        if limit > MAX_LIMIT:
            raise Refused(400, {"errorId": "2", "errorMessage": f"limit is above {MAX_LIMIT}"})
        return JSONResponse(found[offset : offset + limit])

    def _require_token(self, request: Request) -> None:
        token = request.headers.get("Authorization", "").removeprefix("Bearer ")
        if self._tokens.get(token, 0.0) <= time.monotonic():
            raise Refused(401, {"error": "invalid_token", "error_description": "Access token expired"})


def _matches(payment: Mapping[str, Any], asked: Mapping[str, str]) -> bool:
    """Every filter that is given holds; lists are separated by commas, dates are compared as the strings they are."""
    return (
        str(payment["merchantId"]) == asked["merchantId"]
        and ("idList" not in asked or str(payment["id"]) in asked["idList"].split(","))
        and payment["merchantUserId"] == asked.get("merchantUserId", payment["merchantUserId"])
        and ("states" not in asked or payment["state"] in asked["states"].split(","))
        and payment["created"] >= asked.get("txDateFrom", "")
        and payment["lastUpdated"] >= asked.get("txLastUpdatedDateFrom", "")
    )


def _number(asked: Mapping[str, str], name: str, default: int) -> int:
    text = asked.get(name, str(default))
    if not text.isdecimal():
        raise Refused(400, {"errorId": "3", "errorMessage": f"{name} is not a number"})
    return int(text)


def _payment(world: World, player: PlayerFacts, payment: PaymentFacts, merchant_id: str) -> dict[str, Any]:
    def at(age: timedelta) -> str:
        return f"{world.now - age:%Y-%m-%d %H:%M:%S}"

    money = Money(player.currency, payment.amount_minor, exponent_of(player.currency))
    return {
        "id": int(payment.id),
        "merchantId": int(merchant_id),
        "merchantTxId": f"m-{payment.id}",
        "merchantUserId": player.id,
        "merchantUserEmail": player.email,
        "txTypeName": payment.method,
        "state": payment.state,
        "statusCode": payment.code,
        "txAmount": f"{money.amount} {money.currency}",
        "pspService": payment.psp,
        "pspRefId": f"psp-{payment.id}",
        "created": at(payment.created_age),
        "lastUpdated": at(payment.updated_age),
    }
