"""What the endpoint does with trouble: crashes, slow bodies, clients that leave, questions about the schema alone."""

import asyncio
import json
import logging
from typing import Any

import httpx
import pytest
from graphql import ExecutionResult, build_schema, execute, execute_sync, get_introspection_query, parse
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.routing import Route

from execution.documents import Asked
from execution.http import Endpoint
from execution.requests import BadRequest
from execution.serving import Drain
from tests.sockets import listening

SCHEMA = build_schema("type Query { name: String number: Int } type Mutation { pay: String }")


def _app(run: Any, **settings: Any) -> Starlette:
    return Starlette(routes=[Route("/", Endpoint(SCHEMA, run, **settings), methods=["GET", "POST"])])


async def _asked(app: Starlette, query: str, **headers: str) -> httpx.Response:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://g") as http:
        return await http.post("/", json={"query": query}, headers=headers)


class Slow:
    """Answers when told to, and remembers how that ended."""

    def __init__(self) -> None:
        self.begun, self.go, self.ended = asyncio.Event(), asyncio.Event(), asyncio.Event()
        self.end = ""

    async def __call__(self, asked: Asked, who: Any) -> ExecutionResult:
        async def work(*_: Any) -> str:
            self.begun.set()
            try:
                await self.go.wait()
                self.end = "done"
            except asyncio.CancelledError:
                self.end = "cancelled"
                raise
            finally:
                self.ended.set()
            return "paid"

        answer = execute(SCHEMA, asked.document, {"name": work, "pay": work})
        return answer if isinstance(answer, ExecutionResult) else await answer


async def _leaves_after_asking(port: int, query: str, slow: Slow) -> None:
    """A client sends its whole request and hangs up while the work runs."""
    _, writer = await asyncio.open_connection("127.0.0.1", port)
    body = json.dumps({"query": query}).encode()
    head = f"POST / HTTP/1.1\r\nHost: g\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    writer.write(head.encode() + body)
    await asyncio.wait_for(slow.begun.wait(), 5)
    writer.close()
    await writer.wait_closed()


async def test_a_query_ends_when_its_client_leaves() -> None:
    slow = Slow()
    async with listening(_app(slow)) as port:
        await _leaves_after_asking(port, "{ name }", slow)
        await asyncio.wait_for(slow.ended.wait(), 5)
    assert slow.end == "cancelled"


async def test_a_mutation_goes_on_when_its_client_leaves_and_holds_the_process() -> None:
    slow, drain = Slow(), Drain()
    async with listening(_app(slow, drain=drain)) as port:
        await _leaves_after_asking(port, "mutation { pay }", slow)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(slow.ended.wait(), 0.3)
        drain.begin()
        assert not drain.over
        slow.go.set()
        await asyncio.wait_for(slow.ended.wait(), 5)
        await asyncio.sleep(0)
        assert drain.over
    assert slow.end == "done"


async def test_a_mutation_goes_on_when_the_request_itself_is_cancelled() -> None:
    slow = Slow()
    request = asyncio.create_task(_asked(_app(slow), "mutation { pay }"))
    await slow.begun.wait()
    request.cancel()
    with pytest.raises(asyncio.CancelledError):
        await request
    slow.go.set()
    await asyncio.wait_for(slow.ended.wait(), 5)
    assert slow.end == "done"


async def test_a_body_that_does_not_arrive_is_refused_in_time() -> None:
    async with listening(_app(Slow(), read_timeout_seconds=0.1)) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"POST / HTTP/1.1\r\nHost: g\r\nContent-Type: application/json\r\nContent-Length: 40\r\n\r\n{")
        reply = await asyncio.wait_for(reader.read(), 5)
        writer.close()
    assert reply.startswith(b"HTTP/1.1 408 ")
    assert b'"code":"REQUEST_TIMEOUT"' in reply


async def test_a_client_that_leaves_within_its_body_is_nobodys_error(caplog: pytest.LogCaptureFixture) -> None:
    async with listening(_app(Slow())) as port:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"POST / HTTP/1.1\r\nHost: g\r\nContent-Type: application/json\r\nContent-Length: 40\r\n\r\n{")
        await writer.drain()
        await asyncio.sleep(0.05)
        writer.close()
        await writer.wait_closed()
        await asyncio.sleep(0.05)
    assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []


async def test_a_body_announced_as_too_large_is_refused_before_it_is_read() -> None:
    async with listening(_app(Slow())) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"POST / HTTP/1.1\r\nHost: g\r\nContent-Type: application/json\r\nContent-Length: 70000\r\n\r\n{")
        assert (await asyncio.wait_for(reader.readline(), 5)).startswith(b"HTTP/1.1 413 ")
        writer.close()


