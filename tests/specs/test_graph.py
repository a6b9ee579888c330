"""The graph beyond one player: nodes, lists and their cursors, search, queue, health, and who may see what."""

from typing import Any

import pytest

from tests.conftest import Caller


async def test_a_node_is_what_its_id_says(caller: Caller) -> None:
    query = "query($id: ID!) { node(id: $id) { __typename id } }"
    expected = {
        "player:acme:s-001": "Player", "withdrawal:acme:90001": "Withdrawal", "deposit:acme:90014": "Deposit",
        "ticket:acme:9001": "Ticket", "game:acme:nor-auroraspins": "Game",
    }  # fmt: skip
    for id, name in expected.items():
        answer = await caller.ask(query, "support_lead", {"id": id})
        assert answer == {"data": {"node": {"__typename": name, "id": id}}}


async def test_a_node_obeys_the_rule_of_what_it_is_before_any_call(caller: Caller) -> None:
    answer = await caller.ask('{ node(id: "ticket:acme:9001") { id } }', "analyst")
    assert answer["errors"][0]["extensions"]["code"] == "FORBIDDEN"
    assert await caller.calls() == {}


PAGES = """query($after: String) { player(id: "player:acme:s-001") { transactions(first: 1, after: $after) {
  edges { cursor node { id } } pageInfo { hasNextPage hasPreviousPage endCursor } } } }"""


async def test_a_list_is_walked_to_its_end(caller: Caller) -> None:
    query = PAGES.replace("player:acme:s-001", "player:borealis:p-001")
    seen, after = [], None
    while True:
        part = (await caller.ask(query, variables={"after": after}))["data"]["player"]["transactions"]
        seen += [edge["node"]["id"] for edge in part["edges"]]
        assert part["pageInfo"]["hasPreviousPage"] is (after is not None)
        if not part["pageInfo"]["hasNextPage"]:
            break
        after = part["pageInfo"]["endCursor"]
    assert len(seen) == len(set(seen)) > 0


async def test_a_cursor_from_elsewhere_is_refused_without_a_call(caller: Caller) -> None:
    mine = PAGES.replace("player:acme:s-001", "player:borealis:p-001")
    cursor = (await caller.ask(mine))["data"]["player"]["transactions"]["edges"][0]["cursor"]
    before = (await caller.calls())["searchPayments"]
    tries: list[tuple[str, str, dict[str, Any]]] = [
        (PAGES, "support_l1", {}),  # another player's list
        (mine.replace("transactions(", "gameRounds("), "support_l1", {}),  # another field
        (mine, "support_lead", {}),  # another role
        (mine, "support_l1", {"brands": ("borealis",)}),  # another scope
    ]
    for query, role, scope in tries:
        answer = await caller.ask(query, role, {"after": cursor}, **scope)
        assert answer["errors"][0]["extensions"]["code"] == "BAD_CURSOR"
    for forged in ("", "x", cursor[:-4] + "AAAA", "é"):
        answer = await caller.ask(mine, variables={"after": forged})
        assert answer["errors"][0]["extensions"]["code"] == "BAD_CURSOR"
    assert (await caller.calls())["searchPayments"] == before


@pytest.mark.parametrize("first", [0, -1, 101])
async def test_a_list_has_a_size(caller: Caller, first: int) -> None:
    query = 'query($n: Int!) { player(id: "player:acme:s-001") { tickets(first: $n) { edges { cursor } } } }'
    answer = await caller.ask(query, variables={"n": first})
    assert answer["errors"][0]["extensions"]["code"] == "BAD_FIRST"


SEARCH = "query($s: PlayerCriteria!) { searchPlayers(search: $s) { totalCount edges { node { id market } } } }"


async def test_a_player_is_found_by_his_address(caller: Caller) -> None:
    criteria = {"brand": "acme", "email": "sam.scenario1.s-001@players.example"}
    found = (await caller.ask(SEARCH, variables={"s": criteria}))["data"]["searchPlayers"]
    assert [edge["node"]["id"] for edge in found["edges"]] == ["player:acme:s-001"]
    assert found["totalCount"] == 1


async def test_a_search_needs_a_criterion(caller: Caller) -> None:
    answer = await caller.ask(SEARCH, variables={"s": {"brand": "acme"}})
    assert answer["errors"][0]["extensions"]["code"] == "NO_CRITERION"
    assert await caller.calls() == {}


async def test_a_search_shows_only_the_callers_markets_and_counts_nothing_then(caller: Caller) -> None:
    criteria = {"brand": "acme", "registeredFrom": "2000-01-01T00:00:00Z"}
    found = (await caller.ask(SEARCH, variables={"s": criteria}, markets=("UKGC-GB",)))["data"]["searchPlayers"]
    assert {edge["node"]["market"] for edge in found["edges"]} <= {"UKGC-GB"}
    assert found["totalCount"] is None
    elsewhere = await caller.ask(SEARCH, variables={"s": criteria}, brands=("corona",))
    assert elsewhere["data"]["searchPlayers"] == {"totalCount": 0, "edges": []}


