"""Zendesk Support on stage: the operations of its OpenAPI document (copy of 2025-04) that the gateway uses.

developer.zendesk.com/api-reference, for what that document lacks, read 2026-11:
/introduction/pagination      `page[size]` up to 100, `meta`, `links`
/introduction/requests        Location is a whole address
/ticketing/introduction       `Idempotency-Key` on ticket creation, `x-idempotency-lookup`
/ticketing/tickets/tickets    (a copy) users/{id}/tickets/requested; lists run by id from the smallest; at most
                              30 updates of a ticket by one user in ten minutes
Known at second hand only: keys expire after two hours; 429 with Retry-After beyond 200 (Team) to 2500 (Enterprise Plus)
requests a minute, a limit that is off here unless given.

Assumed, as the documents are silent: the bodies of refusals beyond their `error` word; that more than 100 ids, or a
page of more than 100, is refused with 400; that unknown ids are left out; that lists by cursor alone are served here,
offset paging being for others; that a ticket made by the API is `new`, and that a key used again for another ticket is
refused with 400.
"""

from __future__ import annotations

import base64
import binascii
import time
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import msgspec
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from vendors.sandbox.stage import Operation, Refused, Stage, count
from vendors.sandbox.world import World
from vendors.sandbox.zendesk_store import Comment, Store, StoredTicket, User, stamp
from vendors.sandbox.zendesk_webhooks import teller
from vendors.signing import basic

BASE = "/api/v2/"
MAX_IDS = MAX_PAGE = 100
MAX_KEY_LENGTH, KEY_LIFETIME = 255, timedelta(hours=2)
UPDATES, UPDATES_SECONDS = 30, 600.0
STATUSES = ("new", "open", "pending", "hold", "solved", "closed")
PRIORITIES = ("low", "normal", "high", "urgent")
Place = tuple[str, int]  # what the list runs by, then the id


def stage(
    world: World,
    user: str,
    token: str,
    *,
    requests_per_minute: int | None = None,
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    monotonic: Callable[[], float] = time.monotonic,
    hook_secret: str = "",
) -> Stage:
    """One account for every brand. `user` is an agent's address followed by `/token`, `token` his API token."""
    desk = _Desk(world, basic(user, token)["Authorization"], requests_per_minute, clock, monotonic)
    operations = [
        Operation("ShowManyUsers", "GET", BASE + "users/show_many", desk.users),
        Operation("CreateOrUpdateUser", "POST", BASE + "users/create_or_update", desk.create_or_update_user),
        Operation("ListTicketsRequested", "GET", BASE + "users/{user_id}/tickets/requested", desk.requested),
        Operation("TicketsShowMany", "GET", BASE + "tickets/show_many", desk.tickets),
        Operation("ListTickets", "GET", BASE + "tickets", desk.by_external_id),
        Operation("CreateTicket", "POST", BASE + "tickets", desk.create),
        Operation("UpdateTicket", "PUT", BASE + "tickets/{ticket_id}", desk.update),
        Operation("ListTicketComments", "GET", BASE + "tickets/{ticket_id}/comments", desk.comments),
        Operation("ListAuditsForTicket", "GET", BASE + "tickets/{ticket_id}/audits", desk.audits),
    ]
    return Stage(operations, desk.reset, teller(hook_secret, desk.ticket_of, clock))


