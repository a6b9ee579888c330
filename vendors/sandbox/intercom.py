"""Intercom on stage: the operations of its OpenAPI document 2.15 (copy of 2026-08) that the gateway uses.

Bodies of refusals are `error.list` with the codes of the document's examples where it shows them. Assumed: a search
takes 150 a page at most and answers the newest first; a search shows no parts; a type that has no attribute of a name
refuses it; what is not JSON is refused with 400.
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
)
from vendors.sandbox.intercom_webhooks import teller
from vendors.sandbox.stage import Operation, Refused, Stage, count
from vendors.sandbox.world import World

MAX_PAGE, MAX_FILTERS, VERSION = 150, 15, "2.15"
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
    world: World, token: str, clock: Callable[[], datetime] = lambda: datetime.now(UTC), *, hook_secret: str = ""
) -> Stage:
    """One workspace for every brand; `hook_secret` is the app's client secret."""
    desk = _Desk(world, token, clock)
    operations = [
        Operation("SearchContacts", "POST", "/contacts/search", desk.search_contacts),
        Operation("CreateContact", "POST", "/contacts", desk.create_contact),
        Operation("searchTickets", "POST", "/tickets/search", desk.search_tickets),
        Operation("createTicket", "POST", "/tickets", desk.create),
        Operation("getTicket", "GET", "/tickets/{ticket_id}", desk.show),
        Operation("replyTicket", "POST", "/tickets/{ticket_id}/reply", desk.reply),
    ]
    return Stage(operations, desk.reset, teller(hook_secret, desk.ticket_of))


class _Desk:
    """The workspace."""

    def __init__(self, world: World, token: str, clock: Callable[[], datetime]) -> None:
        self._world, self._token, self._clock = world, token, clock
        self.reset()

    def reset(self) -> None:
        self._store = Store(self._world)

    def ticket_of(self, number: str) -> StoredTicket | None:
        return self._store.tickets.get(number)

    async def search_contacts(self, request: Request) -> Response:
        asked = await self._admitted(request)
        found, paging = _searched(request, asked, list(self._store.contacts.values()), _CONTACT_FIELDS)
        return JSONResponse({"type": "list", "data": [one.wire() for one in found], **paging})

    async def search_tickets(self, request: Request) -> Response:
        asked = await self._admitted(request)
        held = sorted(self._store.tickets.values(), key=lambda one: (one.updated_at, one.id), reverse=True)
        found, paging = _searched(request, asked, held, _TICKET_FIELDS)
        return JSONResponse({"type": "ticket.list", "tickets": [one.wire(whole=False) for one in found], **paging})

    async def create_contact(self, request: Request) -> Response:
        asked = await self._admitted(request)
        if not {"email", "external_id", "role"} & set(asked):
            raise _refused(400, "parameter_invalid", "email, external_id or role is needed")
        if self._store.contact_of({"external_id": asked.get("external_id", object())}):
            raise _refused(409, "conflict", "A contact matching those details already exists")
        count(request, effects=1)
        return JSONResponse(
            self._store.add_contact(asked.get("external_id"), asked.get("role", "user"), self._clock()).wire()
        )

    async def create(self, request: Request) -> Response:
        asked = await self._admitted(request)
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
        await self._admitted(request)
        return JSONResponse(self._ticket(request).wire())

    async def reply(self, request: Request) -> Response:
        asked = await self._admitted(request)
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
            raise _refused(404, "ticket_not_found", "Resource Not Found")
        return ticket

    async def _admitted(self, request: Request) -> Mapping[str, Any]:
        """What was asked, if the token opens the workspace and speaks its version."""
        if request.headers.get("Authorization") != f"Bearer {self._token}":
            raise _refused(401, "unauthorized", "Access Token Invalid")
        if request.headers.get("Intercom-Version", VERSION) != VERSION:
            raise _refused(400, "intercom_version_invalid", "The requested version could not be found")
        body = await request.body()
        try:
            return msgspec.json.decode(body, type=dict[str, Any]) if body else {}
        except msgspec.DecodeError as error:
            raise _refused(400, "bad_request", "The body is not JSON") from error


def _searched(
    request: Request, asked: Mapping[str, Any], held: Sequence[Any], fields: _Fields
) -> tuple[Sequence[Any], dict[str, Any]]:
    """A page of what fits the query; the cursor is the place of its last record."""
    paging = asked.get("pagination") or {}
    size = min(int(paging.get("per_page", 20)), MAX_PAGE)
    fits = [one for one in held if _fits(request, one, asked.get("query") or {}, fields)]
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


def _fits(request: Request, one: Contact | StoredTicket, query: Mapping[str, Any], fields: _Fields) -> bool:
    if query.get("operator") in ("AND", "OR"):
        filters = query["value"]
        if len(filters) > MAX_FILTERS:
            raise _refused(400, "invalid_query", f"More than {MAX_FILTERS} filters")
        judged = [_fits(request, one, each, fields) for each in filters]
        return all(judged) if query["operator"] == "AND" else any(judged)
    field, operator, value = str(query.get("field")), query.get("operator"), query.get("value")
    if field not in fields or operator not in ("=", "!=", "IN", "NIN"):
        raise _refused(400, "invalid_query", "The field or its operator is not accepted")
    found = fields[field](one)
    if operator in ("IN", "NIN"):
        if not isinstance(value, list):
            raise _refused(400, "invalid_query", "The value must be a list")
        count(request, keys=len(value))
        return (found in value) is (operator == "IN")
    return (found == value) is (operator == "=")


def _refused(status: int, code: str, message: str) -> Refused:
    errors = [{"code": code, "message": message}]
    return Refused(status, {"type": "error.list", "request_id": str(uuid4()), "errors": errors})
