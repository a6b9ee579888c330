"""What hints at money laundering: shown to who may read it, and nothing at all to anybody else."""

import re

import pytest

from tests.conftest import Caller

AML = "{ state triggers { code system detail at } unavailable }"


def asking(player: str, fields: str = AML) -> str:
    return f'{{ player(id: "player:acme:{player}") {{ aml {fields} }} }}'


async def test_an_analyst_sees_the_hold_and_not_the_text_left_with_it(caller: Caller) -> None:
    answer = await caller.ask(asking("s-012"), "aml_analyst")
    [hint] = answer["data"]["player"]["aml"]["triggers"]
    assert (hint["code"], hint["system"], hint["detail"]) == ("AML_HOLD", "CASHIER", "AML")
    assert hint["at"] is not None
    assert "case opened" not in str(answer)


async def test_a_routine_hold_hints_at_nothing(caller: Caller) -> None:
    answer = await caller.ask(asking("s-013"), "aml_analyst")
    assert answer["data"]["player"]["aml"] == {"state": "COMPLETE", "triggers": [], "unavailable": []}


@pytest.mark.parametrize("role", ["support_l1", "payments_agent", "risk_fraud_analyst"])
async def test_who_may_not_read_it_sees_the_same_of_both_and_causes_no_call(caller: Caller, role: str) -> None:
    query = (
        'query($id: ID!) { player(id: $id) { aml ' + AML + " openWithdrawals { vendorState vendorStatusCode diagnosis "
        "{ headline waitingOn ownerTeam nextStep playerMessage blockers { code summary } } } } }"
    )  # fmt: skip
    told = [await caller.ask(query, role, {"id": f"player:acme:{player}"}) for player in ("s-012", "s-013")]
    assert re.sub("s-012|90012", "*", str(told[0])) == re.sub("s-013|90013", "*", str(told[1]))
    if role == "support_l1":
        assert told[0]["data"]["player"]["aml"] is None
        assert "errors" not in told[0]


async def test_a_concealed_read_is_never_made(caller: Caller) -> None:
    await caller.ask(asking("s-012"), "support_l1")
    assert "searchPayments" not in await caller.calls()


async def test_a_system_that_might_hint_and_does_not_answer_is_named(caller: Caller) -> None:
    await caller.fault(1, operation="*", kind="status", value=503)
    answer = await caller.ask(asking("s-012"), "aml_analyst")
    assert answer["data"]["player"]["aml"] == {
        "state": "PARTIAL_SOURCES", "triggers": [], "unavailable": ["CASHIER"],
    }  # fmt: skip
