"""InfiGaming's backoffice operations that the adapter uses, over the world; names after its document of 2026-04.

Where the document is silent this sandbox assumes:

- it has neither a security scheme nor error replies: a bearer token, and errors as `{code, reason, message}`;
- a page holds at most 100 items, whatever is asked, and tells so in its `pageSize`;
- `endTime` and `registrationEndTime` do not include their own instant; texts match whole, letters' case aside;
- a self-exclusion keeps from depositing and playing, not from logging in.

A field of a request that it does not know is refused, so that nothing is asked for and then ignored.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, TypeVar

import msgspec
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from vendors.sandbox.infigaming_store import Account, Fields, Store
from vendors.sandbox.stage import Operation, Refused, Stage, count
from vendors.sandbox.world import World

PAGE_LIMIT = 100
AGENT = "gateway"  # who the credential belongs to: the author of its comments


class Asked(msgspec.Struct, rename="camel", forbid_unknown_fields=True):
    """Whom a request is about."""

    user_id: str


class AskedProfile(Asked, rename="camel"):
    """A profile and one page of its logins."""

    login_page: int = 1
    login_page_size: int = 10


class AskedWallets(Asked, rename="camel"):
    """No `currencies` means every wallet."""

    currencies: list[str] = []


class AskedUpdate(Asked, rename="camel"):
    """What is not named stays as it is."""

    ban_login: bool | None = None
    ban_game: bool | None = None
    ban_withdraw: bool | None = None
    locked: bool | None = None


class AskedComment(Asked, rename="camel"):
    """A comment to add."""

    content: str


class Operator(msgspec.Struct, rename="camel", forbid_unknown_fields=True):
    """An operator as a filter names it."""

    operator_id: str


class Operators(msgspec.Struct, rename="camel", forbid_unknown_fields=True):
    """Which operators' players a list is about."""

    operator_contexts: list[Operator] = []


class AskedList(msgspec.Struct, rename="camel", forbid_unknown_fields=True):
    """A page of a list, of every operator if none is named."""

    page: int = 1
    page_size: int = 20
    operator_context_filters: Operators | None = None


class AskedBets(AskedList, rename="camel"):
    """Criteria for bets; what is not given does not filter."""

    user_id: str | None = None
    status: str | None = None
    end_time: datetime | None = None


class AskedUsers(AskedList, rename="camel"):
    """Criteria for players; what is not given does not filter."""

    user_id: str | None = None
    email: str | None = None
    mobile: str | None = None
    country: str | None = None
    registration_start_time: datetime | None = None
    registration_end_time: datetime | None = None


AskedT = TypeVar("AskedT", bound=Asked)
AnyT = TypeVar("AnyT")