async def test_the_queue_holds_what_waits_for_the_operator(caller: Caller) -> None:
    query = '{ withdrawalQueue(brand: "acme", first: 100) { edges { node { id status } } } }'
    edges = (await caller.ask(query, "payments_agent"))["data"]["withdrawalQueue"]["edges"]
    shown = {edge["node"]["id"]: edge["node"]["status"] for edge in edges}
    assert shown["withdrawal:acme:90007"] == "AWAITING_APPROVAL"
    assert shown["withdrawal:acme:90012"] == "ON_HOLD"
    assert set(shown.values()) <= {"AWAITING_APPROVAL", "ON_HOLD", "SCHEDULED"}
    held = query.replace("first: 100", "states: [ON_HOLD]")
    edges = (await caller.ask(held, "payments_agent"))["data"]["withdrawalQueue"]["edges"]
    assert {edge["node"]["status"] for edge in edges} == {"ON_HOLD"}


async def test_a_player_reaches_himself_and_nothing_else(caller: Caller) -> None:
    own: dict[str, Any] = {"player": "player:acme:s-001"}
    query = """{ me { id firstName email kyc { status } openWithdrawals { id diagnosis { playerMessage } }
      tickets { edges { node { subject } } } } }"""
    me = (await caller.ask(query, "player", **own))["data"]["me"]
    assert (me["id"], me["firstName"], me["kyc"]["status"]) == ("player:acme:s-001", "Sam", "RESUBMISSION_REQUIRED")
    assert me["openWithdrawals"][0]["diagnosis"]["playerMessage"]
    assert me["tickets"]["edges"][0]["node"]["subject"]
    for other in (
        'player(id: "player:acme:s-001") { id }', 'players(ids: ["player:acme:s-002"]) { id }',
        'transaction(id: "withdrawal:acme:90001") { id }', "vendorHealth { vendor }",
        'audit(filter: {}) { edges { cursor } }',
        'searchPlayers(search: {brand: "acme", playerId: "x"}) { totalCount }',
    ):  # fmt: skip
        answer = await caller.ask(f"{{ {other} }}", "player", **own)
        assert answer["errors"][0]["extensions"]["code"] == "GRAPHQL_VALIDATION_FAILED", other
    node = await caller.ask('{ node(id: "player:acme:s-002") { id } }', "player", **own)
    assert node["data"] == {"node": None}


async def test_staff_are_nobodys_me(caller: Caller) -> None:
    assert (await caller.ask("{ me { id } }"))["errors"][0]["extensions"]["code"] == "FORBIDDEN"


async def test_without_a_token_nothing_but_the_type_is_told(caller: Caller) -> None:
    reply = await caller.http.post(
        "/graphql", json={"query": '{ __typename viewer { id } node(id: "player:acme:s-001") { id } }'}
    )
    assert reply.json()["data"] == {"__typename": "Query", "viewer": None, "node": None}
    assert await caller.calls() == {}


async def test_health_names_the_product_that_fails(caller: Caller) -> None:
    await caller.fault(5, operation="*", kind="status", value=500)
    await caller.ask('{ player(id: "player:acme:s-001") { crm { segments { name } } } }')
    health = (await caller.ask("{ vendorHealth { vendor state lastErrorCode } }", "administrator"))["data"][
        "vendorHealth"
    ]
    states = {each["vendor"]: (each["state"], each["lastErrorCode"]) for each in health}
    assert states["Customer.io"] == ("DOWN", "VENDOR_UNAVAILABLE")
    assert states["InfiGaming"] == ("HEALTHY", None)
    assert states["Sumsub"] == ("UNKNOWN", None)


async def test_access_is_explained_as_data(caller: Caller) -> None:
    query = '{ explainAccess(typeName: "Player", fieldName: "email") { scopes onDeny unmask rolesAllowed } }'
    told = (await caller.ask(query, "administrator"))["data"]["explainAccess"]
    assert (told["onDeny"], "compliance_officer" in told["rolesAllowed"]) == ("NULL", True)
    assert ["player.pii.read", "player.pii.unmask", "player.read"] in told["unmask"]
    assert "analyst" not in told["rolesAllowed"]


async def test_keys_first_a_player_seen_before_is_asked_of_all_systems_at_once(caller: Caller) -> None:
    seen = '{ player(id: "player:acme:s-001") { id } }'
    await caller.ask(seen)
    await caller.fault(0, operation="*", kind="hang", count=1)
    answer = await caller.ask('{ player(id: "player:acme:s-001") { id kyc { status } crm { segments { id } } } }')
    assert answer["data"]["player"]["kyc"] == {"status": "RESUBMISSION_REQUIRED"}
    counted = await caller.calls()
    assert (counted["getApplicantByExternalUserId"], counted["getPersonSegments"]) == (1, 1)


