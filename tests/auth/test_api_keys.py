"""API keys: shown once, kept as a digest, refused when they are expired, revoked, or somebody's guess."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

import gateway as root
from auth import api_keys
from auth.api_keys import ApiKeyIssuer
from auth.audit import AuditStore, open_store
from auth.database import Place
from auth.identity import IdentityUnavailable, InvalidToken
from tests.conftest import Caller
from tests.servers import said

NOW = datetime(2026, 11, 28, 12, 0, tzinfo=UTC)
ROLES = ["service_frontend", "service_embed", "player"]


@pytest.fixture
async def store(place: Place) -> AsyncIterator[AuditStore]:
    async with open_store(place) as one:
        yield one


async def made(store: AuditStore, days: int = 30, **more: frozenset[str]) -> str:
    key = api_keys.new("lobby", ["service_frontend"], timedelta(days=days), now=NOW, **more)
    return await api_keys.create(store, key, "operator:ann", ROLES)


def issuer(store: AuditStore, now: datetime = NOW) -> ApiKeyIssuer:
    return ApiKeyIssuer(store, lambda: now)


async def test_a_key_is_who_it_was_made_for(store: AuditStore, place: Place) -> None:
    text = await made(store, brands=frozenset({"acme"}))
    known = await issuer(store).known(text)
    assert (known.principal.subject, known.principal.roles) == ("key:lobby", frozenset({"service_frontend"}))
    assert (known.principal.brands, known.expires_at) == (frozenset({"acme"}), (NOW + timedelta(days=30)).timestamp())
    (record,) = await store.records(9)
    assert (record.record.action, record.record.actor) == ("api.key.create", "operator:ann")
    secret = text.rpartition("_")[2]
    kept = await said(place, "SELECT body FROM audit")
    assert not any(secret.encode() in bytes(row[0]) for row in kept)


async def test_no_secret_is_kept(store: AuditStore, place: Place) -> None:
    secret = (await made(store))[len("pgk_00000000_") :]
    for row in await said(place, "SELECT prefix, digest, body FROM api_keys"):
        assert not any(secret.encode() in (part if isinstance(part, bytes) else str(part).encode()) for part in row)


@pytest.mark.parametrize("days", [31, 400])
async def test_an_expired_key_is_nobodys(store: AuditStore, days: int) -> None:
    with pytest.raises(InvalidToken, match="expired"):
        await issuer(store, NOW + timedelta(days=days)).known(await made(store))


async def test_a_revoked_key_is_nobodys_and_is_revoked_once(store: AuditStore) -> None:
    text = await made(store)
    prefix = text.split("_")[1]
    assert [await api_keys.revoke(store, prefix, "operator:ann") for _ in range(2)] == [True, False]
    with pytest.raises(InvalidToken, match="revoked"):
        await issuer(store).known(text)
    assert [one.state(NOW) for one in await api_keys.listed(store)] == ["revoked"]
    assert [one.record.action for one in await store.records(9)] == ["api.key.create", "api.key.revoke"]
    assert not await api_keys.revoke(store, "ffffffff", "operator:ann")


@pytest.mark.parametrize("change", [
    lambda text: text[:-1] + ("A" if text[-1] != "A" else "B"), lambda text: text + "A", lambda text: text.upper(),
    lambda text: "pgk_00000000_" + text.rpartition("_")[2], lambda text: "pgk_", lambda text: text + "\n",
    lambda text: "pgk_' OR 1=1 --_" + "A" * 43,
])  # fmt: skip
async def test_a_guess_is_nobodys(store: AuditStore, change: object) -> None:
    text = await made(store)
    with pytest.raises(InvalidToken, match="not valid here"):
        await issuer(store).known(change(text))  # type: ignore[operator]


@pytest.mark.parametrize("roles", [[], ["player"], ["wizard"]])
async def test_a_role_that_is_no_services_is_refused(store: AuditStore, roles: list[str]) -> None:
    with pytest.raises(ValueError, match="no role of a service"):
        await api_keys.create(store, api_keys.new("x", roles, timedelta(days=1)), "operator:ann", ROLES)
    assert await api_keys.listed(store) == []


@pytest.mark.parametrize("days", [0, -1, 367])
def test_a_key_does_not_live_for_ever(days: int) -> None:
    with pytest.raises(ValueError, match="a key lives"):
        api_keys.new("x", ["service_frontend"], timedelta(days=days))


async def test_a_store_that_is_away_is_no_refusal(tmp_path: Path) -> None:
    async with open_store(tmp_path / "audit.db") as store:
        text = await made(store)
    with pytest.raises(IdentityUnavailable):
        await issuer(store).known(text)


async def test_a_service_asks_by_its_key_until_it_is_revoked(
    caller: Caller, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PLAYER_GRAPH_VAR", str(tmp_path))
    run = CliRunner()

    def asked(*words: str) -> tuple[int, str]:
        told = run.invoke(root.cli, ["keys", *words])
        return told.exit_code, told.output.strip()

    code, text = await asyncio.to_thread(asked, "create", "--name", "lobby", "--role", "service_frontend")
    assert (code, text.startswith("pgk_")) == (0, True)
    headers = {"authorization": f"Bearer {text}"}
    query = {"query": "{ viewer { id roles } }"}
    reply = await caller.http.post("/graphql", json=query, headers=headers)
    assert json.loads(reply.content)["data"]["viewer"] == {"id": "key:lobby", "roles": ["service_frontend"]}
    prefix = text.split("_")[1]
    code, listed = await asyncio.to_thread(asked, "list")
    assert (prefix in listed, "valid" in listed, text.rpartition("_")[2] in listed) == (True, True, False)
    assert (await asyncio.to_thread(asked, "revoke", prefix))[0] == 0
    assert (await asyncio.to_thread(asked, "revoke", prefix))[0] == 1
    assert (await asyncio.to_thread(asked, "create", "--name", "x", "--role", "wizard"))[0] == 2
