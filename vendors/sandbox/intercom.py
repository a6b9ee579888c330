"""Intercom on stage: the operations of its OpenAPI document 2.15 (copy of 2026-08) that the gateway uses.

developers.intercom.com/docs/references, for what that document lacks, read 2026-11:
/2.17/rest-api/errors/rate-limiting   windows of ten seconds, `X-RateLimit-*` for whoever has a credential, 429
/2.17/rest-api/errors/http-responses  400 and `parameter_invalid` for a body that is no JSON
/2.1/rest-api/contacts/create-contact  409 and `conflict` for a contact that exists
/2.2/rest-api/common-structures/pagination-cursor  at most 150 a page
Known at second hand only: a list of IN holds at most 15 values. Assumed: a search for tickets answers the newest first;
a new contact is found by a search after a minute; a type that has no attribute of a name refuses it; who asks for a
ticket that is none gets 404, and whose version is unknown 400.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import msgspec
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from vendors.sandbox.intercom_store import (
    ADMIN_ID,
    AUDIT_ATTRIBUTE,
    AUDIT_ATTRIBUTE_ID,
    INTERNAL_TYPE,
    SHARED_TYPE,
    Contact,
    Store,
    StoredTicket,
    seconds,
)
from vendors.sandbox.intercom_webhooks import teller
from vendors.sandbox.stage import Handler, Operation, Refused, Stage, count
from vendors.sandbox.world import World

MAX_PAGE, MAX_FILTERS, MAX_LIST, VERSION = 150, 15, 15, "2.15"
WINDOW_SECONDS, REQUESTS = 10, 1_666  # of a private app's 10,000 a minute
_ATTRIBUTES = frozenset({"_default_title_", "_default_description_", AUDIT_ATTRIBUTE})
_Fields = Mapping[str, Callable[[Any], Any]]
_CONTACT_FIELDS: _Fields = {
    "id": lambda one: one.id, "external_id": lambda one: one.external_id, "role": lambda one: one.role,
}  # fmt: skip
_TICKET_FIELDS: _Fields = {
    "id": lambda one: one.id, "contact_ids": lambda one: one.contact.id, "state": lambda one: one.category,
    "open": lambda one: one.open, "ticket_type_id": lambda one: one.type_id,
    f"ticket_attribute.{AUDIT_ATTRIBUTE_ID}": lambda one: one.attributes.get(AUDIT_ATTRIBUTE),
}  # fmt: skip


def stage(
    world: World,
    token: str,
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    *,
    hook_secret: str = "",
    requests_per_window: int = REQUESTS,
) -> Stage:
    """One workspace for every brand; `hook_secret` is the app's client secret."""
    desk = _Desk(world, token, clock, requests_per_window)
    operations = [
        Operation("SearchContacts", "POST", "/contacts/search", desk.admitting(desk.search_contacts)),
        Operation("CreateContact", "POST", "/contacts", desk.admitting(desk.create_contact)),
        Operation(
            "ShowContactByExternalId", "GET", "/contacts/find_by_external_id/{external_id}",
            desk.admitting(desk.contact),
        ),
        Operation("searchTickets", "POST", "/tickets/search", desk.admitting(desk.search_tickets)),
        Operation("createTicket", "POST", "/tickets", desk.admitting(desk.create)),
        Operation("getTicket", "GET", "/tickets/{ticket_id}", desk.admitting(desk.show)),
        Operation("replyTicket", "POST", "/tickets/{ticket_id}/reply", desk.admitting(desk.reply)),
    ]  # fmt: skip
    return Stage(operations, desk.reset, teller(hook_secret, desk.ticket_of))


