"""A developer is told what an operation would ask of which system, or did, and nobody else is."""

from __future__ import annotations

from typing import Any

import pytest

from tests.conftest import Caller
from vendors.ports.source import System
from vendors.sandbox import town

QUERY = '{ player(id: "player:acme:s-001") { market account { status } kyc { status } balances { cash { amount } } } }'
PLAN, RUN = {"explain": "plan"}, {"explain": "run"}
NOTE = """mutation { addPlayerNote(input: {playerId: "player:acme:s-001", body: "asked about his payout",
  context: {idempotencyKey: "explained-1"}}) { outcome } }"""


async def test_a_plan_names_steps_and_systems_and_asks_no_vendor(caller: Caller) -> None:
    before = await caller.calls()
    told = await caller.ask(QUERY, "developer", extensions=PLAN)
    assert told["data"] is None
    assert "errors" not in told
    plan = told["extensions"]["explain"]["plan"]
    assert plan["steps"][0]["coordinate"] == "Query.player"
    assert any(line.startswith("Player.kyc ") for line in plan["denied"])
    assert any(line.startswith("Player.balances ") for line in plan["denied"])
    assert await caller.calls() == before


async def test_who_may_see_more_has_a_longer_plan(caller: Caller) -> None:
    told = await caller.ask(QUERY, "developer support_l1", extensions=PLAN)
    plan = told["extensions"]["explain"]["plan"]
    assert plan["stepsBySystem"] == {"KYC": 1, "PAM": 1}
    assert (plan["denied"], plan["rounds"]) == ([], 2)


async def test_a_vendor_that_fails_is_told_with_its_code_and_what_was_asked_again(caller: Caller) -> None:
    await caller.fault(town.PLACES.index(System.KYC), operation="*", kind="status", value=503)
    told = await caller.ask(QUERY, "developer support_l1", extensions=RUN)
    run = told["extensions"]["explain"]["run"]
    assert told["errors"][0]["path"] == ["player", "kyc"]
    assert {call["outcome"] for call in run["calls"] if call["system"] == "KYC"} == {"VENDOR_UNAVAILABLE"}
    assert {(one["system"], one["after"]) for one in run["retries"]} == {("KYC", "VENDOR_UNAVAILABLE")}


async def test_a_run_tells_every_call_that_the_answer_took(caller: Caller) -> None:
    before = await caller.calls()
    told = await caller.ask(QUERY, "developer", extensions=RUN)
    after = await caller.calls()
    made = {name: count - before.get(name, 0) for name, count in after.items() if count != before.get(name, 0)}
    explain = told["extensions"]["explain"]
    assert told["data"]["player"] is not None
    assert len(explain["run"]["calls"]) == sum(made.values()) > 0
    assert {call["outcome"] for call in explain["run"]["calls"]} == {"OK"}
    assert sum(read["fromCache"] for read in explain["run"]["reads"]) == 0

    again = (await caller.ask(QUERY, "developer", extensions=RUN))["extensions"]["explain"]["run"]
    assert again["calls"] == []
    assert [(read["keys"], read["fromCache"]) for read in again["reads"]] == [(1, 1)]


async def test_the_answer_is_the_same_with_and_without(caller: Caller) -> None:
    plain = await caller.ask(QUERY, "developer")
    told = await caller.ask(QUERY, "developer", extensions=RUN)
    assert {name: told[name] for name in plain} == plain


@pytest.mark.parametrize("wanted", [PLAN, RUN])
@pytest.mark.parametrize("role", ["support_l1", "analyst", "auditor", "compliance_officer"])
async def test_who_may_not_know_is_told_so_before_anything_runs(
    caller: Caller, role: str, wanted: dict[str, Any]
) -> None:
    before = await caller.calls()
    told = await caller.ask("{ __typename }", role, extensions=wanted)
    assert told["errors"][0]["extensions"] == {"code": "FORBIDDEN"}
    assert not {"data", "extensions"} & told.keys()
    assert await caller.calls() == before


async def test_a_mutation_that_is_explained_is_not_done(caller: Caller) -> None:
    before = await caller.effects()
    told = await caller.ask(NOTE, "administrator", extensions=PLAN)
    assert told["extensions"]["explain"]["plan"]["steps"] or told["extensions"]["explain"]["plan"]["denied"]
    assert await caller.effects() == before


async def test_what_the_reference_executor_must_run_says_why(caller: Caller) -> None:
    told = await caller.ask("{ __schema { queryType { name } } }", "developer", extensions=RUN)
    assert told["data"]["__schema"]["queryType"]["name"] == "Query"
    assert told["extensions"]["explain"]["plan"] == {"declined": "introspection"}


async def test_variables_that_do_not_fit_are_told_as_ever(caller: Caller) -> None:
    told = await caller.ask("query ($id: ID!) { player(id: $id) { id } }", "developer", extensions=PLAN)
    assert told["errors"][0]["extensions"] == {"code": "BAD_VARIABLES"}


@pytest.mark.parametrize("wanted", ["everything", 1, ["plan"], {}])
async def test_another_word_is_refused(caller: Caller, wanted: object) -> None:
    told = await caller.ask(QUERY, "developer", extensions={"explain": wanted})
    assert told["errors"][0]["extensions"] == {"code": "BAD_REQUEST"}


async def test_extensions_of_other_servers_do_no_harm(caller: Caller) -> None:
    told = await caller.ask(QUERY, "developer", extensions={"persistedQuery": {"version": 1}, "explain": None})
    assert told.keys() & {"data", "extensions"} == {"data"}
