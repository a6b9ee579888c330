"""GraphQL over HTTP: a request becomes one operation, an operation one response with the status it deserves.

Media types and statuses after the GraphQL over HTTP draft (graphql.github.io/graphql-over-http, 2026-11). JSON bodies
only, so a browser cannot be made to send one across sites without asking first.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any, Protocol

import orjson
from cachetools import LRUCache
from graphql import ExecutionResult, FieldNode, GraphQLError, GraphQLSchema, OperationType, get_operation_ast
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from execution.documents import Asked, BadDocument, Documents
from execution.executor import Answer
from execution.loading import crashed
from execution.requests import GRAPHQL_JSON, JSON, BadRequest, Body, body_of, negotiated
from execution.serving import Drain

KEPT_SCHEMAS = 16  # of which callers ask
CLIENT_CLOSED = 499  # nobody reads it; the word of nginx for a client that left

log = logging.getLogger("player_graph.execution")
Identify = Callable[[Request], Awaitable[Any]]  # who is asking; raises BadRequest
Run = Callable[[Asked, Any], Awaitable[Answer | ExecutionResult]]  # (operation, what Identify said)


class Observation(Protocol):
    """What whoever watches an operation learns: its type, and OK or the code of its first error."""

    kind: str
    outcome: str


class Unobserved:
    """Nobody watches."""

    kind, outcome = "unknown", "OK"


Observe = Callable[[], AbstractContextManager[Observation]]


async def _nobody(request: Request) -> None:
    return None


class Endpoint:
    """A graph's address, an ASGI application. No input makes it raise. Every caller asks by the schema that is his.

    A query ends when its client leaves. A mutation never does: `drain` keeps it, and the process stays for it.
    """

    def __init__(
        self,
        schema: GraphQLSchema | Callable[[Any], GraphQLSchema],
        run: Run,
        *,
        identify: Identify = _nobody,
        observe: Observe = lambda: nullcontext(Unobserved()),
        drain: Drain | None = None,
        read_timeout_seconds: float = 10.0,
    ) -> None:
        self._run, self._identify, self._observe = run, identify, observe
        self._schema_of: Callable[[Any], GraphQLSchema] = (
            (lambda who: schema) if isinstance(schema, GraphQLSchema) else schema
        )
        self._documents: LRUCache[int, Documents] = LRUCache(KEPT_SCHEMAS)
        self._drain = drain or Drain()
        self._read_timeout = read_timeout_seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        response = await self._respond(Request(scope, receive))
        await response(scope, receive, send)

    async def _respond(self, request: Request) -> Response:
        with self._observe() as seen:
            try:
                media = negotiated(request.headers.get("accept", ""))
            except BadRequest as refusal:
                seen.outcome = refusal.code
                return _refused(refusal, GRAPHQL_JSON)
            try:
                return await self._answer(request, media, seen)
            except BadRequest as refusal:
                seen.outcome = refusal.code
                return _refused(refusal, media)
            except ClientDisconnect:
                seen.outcome = "CLIENT_LEFT"
                return Response(status_code=CLIENT_CLOSED)
            except Exception:
                seen.outcome = "INTERNAL"
                log.exception("an operation crashed")
                return _refused(BadRequest(500, "INTERNAL", "The gateway could not answer."), media)

    async def _answer(self, request: Request, media: str, seen: Observation) -> Response:
        who = await self._identify(request)
        documents = self._documents_of(self._schema_of(who))
        asked = _understood(documents, await body_of(request, self._read_timeout), request.method)
        seen.kind = asked.operation.operation.value
        if asked.explain is None and (rendered := documents.introspected(asked)) is not None:
            return _reply(rendered, 200, media)
        result = await self._ended(asked, who, request)
        _code(result)
        if result.errors:
            seen.outcome = str(result.errors[0].extensions["code"])  # type: ignore[index]  # all have one now
        return _told(result, media)

    async def _ended(self, asked: Asked, who: Any, request: Request) -> Answer | ExecutionResult:
        work = asyncio.ensure_future(self._run(asked, who))
        if asked.operation.operation is OperationType.MUTATION:
            self._drain.hold(work)
            return await asyncio.shield(work)
        gone = asyncio.create_task(_gone(request))
        try:
            await asyncio.wait((work, gone), return_when=asyncio.FIRST_COMPLETED)
            if not work.done():
                raise ClientDisconnect
            return work.result()
        finally:
            work.cancel()
            gone.cancel()

    def _documents_of(self, schema: GraphQLSchema) -> Documents:
        known = self._documents.get(id(schema))  # they hold their schema, so the number is nobody else's
        return known or self._documents.setdefault(id(schema), Documents(schema))


def _understood(documents: Documents, body: Body, method: str) -> Asked:
    try:
        document = documents.read(body.query)
    except BadDocument as error:
        refusal = BadRequest(422, error.code, str(error))
        refusal.errors = error.errors
        raise refusal from error
    operation = get_operation_ast(document, body.operation_name)
    if operation is None:
        raise BadRequest(422, "OPERATION_UNKNOWN", "Name exactly one of the document's operations.")
    if method == "GET" and operation.operation is not OperationType.QUERY:
        raise BadRequest(405, "METHOD_NOT_ALLOWED", "GET may only query.", {"Allow": "POST"})
    explain = body.extensions.explain if body.extensions else None
    return Asked(document, operation, body.operation_name, body.variables or {}, documents.schema, explain)


async def _gone(request: Request) -> None:
    """Returns when the client has left. Only after the body was read: it takes what still arrives."""
    while (await request.receive())["type"] != "http.disconnect":
        pass


def _code(result: Answer | ExecutionResult) -> None:
    """Every error has a code. A field's error without one nobody meant: its text goes to the log, it may quote a value.

    An error without a path comes before execution: the variables do not fit the document.
    """
    for place, error in enumerate(result.errors or ()):
        if "code" in (error.extensions or {}):
            continue
        if error.path and not _is_of_an_argument(error):
            log.error("a field crashed at %s", error.path, exc_info=error.original_error or error)
            result.errors[place] = crashed(error)  # type: ignore[index]  # there are errors
        else:
            error.extensions = {"code": "BAD_VARIABLES"}
    if result.errors and isinstance(result, ExecutionResult):  # graphql-core tells errors as they arrive
        result.errors.sort(key=lambda error: _position(result.data, error.path or ()))


def _is_of_an_argument(error: GraphQLError) -> bool:
    """Whether graphql-core refused what the caller gave: such an error points at a value, all others at a field."""
    refused = error.original_error or error
    nodes = refused.nodes if isinstance(refused, GraphQLError) else None
    return bool(nodes) and not any(isinstance(node, FieldNode) for node in nodes or ())


def _position(data: Any, path: Sequence[str | int]) -> list[int]:
    """Where an error stands in the answer: errors are told in its order, not in that of their arrival."""
    places: list[int] = []
    for step in path:
        if isinstance(data, dict) and step in data:
            places.append(list(data).index(step))
        elif isinstance(data, list) and isinstance(step, int) and step < len(data):
            places.append(step)
        else:
            break
        data = data[step]
    return places


def _told(result: Answer | ExecutionResult, media: str) -> Response:
    if result.data is None and result.errors and all(not error.path for error in result.errors):
        errors = [error.formatted for error in result.errors]
        return _reply(orjson.dumps({"errors": errors}), 200 if media == JSON else 400, media)
    if isinstance(result, ExecutionResult):
        return _reply(orjson.dumps(result.formatted), 200, media)
    data = b'{"data":' + (result.data or b"null")
    told = b',"errors":' + orjson.dumps([error.formatted for error in result.errors]) if result.errors else b""
    beside = b',"extensions":' + orjson.dumps(result.extensions) if result.extensions else b""
    return _reply(data + told + beside + b"}", 200, media)


def _refused(refusal: BadRequest, media: str) -> Response:
    """A client that only knows application/json reads 4xx as the transport's; the draft keeps 200 for documents."""
    status = (200 if media == JSON else 400) if refusal.status == 422 else refusal.status
    return _reply(orjson.dumps({"errors": refusal.errors}), status, media, refusal.headers)


def _reply(content: bytes, status: int, media: str, headers: dict[str, str] | None = None) -> Response:
    kept = {"Cache-Control": "no-store", **(headers or {})}
    return Response(content, status, kept, media_type=f"{media}; charset=utf-8")