async def test_players_of_a_dead_pam_are_each_an_error_of_the_pam(caller: Caller) -> None:
    await caller.fault(0, operation="*", kind="status", value=503)
    answer = await caller.ask('{ players(ids: ["player:acme:s-001", "player:acme:s-002"]) { id } }')
    assert answer["data"] == {"players": [None, None]}
    assert [error["extensions"] for error in answer["errors"]] == [{"code": "VENDOR_UNAVAILABLE", "system": "PAM"}] * 2


async def test_a_search_whose_profiles_cannot_be_read_is_an_error_and_not_nobody(forgetful: Caller) -> None:
    await forgetful.ask('{ player(id: "player:acme:s-001") { id } }')
    await forgetful.fault(0, operation="getUserProfile", kind="status", value=500)
    criteria = {"brand": "acme", "email": "sam.scenario1.s-001@players.example"}
    answer = await forgetful.ask(SEARCH, variables={"s": criteria})
    assert answer["data"] == {"searchPlayers": None}
    assert answer["errors"][0]["extensions"]["code"] == "VENDOR_UNAVAILABLE"


async def test_a_list_of_which_nothing_is_shown_can_still_be_walked(caller: Caller) -> None:
    query = """query($a: String) { withdrawalQueue(brand: "acme", first: 2, after: $a) {
      edges { cursor } pageInfo { hasNextPage endCursor } } }"""
    after, parts = None, 0
    while parts < 20:
        part = (await caller.ask(query, "payments_agent", {"a": after}, markets=("MGA-MT",)))["data"]["withdrawalQueue"]
        assert part["edges"] == []
        parts, after = parts + 1, part["pageInfo"]["endCursor"]
        if not part["pageInfo"]["hasNextPage"]:
            break
    assert 1 < parts < 20


async def test_a_cursor_of_one_player_does_not_spoil_the_other_players_answer(caller: Caller) -> None:
    query = """query($a: String) { x: player(id: "player:borealis:p-001") { transactions(first: 1, after: $a) {
      edges { cursor } } }
    y: player(id: "player:acme:s-001") { transactions(first: 1, after: $a) { edges { cursor } } } }"""
    cursor = (await caller.ask(query))["data"]["x"]["transactions"]["edges"][0]["cursor"]
    answer = await caller.ask(query, variables={"a": cursor})
    assert answer["data"]["x"]["transactions"] is not None
    assert [(error["path"], error["extensions"]["code"]) for error in answer["errors"]] == [
        (["y", "transactions"], "BAD_CURSOR")
    ]


@pytest.mark.parametrize("instant", ["2026-01-01T00:00:00", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z"])
async def test_an_instant_that_means_nothing_is_refused_before_any_call(caller: Caller, instant: str) -> None:
    query = "query($f: TransactionFilter!) { transactions(filter: $f) { edges { cursor } } }"
    answer = await caller.ask(query, "payments_manager", {"f": {"brand": "acme", "createdFrom": instant}})
    assert answer["errors"][0]["extensions"]["code"] == "BAD_INSTANT"
    assert await caller.calls() == {}


async def test_the_second_of_two_actions_answers_with_the_state_after_it(caller: Caller) -> None:
    act = """%s: %sWithdrawal(input: {withdrawalId: "withdrawal:acme:90007", context: {idempotencyKey: "%s",
      reasonCode: "%s", note: "n"}}) { outcome transaction { status player { openWithdrawals { status } } } }"""
    both = act % ("a", "hold", "a", "RISK_REVIEW") + act % ("b", "deny", "b", "DUPLICATE")
    data = (await caller.ask("mutation { " + both + " }", "payments_manager"))["data"]
    assert data["a"]["transaction"] == {"status": "ON_HOLD", "player": {"openWithdrawals": [{"status": "ON_HOLD"}]}}
    assert data["b"]["transaction"] == {"status": "CANCELLED_BY_OPERATOR", "player": {"openWithdrawals": []}}


@pytest.mark.parametrize(
    ("declared", "selection"),
    [
        ("$n: Int", "transactions(first: $n) { edges { cursor } }"),
        ("$n: Boolean = true", "kyc @include(if: $n) { status }"),
    ],
)
async def test_an_explicit_null_where_there_must_be_a_value_is_the_callers_mistake(
    caller: Caller, declared: str, selection: str
) -> None:
    query = f'query({declared}) {{ player(id: "player:acme:s-001") {{ id {selection} }} }}'
    answer = await caller.ask(query, variables={"n": None})
    assert [error["extensions"]["code"] for error in answer["errors"]] == ["BAD_VARIABLES"]
