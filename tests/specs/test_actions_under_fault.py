"""What comes of an action when its vendor fails at the very write, or what it rests on cannot be read.

At most once, else INDETERMINATE: the vendors' own count of what was changed is the judge. The town stands for the whole
module and is put back between the cases; each case has a gateway, and so an audit, of its own.
"""

import asyncio
import shutil
import sqlite3
from collections import Counter
from collections.abc import AsyncIterator, Mapping
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
PATIENCE_SECONDS = 0.4  # for a vendor that hangs; any other gets time for a busy machine


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

    def __init__(self, caller: Caller, audit: Path, before: Mapping[str, int]) -> None:
        self.caller, self.audit, self._before = caller, audit, before
        self.touched: set[int] = set()  # places of systems that are to be put back

    async def fault(self, place: int, **fault: Any) -> None:
        """A misbehaviour of one system for this case."""
        self.touched.add(place)
        await self.caller.fault(place, **fault)

    async def act(self, name: str, key: str = "k-1", **context: Any) -> dict[str, Any]:
        """The payload of a mutation of the table."""
        deed = DEEDS.get(name) or on_payment("", "RISK_CLEARED")  # no product documents a release
        self.touched.add(deed.place)
        query = f"""mutation Act($input: {deed.takes}!) {{ answer: {name}(input: $input) {{
          outcome userErrors {{ code message }} auditId replayed steps {{ system outcome }} }} }}"""
        about = {"idempotencyKey": key, "reasonCode": deed.reason, "note": "As asked.", **context}
        body = await self.caller.ask(query, deed.role, {"input": {**deed.input, "context": about}})
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
        one = Stand(caller, tmp_path / "var" / "audit.db", await caller.calls())
        yield one
        await caller.well(*one.touched)


