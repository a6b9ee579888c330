"""What a client sends, before it is an operation: media types, sizes and shapes."""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec
import orjson
from starlette.requests import Request

from execution.documents import Explain

MAX_BODY_BYTES = 64 * 1024
GRAPHQL_JSON, JSON = "application/graphql-response+json", "application/json"


class Extensions(msgspec.Struct):
    """What a client asks beyond GraphQL; members of other servers' are ignored."""

    explain: Explain | None = None


class Body(msgspec.Struct, rename="camel"):
    """What a client sends; other members are ignored, as the draft asks."""

    query: str
    variables: dict[str, Any] | None = None
    operation_name: str | None = None
    extensions: Extensions | None = None


class BadRequest(Exception):
    """A request that never becomes an operation: status, code and a sentence."""

    def __init__(self, status: int, code: str, message: str, headers: dict[str, str] | None = None) -> None:
        super().__init__(message)
        self.status, self.headers, self.code = status, headers or {}, code
        self.errors: list[Any] = [{"message": message, "extensions": {"code": code}}]


async def body_of(request: Request, read_timeout_seconds: float) -> Body:
    """The request's body, or a GET's parameters. Raises BadRequest."""
    if request.method == "GET":
        return _read(_from_url(dict(request.query_params)))
    if request.method != "POST":
        raise BadRequest(405, "METHOD_NOT_ALLOWED", "Use POST, or GET for queries.", {"Allow": "GET, POST"})
    _json_only(request.headers.get("content-type", ""))
    try:
        async with asyncio.timeout(read_timeout_seconds):
            return _read(await _content(request))
    except TimeoutError as error:
        close = {"Connection": "close"}
        raise BadRequest(408, "REQUEST_TIMEOUT", "The body did not arrive in time.", close) from error


def negotiated(accept: str) -> str:
    """Of our media types the one the client likes best, the first it lists among equals; JSON if it does not say."""
    best, liking = None, 0.0
    for part in accept.lower().split(",") if accept.strip() else [JSON]:
        name, *parameters = (piece.strip() for piece in part.split(";"))
        ours = name if name in (GRAPHQL_JSON, JSON) else JSON if name in ("*/*", "application/*") else None
        weight = _weight(parameters)
        if ours and weight > liking:
            best, liking = ours, weight
    if best is None:
        raise BadRequest(406, "NOT_ACCEPTABLE", "This endpoint speaks application/graphql-response+json and JSON.")
    return best


def _weight(parameters: list[str]) -> float:
    """RFC 9110 12.4.2: q between 0, which refuses, and 1; what cannot be read counts as not said."""
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip() == "q":
            try:
                return min(max(float(value), 0.0), 1.0)
            except ValueError:
                return 1.0
    return 1.0


def _json_only(content_type: str) -> None:
    media, _, parameters = content_type.partition(";")
    charset = parameters.replace(" ", "").lower().removeprefix("charset=").strip('"')
    if media.strip().lower() != JSON or charset not in ("", "utf-8"):
        raise BadRequest(415, "UNSUPPORTED_MEDIA_TYPE", "Send application/json in UTF-8.")


async def _content(request: Request) -> bytes:
    content = bytearray()
    declared = request.headers.get("content-length", "")
    size = int(declared) if declared.isdecimal() else 0
    async for chunk in request.stream():
        content += chunk
        if max(len(content), size) > MAX_BODY_BYTES:
            raise BadRequest(413, "BODY_TOO_LARGE", f"A request may have {MAX_BODY_BYTES} bytes.")
    return bytes(content)


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
