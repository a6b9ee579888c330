"""What comes of an action when its vendor fails at the very write, or what it rests on cannot be read.

At most once, else INDETERMINATE: the vendors' own count of what was changed is the judge. The town stands for the whole
module and is put back between the cases; each case has a gateway, and so an audit, of its own.
"""

import asyncio
import shutil
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import pytest_asyncio

from auth.audit_chain import verify
from tests.conftest import Caller, facing, free_ports
from vendors.sandbox import town
from vendors.sandbox.credentials import sandbox
from vendors.sandbox.world import World

pytestmark = pytest.mark.asyncio(loop_scope="module")

PAM, CASHIER, KYC, BONUS, AGGREGATOR, CRM, TICKETING = range(7)
PATIENCE_SECONDS = 0.5  # for a vendor that hangs; any other gets time for a busy machine


class Deed(NamedTuple):
    """A mutation that can be done in the sandbox, and the operation of a vendor that does it."""

    takes: str
    role: str
    input: dict[str, Any]
    reason: str | None
    place: int
    write: str


def on_payment(write: str, reason: str) -> Deed:
    asked = {"withdrawalId": "withdrawal:acme:90007"}
    return Deed("WithdrawalActionInput", "payments_manager", asked, reason, CASHIER, write)


PLAYER = {"playerId": "player:acme:s-007"}
TICKET = {"ticketId": "ticket:acme:9001", "body": "Checked.", "public": False}
DEEDS = {
    "addPlayerNote": Deed("AddNoteInput", "support_l1", {**PLAYER, "body": "Called."}, None, PAM, "addUserComment"),
    "restrictAccount": Deed(
        "RestrictAccountInput", "risk_manager", {**PLAYER, "scopes": ["LOGIN"]}, "KYC_PENDING", PAM, "updateUser"
    ),
    "holdWithdrawal": on_payment("onhold", "RISK_REVIEW"),
    "approveWithdrawal": on_payment("approve", "CHECKS_PASSED"),
    "denyWithdrawal": on_payment("deny", "PLAYER_REQUEST"),
    "createTicket": Deed(
        "CreateTicketInput", "support_l2", {**PLAYER, "subject": "Payout", "body": "Please check."}, None,
        TICKETING, "CreateTicket",
    ),
    "addTicketComment": Deed("CommentInput", "support_l2", TICKET, None, TICKETING, "UpdateTicket"),
}  # fmt: skip


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def town_stands(world: World, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[tuple[int, Path]]:
    """Where the town stands, and the folder with its keys."""
    base, var = free_ports(), tmp_path_factory.mktemp("town")
    async with town.standing(base, world, sandbox(var)):
        yield base, var


class Stand:
    """A gateway before the town, and its audit."""

    def __init__(self, caller: Caller, audit: Path) -> None:
        self.caller, self.audit = caller, audit
        self.touched: set[int] = set()  # places of systems that are to be put back

    async def fault(self, place: int, **fault: Any) -> None:
        """A misbehaviour of one system for this case."""
        self.touched.add(place)
        await self.caller.fault(place, **fault)

    async def act(self, name: str, key: str = "k-1", **context: Any) -> dict[str, Any]:
        """The payload of a mutation of the table."""
        deed = DEEDS[name]
        self.touched.add(deed.place)
        query = f"""mutation Act($input: {deed.takes}!) {{ answer: {name}(input: $input) {{
          outcome userErrors {{ code message }} auditId replayed steps {{ system outcome }} }} }}"""
        about = {"idempotencyKey": key, "reasonCode": deed.reason, "note": "As asked.", **context}
        body = await self.caller.ask(query, deed.role, {"input": {**deed.input, "context": about}})
        assert "errors" not in body, body
        answer: dict[str, Any] = body["data"]["answer"]
        return answer

    def recorded(self) -> list[tuple[str, str, str | None]]:
        """Phase, action and outcome of every record; the chain must hold."""
        assert verify(self.audit).intact
        parts = ("phase", "action", "outcome")
        columns = ", ".join(f"json_extract(CAST(body AS TEXT), '$.record.{part}')" for part in parts)
        with closing(sqlite3.connect(self.audit)) as other:
            return other.execute(f"SELECT {columns} FROM audit ORDER BY sequence").fetchall()  # noqa: S608

    async def effects_of_late_work(self, expected: int) -> int:
        """What was changed, once a vendor that answers too late is through with it."""
        for _ in range(100):
            if (found := await self.caller.effects()) >= expected:
                return found
            await asyncio.sleep(0.05)
        return found


@pytest.fixture
def patience_seconds() -> float:
    """How long the gateway waits for a vendor; a fault that uses it up overrides it."""
    return 5.0


@pytest_asyncio.fixture(loop_scope="module")
async def stand(
    town_stands: tuple[int, Path], world: World, tmp_path: Path, patience_seconds: float
) -> AsyncIterator[Stand]:
    base, keys = town_stands
    shutil.copytree(keys, tmp_path / "var")
    async with facing(base, tmp_path / "var", world, patience_seconds) as caller:
        one = Stand(caller, tmp_path / "var" / "audit.db")
        yield one
        await caller.well(*one.touched)


DOUBT, REFUSED = "INDETERMINATE", "REJECTED_BY_VENDOR"
WRITE_FAULTS: list[tuple[str, dict[str, Any], str, int]] = [  # what the vendor does, what the caller is told, effects
    ("hangs", {"kind": "hang"}, DOUBT, 0),
    ("works, but answers when nobody waits any more", {"kind": "latency", "value": PATIENCE_SECONDS + 0.3}, DOUBT, 1),
    ("works, but the connection breaks under its answer", {"kind": "reset"}, DOUBT, 1),
    ("works, but its answer is cut", {"kind": "truncate"}, DOUBT, 1),
    ("works, but its answer is garbage", {"kind": "garbage"}, DOUBT, 1),
    ("lets a proxy answer 200 with a page", {"kind": "html"}, DOUBT, 0),
    ("answers 500", {"kind": "status", "value": 500}, DOUBT, 0),
    ("answers 503", {"kind": "status", "value": 503}, DOUBT, 0),
    ("limits our requests", {"kind": "rate_limit", "value": 1}, REFUSED, 0),
    ("refuses with 400", {"kind": "status", "value": 400}, REFUSED, 0),
    ("refuses the credential", {"kind": "status", "value": 403}, REFUSED, 0),
    ("finds a conflict", {"kind": "status", "value": 409}, REFUSED, 0),
]
SLOW = ("hang", "latency")


@pytest.mark.parametrize(
    ("fault", "outcome", "effects", "patience_seconds"),
    [
        pytest.param(fault, outcome, effects, PATIENCE_SECONDS if fault["kind"] in SLOW else 5.0, id=says)
        for says, fault, outcome, effects in WRITE_FAULTS
    ],
)
@pytest.mark.parametrize("name", DEEDS)
async def test_it_is_done_at_most_once_and_told_alike_however_often_it_is_asked_while_the_vendor(
    stand: Stand, name: str, fault: dict[str, Any], outcome: str, effects: int
) -> None:
    deed = DEEDS[name]
    await stand.fault(deed.place, operation=deed.write, count=1, **fault)  # asked again, it would do it
    first = await stand.act(name)
    assert (first["outcome"], first["steps"][0]["outcome"]) == (outcome, outcome)
    assert [error["code"] for error in first["userErrors"]] == ["VENDOR_ERROR"]
    assert ("Nothing was done" in first["userErrors"][0]["message"]) is (outcome == REFUSED)
    assert await stand.act(name) == {**first, "replayed": True}
    assert await stand.effects_of_late_work(effects) == effects
    assert (await stand.caller.calls())[deed.write] == 1
    assert [(phase, told) for phase, _, told in stand.recorded()] == [("INTENT", None), ("OUTCOME", outcome)]
