"""What comes of an action when its vendor fails at the very write, or what it rests on cannot be read.

At most once, else INDETERMINATE: the vendors' own count of what was changed is the judge. The town stands for the whole
module and is put back between the cases; each case has a gateway, and so an audit, of its own.
"""

from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import facing
from tests.deeds import AGGREGATOR, BONUS, CASHIER, DEEDS, DOUBT, KYC, PAM, REFUSED, TICKETING, Stand
from vendors.sandbox.world import World

pytestmark = pytest.mark.asyncio(loop_scope="module")

PATIENCE_SECONDS = 0.8  # for a vendor that hangs, on a busy machine too; any other gets more
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
ATTEMPTS = {"createTicket": 3}  # Zendesk documents an idempotency key for it; nothing else is ever sent twice
LASTING = (400, 409)  # a refusal that asking again would not change


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
    attempts = 1 if fault.get("value") in LASTING else ATTEMPTS.get(name, 1)
    await stand.fault(deed.place, operation=deed.write, count=attempts, **fault)  # asked once more, it would do it
    first = await stand.act(name)
    assert (first["outcome"], first["steps"][0]["outcome"]) == (outcome, outcome)
    assert [error["code"] for error in first["userErrors"]] == ["VENDOR_ERROR"]
    assert ("Nothing was done" in first["userErrors"][0]["message"]) is (outcome == REFUSED)
    assert await stand.act(name) == {**first, "replayed": True}
    assert await stand.effects_of_late_work(effects) == effects
    assert (await stand.calls())[deed.write] == attempts
    assert [(phase, told) for phase, _, told in stand.recorded()] == [("INTENT", None), ("OUTCOME", outcome)]


@pytest.mark.parametrize(
    ("fault", "patience_seconds"),
    [
        pytest.param(fault, PATIENCE_SECONDS if fault["kind"] in SLOW else 5.0, id=says)
        for says, fault, _, _ in WRITE_FAULTS
        if fault.get("value") not in LASTING
    ],
)
async def test_a_ticket_sent_again_under_its_idempotency_key_is_opened_once(
    stand: Stand, fault: dict[str, Any]
) -> None:
    await stand.fault(TICKETING, operation="CreateTicket", count=1, **fault)
    assert (await stand.act("createTicket"))["outcome"] == "EXECUTED"
    assert (await stand.calls())["CreateTicket"] == 2
    assert await stand.caller.effects() == 1


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
    await stand.fault(deed.place, operation=deed.write, kind="rate_limit", count=ATTEMPTS.get(name, 1))
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
                for dry in (False, True):
                    told = await gateway.act(other, f"k-{other}", dryRun=dry)
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