DOUBT, REFUSED = "INDETERMINATE", "REJECTED_BY_VENDOR"
WRITE_FAULTS: list[tuple[str, dict[str, Any], str, int]] = [  # what the vendor does, what the caller is told, effects
    ("hangs", {"kind": "hang"}, DOUBT, 0),
    ("works, but answers when nobody waits any more", {"kind": "latency", "value": PATIENCE_SECONDS + 0.2}, DOUBT, 1),
    ("works, but the connection breaks under its answer", {"kind": "reset"}, DOUBT, 1),
    ("works, but its answer is cut", {"kind": "truncate"}, DOUBT, 1),
    ("works, but its answer is garbage", {"kind": "garbage"}, DOUBT, 1),
    ("lets a proxy answer 200 with a page", {"kind": "html"}, DOUBT, 0),
    ("answers 500", {"kind": "status", "value": 500}, DOUBT, 0),
    ("answers 503", {"kind": "status", "value": 503}, DOUBT, 0),
    ("limits our requests", {"kind": "rate_limit", "value": 1}, REFUSED, 0),
    ("refuses with 400", {"kind": "status", "value": 400}, REFUSED, 0),
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
    assert (await stand.calls())[deed.write] == 1
    assert [(phase, told) for phase, _, told in stand.recorded()] == [("INTENT", None), ("OUTCOME", outcome)]


PROFILE = ("PAM", PAM, "getUserProfile")
PAYMENT = [("CASHIER", CASHIER, "searchPayments"), PROFILE]
RESTS_ON = {  # what an action reads before it writes: the system that is told, and who has to answer for it
    "addPlayerNote": [PROFILE],
    "restrictAccount": [PROFILE],
    "holdWithdrawal": PAYMENT,
    "denyWithdrawal": PAYMENT,
    "approveWithdrawal": [
        *PAYMENT,
        ("PAM", PAM, "getWallets"),
        ("PAM", PAM, "listBets"),
        ("KYC", KYC, "getApplicantByExternalUserId"),
        ("BONUS", BONUS, "queryGrants"),
        ("BONUS", AGGREGATOR, "rewardsList"),
    ],
    "createTicket": [PROFILE],
    "addTicketComment": [
        ("TICKETING", TICKETING, "TicketsShowMany"),
        ("TICKETING", TICKETING, "ShowManyUsers"),
        PROFILE,
    ],
}
SILENCES: list[tuple[str, dict[str, Any], bool]] = [  # what it does, and whether all was well a moment ago
    ("is down from the start", {"kind": "status", "value": 503}, False),
    ("was well a moment ago and now answers garbage", {"kind": "garbage"}, True),
]


@pytest.mark.parametrize(("silence", "known"), [one[1:] for one in SILENCES], ids=[one[0] for one in SILENCES])
@pytest.mark.parametrize(
    ("name", "source"),
    [pytest.param(name, source, id=f"{name}: {source[2]}") for name, sources in RESTS_ON.items() for source in sources],
)
async def test_nothing_is_sent_while_what_it_rests_on_cannot_be_read(
    stand: Stand, name: str, source: tuple[str, int, str], silence: dict[str, Any], known: bool
) -> None:
    system, place, operation = source
    if known:
        assert (await stand.act(name, dryRun=True))["outcome"] == "EXECUTED"
    await stand.fault(place, operation=operation, **silence)
    await _refused_for_now(stand, name, system)
    await stand.caller.cure(place)
    assert (await stand.act(name))["outcome"] == "EXECUTED"  # a refusal did nothing: the same key is judged again
    assert stand.recorded()[-1][::2] == ("OUTCOME", "EXECUTED")


@pytest.mark.parametrize("name", ["holdWithdrawal", "denyWithdrawal", "approveWithdrawal"])
async def test_nothing_is_sent_while_the_cashier_gives_no_token(stand: Stand, name: str) -> None:
    await stand.fault(CASHIER, operation="token", kind="status", value=503)
    await _refused_for_now(stand, name, "CASHIER")


async def _refused_for_now(stand: Stand, name: str, system: str) -> None:
    refused = await stand.act(name)
    assert refused["outcome"] == "REJECTED_BY_POLICY"
    assert [error["code"] for error in refused["userErrors"]] == ["VENDOR_UNAVAILABLE"]
    assert system in refused["userErrors"][0]["message"]
    assert "Nothing was done" in refused["userErrors"][0]["message"]
    assert DEEDS[name].write not in await stand.calls()
    assert await stand.caller.effects() == 0


async def test_a_ticket_for_whom_the_desk_cannot_be_asked_who_he_is_is_certainly_not_opened(stand: Stand) -> None:
    await stand.fault(TICKETING, operation="ShowManyUsers", kind="garbage")
    told = await stand.act("createTicket")
    assert (told["outcome"], told["steps"][0]["outcome"]) == (REFUSED, REFUSED)
    assert "CreateTicket" not in await stand.calls()
    assert stand.recorded() == [("INTENT", "ticket.create", None), ("OUTCOME", "ticket.create", REFUSED)]


@pytest.mark.parametrize("silence", [None, {"kind": "status", "value": 503}], ids=["works", "is down"])
async def test_a_release_is_never_sent_whether_the_cashier(stand: Stand, silence: dict[str, Any] | None) -> None:
    if silence:
        await stand.fault(CASHIER, operation="*", **silence)
    told = await stand.act("releaseWithdrawal")
    assert [error["code"] for error in told["userErrors"]] == ["UNSUPPORTED_BY_VENDOR"]
    assert await stand.calls() == Counter()


@pytest.mark.parametrize("name", DEEDS)
async def test_what_the_vendor_certainly_did_not_do_may_be_asked_again_under_a_new_key(stand: Stand, name: str) -> None:
    deed = DEEDS[name]
    await stand.fault(deed.place, operation=deed.write, kind="rate_limit", count=1)
    assert (await stand.act(name))["outcome"] == REFUSED
    assert (await stand.act(name, "k-2"))["outcome"] == "EXECUTED"
    assert await stand.caller.effects() == 1


PAYOUT = [name for name, deed in DEEDS.items() if deed.place == CASHIER]


@pytest.mark.parametrize("name", PAYOUT)
async def test_a_payout_in_doubt_is_refused_every_action_also_after_a_restart(
    stand: Stand, name: str, world: World, town_stands: tuple[int, Path]
) -> None:
    await stand.fault(CASHIER, operation=DEEDS[name].write, kind="html")
    assert (await stand.act(name))["outcome"] == DOUBT
    async with facing(town_stands[0], stand.audit.parent, world, 5.0) as later:
        for gateway in (stand, Stand(later, stand.audit, {})):
            for other in PAYOUT:
                for more in ({}, {"dryRun": True}):
                    told = await gateway.act(other, f"k-{other}", **more)
                    assert [error["code"] for error in told["userErrors"]] == ["PRECONDITION_FAILED"]
                    assert "in doubt" in told["userErrors"][0]["message"]
    calls = await stand.calls()
    assert sum(calls[DEEDS[one].write] for one in PAYOUT) == 1


async def test_a_restriction_in_doubt_may_be_set_again(stand: Stand) -> None:
    await stand.fault(PAM, operation="updateUser", kind="html", count=1)
    assert (await stand.act("restrictAccount"))["outcome"] == DOUBT
    assert (await stand.act("restrictAccount", "k-2"))["outcome"] == "EXECUTED"
    assert (await stand.act("restrictAccount", "k-3"))["outcome"] == "NOOP"
    assert await stand.caller.effects() == 1
