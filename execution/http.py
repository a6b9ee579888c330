"""GraphQL over HTTP: a request becomes one operation, an operation one response with the status it deserves.

Media types and statuses after the GraphQL over HTTP draft (graphql.github.io/graphql-over-http, 2026-11). JSON bodies
only, so a browser cannot be made to send one across sites without asking first.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
import orjson
from graphql import (
    DocumentNode,
    ExecutionResult,
    GraphQLError,
    GraphQLSchema,
    OperationDefinitionNode,
    OperationType,
    get_operation_ast,
    parse,
    validate,
)
from starlette.requests import Request
from starlette.responses import Response

from execution.limits import TooMuch, within_limits
from execution.loading import crashed

MAX_BODY_BYTES = 64 * 1024
MAX_TOKENS, MAX_ERRORS = 2_000, 5
GRAPHQL_JSON, JSON = "application/graphql-response+json", "application/json"

log = logging.getLogger("player_graph.execution")
Run = Callable[["Asked", Request], Awaitable[ExecutionResult]]


class Asked(msgspec.Struct):
    """A request that parsed and validated."""

    document: DocumentNode
    operation: OperationDefinitionNode
    operation_name: str | None
    variables: dict[str, Any]


class Body(msgspec.Struct, rename="camel"):
    """What a client sends; other members are ignored, as the draft asks."""

    query: str
    variables: dict[str, Any] | None = None
    operation_name: str | None = None
    extensions: dict[str, Any] | None = None


class BadRequest(Exception):
    """A request that never becomes an operation: status, code and a sentence."""

    def __init__(self, status: int, code: str, message: str, headers: dict[str, str] | None = None) -> None:
        super().__init__(message)
        self.status, self.headers = status, headers or {}
        self.errors: list[Any] = [{"message": message, "extensions": {"code": code}}]


async def serve(request: Request, schema: GraphQLSchema, run: Run) -> Response:
    """Answers one request; no input makes it raise."""
    media = GRAPHQL_JSON
    try:
        media = _negotiate(request.headers.get("accept", ""))
        asked = _understand(await _body(request), schema, request.method)
        result = _without_internals(await run(asked, request))
    except BadRequest as refusal:
        # A client that only knows application/json reads 4xx as the transport's; the draft keeps 200 for documents.
        status = 200 if media == JSON and refusal.status == 422 else 400 if refusal.status == 422 else refusal.status
        return _reply({"errors": refusal.errors}, status, media, refusal.headers)
    if result.data is None and result.errors and all(not error.path for error in result.errors):
        return _reply({"errors": [error.formatted for error in result.errors]}, 200 if media == JSON else 400, media)
    return _reply(result.formatted, 200, media)


def _without_internals(result: ExecutionResult) -> ExecutionResult:
    """A field's error that nobody meant, so without a code, goes to the log: its text may quote a vendor's value."""
    for place, error in enumerate(result.errors or ()):
        if error.path and "code" not in (error.extensions or {}):
            log.error("a field crashed at %s", error.path, exc_info=error.original_error or error)
            result.errors[place] = crashed(error)  # type: ignore[index]  # there are errors
    return result


def _reply(payload: Any, status: int, media: str, headers: dict[str, str] | None = None) -> Response:
    return Response(orjson.dumps(payload), status, headers, media_type=f"{media}; charset=utf-8")


def _negotiate(accept: str) -> str:
    """The first of our media types that the client lists; a client that lists nothing gets application/json."""
    for part in accept.lower().split(",") if accept else [JSON]:
        name = part.split(";")[0].strip()
        if name in (GRAPHQL_JSON, JSON):
            return name
        if name in ("*/*", "application/*"):
            return JSON
    raise BadRequest(406, "NOT_ACCEPTABLE", "This endpoint speaks application/graphql-response+json and JSON.")


async def _body(request: Request) -> Body:
    if request.method == "GET":
        return _read(_from_url(dict(request.query_params)))
    if request.method != "POST":
        raise BadRequest(405, "METHOD_NOT_ALLOWED", "Use POST, or GET for queries.", {"Allow": "GET, POST"})
    media, _, parameters = request.headers.get("content-type", "").partition(";")
    charset = parameters.replace(" ", "").lower().removeprefix("charset=").strip('"')
    if media.strip().lower() != JSON or charset not in ("", "utf-8"):
        raise BadRequest(415, "UNSUPPORTED_MEDIA_TYPE", "Send application/json in UTF-8.")
    content = bytearray()
    async for chunk in request.stream():
        content += chunk
        if len(content) > MAX_BODY_BYTES:
            raise BadRequest(413, "BODY_TOO_LARGE", f"A request may have {MAX_BODY_BYTES} bytes.")
    return _read(bytes(content))


def _from_url(parameters: dict[str, str]) -> bytes:
    """A GET's parameters as the body they stand for."""
    for name in ("variables", "extensions"):
        if name in parameters:
            try:
                parameters[name] = orjson.loads(parameters[name])
            except orjson.JSONDecodeError as error:
                raise BadRequest(400, "BAD_REQUEST", f"The parameter {name} is not JSON.") from error
    return orjson.dumps(parameters)


def _read(content: bytes) -> Body:
    try:
        orjson.loads(content)  # refuses what is not JSON, NaN and Infinity included, before types are looked at
    except orjson.JSONDecodeError as error:
        raise BadRequest(400, "BAD_REQUEST", "The body is not JSON.") from error
    try:
        return msgspec.json.decode(content, type=Body)
    except (msgspec.DecodeError, RecursionError) as error:
        raise BadRequest(400, "BAD_REQUEST", "The body is not a GraphQL request.") from error


def _understand(body: Body, schema: GraphQLSchema, method: str) -> Asked:
    try:
        document = parse(body.query, max_tokens=MAX_TOKENS)
    except (GraphQLError, RecursionError) as error:
        raise _document_error("GRAPHQL_PARSE_FAILED", [error]) from error
    try:
        within_limits(document)
    except TooMuch as error:
        raise BadRequest(422, "DOCUMENT_TOO_COMPLEX", str(error)) from error
    if errors := validate(schema, document, max_errors=MAX_ERRORS, hide_suggestions=True):
        raise _document_error("GRAPHQL_VALIDATION_FAILED", errors)
    operation = get_operation_ast(document, body.operation_name)
    if operation is None:
        raise BadRequest(422, "OPERATION_UNKNOWN", "Name exactly one of the document's operations.")
    if method == "GET" and operation.operation is not OperationType.QUERY:
        raise BadRequest(405, "METHOD_NOT_ALLOWED", "GET may only query.", {"Allow": "POST"})
    return Asked(document, operation, body.operation_name, body.variables or {})


def _document_error(code: str, errors: list[Any]) -> BadRequest:
    refusal = BadRequest(422, code, "The document is nested too deeply.")
    told = [error for error in errors if isinstance(error, GraphQLError)]
    if told:
        refusal.errors = [{**error.formatted, "extensions": {"code": code}} for error in told]
    return refusal
