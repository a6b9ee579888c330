"""The compiled executor and graphql-core give the same answer, byte for byte: invented systems, made-up documents.

`DIFFERENTIAL_DOCUMENTS=20000 make test` asks for more of them; every failure prints its seed and its document.
"""

import asyncio
import os
import random
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import msgspec
import orjson
import pytest
from graphql.execution.collect_fields import collect_subfields

import gateway as root
import telemetry
from auth.audit import open_store
from auth.identity import Identity, Principal
from auth.sandbox_issuer import SandboxIssuer, issue
from cache.events import open_events
from cache.scope_records import ScopeRecords
from cache.store import Store
from config import Settings, sandbox_secret
from execution import exact, plan, writer
from execution.exact import Completion
from execution.http import Endpoint
from execution.plan import Field, Planner
from schema.answering import Answering
from schema.graph import schema
from tests.execution.documents import Document
from tests.execution.invented import MARKETS, NOW, Invention
from vendors.ports.keys import Key

DOCUMENTS = int(os.environ.get("DIFFERENTIAL_DOCUMENTS", "300"))
OPERATIONS = sorted((Path(__file__).parents[2] / "operations").glob("*.graphql"))


class Pair:
    """The same gateway twice, before the same invention."""

    def __init__(self, invention: Invention, gateways: list[Answering], clients: list[httpx.AsyncClient]) -> None:
        self.invention, self._gateways, self._clients = invention, gateways, clients
        self.roles = list(gateways[0].policy.roles)
        self.how: list[str] = []

    def knows(self, players: list[str]) -> None:
        """Scope records of these players and of no others."""
        for gateway in self._gateways:
            gateway.behind = msgspec.structs.replace(gateway.behind, scopes=ScopeRecords())
            for player in players:
                gateway.behind.scopes.learn(Key.parse(player), MARKETS[0])

    async def ask(self, text: str, variables: dict[str, Any], who: Principal) -> list[bytes]:
        """Both bodies, graphql-core's first."""
        headers = {"authorization": f"Bearer {issue(self._gateways[0].behind.secret, who)}"}
        sent = {"query": text, "variables": variables}
        return [(await client.post("/", json=sent, headers=headers)).content for client in self._clients]


@asynccontextmanager
async def pair(var: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Pair]:
    invention, how = Invention(), list[str]()
    monkeypatch.setattr(telemetry, "planned", how.append)
    identity = Identity([SandboxIssuer(sandbox_secret(var))])
    async with open_store(var / "audit.db") as audit, open_events(var / "events.db") as events:
        gateways, clients = [], []
        for executor in ("reference", "compiled"):
            gateway = root.answering(
                Settings(var=var, executor=executor),
                invention.ports(),
                audit,
                identity,
                lambda: NOW,
                store=Store(),
                events=events,
            )
            endpoint = Endpoint(schema._schema, gateway.run, identify=gateway.identify)
            gateways.append(gateway)
            clients.append(httpx.AsyncClient(transport=httpx.ASGITransport(app=endpoint), base_url="http://gateway"))
        both = Pair(invention, gateways, clients)
        both.how = how
        yield both
        await asyncio.gather(*(client.aclose() for client in clients))


def somebody(dice: random.Random, roles: list[str]) -> Principal:
    role = dice.choice(roles)
    if (many := dice.random()) < 0.7:  # most of the staff at once, or some of them: answers are deep
        staff = dice.sample([each for each in roles if each != "player"], 3 if many < 0.4 else len(roles) - 2)
        return Principal("agent", frozenset(staff), frozenset(), frozenset())
    markets = frozenset(dice.choice([[], [], MARKETS[:1], MARKETS]))
    player = "player:acme:p-001" if role == "player" else None
    return Principal("agent", frozenset({role}), frozenset(dice.choice([[], [], ["acme"]])), markets, player)


