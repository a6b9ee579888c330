"""The graph with Intercom behind the desk: tickets read, one opened, one answered, and what it tells by itself."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.conftest import Caller
from tests.specs.test_own_systems import QUERIES, told_by
from vendors.sandbox.world import World

DESK = 6
OPEN = """mutation Act($input: CreateTicketInput!) { answer: createTicket(input: $input) {
  outcome replayed userErrors { code } ticket { id subject status } } }"""


async def opened(caller: Caller, **more: Any) -> dict[str, Any]:
    about = {"playerId": "player:acme:s-007", "subject": "Payout", "body": "Please check.", **more}
    asked = {"input": {**about, "context": {"idempotencyKey": "k-1"}}}
    answer: dict[str, Any] = (await caller.ask(OPEN, "support_l2", asked))["data"]["answer"]
    return answer


async def test_where_is_my_money_is_answered_with_intercom(world: World, tmp_path: Path) -> None:
    async with told_by("ticketing=intercom", world, tmp_path) as caller:
        query = QUERIES["where-is-my-money"]
        told = await caller.ask(query, "compliance_officer", variables={"player": "player:acme:s-001"})
    assert "errors" not in told
    assert told["data"]["player"]["tickets"]


async def test_a_ticket_is_opened_once_and_read_again(world: World, tmp_path: Path) -> None:
    async with told_by("ticketing=intercom", world, tmp_path) as caller:
        done, again = await opened(caller), await opened(caller)
        assert (done["outcome"], done["replayed"], again["replayed"]) == ("EXECUTED", False, True)
        assert again["ticket"] == done["ticket"]
        assert (done["ticket"]["subject"], done["ticket"]["status"]) == ("Payout", "NEW")
        assert await caller.effects() == 1


async def test_what_intercom_tells_by_itself_is_taken(world: World, tmp_path: Path) -> None:
    async with told_by("ticketing=intercom", world, tmp_path) as caller:
        (one,) = await caller.emitted(DESK, event="ticket.state.updated", key="9001")
        reply = await caller.http.post("/webhooks/ticketing/intercom", content=one["body"], headers=one["headers"])
        forged = await caller.http.post("/webhooks/ticketing/intercom", content=b"{}", headers=one["headers"])
    assert (reply.status_code, forged.status_code) == (200, 401)
