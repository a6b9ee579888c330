"""A support tool shows one player on an agent's behalf, on its own page, and never more than both may see."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import jwt
import pytest

import gateway as root
from auth import policy_file
from auth.embedding import ALGORITHM, TYPE, EmbedIssuer
from auth.identity import InvalidToken, Principal
from auth.sandbox_issuer import issue
from config import BadSettings, Settings
from tests.conftest import Caller, calling
from tests.servers import said

DESK, PLAYER = "https://desk.example", "player:acme:s-001"
QUERY = """{ viewer { id permissions } player(id: "player:acme:s-001") { firstName kyc { status } }
  other: player(id: "player:acme:s-002") { id } ticket(id: "ticket:acme:9001") { subject } }"""


@pytest.fixture
async def embedding(world: Any, tmp_path: Path) -> AsyncIterator[Caller]:
    async with calling(tmp_path, world, cors_origins=(DESK,)) as one:
        yield one


async def minted(caller: Caller, agent: str = "support_l1", tool: str = "service_embed", **more: Any) -> httpx.Response:
    scope = more.pop("scope", {})
    asked = {"agentToken": caller.token(agent, sub="ann", **scope), "player": PLAYER, "origin": DESK, **more}
    headers = {"authorization": f"Bearer {caller.token(tool, sub='helpdesk')}"}
    return await caller.http.post("/embed/token", json=asked, headers=headers)


async def ask(caller: Caller, token: str, query: str = QUERY, origin: str | None = DESK) -> httpx.Response:
    headers = {"authorization": f"Bearer {token}", **({"origin": origin} if origin else {})}
    return await caller.http.post("/graphql", json={"query": query}, headers=headers)


async def test_one_player_on_the_agents_behalf_and_nobody_else(embedding: Caller, tmp_path: Path) -> None:
    reply = await minted(embedding)
    assert (reply.status_code, reply.json()["expiresInSeconds"], reply.headers["cache-control"]) == (
        200,
        600,
        "no-store",
    )
    data = (await ask(embedding, reply.json()["token"])).json()["data"]
    assert (data["viewer"]["id"], data["player"]["firstName"], data["other"]) == ("ann", "S***", None)
    assert data["ticket"]["subject"]
    query = """SELECT json_extract(CAST(body AS TEXT), '$.record.details') FROM audit
      WHERE json_extract(CAST(body AS TEXT), '$.record.action') = 'embed.token.issue'"""
    ((details,),) = await said(tmp_path / "audit.db", query)
    assert ('"via":"helpdesk"' in details, '"origin":"https://desk.example"' in details) == (True, True)


async def test_what_is_done_with_it_is_the_agents_and_says_through_which_tool(
    embedding: Caller, tmp_path: Path
) -> None:
    token = (await minted(embedding)).json()["token"]
    note = """mutation { addPlayerNote(input: {playerId: "player:acme:s-001", body: "Called.",
      context: {idempotencyKey: "k"}}) { outcome } }"""
    assert (await ask(embedding, token, note)).json()["data"]["addPlayerNote"]["outcome"] == "EXECUTED"
    query = """SELECT json_extract(CAST(body AS TEXT), '$.record.actor'), json_extract(CAST(body AS TEXT),
      '$.record.details.via') FROM audit WHERE phase = 'INTENT'"""
    assert await said(tmp_path / "audit.db", query) == [("ann", "helpdesk")]


@pytest.mark.parametrize("agent", ["compliance_officer", "analyst", "payments_manager"])
async def test_it_may_never_more_than_the_agent_and_never_more_than_the_tool(embedding: Caller, agent: str) -> None:
    token = (await minted(embedding, agent)).json()["token"]
    scopes = set((await ask(embedding, token, "{ viewer { permissions } }")).json()["data"]["viewer"]["permissions"])
    roles = policy_file.load().roles
    assert scopes - {"signed.in"} == roles["service_embed"] & roles[agent]


@pytest.mark.parametrize("origin", [None, "https://evil.example", "null", f"{DESK}/"])
async def test_on_another_page_it_is_nobodys(embedding: Caller, origin: str | None) -> None:
    token = (await minted(embedding)).json()["token"]
    reply = await ask(embedding, token, origin=origin)
    assert (reply.status_code, await embedding.calls()) == (401, {})


REFUSED = [
    ({"tool": "support_l1"}, 403), ({"tool": "administrator"}, 403), ({"agent": "service_embed"}, 403),
    ({"agent": "no-such-role"}, 403), ({"agent": "content_ops"}, 403), ({"origin": "https://evil.example"}, 403),
    ({"player": "ticket:acme:9001"}, 400), ({"player": "s-001"}, 400), ({"agentToken": "rubbish"}, 401),
    ({"more": 1}, 400), ({"scope": {"brands": ("borealis",)}}, 403),
]  # fmt: skip


@pytest.mark.parametrize(("how", "status"), REFUSED)
async def test_whoever_is_not_a_tool_with_an_agent_is_refused(
    embedding: Caller, how: dict[str, Any], status: int
) -> None:
    reply = await minted(embedding, **how)
    assert (reply.status_code, "token" in reply.json()) == (status, False)


async def test_a_player_is_no_agent(embedding: Caller) -> None:
    player = embedding.token("player", player=PLAYER)
    assert (await minted(embedding, agentToken=player)).status_code == 403


async def test_an_embed_token_gets_no_other(embedding: Caller) -> None:
    token = (await minted(embedding)).json()["token"]
    asked = {"agentToken": embedding.token("support_l1"), "player": PLAYER, "origin": DESK}
    reply = await embedding.http.post(
        "/embed/token", json=asked, headers={"authorization": f"Bearer {token}", "origin": DESK}
    )
    assert reply.status_code == 403
    assert (await minted(embedding, agentToken=token)).status_code == 403


async def test_the_agents_brands_and_markets_bind_it(embedding: Caller) -> None:
    token = (await minted(embedding, scope={"markets": ("MGA-MT",)})).json()["token"]
    assert (await ask(embedding, token)).json()["data"]["player"] is None


@pytest.mark.parametrize("content", [b"", b"[]", b"{", b"x" * 40_000])
async def test_what_is_no_wish_is_refused(embedding: Caller, content: bytes) -> None:
    headers = {"authorization": f"Bearer {embedding.token('service_embed')}"}
    assert (await embedding.http.post("/embed/token", content=content, headers=headers)).status_code == 400


async def test_forged_and_expired_ones_are_nobodys(embedding: Caller) -> None:
    token = (await minted(embedding)).json()["token"]
    claims = jwt.decode(token, options={"verify_signature": False})
    forged = [
        jwt.encode({**claims, "player": "player:acme:s-002"}, "k" * 32, ALGORITHM, headers={"typ": TYPE}),
        jwt.encode(claims, "", "none", headers={"typ": TYPE}),
        token[:-4] + "AAAA",
    ]
    for one in forged:
        assert (await ask(embedding, one)).status_code == 401
    sandbox_says = issue(embedding._secret, Principal("x", frozenset({"service_embed"}), player=PLAYER))
    assert (await ask(embedding, sandbox_says)).status_code == 401


async def test_a_token_ends_when_it_said() -> None:
    issuer = EmbedIssuer(b"k" * 32, timedelta(seconds=30))
    who = Principal("ann", frozenset({"service_embed"}), player=PLAYER, scope=frozenset({"x"}), via="t", origin=DESK)
    known = await issuer.known(issuer.issue(who))
    assert known.principal == who
    assert 25 < known.expires_at - time.time() <= 30
    late = issuer.issue(who, root.utc_now() - timedelta(seconds=31))
    with pytest.raises(InvalidToken):
        await issuer.known(late)


def test_beside_an_identity_provider_nobody_gives_them_out_without_a_key(monkeypatch: pytest.MonkeyPatch) -> None:
    provider: dict[str, Any] = {"oidc_issuer": "https://login.example", "oidc_audience": "graph"}
    assert root.embedding(Settings(**provider)) is None
    monkeypatch.setenv("SHORT", "short")
    with pytest.raises(BadSettings, match=r"^embed_key: is shorter"):
        root.embedding(Settings(**provider, embed_key="env:SHORT"))
    with pytest.raises(BadSettings, match=r"^embed_key: env:NOT_SET"):
        root.embedding(Settings(**provider, embed_key="env:NOT_SET"))
