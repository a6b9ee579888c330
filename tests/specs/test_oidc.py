"""A gateway that trusts the operator's OpenID provider, and nobody else."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from jwt.algorithms import ECAlgorithm
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

import gateway as root
from auth.identity import Principal
from auth.sandbox_issuer import issue
from config import BadSettings, Settings, load, sandbox_secret
from tests.conftest import free_ports
from tests.sockets import listening
from vendors.sandbox import town
from vendors.sandbox.credentials import sandbox
from vendors.sandbox.world import World

KEY = ec.generate_private_key(ec.SECP256R1())
QUERY = {"query": '{ viewer { id roles permissions } player(id: "player:acme:s-001") { id kyc { status } } }'}


def provider(address: str) -> Starlette:
    async def discovery(request: Request) -> JSONResponse:
        return JSONResponse({"issuer": address, "jwks_uri": address + "/keys"})

    async def keys(request: Request) -> JSONResponse:
        return JSONResponse({"keys": [{**ECAlgorithm.to_jwk(KEY.public_key(), as_dict=True), "kid": "k1"}]})

    return Starlette(routes=[Route("/.well-known/openid-configuration", discovery), Route("/keys", keys)])


class Asker:
    """Who asks the gateway with a provider's token, and the provider's address."""

    def __init__(self, http: httpx.AsyncClient, issuer: str, secret: bytes) -> None:
        self.http, self.issuer, self.secret = http, issuer, secret
        self.port = int(issuer.rpartition(":")[2])

    def token(self, **said: Any) -> str:
        end = datetime.now(UTC) + timedelta(minutes=5)
        claims = {"iss": self.issuer, "aud": "player-graph", "sub": "anna", "exp": end, "roles": ["support_l1"], **said}
        return jwt.encode(claims, KEY, "ES256", headers={"typ": "at+jwt", "kid": "k1"})

    async def ask(self, token: str) -> httpx.Response:
        return await self.http.post("/graphql", json=QUERY, headers={"authorization": f"Bearer {token}"})


@pytest.fixture
async def asker(world: World, tmp_path: Path) -> AsyncIterator[Asker]:
    base = free_ports()
    issuer = f"http://127.0.0.1:{free_ports(1)}"
    settings = Settings(
        vendors_base=f"http://127.0.0.1:{base}", var=tmp_path, oidc_issuer=issuer, oidc_audience="player-graph"
    )
    async with (
        town.standing(base, world, sandbox(tmp_path)),
        root.gateway(settings, world) as app,
        httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://gateway") as http,
    ):
        yield Asker(http, issuer, sandbox_secret(tmp_path))


async def test_the_providers_token_is_taken_and_the_sandboxes_is_not(asker: Asker) -> None:
    async with listening(provider(asker.issuer), port=asker.port):
        answer = (await asker.ask(asker.token())).json()
        assert answer["data"]["viewer"]["id"] == "anna"
        assert answer["data"]["player"]["kyc"]["status"] == "RESUBMISSION_REQUIRED"
        refused = await asker.ask(issue(asker.secret, Principal("mallory", frozenset({"mlro"}))))
        assert (refused.status_code, refused.json()["errors"][0]["extensions"]["code"]) == (401, "UNAUTHENTICATED")


async def test_nothing_of_the_sandbox_is_served(asker: Asker) -> None:
    for address in ("/sandbox/token?role=mlro", "/sandbox/scenarios"):
        assert (await asker.http.get(address)).status_code == 404


async def test_a_token_may_carry_less_than_its_roles(asker: Asker) -> None:
    async with listening(provider(asker.issuer), port=asker.port):
        answer = (await asker.ask(asker.token(scope="openid player.read"))).json()
        assert answer["data"]["viewer"]["permissions"] == ["player.read", "signed.in"]
        assert answer["data"]["player"] == {"id": "player:acme:s-001", "kyc": None}
        wider = (await asker.ask(asker.token(scope="openid player.read aml.read sar.read"))).json()
        assert wider["data"]["viewer"]["permissions"] == ["player.read", "signed.in"]


async def test_while_the_provider_is_out_the_caller_may_try_again(asker: Asker) -> None:
    reply = await asker.ask(asker.token())
    assert (reply.status_code, reply.json()["errors"][0]["extensions"]["code"]) == (503, "IDENTITY_UNAVAILABLE")
    assert reply.headers["retry-after"] == "10"
    assert (await asker.http.post("/graphql", json={"query": "{ __typename }"})).json() == {
        "data": {"__typename": "Query"}
    }


@pytest.mark.parametrize(
    ("chosen", "key"),
    [({"oidc_issuer": "https://login.example"}, "oidc_audience"),
     ({"oidc_issuer": "http://login.example"}, "oidc_issuer"),
     ({"oidc_algorithms": ("HS256",)}, "oidc_algorithms"), ({"oidc_algorithms": ("none",)}, "oidc_algorithms")],
)  # fmt: skip
def test_a_provider_that_cannot_be_trusted_stops_the_start(chosen: dict[str, Any], key: str) -> None:
    with pytest.raises(BadSettings, match=key):
        load(**chosen)
