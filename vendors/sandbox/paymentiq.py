"""PaymentIQ's Admin API v1 on stage: token, payment search and actions, account search (snapshot 2023-04).

The searches answer with a JSON array, as the reference of 2017-11 shows; the adapter names what is not settled. No page
gives the HTTP status of a refusal: 400 is assumed, 404 for a payment that is not the merchant's. Both ends of a range
are included, `descOrder` goes by creation (accounts: first use). No rate limit is documented, so none is kept.
`/__reset` also forgets every token.
"""

from __future__ import annotations

import base64
import itertools
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta

import msgspec
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from vendors.sandbox.paymentiq_store import Fields, Store, WrongState
from vendors.sandbox.paymentiq_webhooks import teller
from vendors.sandbox.stage import Operation, Refused, Stage, count
from vendors.sandbox.world import World

EXPIRES_IN_SECONDS = 7200
DEFAULT_LIMIT, MAX_PAYMENTS, MAX_ACCOUNTS = 100, 10_000, 1000
INFO_CHARACTERS = 200

# How a filter is held against a field: the same text, one of a list, or an end of a range.
_SAME = {
    name: name
    for name in (
        "id", "merchantUserId", "merchantUserEmail", "merchantTxId", "maskedUserAccount", "pspRefId", "pspStatusCode",
        "accountUuid", "maskedAccount", "holder",
    )
}  # fmt: skip
_ONE_OF = {"idList": "id", "states": "state", "txTypes": "txTypeName", "psps": "pspService",
           "providerTypes": "providerType"}  # fmt: skip
_FROM = {"txDateFrom": "created", "txLastUpdatedDateFrom": "lastUpdated", "firstUsedFrom": "firstUsed",
         "lastUsedFrom": "lastUsed"}  # fmt: skip
_TO = {"txDateTo": "created", "txLastUpdatedDateTo": "lastUpdated", "firstUsedTo": "firstUsed",
       "lastUsedTo": "lastUsed"}  # fmt: skip


class _Action(msgspec.Struct, rename="camel"):
    """The body of an action; it must be there, and may be empty."""

    info: str | None = None
    tag_id: str | None = None


def stage(
    world: World,
    client_id: str,
    client_secret: str,
    merchant_ids: Mapping[str, str],
    *,
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    paying_time: timedelta = timedelta(seconds=2),
    hook: tuple[str, str] = ("", ""),
) -> Stage:
    """PaymentIQ with the world's payments; a brand without an entry in `merchant_ids` is not on it.

    An approved payout is with its provider for `paying_time`. `hook` is user and password of its notifications.
    """

    def store() -> Store:
        return Store(world, merchant_ids, clock, paying_time)

    product = _Product(store, client_id, client_secret, frozenset(merchant_ids.values()))
    payments = "/paymentiq/admin/v1/payments"
    operations = [
        Operation("token", "POST", "/paymentiq/oauth/token", product.token),
        Operation("searchPayments", "GET", payments, product.search_payments),
        Operation("approve", "POST", payments + "/approve/{txId}", product.approve),
        Operation("deny", "POST", payments + "/deny/{txId}", product.deny),
        Operation("onhold", "POST", payments + "/onhold/{txId}", product.onhold),
        Operation("searchAccounts", "GET", "/paymentiq/admin/v1/accounts", product.search_accounts),
    ]
    return Stage(operations, product.reset, teller(*hook, product.payments))


