"""A denied field costs nothing and shows what its rule says."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auth import masks
from auth.identity import Principal
from auth.permissions import PUBLIC, Rule
from auth.sandbox_issuer import issue
from tests.conftest import Caller

GROUPS = st.frozensets(st.frozensets(st.sampled_from("abcd"), max_size=3), min_size=1, max_size=3)
GRANTED = st.frozensets(st.sampled_from("abcd"))


@given(GROUPS, GROUPS, GRANTED)
def test_rules_are_an_algebra(
    one: frozenset[frozenset[str]], two: frozenset[frozenset[str]], has: frozenset[str]
) -> None:
    left, right = Rule(one), Rule(two)
    assert (left & right).allows(has) == (left.allows(has) and right.allows(has))
    assert (left | right).allows(has) == (left.allows(has) or right.allows(has))
    assert (left & right).implies(left)
    assert left.implies(PUBLIC)
    if left.implies(right) and left.allows(has):
        assert right.allows(has)


@given(st.emails(), st.text("xyz.", max_size=9))
def test_a_masked_address_tells_its_first_letters_and_ending_and_nothing_else(address: str, more: str) -> None:
    name, _, host = address.partition("@")
    domain, _, ending = host.rpartition(".")
    assert masks.email(f"{name}{more}@{domain}{more}.{ending}") == masks.email(address)
    assert masks.email(address).endswith(f"***.{ending}")


async def test_personal_data_is_masked_unless_the_role_may_unmask(caller: Caller) -> None:
    query = '{ player(id: "player:acme:s-001") { firstName email phone dateOfBirth } }'
    masked = (await caller.ask(query))["data"]["player"]
    assert masked["firstName"] == "S***"
    assert masked["dateOfBirth"] is None
    clear = (await caller.ask(query, "compliance_officer"))["data"]["player"]
    assert clear["firstName"] == "Sam"
    assert clear["email"].startswith("sam.")


async def test_a_denied_branch_makes_no_vendor_call(caller: Caller) -> None:
    query = (
        '{ player(id: "player:acme:s-001") { id balances { cash { amount } } kyc { status } openWithdrawals { id } } }'
    )
    answer = await caller.ask(query, "developer")
    assert answer == {
        "data": {"player": {"id": "player:acme:s-001", "balances": None, "kyc": None, "openWithdrawals": None}}
    }
    assert set(await caller.calls()) == {"getUserProfile"}


@pytest.mark.parametrize("role", ["content_ops", "no-such-role"])
async def test_a_role_without_the_right_gets_forbidden_before_any_call(caller: Caller, role: str) -> None:
    answer = await caller.ask('{ player(id: "player:acme:s-001") { id } }', role)
    assert answer["data"] == {"player": None}
    assert answer["errors"][0]["extensions"] == {"code": "FORBIDDEN"}
    assert "player.read" in answer["errors"][0]["message"]
    assert await caller.calls() == {}


async def test_no_token_means_typename_and_nothing_else(caller: Caller) -> None:
    reply = await caller.http.post("/graphql", json={"query": '{ __typename player(id: "player:acme:s-001") { id } }'})
    assert reply.json()["data"] == {"__typename": "Query", "player": None}
    assert await caller.calls() == {}


async def test_another_brand_is_null_like_nobody_and_costs_no_call(caller: Caller) -> None:
    query = '{ player(id: "player:acme:%s") { id } transaction(id: "withdrawal:acme:90001") { id } }'
    for player in ("s-001", "nobody"):
        assert await caller.ask(query % player, brands=("borealis",)) == {"data": {"player": None, "transaction": None}}
    assert await caller.calls() == {}


async def test_another_market_is_null_also_by_the_payments_id(caller: Caller) -> None:
    query = '{ player(id: "player:acme:s-001") { id } transaction(id: "withdrawal:acme:90001") { id } }'
    assert await caller.ask(query, markets=("MGA-MT",)) == {"data": {"player": None, "transaction": None}}
    inside = await caller.ask(query, markets=("UKGC-GB",))
    assert inside["data"]["transaction"] == {"id": "withdrawal:acme:90001"}


@pytest.mark.parametrize("roles", [["player"], ["player", "support_l1"]])
async def test_a_players_token_that_names_nobody_or_is_also_staffs_is_refused(caller: Caller, roles: list[str]) -> None:
    for player in (None, "player:acme:s-001") if len(roles) > 1 else (None,):
        token = issue(caller._secret, Principal("x", frozenset(roles), player=player))
        headers = {"authorization": f"Bearer {token}"}
        query = {"query": '{ node(id: "player:acme:s-002") { id } }'}
        reply = await caller.http.post("/graphql", json=query, headers=headers)
        assert (reply.status_code, await caller.calls()) == (401, {})


async def test_evidence_is_shown_of_ones_own_brand_and_market_alone(caller: Caller) -> None:
    note = """mutation { addPlayerNote(input: {playerId: "player:acme:s-001", body: "x",
      context: {idempotencyKey: "a"}}) { outcome } }"""
    await caller.ask(note)
    query = "{ audit(filter: {}) { edges { node { subject } } } }"
    elsewhere: list[dict[str, Any]] = [{"brands": ("borealis",)}, {"markets": ("MGA-MT",)}]
    for scope in elsewhere:
        assert (await caller.ask(query, "regulator", None, **scope))["data"] == {"audit": {"edges": []}}
    assert len((await caller.ask(query, "regulator", markets=("UKGC-GB",)))["data"]["audit"]["edges"]) == 2


async def test_a_fraud_rule_is_named_to_who_may_read_risk_alone(caller: Caller) -> None:
    query = '{ transaction(id: "deposit:acme:90014") { status failure vendorStatusCode } }'
    shown = (await caller.ask(query))["data"]["transaction"]
    assert shown == {"status": "DECLINED", "failure": "UNKNOWN", "vendorStatusCode": None}
    assert (await caller.ask(query, "risk_manager"))["data"]["transaction"]["failure"] == "FRAUD_RULE"


async def test_trying_an_approval_tells_nothing_that_reading_would_not(caller: Caller) -> None:
    act = """mutation { approveWithdrawal(input: {withdrawalId: "withdrawal:acme:90001", context: {
      idempotencyKey: "a", reasonCode: "CHECKS_PASSED", dryRun: true}}) { userErrors { message } } }"""
    errors = (await caller.ask(act, "finance"))["data"]["approveWithdrawal"]["userErrors"]
    assert errors[0] == {"message": "Something that you may not see forbids an approval."}
    assert "uploaded" not in str(errors)


async def test_what_cannot_be_released_is_said_before_anything_is_looked_up(caller: Caller) -> None:
    act = """mutation { releaseWithdrawal(input: {withdrawalId: "withdrawal:acme:%s", context: {
      idempotencyKey: "a", reasonCode: "RISK_CLEARED"}}) { userErrors { code } } }"""
    for number in ("90012", "77777777"):
        answer = await caller.ask(act % number, "payments_manager", markets=("DGA-DK",))
        assert answer["data"]["releaseWithdrawal"]["userErrors"] == [{"code": "UNSUPPORTED_BY_VENDOR"}]


async def test_a_player_reaches_no_other_brands_catalogue(caller: Caller) -> None:
    query = '{ node(id: "game:borealis:nor-auroraspins") { id } }'
    assert (await caller.ask(query, "player", player="player:acme:s-001"))["data"] == {"node": None}
