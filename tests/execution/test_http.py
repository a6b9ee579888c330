"""A crash is told as a crash: neither its text nor its type reaches the caller."""

import logging

import httpx
import pytest
from graphql import ExecutionResult, build_schema, execute_sync
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from execution.http import Asked, serve


async def test_the_text_of_an_exception_goes_to_the_log_and_not_to_the_caller(caplog: pytest.LogCaptureFixture) -> None:
    schema = build_schema("type Query { name: String number: Int }")

    async def run(asked: Asked, request: Request) -> ExecutionResult:
        answer = execute_sync(schema, asked.document, {"name": lambda _: 1 / 0, "number": "secret"})
        assert isinstance(answer, ExecutionResult)
        return answer

    async def endpoint(request: Request) -> Response:
        return await serve(request, schema, run)

    app = Starlette(routes=[Route("/", endpoint, methods=["POST"])])
    with caplog.at_level(logging.ERROR):
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://g") as http:
            body = (await http.post("/", json={"query": "{ name number }"})).json()
    assert body["data"] == {"name": None, "number": None}
    assert [error["extensions"] for error in body["errors"]] == [{"code": "INTERNAL"}] * 2
    assert [error["path"] for error in body["errors"]] == [["name"], ["number"]]
    assert "secret" not in str(body)
    assert "ZeroDivisionError" in caplog.text