class _Desk:
    """The workspace, and what is left of its limit."""

    def __init__(self, world: World, token: str, clock: Callable[[], datetime], requests_per_window: int) -> None:
        self._world, self._token, self._clock, self._most = world, token, clock, requests_per_window
        self.reset()

    def reset(self) -> None:
        self._store = Store(self._world)
        self._window, self._asked = 0, 0

    def admitting(self, handle: Handler) -> Handler:
        """The operation for whoever has the token and speaks the version, as often as the app may ask."""

        async def answer(request: Request) -> Response:
            if request.headers.get("Authorization") != f"Bearer {self._token}":
                raise _refused(401, "unauthorized", "Access Token Invalid")
            told = self._counted()
            try:
                if request.headers.get("Intercom-Version", VERSION) != VERSION:
                    raise _refused(400, "intercom_version_invalid", "The requested version could not be found")
                reply = await handle(request)
            except Refused as refused:
                reply = refused.response
            reply.headers.update(told)
            return reply

        return answer

    def _counted(self) -> dict[str, str]:
        """One more request of the window."""
        window = seconds(self._clock()) // WINDOW_SECONDS
        self._asked = self._asked + 1 if window == self._window else 1
        self._window = window
        told = {
            "X-RateLimit-Limit": str(self._most),
            "X-RateLimit-Remaining": str(max(0, self._most - self._asked)),
            "X-RateLimit-Reset": str((window + 1) * WINDOW_SECONDS),
        }
        if self._asked > self._most:
            message = f"Exceeded rate limit of {self._most} in {WINDOW_SECONDS}_seconds"
            raise _refused(429, "rate_limit_exceeded", message, told)
        return told

    def ticket_of(self, number: str) -> StoredTicket | None:
        return self._store.tickets.get(number)

    async def search_contacts(self, request: Request) -> Response:
        asked = await _body(request)
        now = seconds(self._clock())
        held = [one for one in self._store.contacts.values() if one.searchable_at <= now]
        found, paging = _searched(request, asked, held, _CONTACT_FIELDS)
        return JSONResponse({"type": "list", "data": [one.wire() for one in found], **paging})

    async def search_tickets(self, request: Request) -> Response:
        asked = await _body(request)
        held = sorted(self._store.tickets.values(), key=lambda one: (one.updated_at, one.id), reverse=True)
        found, paging = _searched(request, asked, held, _TICKET_FIELDS)
        return JSONResponse({"type": "ticket.list", "tickets": [one.wire() for one in found], **paging})

    async def create_contact(self, request: Request) -> Response:
        asked = await _body(request)
        if not {"email", "external_id", "role"} & set(asked):
            raise _refused(400, "parameter_invalid", "email, external_id or role is needed")
        known = self._store.contact_of({"external_id": asked.get("external_id", object())})
        if known:
            raise _refused(409, "conflict", f"A contact matching those details already exists with id={known.id}")
        count(request, effects=1)
        made = self._store.add_contact(asked.get("external_id"), asked.get("role", "user"), self._clock())
        return JSONResponse(made.wire())

    async def contact(self, request: Request) -> Response:
        known = self._store.contact_of({"external_id": request.path_params["external_id"]})
        if known is None:
            raise _refused(404, "not_found", "User Not Found")
        return JSONResponse(known.wire())

    async def create(self, request: Request) -> Response:
        asked = await _body(request)
        people = asked.get("contacts") or [{}]
        contact = self._store.contact_of(people[0]) if len(people) == 1 else None
        if str(asked.get("ticket_type_id")) not in (SHARED_TYPE, INTERNAL_TYPE):
            raise _refused(404, "ticket_type_not_found", "Ticket type not found")
        if contact is None:
            raise _refused(404, "contact_not_found", "Contact not found")
        if set(asked.get("ticket_attributes", {})) - _ATTRIBUTES:
            raise _refused(400, "parameter_invalid", "The ticket type has no such attribute")
        count(request, effects=1)
        return JSONResponse(self._store.add_ticket(contact, asked, self._clock()).wire())

    async def show(self, request: Request) -> Response:
        return JSONResponse(self._ticket(request).wire())

    async def reply(self, request: Request) -> Response:
        asked = await _body(request)
        ticket = self._ticket(request)
        if asked.get("message_type") not in ("comment", "note") or not str(asked.get("body") or "").strip():
            raise _refused(400, "parameter_invalid", "message_type and body are needed")
        if asked.get("type") != "admin" or asked.get("admin_id") != ADMIN_ID:
            raise _refused(404, "admin_not_found", "Admin not found")
        count(request, effects=1)
        return JSONResponse(self._store.reply(ticket, asked, self._clock()).wire())

    def _ticket(self, request: Request) -> StoredTicket:
        ticket = self._store.tickets.get(request.path_params["ticket_id"])
        if ticket is None:
            raise _refused(404, "not_found", "Resource Not Found")
        return ticket


async def _body(request: Request) -> Mapping[str, Any]:
    body = await request.body()
    try:
        return msgspec.json.decode(body, type=dict[str, Any]) if body else {}
    except msgspec.DecodeError as error:
        raise _refused(400, "parameter_invalid", "The body is not JSON") from error


def _searched(
    request: Request, asked: Mapping[str, Any], held: Sequence[Any], fields: _Fields
) -> tuple[Sequence[Any], dict[str, Any]]:
    """A page of what fits the query; the cursor is the place of its last record."""
    paging = asked.get("pagination") or {}
    size = min(int(paging.get("per_page", 20)), MAX_PAGE)
    query = asked.get("query") or {}
    count(request, keys=_values(query))
    fits = [one for one in held if _fits(one, query, fields)]
    start = _place(paging["starting_after"]) if paging.get("starting_after") else 0
    page, last = fits[start : start + size], start + size
    following = {"per_page": size, "starting_after": base64.b64encode(str(last).encode()).decode()}
    pages = {"type": "pages", "page": start // size + 1, "per_page": size, "total_pages": -(-len(fits) // size)}
    return page, {
        "total_count": len(fits),
        "pages": pages | ({"next": following} if last < len(fits) else {}),
    }


def _place(cursor: str) -> int:
    try:
        return int(base64.b64decode(cursor))
    except (ValueError, binascii.Error) as error:
        raise _refused(400, "parameter_invalid", "starting_after is invalid") from error


def _values(query: Mapping[str, Any]) -> int:
    """For how many values it asks."""
    value = query.get("value")
    if query.get("operator") in ("AND", "OR"):
        return sum(map(_values, value or ()))
    return len(value) if isinstance(value, list) else 1


def _fits(one: Contact | StoredTicket, query: Mapping[str, Any], fields: _Fields) -> bool:
    if query.get("operator") in ("AND", "OR"):
        filters = query["value"]
        if len(filters) > MAX_FILTERS:
            raise _refused(400, "parameter_invalid", f"More than {MAX_FILTERS} filters")
        judged = [_fits(one, each, fields) for each in filters]
        return all(judged) if query["operator"] == "AND" else any(judged)
    field, operator, value = str(query.get("field")), query.get("operator"), query.get("value")
    if field not in fields or operator not in ("=", "!=", "IN", "NIN"):
        raise _refused(400, "parameter_invalid", "The field or its operator is not accepted")
    found = fields[field](one)
    if operator in ("IN", "NIN"):
        if not isinstance(value, list) or len(value) > MAX_LIST:
            raise _refused(400, "parameter_invalid", f"The value must be a list of {MAX_LIST} at most")
        return (found in value) is (operator == "IN")
    return (found == value) is (operator == "=")


def _refused(status: int, code: str, message: str, headers: dict[str, str] | None = None) -> Refused:
    errors = [{"code": code, "message": message}]
    return Refused(status, {"type": "error.list", "request_id": str(uuid4()), "errors": errors}, headers)
