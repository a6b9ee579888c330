"""Four eyes: what one person may not do alone waits for a second one, and is done once at most."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest

from auth import policy, policy_file
from auth.acting import Road
from auth.acts import Act, ActionContext, Finding, MutationOutcome, Result, Step, UserError
from auth.approvals import Approval, ApprovalDecision, ApprovalStatus, approvals, approvals_by_id
from auth.audit import AuditStore, open_store
from auth.audit_chain import AuditRecord, Phase
from auth.database import Place
from auth.deciding import Deciding, DenialReason, Saved
from auth.duties import Duty
from auth.identity import Principal
from tests.servers import told, verified

POLICY = policy_file.load()
ROOT = Path(__file__).parents[2]
SUBJECT, PLAYER = "withdrawal:acme:90015", "player:acme:s-015"
APPROVE, REJECT = ApprovalDecision.APPROVE, ApprovalDecision.REJECT
EXECUTED, PENDING = MutationOutcome.EXECUTED, MutationOutcome.PENDING_APPROVAL


def person(name: str, *roles: str) -> Principal:
    return Principal(name, frozenset(roles))


MANAGER, FINANCE, RISK = person("max", "payments_manager"), person("fay", "finance"), person("ron", "risk_manager")
COMPLIANCE = person("cat", "compliance_officer")


class Desk:
    """A payout whose effects are counted, those who ask for it and those who decide."""

    def __init__(self, store: AuditStore, rules: Callable[[], policy.Policy] = lambda: POLICY) -> None:
        self.store, self.now, self.effects, self.outcome = store, datetime.now(UTC), 0, EXECUTED
        self.finding = Finding(version="v1", amount=("EUR", 2_500_000))
        self.road = Road(store, rules, lambda: self.now)
        self.deciding = Deciding(self.road)

    async def check(self) -> Finding:
        return self.finding

    async def perform(self, audit_id: str) -> Sequence[Step]:
        self.effects += 1
        return [Step("CASHIER", self.outcome, "90015")]

    def act(self, key: str = "k", **more: object) -> Act:
        context = ActionContext(key, "REVIEW_CLEARED", "Anna called", **more)  # type: ignore[arg-type]
        asked = {"withdrawalId": SUBJECT, "context": msgspec.to_builtins(context)}
        return Act("withdrawal.approve", SUBJECT, PLAYER, context, asked, exclusive=True)

    async def ask(self, who: Principal = MANAGER, key: str = "k", **more: object) -> Result:
        return await self.road.travel(who, self.act(key, **more), self.check, self.perform)

    async def asked(self, who: Principal = MANAGER) -> Approval:
        """A payout that waits for a second person."""
        result = await self.ask(who)
        assert result.outcome is PENDING
        return await self.approval(result.approval)

    async def approval(self, approval_id: str | None) -> Approval:
        return (await approvals_by_id(self.store, [approval_id or ""]))[approval_id or ""]

    async def decide(
        self, approval: Approval, who: Principal = FINANCE, decision: ApprovalDecision = APPROVE, key: str = "d"
    ) -> Result:
        context = ActionContext(key, "CHECKED")
        details = {"decides": approval.action, "decision": decision.value, "approval": approval.id}
        act = Act("approval.decide", f"approval:acme:{approval.id}", PLAYER, context, details, details)
        saved = Saved(approval, self.act(), self.check, self.perform)
        return await self.deciding.decide(who, act, decision, saved)


@pytest.fixture
async def desk(place: Place) -> AsyncIterator[Desk]:
    async with open_store(place) as store:
        yield Desk(store)


def codes(result: Result) -> list[str]:
    return [error.code for error in result.user_errors]


async def records(desk: Desk) -> list[AuditRecord]:
    return [one.record for one in await desk.store.records(100)]


async def test_a_second_person_lets_it_happen_and_the_chain_says_who(desk: Desk, place: Place) -> None:
    approval = await desk.asked()
    assert desk.effects == 0
    result = await desk.decide(approval)
    assert (result.outcome, desk.effects) == (EXECUTED, 1)
    after = await desk.approval(approval.id)
    assert (after.status, after.execution) == (ApprovalStatus.EXECUTED, "EXECUTED")
    kept = await records(desk)
    assert [(one.phase, one.action, one.actor, one.outcome) for one in kept] == [
        (Phase.OUTCOME, "withdrawal.approve", "max", "PENDING_APPROVAL"),
        (Phase.INTENT, "approval.decide", "fay", None),
        (Phase.INTENT, "withdrawal.approve", "max", None),
        (Phase.OUTCOME, "withdrawal.approve", "max", "EXECUTED"),
        (Phase.OUTCOME, "approval.decide", "fay", "EXECUTED"),
    ]
    assert [one["by"] for one in kept[3].details["approval"]["signatures"]] == ["fay"]
    assert kept[0].audit_id == kept[2].audit_id
    assert await desk.store.orphans() == []
    assert (await verified(place)).intact


async def test_the_words_of_the_caller_are_forgotten_when_it_is_closed(desk: Desk) -> None:
    approval = await desk.asked()
    assert (approval.note, "Anna" in approval.shown) == ("Anna called", False)
    await desk.decide(approval, decision=REJECT)
    after = await desk.approval(approval.id)
    assert (after.status, after.input, after.note, desk.effects) == (ApprovalStatus.REJECTED, None, None, 0)


async def test_whoever_asks_again_is_told_what_became_of_it(desk: Desk) -> None:
    approval = await desk.asked()
    assert ((await desk.ask()).replayed, (await desk.ask()).approval) == (True, approval.id)
    await desk.decide(approval)
    again = await desk.ask()
    assert (again.outcome, again.replayed, again.audit_id, desk.effects) == (EXECUTED, True, approval.audit_id, 1)
    assert len(await approvals(desk.store, 10)) == 1


async def test_a_dry_run_says_that_a_second_person_is_needed_and_saves_nothing(desk: Desk) -> None:
    assert ((await desk.ask(dry_run=True)).outcome, await approvals(desk.store, 10)) == (PENDING, [])


@pytest.mark.parametrize(
    ("who", "denial"),
    [
        (person("max", "finance"), DenialReason.SEGREGATION_OF_DUTIES),  # whoever asked, whatever else he is
        (person("kim", "payments_agent"), DenialReason.MISSING_PERMISSION),
        (person("lee", "payments_manager"), DenialReason.MISSING_PERMISSION),  # holds it, but not for so much
        (person("kay", "kyc_analyst"), DenialReason.MISSING_PERMISSION),
        (person("aud", "auditor"), DenialReason.MISSING_PERMISSION),
        (person("svc", "service_frontend"), DenialReason.MISSING_PERMISSION),
        (person("emb", "service_embed"), DenialReason.MISSING_PERMISSION),
        (COMPLIANCE, DenialReason.MISSING_PERMISSION),  # signs above 50 000, not here
        (FINANCE, None),
        (RISK, None),
    ],
)
async def test_who_may_be_the_second_person(desk: Desk, who: Principal, denial: DenialReason | None) -> None:
    approval = await desk.asked()
    assert await desk.deciding.denials(who, [approval]) == [denial]
    result = await desk.decide(approval, who)
    assert (codes(result), desk.effects) == ((["FORBIDDEN"], 0) if denial else ([], 1))
    last = (await records(desk))[-1]
    assert (last.phase, last.actor) == (Phase.DENIED if denial else Phase.OUTCOME, who.subject)
    assert (await desk.approval(approval.id)).status is (ApprovalStatus.PENDING if denial else ApprovalStatus.EXECUTED)


async def test_a_manager_is_the_second_person_of_what_he_could_do_alone(desk: Desk) -> None:
    desk.finding = Finding(version="v1", amount=("EUR", 500_000))
    approval = await desk.asked(person("kim", "payments_agent"))
    assert (await desk.decide(approval, MANAGER)).outcome is EXECUTED


async def test_above_fifty_thousand_two_more_people_sign(desk: Desk) -> None:
    desk.finding = Finding(version="v1", amount=("EUR", 5_000_001))
    approval = await desk.asked()
    first = await desk.decide(approval)
    assert (first.outcome, desk.effects) == (PENDING, 0)
    approval = await desk.approval(approval.id)
    again = [await desk.decide(approval, FINANCE, key="d2"), await desk.decide(approval, RISK)]
    assert ([codes(one) for one in again], desk.effects) == ([["FORBIDDEN"], ["FORBIDDEN"]], 0)
    assert ((await desk.decide(approval, COMPLIANCE)).outcome, desk.effects) == (EXECUTED, 1)


async def test_a_currency_without_an_amount_wants_every_signature(desk: Desk) -> None:
    desk.finding = Finding(version="v1", amount=("JPY", 1))
    assert len(desk.deciding.wanted(await desk.asked())) == 2


@pytest.mark.parametrize("did", ["kyc.decide", "kyc.override", "balance.adjust"])
@pytest.mark.parametrize(("hours", "barred"), [(0, True), (25, False)])
@pytest.mark.parametrize("actor", ["max", "fay"])
async def test_whoever_did_the_other_duty_on_the_player_neither_asks_nor_signs(
    desk: Desk, did: str, hours: int, barred: bool, actor: str
) -> None:
    done = AuditRecord("A", Phase.OUTCOME, did, actor, PLAYER, outcome="EXECUTED", details={"player": PLAYER})
    await desk.store.append(done)
    desk.now += timedelta(hours=hours)
    asked = await desk.ask()
    if actor == "max":
        assert codes(asked) == (["FORBIDDEN"] if barred else ["APPROVAL_REQUIRED"])
    else:
        result = await desk.decide(await desk.approval(asked.approval))
        assert (codes(result), desk.effects) == ((["FORBIDDEN"], 0) if barred else ([], 1))


async def test_a_signature_counts_as_a_duty(desk: Desk) -> None:
    await desk.decide(await desk.asked())
    signed = Duty(FINANCE.subject, "kyc.decide", PLAYER)
    others = [Duty(FINANCE.subject, "kyc.decide", "player:acme:s-001"), Duty(RISK.subject, "kyc.decide", PLAYER)]
    assert await desk.road.barred([signed, *others]) == {signed}


async def test_each_of_many_is_denied_for_a_reason_of_its_own(desk: Desk) -> None:
    barred = await desk.asked()
    closed = barred.closed(ApprovalStatus.REJECTED)
    elsewhere = msgspec.structs.replace(barred, id="elsewhere", player="player:acme:s-001")
    own = msgspec.structs.replace(elsewhere, id="own", requester=FINANCE)
    done = AuditRecord("A", Phase.OUTCOME, "kyc.decide", "fay", PLAYER, outcome="EXECUTED", details={"player": PLAYER})
    await desk.store.append(done)
    duties, late = DenialReason.SEGREGATION_OF_DUTIES, DenialReason.WRONG_STATE
    denials = await desk.deciding.denials(FINANCE, [barred, elsewhere, closed, own])
    assert denials == [duties, None, late, duties]
    assert await desk.deciding.denials(FINANCE, []) == []


async def test_nobody_signs_for_an_own_account(tmp_path: Path) -> None:
    own = msgspec.structs.replace(policy_file.load(), own_accounts={"fay": frozenset({PLAYER})})
    async with open_store(tmp_path / "audit.db") as store:
        desk = Desk(store, lambda: own)
        approval = await desk.asked()
        assert await desk.deciding.denials(FINANCE, [approval]) == [DenialReason.OWN_ACCOUNT]
        assert (codes(await desk.decide(approval)), desk.effects) == (["FORBIDDEN"], 0)


async def test_whoever_asked_and_has_lost_his_right_is_signed_for_by_nobody(tmp_path: Path) -> None:
    rules = policy_file.load()
    async with open_store(tmp_path / "audit.db") as store:
        desk = Desk(store, lambda: rules)
        approval = await desk.asked()
        rules = msgspec.structs.replace(rules, roles={**rules.roles, "payments_manager": frozenset[str]()})
        assert codes(await desk.decide(approval)) == ["FORBIDDEN"]


async def test_after_a_day_it_has_expired(desk: Desk) -> None:
    approval = await desk.asked()
    desk.now += timedelta(hours=24)
    assert (codes(await desk.decide(approval)), desk.effects) == (["PRECONDITION_FAILED"], 0)
    assert (await desk.approval(approval.id)).status is ApprovalStatus.EXPIRED


async def test_a_changed_subject_makes_it_stale(desk: Desk) -> None:
    approval = await desk.asked()
    desk.finding = msgspec.structs.replace(desk.finding, version="v2")
    assert (codes(await desk.decide(approval)), desk.effects) == (["STALE_VERSION"], 0)
    assert (await desk.approval(approval.id)).status is ApprovalStatus.STALE


async def test_what_cannot_be_read_now_can_be_decided_later(desk: Desk) -> None:
    approval, good = await desk.asked(), desk.finding
    desk.finding = Finding([UserError("VENDOR_UNAVAILABLE", "No answer.")])
    assert codes(await desk.decide(approval)) == ["VENDOR_UNAVAILABLE"]
    desk.finding = good
    assert ((await desk.decide(approval)).outcome, desk.effects) == (EXECUTED, 1)


async def test_a_payout_in_doubt_stays_approved_and_is_not_done_again(desk: Desk) -> None:
    approval, desk.outcome = await desk.asked(), MutationOutcome.INDETERMINATE
    assert (await desk.decide(approval)).outcome is MutationOutcome.INDETERMINATE
    after = await desk.approval(approval.id)
    assert (after.status, after.execution) == (ApprovalStatus.APPROVED, "INDETERMINATE")
    assert (codes(await desk.decide(after, RISK)), desk.effects) == (["PRECONDITION_FAILED"], 1)


async def test_of_two_who_press_at_the_same_moment_one_is_too_late(desk: Desk) -> None:
    approval = await desk.asked()
    results = await asyncio.gather(desk.decide(approval, FINANCE), desk.decide(approval, RISK))
    assert desk.effects == 1
    assert sorted(result.outcome.value for result in results) == ["EXECUTED", "REJECTED_BY_POLICY"]


DECIDER = """
import asyncio, sys
from auth.approvals import approvals
from auth.audit import open_store
from tests.auth.test_approvals import Desk, person
from tests.servers import place_of