async def test_the_text_of_an_exception_goes_to_the_log_and_not_to_the_caller(caplog: pytest.LogCaptureFixture) -> None:
    async def run(asked: Asked, who: Any) -> ExecutionResult:
        return execute_sync(SCHEMA, asked.document, {"name": lambda _: 1 / 0, "number": "secret"})

    with caplog.at_level(logging.ERROR):
        body = (await _asked(_app(run), "{ name number }")).json()
    assert body["data"] == {"name": None, "number": None}
    assert [error["extensions"] for error in body["errors"]] == [{"code": "INTERNAL"}] * 2
    assert [error["path"] for error in body["errors"]] == [["name"], ["number"]]
    assert "secret" not in str(body)
    assert "ZeroDivisionError" in caplog.text


async def test_a_crash_of_the_operation_itself_is_told_without_its_text(caplog: pytest.LogCaptureFixture) -> None:
    async def run(asked: Asked, who: Any) -> ExecutionResult:
        raise RuntimeError("secret")

    with caplog.at_level(logging.ERROR):
        reply = await _asked(_app(run), "{ name }")
    assert (reply.status_code, reply.json()["errors"][0]["extensions"]) == (500, {"code": "INTERNAL"})
    assert "secret" not in reply.text
    assert "secret" in caplog.text


async def test_variables_that_do_not_fit_are_a_request_error_with_a_code() -> None:
    async def run(asked: Asked, who: Any) -> ExecutionResult:
        return execute_sync(SCHEMA, asked.document, variable_values=asked.variables)

    reply = await _asked(_app(run), "query ($n: Boolean!) { name @include(if: $n) }", accept=NEW)
    assert (reply.status_code, list(reply.json())) == (400, ["errors"])
    assert reply.json()["errors"][0]["extensions"] == {"code": "BAD_VARIABLES"}


async def _never(asked: Asked, who: Any) -> ExecutionResult:
    raise AssertionError("executed")


ABOUT_THE_SCHEMA = [
    get_introspection_query(),
    '{ __type(name: "Query") { name } }',
    "{ ...A } fragment A on Query { ... { __schema { queryType { name } } } }",
]


@pytest.mark.parametrize("query", ABOUT_THE_SCHEMA)
async def test_a_question_about_the_schema_alone_is_answered_without_executing(query: str) -> None:
    app = _app(_never)
    first, second = await _asked(app, query), await _asked(app, query)
    assert first.json() == second.json() == {"data": execute_sync(SCHEMA, parse(query)).data}


@pytest.mark.parametrize(
    "query", ["{ __schema { queryType { name } } name }", "{ ...A } fragment A on Query { __typename name }"]
)
async def test_a_question_about_anything_else_is_executed(query: str) -> None:
    async def run(asked: Asked, who: Any) -> ExecutionResult:
        return execute_sync(SCHEMA, asked.document, {"name": "Ada"})

    assert (await _asked(_app(run), query)).json()["data"]["name"] == "Ada"


async def test_who_is_asking_is_decided_before_the_document_and_before_a_kept_answer() -> None:
    async def identify(request: Request) -> str:
        if request.headers.get("authorization") != "yes":
            raise BadRequest(401, "UNAUTHENTICATED", "no")
        return "somebody"

    app = _app(_never, identify=identify)
    assert (await _asked(app, ABOUT_THE_SCHEMA[0], authorization="yes")).status_code == 200
    assert (await _asked(app, ABOUT_THE_SCHEMA[0])).status_code == 401
    assert (await _asked(app, "{")).status_code == 401


NEW, OLD = "application/graphql-response+json", "application/json"
WISHES = [
    (f"{OLD};q=0.5, {NEW}", NEW),
    (f"{NEW};q=0.2, */*;q=0.1", NEW),
    (f"{NEW}; charset=utf-8, {OLD}", NEW),
    (f"{NEW};q=0, {OLD}", OLD),
    ("text/html, */*;q=0.8", OLD),
    ("application/*", OLD),
    (f"{OLD}, {NEW}", OLD),
]


@pytest.mark.parametrize(("accept", "media"), WISHES)
async def test_the_client_gets_the_media_type_it_likes_best(accept: str, media: str) -> None:
    reply = await _asked(_app(_never), "{ __schema { queryType { name } } }", accept=accept)
    assert reply.headers["content-type"] == f"{media}; charset=utf-8"


@pytest.mark.parametrize("accept", [f"{OLD};q=0", "text/html", "text/event-stream"])
async def test_a_client_that_likes_nothing_of_ours_is_told(accept: str) -> None:
    assert (await _asked(_app(_never), "{ name }", accept=accept)).status_code == 406