class _Product:
    """The store behind the operations, and the tokens it has given out."""

    def __init__(self, store: Callable[[], Store], client_id: str, client_secret: str, merchants: frozenset[str]):
        self._client_id = client_id
        self._basic = "Basic " + base64.b64encode(f"{client_id}:{client_secret}".encode()).decode()
        self._new_store, self._merchants, self._store = store, merchants, store()
        self._numbers = itertools.count(1)
        self._tokens: dict[str, float] = {}  # token -> the monotonic second it expires at

    def reset(self) -> None:
        self._tokens.clear()
        self._store = self._new_store()

    def payments(self) -> Mapping[int, Fields]:
        """By number, as they are now."""
        return self._store.payments()

    async def token(self, request: Request) -> Response:
        if request.headers.get("Authorization") != self._basic:
            raise Refused(401, {"error": "invalid_client", "error_description": "Bad client credentials"})
        if request.query_params.get("grant_type") != "client_credentials":
            raise Refused(400, {"error": "unsupported_grant_type"})
        token = f"paymentiq-token-{next(self._numbers)}"
        self._tokens[token] = time.monotonic() + EXPIRES_IN_SECONDS
        return JSONResponse({"access_token": token, "token_type": "bearer", "expires_in": EXPIRES_IN_SECONDS})

    async def search_payments(self, request: Request) -> Response:
        merchant_id = self._admitted(request)
        asked = request.query_params
        count(request, keys=len(asked.get("idList", "").split(",")))
        found = [row for row in self._store.payments().values() if _matches(row, asked, merchant_id, "statusCode")]
        return _page(found, asked, "created", MAX_PAYMENTS)

    async def search_accounts(self, request: Request) -> Response:
        merchant_id, asked = self._admitted(request), request.query_params
        found = [row for row in self._store.accounts if _matches(row, asked, merchant_id, "status")]
        return _page(found, asked, "firstUsed", MAX_ACCOUNTS)

    async def approve(self, request: Request) -> Response:
        return await self._act(request, "approve")

    async def deny(self, request: Request) -> Response:
        return await self._act(request, "deny")

    async def onhold(self, request: Request) -> Response:
        return await self._act(request, "onhold")

    async def _act(self, request: Request, operation: str) -> Response:
        merchant_id, number = self._admitted(request), request.path_params["txId"]
        try:
            action = msgspec.json.decode(await request.body(), type=_Action)
        except msgspec.DecodeError:
            raise _refused(400, "Invalid request, could not convert to proper format") from None
        if len(action.info or "") > INFO_CHARACTERS:
            raise _refused(400, f"info is longer than {INFO_CHARACTERS} characters")
        known = self._store.payments().get(int(number)) if number.isdecimal() else None
        if known is None or str(known["merchantId"]) != merchant_id:
            raise _refused(404, "Transaction not found")
        try:
            payment = self._store.act(operation, int(number), action.info, self._client_id)
        except WrongState as wrong:
            raise _refused(400, str(wrong)) from None
        count(request, effects=1)
        fields = ("id", "merchantId", "merchantTxId", "statusCode", "pspStatusCode", "state", "created", "lastUpdated")
        return JSONResponse(
            {name: payment[name] for name in fields if name in payment} | {"userId": payment["merchantUserId"]}
        )

    def _admitted(self, request: Request) -> str:
        """The merchant asked for, if the token is good and may ask for it."""
        token = request.headers.get("Authorization", "").removeprefix("Bearer ")
        if self._tokens.get(token, 0.0) <= time.monotonic():
            raise Refused(401, {"error": "invalid_token", "error_description": "Access token expired"})
        merchant_id = request.query_params.get("merchantId", "")
        if merchant_id not in self._merchants:
            raise _refused(403, "merchantId is not yours")
        return merchant_id


def _refused(status: int, message: str) -> Refused:
    return Refused(status, {"errorMessage": message})


def _page(found: list[Fields], asked: Mapping[str, str], order: str, maximum: int) -> Response:
    """What was found, in order, between offset and limit."""
    found.sort(key=lambda row: (str(row[order]), int(row["id"])), reverse=asked.get("descOrder") == "true")
    offset, limit = _number(asked, "offset", 0), _number(asked, "limit", DEFAULT_LIMIT)
    if limit > maximum:
        raise _refused(400, f"limit is above {maximum}")
    return JSONResponse(found[offset : offset + limit])


def _matches(row: Fields, asked: Mapping[str, str], merchant_id: str, status: str) -> bool:
    """Every filter given holds; lists are separated by commas, dates compared as the strings they are.

    `status` is the field that `statuses` filters: payments and accounts call it differently.
    """

    def text(field: str) -> str:
        return str(row.get(field, ""))

    one_of = {**_ONE_OF, "statuses": status}
    return (
        text("merchantId") == merchant_id
        and all(text(field) == asked[name] for name, field in _SAME.items() if name in asked)
        and all(text(field) in asked[name].split(",") for name, field in one_of.items() if name in asked)
        and all(text(field) >= asked[name] for name, field in _FROM.items() if name in asked)
        and all(text(field) <= asked[name] for name, field in _TO.items() if name in asked)
    )


def _number(asked: Mapping[str, str], name: str, default: int) -> int:
    text = asked.get(name, str(default))
    if not text.isdecimal():
        raise _refused(400, f"{name} is not a number")
    return int(text)