async def press(path, name, role):
    async with open_store(place_of(path)) as store:
        desk = Desk(store)
        waiting = await approvals(store, 100)
        print("ready", flush=True)
        sys.stdin.readline()
        for approval in waiting:
            await desk.decide(approval, person(name, role), key=approval.id)
        print(desk.effects, flush=True)

asyncio.run(press(*sys.argv[1:]))
"""


async def test_two_processes_that_decide_the_same_approvals_do_each_once(place: Place) -> None:
    rounds = 20
    async with open_store(place) as store:
        desk = Desk(store)
        for number in range(rounds):
            await desk.ask(key=f"k-{number}")
    people = (("fay", "finance"), ("ron", "risk_manager"))
    deciders = [
        await asyncio.create_subprocess_exec(
            sys.executable, "-c", DECIDER, told(place), *who, cwd=ROOT,
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
        )
        for who in people
    ]  # fmt: skip
    for one in deciders:
        assert one.stdout is not None
        assert await one.stdout.readline() == b"ready\n"
    counts = await asyncio.gather(*(one.communicate(b"go\n") for one in deciders))
    assert sum(json.loads(out) for out, _ in counts) == rounds
    async with open_store(place) as store:
        assert {one.status for one in await approvals(store, 100)} == {ApprovalStatus.EXECUTED}
        assert await store.orphans() == []
    assert (await verified(place)).intact