async def difference(both: Pair, seeds: Iterable[int], unsound: float = 0.0) -> str | None:
    """The first made-up document that the executors answer differently; None if there is none."""
    for seed in seeds:
        dice, one = random.Random(seed), both.invention
        one.seed, one.latency_turns, one.unsound = seed, dice.choice([0, 3]), unsound
        one.failing, one.missing = dice.choice([0.0, 0.0, 0.2, 0.6]), dice.choice([0.0, 0.2])
        both.knows(dice.choice([[], ["player:acme:p-001", "player:acme:p-002"]]))
        made = Document(schema._schema, seed)
        core, compiled = await both.ask(made.text, made.variables, somebody(dice, both.roles))
        assert b"GRAPHQL_VALIDATION_FAILED" not in core, f"seed {seed}\n{made.text}\n{core.decode()}"
        if core != compiled:
            told = f"graphql-core {core.decode()}\ncompiled     {compiled.decode()}"
            return f"seed {seed}\n{made.text}\n{made.variables}\n{told}"
    return None


@pytest.mark.parametrize("unsound", [0.0, 0.02], ids=["sound records", "unsound records"])
async def test_made_up_documents_have_one_answer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, unsound: float
) -> None:
    async with pair(tmp_path, monkeypatch) as both:
        found = await difference(both, range(DOCUMENTS // 2), unsound)
        assert found is None, found
        assert set(both.how) == {"compiled"} | ({"unsound record"} if unsound else set())


@pytest.mark.parametrize("failing", [0.0, 0.3])
async def test_every_ready_operation_has_one_answer_for_every_role(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, failing: float
) -> None:
    async with pair(tmp_path, monkeypatch) as both:
        for file in OPERATIONS:
            for seed, role in enumerate(both.roles):
                both.invention.seed, both.invention.failing = seed, failing
                both.knows(["player:acme:p-001"] if seed % 2 else [])
                own = "player:acme:p-001" if role == "player" else None
                who = Principal("agent", frozenset({role}), frozenset(), frozenset(), own)
                bodies = await both.ask(file.read_text(), {"player": "player:acme:p-001"}, who)
                assert bodies[1] == bodies[0], f"{file.name} as {role}\n{bodies[0].decode()}\n{bodies[1].decode()}"
                assert "data" in orjson.loads(bodies[0])
        assert set(both.how) == {"compiled"}


collect: Any = collect_subfields


def _of_the_first_alone(*given: Any, **options: Any) -> Any:
    return collect(*given[:-1], given[-1][:1], **options)


init: Any = Field.__init__
filled: Any = Planner._filled
complete_list: Any = Completion._list
completed: Any = Completion.of
FAULTS: dict[str, tuple[Any, str, Any]] = {
    "siblings are swapped": (Planner, "_filled", lambda *a: _swapped(filled(*a))),
    "an alias is lost": (Field, "__init__", lambda of, _, nodes, type: init(of, nodes[0].name.value, nodes, type)),
    "a mask is dropped": (writer, "_masked", lambda mask: lambda value: value),
    "a field's second selection is lost": (plan, "collect_subfields", _of_the_first_alone),
    "a step is shared whatever its arguments": (plan, "print_ast", lambda node: ""),
    "text is believed": (writer, "_plain", lambda scalar: ["True"]),
    "a null stops too early": (exact, "is_non_null_type", lambda type: False),
    "a path loses its place": (Completion, "_list", lambda *a: complete_list(*a[:4], a[4][:-1], a[5])),
    "errors are told backwards": (Completion, "of", lambda *a: _backwards(*completed(*a))),
    "what only a key is known of fails in silence": (writer, "_failed", lambda value, failures: None),
}  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS)
async def test_a_fault_in_the_compiler_is_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fault: str) -> None:
    monkeypatch.setattr(*FAULTS[fault])
    async with pair(tmp_path, monkeypatch) as both:
        sound = await difference(both, range(150))
        assert sound or await difference(both, range(150), unsound=0.1)


def _swapped(place: Any) -> Any:
    place.fields.reverse()
    return place


def _backwards(data: Any, errors: list[Any]) -> tuple[Any, list[Any]]:
    return data, errors[::-1]
