"""What every test of a mapped PAM stands on: an adapter over a file, the sandbox's own PAM, and one made up."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import msgspec

from vendors.client import Client
from vendors.pam.mapped import MappedPam
from vendors.pam.mapped_calls import Calls
from vendors.pam.mapping import load
from vendors.ports.keys import Key
from vendors.ports.source import System
from vendors.product import always
from vendors.sandbox import mapped_pam
from vendors.sandbox.facts import RoundFacts
from vendors.sandbox.world import World, build

NOW = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)
WORLD = build(NOW)
PLAYER, TOKEN = Key("player", "acme", "s-001"), "sandbox-token"
Answer = Callable[[httpx.Request], httpx.Response]
LITTLE = """
brands: {acme: A}
players:
  get: /people
  ids: {parameter: ids, most: 2}
  items: people
  id: id
  record:
    tags: "`[]`"
    notes: "`[]`"
    account: {status: state, restrictions: blocks, verified: checked}
"""


Written = Callable[..., Path]


def stand(world: World = WORLD) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(app=mapped_pam.stage(world, TOKEN, lambda: NOW).app))


def replying(answer: Answer) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.MockTransport(answer))


def saying(body: Any, status: int = 200) -> httpx.AsyncClient:
    told = body if isinstance(body, str) else json.dumps(body)
    return replying(lambda request: httpx.Response(status, text=told))


def adapter(http: httpx.AsyncClient, mapping: Path = mapped_pam.MAPPING, token: str = TOKEN) -> MappedPam:
    return over(client(http, mapping, token), mapping)


def client(http: httpx.AsyncClient, mapping: Path = mapped_pam.MAPPING, token: str = TOKEN) -> Client:
    mapped = load(mapping)
    return Client(System.PAM, "http://pam", http, always({mapped.header: mapped.prefix + token}))


def over(account: Client, mapping: Path = mapped_pam.MAPPING) -> MappedPam:
    mapped = load(mapping)
    return MappedPam(Calls(account, mapped), mapped, "PAM", lambda: NOW)


async def calls(http: httpx.AsyncClient) -> Mapping[str, int]:
    return {name: told["calls"] for name, told in (await http.get("http://pam/__stats")).json().items()}


def with_bets(*bets: RoundFacts) -> World:
    facts = msgspec.structs.replace(WORLD.players["acme", "s-001"], rounds=bets)
    return World(NOW, {("acme", "s-001"): facts})


def bet(number: int, status: str = "settled", minutes: int | None = None) -> RoundFacts:
    age = timedelta(minutes=number if minutes is None else minutes)
    return RoundFacts(f"b{number:04}", "nor-auroraspins", 100, 0, status, age, f"tx-{number}")


def person(name: str = "s-001", **changed: Any) -> dict[str, Any]:
    return {"id": name, "state": "ACTIVE", "blocks": [], "checked": True} | changed
