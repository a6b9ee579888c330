"""A player found by the id another system gave him, and the ids he has there."""

import hashlib
from typing import Any

import pytest

from tests.conftest import Caller

BY_ID = """query($id: String, $system: VendorSystem) { player(externalId: $id, system: $system) { id } }"""
IDS = """{ player(id: "player:acme:s-001") { externalIds { system vendorId } } }"""
SAME = {"data": {"player": {"id": "player:acme:s-001"}}}


async def ids(caller: Caller, role: str = "support_lead") -> dict[str, str]:
    told = (await caller.ask(IDS, role))["data"]["player"]["externalIds"]
    return {one["system"]: one["vendorId"] for one in told}


async def test_every_id_the_graph_tells_finds_the_player_again(caller: Caller) -> None:
    known = await ids(caller)
    assert set(known) == {"PAM", "KYC", "CRM", "TICKETING"}
    for system, external_id in known.items():
        assert await caller.ask(BY_ID, variables={"id": external_id, "system": system}) == SAME


@pytest.mark.parametrize("system", ["CASHIER", "BONUS", "AGGREGATOR"])
async def test_a_system_without_ids_of_its_own_names_him_as_the_pam_does(caller: Caller, system: str) -> None:
    assert await caller.ask(BY_ID, variables={"id": "s-001", "system": system}) == SAME


async def test_customer_ios_own_id_finds_him_too(caller: Caller) -> None:
    cio_id = "a3" + hashlib.sha256(b"acme:s-001").hexdigest()[:10]  # as the sandbox's Customer.io made it
    assert await caller.ask(BY_ID, variables={"id": cio_id, "system": "CRM"}) == SAME


@pytest.mark.parametrize(
    ("system", "external_id"),
    [("PAM", "s-999999"), ("KYC", "0" * 24), ("CRM", "a3000"), ("CRM", "acme:s-999999"), ("TICKETING", "999999999"),
     ("TICKETING", "not-a-number")],
)  # fmt: skip
async def test_an_id_nobody_has_is_null(caller: Caller, system: str, external_id: str) -> None:
    answer = await caller.ask(BY_ID, variables={"id": external_id, "system": system})
    assert answer == {"data": {"player": None}}


async def test_a_player_outside_the_callers_scope_is_like_none(caller: Caller) -> None:
    known = await ids(caller)
    scopes: list[dict[str, Any]] = [{"brands": ("borealis",)}, {"markets": ("SGA-SE",)}]
    for scope in scopes:
        for system, external_id in known.items():
            answer = await caller.ask(BY_ID, variables={"id": external_id, "system": system}, **scope)
            assert answer == {"data": {"player": None}}


async def test_a_system_that_is_down_is_named(caller: Caller) -> None:
    applicant = (await ids(caller))["KYC"]
    await caller.fault(2, operation="*", kind="status", value=503)
    answer = await caller.ask(BY_ID, variables={"id": applicant, "system": "KYC"})
    assert answer["data"] == {"player": None}
    assert answer["errors"][0]["extensions"] == {"code": "VENDOR_UNAVAILABLE", "system": "KYC"}


@pytest.mark.parametrize(
    "asked",
    ["", 'externalId: "s-001"', "system: PAM", 'id: "player:acme:s-001", externalId: "s-001", system: PAM',
     'id: "player:acme:s-001", system: PAM', 'externalId: "../s-001", system: PAM', 'externalId: "..", system: KYC',
     'externalId: "a b", system: PAM', 'externalId: "", system: PAM', 'externalId: "x", system: GATEWAY'],
)  # fmt: skip
async def test_no_one_way_to_name_him_is_refused_without_a_call(caller: Caller, asked: str) -> None:
    answer = await caller.ask(f"{{ player({asked}) {{ id }} }}" if asked else "{ player { id } }")
    assert answer["data"] == {"player": None}
    assert [error["extensions"]["code"] for error in answer["errors"]] == ["BAD_ID"]
    assert await caller.calls() == {}


async def test_ids_of_systems_the_caller_may_not_read_are_neither_told_nor_asked_for(caller: Caller) -> None:
    assert set(await ids(caller, "crm_manager")) == {"PAM", "CRM"}
    asked = await caller.calls()
    assert not {"getApplicantByExternalUserId", "ShowManyUsers"} & set(asked)