class _Desk:
    """The account, its idempotency keys and what is left of its limits."""

    def __init__(
        self,
        world: World,
        authorization: str,
        requests_per_minute: int | None,
        clock: Callable[[], datetime],
        monotonic: Callable[[], float],
    ) -> None:
        self._world, self._authorization, self._per_minute = world, authorization, requests_per_minute
        self._clock, self._monotonic = clock, monotonic
        self.reset()

    def reset(self) -> None:
        self._store = Store(self._world)
        self._keys: dict[str, tuple[bytes, int, datetime]] = {}
        self._asked: list[float] = []
        self._updated: dict[int, list[float]] = defaultdict(list)

    def ticket_of(self, number: str) -> StoredTicket | None:
        return self._store.tickets.get(int(number)) if number.isdecimal() else None

    async def users(self, request: Request) -> Response:
        self._admit(request)
        ids, names = request.query_params.get("ids"), request.query_params.get("external_ids")
        words = _words(request, ids or names or "")
        read: Callable[[str], User | None] = (
            (lambda word: self._store.users.get(_number(word))) if ids else self._store.user_of
        )
        found = {user.id: user for word in words if (user := read(word)) is not None}
        return JSONResponse({"users": [user.wire() for user in found.values()]})

    async def create_or_update_user(self, request: Request) -> Response:
        self._admit(request)
        asked = _part(await request.body(), "user")
        external_id, name = asked.get("external_id"), asked.get("name")
        user = self._store.user_of(external_id) if external_id else None
        if user is None and not name:
            raise _invalid("name", "Name: is too short (minimum one character)")
        count(request, effects=1)
        if user is None:
            made = self._store.add_user(str(name), external_id, asked.get("role", "end-user"), self._clock())
            return JSONResponse({"user": made.wire()}, 201, _location(request, f"users/{made.id}.json"))
        user.external_id, user.name = external_id, name or user.name
        return JSONResponse({"user": user.wire()}, 200, _location(request, f"users/{user.id}.json"))

    async def requested(self, request: Request) -> Response:
        self._admit(request)
        number = _number(request.path_params["user_id"])
        if number not in self._store.users:
            raise _missing()
        held = [ticket for ticket in self._store.tickets.values() if ticket.requester_id == number]
        return _listed(request, "tickets", held)

    async def tickets(self, request: Request) -> Response:
        self._admit(request)
        numbers = [_number(word) for word in _words(request, request.query_params.get("ids", ""))]
        held = [self._store.tickets[number] for number in dict.fromkeys(numbers) if number in self._store.tickets]
        return JSONResponse({"tickets": [ticket.wire() for ticket in held]})

    async def by_external_id(self, request: Request) -> Response:
        self._admit(request)
        asked = request.query_params.get("external_id")
        held = [t for t in self._store.tickets.values() if asked is None or t.external_id == asked]
        return _listed(request, "tickets", held)

    async def comments(self, request: Request) -> Response:
        ticket = self._ticket(request)
        return _listed(request, "comments", ticket.comments, newest=request.query_params.get("sort") == "-created_at")

    async def audits(self, request: Request) -> Response:
        ticket = self._ticket(request)
        audits = [comment.audit(ticket.id) for comment in ticket.comments]
        return JSONResponse({"audits": audits, "count": len(audits), "next_page": None, "previous_page": None})

    async def create(self, request: Request) -> Response:
        """The same key answers the same ticket, as it stands by then."""
        self._admit(request)
        now = self._clock()
        self._keys = {key: kept for key, kept in self._keys.items() if now - kept[2] < KEY_LIFETIME}
        body, key = await request.body(), request.headers.get("Idempotency-Key")
        asked = _part(body, "ticket")
        count(request, effects=0)
        if key and key in self._keys:
            known, number, _ = self._keys[key]
            if known != body:
                raise _refused(400, "IdempotentRequestError", "The key was used for another request")
            return self._made(request, number, {"x-idempotency-lookup": "hit"})
        if key and len(key) > MAX_KEY_LENGTH:
            raise _refused(400, "IdempotentRequestError", "The key is too long")
        self._judge(asked)
        if not asked.get("comment"):
            raise _invalid("comment", "Comment: cannot be blank")
        made = self._store.add_ticket(asked, now)
        count(request, effects=1)
        if key:
            self._keys[key] = (body, made.id, now)
        return self._made(request, made.id, {"x-idempotency-lookup": "miss"} if key else {})

    async def update(self, request: Request) -> Response:
        ticket, asked = self._ticket(request), _part(await request.body(), "ticket")
        self._limit_updates(ticket.id)
        if ticket.status == "closed":
            raise _invalid("status", "Status: closed prevents ticket update")
        self._judge(asked)
        events: list[Any] = []
        if asked.get("comment"):
            events = [self._store.add_comment(ticket, asked, self._clock()).audit(ticket.id)]
        for name in {"status", "priority", "tags", "subject"} & set(asked):
            setattr(ticket, name, asked[name])
        ticket.updated_at = self._clock()
        count(request, effects=1)
        return JSONResponse({"ticket": ticket.wire(), **({"audit": events[0]} if events else {})})

    def _admit(self, request: Request) -> None:
        if request.headers.get("Authorization") != self._authorization:
            raise Refused(401, {"error": "Couldn't authenticate you"})
        if self._per_minute is not None:
            self._asked = self._within(self._asked, self._per_minute, 60.0)

    def _within(self, moments: Sequence[float], most: int, seconds: float) -> list[float]:
        now = self._monotonic()
        recent = [moment for moment in moments if now - moment < seconds]
        if len(recent) >= most:
            wait = str(max(1, round(seconds - (now - recent[0]))))
            raise _refused(429, "APIRateLimitExceeded", "Too many requests", {"Retry-After": wait})
        return [*recent, now]

    def _limit_updates(self, number: int) -> None:
        self._updated[number] = self._within(self._updated[number], UPDATES, UPDATES_SECONDS)

    def _ticket(self, request: Request) -> StoredTicket:
        self._admit(request)
        ticket = self._store.tickets.get(_number(request.path_params["ticket_id"]))
        if ticket is None:
            raise _missing()
        return ticket

    def _judge(self, asked: Mapping[str, Any]) -> None:
        if asked.get("status", "new") not in STATUSES:
            raise _invalid("status", "Status: is not a status")
        if asked.get("priority") not in (None, *PRIORITIES):
            raise _invalid("priority", "Priority: is not a priority")
        if asked.get("requester_id", next(iter(self._store.users))) not in self._store.users:
            raise _invalid("requester", "Requester: is not a user")
        if "comment" in asked and not str(asked["comment"].get("body", "")).strip():
            raise _invalid("comment", "Comment: cannot be blank")

    def _made(self, request: Request, number: int, headers: dict[str, str]) -> Response:
        location = _location(request, f"tickets/{number}.json")
        return JSONResponse({"ticket": self._store.tickets[number].wire()}, 201, location | headers)


