"""Every mutation as it can be done in the sandbox, and a stand to do it on: a gateway and its audit."""

import asyncio
import sqlite3
from collections import Counter
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Any, NamedTuple

from auth.audit_chain import verify
from tests.conftest import Caller

PAM, CASHIER, KYC, BONUS, AGGREGATOR, CRM, TICKETING = range(7)
DOUBT, REFUSED = "INDETERMINATE", "REJECTED_BY_VENDOR"


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


class Stand:
    """A gateway before the town, and its audit."""

    def __init__(self, caller: Caller, audit: Path, before: Mapping[str, int]) -> None:
        self.caller, self.audit, self._before = caller, audit, before
        self.touched: set[int] = set()  # places of systems that are to be put back

    async def fault(self, place: int, **fault: Any) -> None:
        """A misbehaviour of one system for this case."""
        self.touched.add(place)
        await self.caller.fault(place, **fault)

    async def act(
        self, name: str, key: str = "k-1", *, more: Mapping[str, Any] | None = None, **context: Any
    ) -> dict[str, Any]:
        """The payload of a mutation of the table, with `more` in its input."""
        deed = DEEDS.get(name) or on_payment("", "RISK_CLEARED")  # no product documents a release
        self.touched.add(deed.place)
        query = f"""mutation Act($input: {deed.takes}!) {{ answer: {name}(input: $input) {{
          outcome userErrors {{ code message }} auditId replayed steps {{ system outcome }} }} }}"""
        about = {"idempotencyKey": key, "reasonCode": deed.reason, "note": "As asked.", **context}
        body = await self.caller.ask(query, deed.role, {"input": {**deed.input, **(more or {}), "context": about}})
        assert "errors" not in body, body
        answer: dict[str, Any] = body["data"]["answer"]
        return answer

    async def calls(self) -> Counter[str]:
        """Calls of this case by operation."""
        return Counter(await self.caller.calls()) - Counter(self._before)

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
