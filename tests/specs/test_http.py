"""GraphQL over HTTP: the status each request deserves, and bad input that never becomes a 500 or a vendor call."""

from datetime import UTC, datetime, timedelta

import jwt
import pytest

from auth.identity import Principal
from auth.sandbox_issuer import AUDIENCE, ISSUER, issue
from tests.conftest import Caller

GRAPHQL = "application/graphql-response+json"
JSON = {"content-type": "application/json"}

BAD = [  # content, headers, status
    (b"{", JSON, 400),
    (b"null", JSON, 400),
    (b"[1]", JSON, 400),
    (b'{"query": 1}', JSON, 400),
    (b'{"query": "{ __typename }", "variables": []}', JSON, 400),
    (b'{"query": "{ __typename }", "variables": {"x": NaN}}', JSON, 400),
    (b'{"query": "\xff"}', JSON, 400),
    (b"[" * 60_000, JSON, 400),
    (b'{"query": "{ __typename }"}', {"content-type": "text/plain"}, 415),
    (b'{"query": "{ __typename }"}', {"content-type": "application/jsonp-evil"}, 415),
    (b'{"query": "' + b" " * 70_000 + b'"}', JSON, 413),
    (b'{"query": "{ __typename }"}', {**JSON, "accept": "text/html"}, 406),
    (b'{"query": "{"}', {**JSON, "accept": GRAPHQL}, 400),
    (b'{"query": "{ nothing }"}', {**JSON, "accept": GRAPHQL}, 400),
    (b'{"query": "query A { __typename } query B { __typename }"}', {**JSON, "accept": GRAPHQL}, 400),
    (b'{"query": "{' + b"__typename " * 100 + b'}"}', {**JSON, "accept": GRAPHQL}, 400),
    (b'{"query": "' + b"{a" * 3000 + b'"}', {**JSON, "accept": GRAPHQL}, 400),
]


@pytest.mark.parametrize(("content", "headers", "status"), BAD)
async def test_bad_input_has_its_status_and_a_code(
    caller: Caller, content: bytes, headers: dict[str, str], status: int
) -> None:
    reply = await caller.http.post("/graphql", content=content, headers=headers)
    assert reply.status_code == status
    body = reply.json()
    assert body["errors"][0]["extensions"]["code"]
    assert "data" not in body
    assert await caller.calls() == {}


@pytest.mark.parametrize("id", ["..", "player:acme:..", "player:acme:a/b", "ticket:acme:1", "player:ACME:1", ""])
async def test_an_id_that_is_not_one_never_reaches_a_vendor(caller: Caller, id: str) -> None:
    answer = await caller.ask(f'{{ player(id: "{id}") {{ id }} }}')
    assert answer["errors"][0]["extensions"]["code"] == "BAD_ID"
    assert await caller.calls() == {}


async def test_a_client_of_plain_json_gets_two_hundred_for_a_document_error(caller: Caller) -> None:
    reply = await caller.http.post("/graphql", json={"query": "{ nothing }"}, headers={"accept": "application/json"})
    assert (reply.status_code, reply.headers["content-type"]) == (200, "application/json; charset=utf-8")


async def test_an_unknown_field_is_named_without_a_suggestion(caller: Caller) -> None:
    answer = await caller.ask('{ player(id: "player:acme:s-001") { emai } }')
    assert "Did you mean" not in answer["errors"][0]["message"]


async def test_get_queries(caller: Caller) -> None:
    reply = await caller.http.get("/graphql", params={"query": "{ __typename }"})
    assert reply.json() == {"data": {"__typename": "Query"}}


def _forged(secret: bytes, **changes: object) -> str:
    claims = {"iss": ISSUER, "aud": AUDIENCE, "sub": "x", "exp": datetime.now(UTC) + timedelta(hours=1), **changes}
    return jwt.encode(claims, secret, "HS256", headers={"typ": "at+jwt"})


async def test_a_token_that_is_not_ours_is_refused_before_any_call(caller: Caller) -> None:
    secret = caller._secret
    expired = issue(secret, Principal("x", frozenset()), datetime.now(UTC) - timedelta(days=2))
    unsigned = jwt.encode({"iss": ISSUER, "aud": AUDIENCE, "sub": "x", "exp": 2**33}, "", "none")
    identity = jwt.encode({"iss": ISSUER, "aud": AUDIENCE, "sub": "x", "exp": 2**33}, secret, headers={"typ": "id+jwt"})
    others = [_forged(secret, aud="elsewhere"), _forged(secret, iss="elsewhere"), _forged(b"k" * 32), "nonsense", ""]
    odd = [_forged(secret, roles="admin"), _forged(secret, roles=[1])]
    for token in [expired, unsigned, identity, *others, *odd]:
        headers = {"authorization": f"Bearer {token}"}
        reply = await caller.http.post("/graphql", json={"query": "{ __typename }"}, headers=headers)
        assert (reply.status_code, reply.json()["errors"][0]["extensions"]["code"]) == (401, "UNAUTHENTICATED")
    assert await caller.calls() == {}
