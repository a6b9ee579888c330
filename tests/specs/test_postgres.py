"""A gateway whose records stand on a PostgreSQL server: what is done and told to one process is known to the other."""

from __future__ import annotations

from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

import gateway as root
from auth.audit_chain import AuditUnavailable
from config import BadSettings, Settings
from tests.conftest import Caller, facing, free_ports
from tests.servers import Postgres, said, told, verified
from tests.specs.test_webhooks import KYC, applicant, signed
from vendors.sandbox import town
from vendors.sandbox.credentials import sandbox
from vendors.sandbox.world import World

HOLD = """mutation Act($input: WithdrawalActionInput!) { answer: holdWithdrawal(input: $input) {
  outcome auditId replayed } }"""


async def hold(caller: Caller) -> dict[str, Any]:
    context = {"idempotencyKey": "k-1", "reasonCode": "RISK_REVIEW", "note": "As asked."}
    body = {"input": {"withdrawalId": "withdrawal:acme:90007", "context": context}}
    answer: dict[str, Any] = (await caller.ask(HOLD, "payments_manager", body))["data"]["answer"]
    return answer


async def test_two_gateways_on_one_server_are_one(
    world: World, tmp_path: Path, postgres_server: Postgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = postgres_server.database()
    monkeypatch.setenv("RECORDS", told(url))
    base = free_ports()
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(town.standing(base, world, sandbox(tmp_path)))
        one, other = [
            await stack.enter_async_context(facing(base, tmp_path, world, database="env:RECORDS")) for _ in range(2)
        ]
        done, again = await hold(one), await hold(other)
        assert (done["outcome"], done["replayed"], again["replayed"]) == ("EXECUTED", False, True)
        assert (again["auditId"], await one.effects()) == (done["auditId"], 1)
        body = applicant()
        replies = [await caller.http.post(KYC, content=body, headers=signed(body, tmp_path)) for caller in (one, other)]
        assert [reply.status_code for reply in replies] == [200, 200]
        assert (await one.http.get("/readyz")).status_code == 200
    assert await said(url, "SELECT count(*) FROM events") == [(1,)]
    assert (await verified(url)).records == 2
    assert not (tmp_path / "audit.db").exists()
    assert not (tmp_path / "events.db").exists()


def test_the_commands_read_the_server(postgres_server: Postgres, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RECORDS", told(postgres_server.database()))
    monkeypatch.setenv("PLAYER_GRAPH_DATABASE", "env:RECORDS")
    refused = CliRunner().invoke(root.cli, ["audit", "verify"])
    assert isinstance(refused.exception, AuditUnavailable)  # there is none yet, and none is made


@pytest.mark.parametrize("said", ["postgresql://user:geheim@host/db", "env:NOT_SET", "env:ODD"])
def test_a_wrong_database_stops_the_start_and_shows_nothing_of_itself(
    said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ODD", "mysql://user:geheim@host/db")
    with pytest.raises(BadSettings, match=r"^database: ") as told:
        root.place(Settings(database=said), "audit.db")
    assert "geheim" not in str(told.value)