def stage(
    world: World,
    token: str,
    operator_ids: Mapping[str, str],
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> Stage:
    """The simulator of `world`, open to `token`; `operator_ids` maps a brand to its operatorId."""
    desk = _Backoffice(lambda: Store(world, operator_ids, clock), token)
    paths = {
        "getUserProfile": ("user/profile/get", desk.profile),
        "getWallets": ("wallet/get", desk.wallets),
        "getUserResponsibleGamblingConfig": ("user/responsible-gambling/config/get", desk.exclusions),
        "listWalletResponsibleGamblingConfigs": ("wallet/responsible-gambling/configs/list", desk.limits),
        "listBets": ("game/bets/list", desk.bets),
        "listUsers": ("user/list", desk.users),
        "updateUser": ("user/update", desk.update),
        "addUserComment": ("user/comments/add", desk.comment),
    }
    operations = [Operation(name, "POST", f"/v1/backoffice/{path}", handle) for name, (path, handle) in paths.items()]
    return Stage(operations, reset=desk.reset)


class _Backoffice:
    """The operations, over a store that a reset builds anew."""

    def __init__(self, new_store: Callable[[], Store], token: str) -> None:
        self._new_store, self._token = new_store, token
        self.reset()

    def reset(self) -> None:
        self._store = self._new_store()

    async def profile(self, request: Request) -> Response:
        account, asked = await self._about(request, AskedProfile)
        return JSONResponse(self._store.profile(account, asked.login_page, asked.login_page_size))

    async def wallets(self, request: Request) -> Response:
        account, asked = await self._about(request, AskedWallets)
        held = self._store.wallets(account)
        return JSONResponse({"wallets": [w for w in held if not asked.currencies or w["currency"] in asked.currencies]})

    async def exclusions(self, request: Request) -> Response:
        account, _ = await self._about(request, Asked)
        return JSONResponse(self._store.exclusions(account))

    async def limits(self, request: Request) -> Response:
        account, _ = await self._about(request, Asked)
        return JSONResponse(self._store.limits(account))

    async def bets(self, request: Request) -> Response:
        asked = await self._read(request, AskedBets)
        accounts = [a for a in self._of(asked) if asked.user_id in (None, a.facts.id)]
        found = [
            bet
            for bet in self._store.bets(accounts)
            if asked.status in (None, bet["status"])
            and (asked.end_time is None or datetime.fromisoformat(bet["createdAt"]) < asked.end_time)
        ]
        return JSONResponse(_page("bets", found, asked))

    async def users(self, request: Request) -> Response:
        asked = await self._read(request, AskedUsers)
        found = sorted((a for a in self._of(asked) if self._matches(a, asked)), key=lambda a: a.facts.id)
        return JSONResponse(_page("users", [self._store.row(account) for account in found], asked))

    async def update(self, request: Request) -> Response:
        account, asked = await self._about(request, AskedUpdate)
        given = {name: value for name, value in msgspec.to_builtins(asked).items() if isinstance(value, bool)}
        count(request, effects=int(given != {name: account.flags[name] for name in given}))
        account.flags.update(given)
        return JSONResponse({})

    async def comment(self, request: Request) -> Response:
        account, asked = await self._about(request, AskedComment)
        count(request, effects=1)
        return JSONResponse({"commentId": self._store.comment(account, asked.content, AGENT)})

    def _of(self, asked: AskedList) -> Iterable[Account]:
        filters = asked.operator_context_filters
        operators = {one.operator_id for one in filters.operator_contexts} if filters else set()
        everyone = self._store.accounts.values()
        return [a for a in everyone if not operators or self._store.operator_of(a) in operators]

    def _matches(self, account: Account, asked: AskedUsers) -> bool:
        row, registered_at = self._store.row(account), self._store.registered_at(account)
        pairs = [(asked.user_id, row["userId"]), (asked.email, row["email"]), (asked.mobile, row["mobile"])]
        return (
            all(
                wanted is None or wanted.lower() == it.lower()
                for wanted, it in (*pairs, (asked.country, row["country"]))
            )
            and (asked.registration_start_time is None or asked.registration_start_time <= registered_at)
            and (asked.registration_end_time is None or registered_at < asked.registration_end_time)
        )

    async def _about(self, request: Request, kind: type[AskedT]) -> tuple[Account, AskedT]:
        asked = await self._read(request, kind)
        if (account := self._store.accounts.get(asked.user_id)) is None:
            raise _refused(404, "USER_NOT_FOUND", "user not found")
        return account, asked

    async def _read(self, request: Request, kind: type[AnyT]) -> AnyT:
        if request.headers.get("Authorization") != f"Bearer {self._token}":
            raise _refused(401, "UNAUTHORIZED", "token is missing or wrong")
        try:
            return msgspec.json.decode(await request.body(), type=kind)
        except msgspec.DecodeError as error:
            raise _refused(400, "INVALID_ARGUMENT", "body cannot be read") from error


def _page(name: str, items: Sequence[Fields], asked: AskedList) -> dict[str, Any]:
    size = min(asked.page_size, PAGE_LIMIT)
    if size < 1 or asked.page < 1:
        raise _refused(400, "INVALID_ARGUMENT", "no such page")
    shown = items[(asked.page - 1) * size : asked.page * size]
    return {name: shown, "page": asked.page, "pageSize": size, "total": len(items)}


def _refused(status: int, reason: str, message: str) -> Refused:
    return Refused(status, {"code": status, "reason": reason, "message": message})