def _words(request: Request, text: str) -> list[str]:
    words = [word for word in text.split(",") if word]
    count(request, keys=len(words))
    if len(words) > MAX_IDS:
        raise _refused(400, "TooManyValues", f"More than {MAX_IDS} ids")
    return words


def _listed(
    request: Request, name: str, held: Sequence[StoredTicket] | Sequence[Comment], *, newest: bool = False
) -> Response:
    """One page; the cursor is the place of its last record, so that what is inserted meanwhile shifts nothing."""
    asked = request.query_params
    size = _number(asked.get("page[size]", str(MAX_PAGE)))
    if not 1 <= size <= MAX_PAGE:
        raise Refused(400, {"errors": [{"code": "InvalidPaginationParameter", "title": "page[size] is invalid"}]})
    records: list[StoredTicket | Comment] = sorted(held, key=_place, reverse=newest)
    if asked.get("page[after]"):
        start = _position(asked["page[after]"])
        records = [r for r in records if (_place(r) < start if newest else _place(r) > start)]
    page, more = records[:size], len(records) > size
    cursor = base64.urlsafe_b64encode(msgspec.json.encode(_place(page[-1]))).decode() if page else None
    query = urlencode({**asked, "page[after]": cursor})
    return JSONResponse({
        name: [record.wire() for record in page],
        "meta": {"has_more": more, "after_cursor": cursor, "before_cursor": None},
        "links": {"next": f"{request.url.replace(query=query)}" if more else None, "prev": None},
    })  # fmt: skip


def _place(record: StoredTicket | Comment) -> Place:
    return stamp(record.created_at) if isinstance(record, Comment) else "", record.id


def _position(cursor: str) -> Place:
    try:
        place: Place = msgspec.json.decode(base64.urlsafe_b64decode(cursor), type=Place)
    except (ValueError, binascii.Error) as error:
        raise Refused(400, {"errors": [{"code": "InvalidCursor", "title": "page[after] is invalid"}]}) from error
    return place


def _number(text: str) -> int:
    if not (text.isascii() and text.isdigit()):
        raise _refused(400, "InvalidEndpoint", "Not an id")
    return int(text)


def _part(body: bytes, name: str) -> dict[str, Any]:
    try:
        return msgspec.json.decode(body, type=dict[str, dict[str, Any]])[name]
    except (msgspec.DecodeError, KeyError) as error:
        raise _refused(400, "Unprocessable", f"{name} is missing") from error


def _missing() -> Refused:
    return _refused(404, "RecordNotFound", "Not found")


def _invalid(field: str, description: str) -> Refused:
    details = {field: [{"description": description}]}
    return Refused(422, {"error": "RecordInvalid", "description": "Record validation errors", "details": details})


def _refused(status: int, error: str, description: str, headers: dict[str, str] | None = None) -> Refused:
    return Refused(status, {"error": error, "description": description}, headers)


def _location(request: Request, path: str) -> dict[str, str]:
    return {"Location": f"{request.base_url}{BASE.lstrip('/')}{path}"}
