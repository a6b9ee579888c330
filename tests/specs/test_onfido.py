"""The graph with Onfido behind the verification: the same questions, answered from other words."""

from __future__ import annotations

from pathlib import Path

from tests.specs.test_own_systems import QUERIES, told_by
from vendors.sandbox.world import World

KYC = """{ player(id: "%s") { kyc { status vendorStatus level attempt source { vendor }
  requirements { step state } } } }"""


async def test_where_is_my_money_is_answered_with_onfido(world: World, tmp_path: Path) -> None:
    async with told_by("kyc=onfido", world, tmp_path) as caller:
        query = QUERIES["where-is-my-money"]
        told = await caller.ask(query, "compliance_officer", variables={"player": "player:acme:s-001"})
        kyc = (await caller.ask(KYC % "player:acme:s-001", "compliance_officer"))["data"]["player"]["kyc"]
    assert "errors" not in told
    assert (kyc["status"], kyc["vendorStatus"], kyc["source"]["vendor"]) == (
        "AWAITING_PLAYER",
        "awaiting_input",
        "Onfido",
    )
    assert {step["step"]: step["state"] for step in kyc["requirements"]} == {
        "profile_data": "SATISFIED", "upload_document_photo": "NOT_SUBMITTED", "document_check": "RETRY_NEEDED",
        "upload_face_photo": "SATISFIED", "face_check_photo": "SATISFIED",
    }  # fmt: skip


async def test_what_onfido_tells_by_itself_is_taken_and_a_dead_onfido_nulls_its_branch(
    world: World, tmp_path: Path
) -> None:
    async with told_by("kyc=onfido", world, tmp_path) as caller:
        for bad_signature, expected in ((True, 401), (False, 200)):
            (one,) = await caller.emitted(
                2, event="workflow_run.completed", key="acme:s-007", bad_signature=bad_signature
            )
            reply = await caller.http.post("/webhooks/kyc/onfido", content=one["body"], headers=one["headers"])
            assert reply.status_code == expected
        await caller.fault(2, operation="*", kind="status", value=503)
        query = '{ player(id: "player:acme:s-003") { firstName kyc { status } } }'
        told = await caller.ask(query, "compliance_officer")
    assert told["data"]["player"]["kyc"] is None
    assert [error["extensions"]["code"] for error in told["errors"]] == ["VENDOR_UNAVAILABLE"]
