"""The one road of every action: at most once, never without evidence, and what is in doubt stays in doubt."""

import asyncio
import sqlite3
import subprocess
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from auth import acting, policy_file
from auth.acting import Road
from auth.acts import Act, ActionContext, Finding, MutationOutcome, Result, Step, UserError
from auth.audit import AuditStore, open_store
from auth.audit_chain import Phase, verify
from auth.identity import Principal

POLICY = policy_file.load()
AGENT = Principal("kim", frozenset({"payments_agent"}))
EXECUTED, DOUBT = MutationOutcome.EXECUTED, MutationOutcome.INDETERMINATE


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[AuditStore]:
    async with open_store(tmp_path / "audit.db") as opened:
        yield opened


class Doing:
    """An action whose effects are counted."""

    def __init__(self, road: Road, *, outcome: MutationOutcome = EXECUTED, finding: Finding | None = None) -> None:
        self.road, self.outcome, self.finding, self.effects = road, outcome, finding or Finding(), 0
        self.begun, self.gate = asyncio.Event(), asyncio.Event()
        self.gate.set()

    async def check(self) -> Finding:
        return self.finding

    async def perform(self, audit_id: str) -> Sequence[Step]:
        self.effects += 1
        self.begun.set()
        await self.gate.wait()
        return [Step("CASHIER", self.outcome, "90007")]

    async def ask(
        self, key: str = "k-1", *, who: Principal = AGENT, subject: str = "withdrawal:acme:90007", **more: object
    ) -> Result:
        context = ActionContext(key, "RISK_REVIEW", **more)  # type: ignore[arg-type]
        act = Act("withdrawal.hold", subject, "player:acme:s-007", context, {"subject": subject}, exclusive=True)
        return await self.road.travel(who, act, self.check, self.perform)


@pytest.fixture
def doing(store: AuditStore) -> Doing:
    return Doing(Road(store, lambda: POLICY))


async def phases(store: AuditStore) -> list[Phase]:
    return [record.record.phase for record in await store.records(100)]


async def test_an_action_leaves_its_intent_and_its_outcome(doing: Doing, store: AuditStore, tmp_path: Path) -> None:
    result = await doing.ask()
    assert (result.outcome, result.replayed, doing.effects) == (EXECUTED, False, 1)
    intent, outcome = [found.record for found in await store.records(100)]
    assert (intent.phase, outcome.phase, outcome.outcome) == (Phase.INTENT, Phase.OUTCOME, "EXECUTED")
    assert intent.audit_id == outcome.audit_id == result.audit_id
    assert (intent.reason_code, intent.details["roles"]) == ("RISK_REVIEW", ["payments_agent"])
    assert verify(tmp_path / "audit.db").intact


async def test_the_intent_is_readable_by_another_process_while_the_action_hangs(doing: Doing, tmp_path: Path) -> None:
    doing.gate.clear()
    asking = asyncio.create_task(doing.ask())
    await doing.begun.wait()
    read = "import sqlite3, sys; print(sqlite3.connect(sys.argv[1]).execute('SELECT phase FROM audit').fetchall())"
    command = [sys.executable, "-c", read, str(tmp_path / "audit.db")]
    seen = await asyncio.to_thread(subprocess.run, command, capture_output=True, text=True, check=True)
    assert seen.stdout.strip() == "[('INTENT',)]"
    doing.gate.set()
    assert (await asking).outcome is EXECUTED


async def test_the_same_key_tells_the_same_result_and_does_nothing_again(doing: Doing) -> None:
    first, second = await doing.ask(), await doing.ask()
    assert (second.audit_id, second.replayed, doing.effects) == (first.audit_id, True, 1)


async def test_the_same_key_while_the_first_is_under_way_waits_for_it(doing: Doing) -> None:
    first, second = await asyncio.gather(doing.ask(), doing.ask())
    assert (first.audit_id, doing.effects) == (second.audit_id, 1)


async def test_a_restarted_process_remembers_what_it_told(doing: Doing, store: AuditStore) -> None:
    first = await doing.ask()
    again = Doing(Road(store, lambda: POLICY))
    second = await again.ask()
    assert (second.audit_id, second.replayed, again.effects) == (first.audit_id, True, 0)


async def test_the_same_key_with_another_input_is_refused(doing: Doing) -> None:
    await doing.ask()
    for changed in (await doing.ask(note="another"), await doing.ask(subject="withdrawal:acme:1")):
        assert [error.code for error in changed.user_errors] == ["DUPLICATE_REQUEST"]
    assert doing.effects == 1


async def test_a_key_is_free_again_when_its_day_is_over(doing: Doing, monkeypatch: pytest.MonkeyPatch) -> None:
    await doing.ask()
    monkeypatch.setattr(acting, "REMEMBERED", timedelta(0))
    assert ((await doing.ask()).replayed, doing.effects) == (False, 2)


async def test_another_person_may_use_the_same_key(doing: Doing) -> None:
    await doing.ask()
    other = await doing.ask(who=Principal("lee", AGENT.roles))
    assert (other.outcome, other.replayed, doing.effects) == (EXECUTED, False, 2)


async def test_doubt_is_told_and_forbids_everything_further(doing: Doing) -> None:
    doing.outcome = DOUBT
    assert (await doing.ask()).outcome is DOUBT
    assert (await doing.ask()).replayed
    refused = await doing.ask("k-2")
    assert [error.code for error in refused.user_errors] == ["PRECONDITION_FAILED"]
    assert doing.effects == 1


async def test_an_intent_that_a_crash_left_alone_is_doubt(doing: Doing, store: AuditStore) -> None:
    doing.gate.clear()
    asking = asyncio.create_task(doing.ask())
    await doing.begun.wait()
    restarted = Doing(Road(store, lambda: POLICY))  # another process that finds the intent and nothing else
    assert (await restarted.ask()).outcome is DOUBT
    assert [error.code for error in (await restarted.ask("k-2")).user_errors] == ["PRECONDITION_FAILED"]
    assert restarted.effects == 0
    doing.gate.set()
    await asking


async def test_two_actions_on_one_subject_never_overlap(doing: Doing) -> None:
    doing.gate.clear()
    first = asyncio.create_task(doing.ask("k-1"))
    second = asyncio.create_task(doing.ask("k-2"))
    await doing.begun.wait()
    await asyncio.sleep(0.05)
    assert doing.effects == 1
    doing.gate.set()
    assert [(await task).outcome for task in (first, second)] == [EXECUTED, EXECUTED]


async def test_a_caller_that_leaves_does_not_stop_what_has_begun(doing: Doing, store: AuditStore) -> None:
    doing.gate.clear()
    asking = asyncio.create_task(doing.ask())
    await doing.begun.wait()
    asking.cancel()
    doing.gate.set()
    assert (await doing.ask()).replayed  # waits for it
    assert await phases(store) == [Phase.INTENT, Phase.OUTCOME]


async def test_a_dry_run_checks_everything_and_leaves_no_trace(doing: Doing, store: AuditStore) -> None:
    result = await doing.ask(dry_run=True)
    assert (result.outcome, result.audit_id, result.dry_run, doing.effects) == (EXECUTED, None, True, 0)
    assert await phases(store) == []


async def test_a_refusal_is_on_record(doing: Doing, store: AuditStore) -> None:
    doing.finding = Finding([UserError("PRECONDITION_FAILED", "It is SUCCEEDED.")])
    assert (await doing.ask()).outcome is MutationOutcome.REJECTED_BY_POLICY
    assert (await phases(store), doing.effects) == ([Phase.DENIED], 0)


async def test_a_changed_object_is_stale(doing: Doing) -> None:
    doing.finding = Finding(version="b")
    assert [error.code for error in (await doing.ask(expected_version="a")).user_errors] == ["STALE_VERSION"]
    assert (await doing.ask("k-2", expected_version="b")).outcome is EXECUTED


async def test_an_amount_above_the_threshold_needs_another_person(doing: Doing) -> None:
    doing.finding = Finding(amount=("GBP", 10**9))
    assert [error.code for error in (await doing.ask()).user_errors] == ["THRESHOLD_EXCEEDED"]
    assert doing.effects == 0


async def test_as_asked_already_is_a_noop(doing: Doing) -> None:
    doing.finding = Finding(noop=True)
    assert ((await doing.ask()).outcome, doing.effects) == (MutationOutcome.NOOP, 0)


async def test_a_crash_while_acting_is_doubt(doing: Doing, caplog: pytest.LogCaptureFixture) -> None:
    async def crash(audit_id: str) -> Sequence[Step]:
        raise RuntimeError("a person's secret")

    doing.perform = crash  # type: ignore[method-assign]
    result = await doing.ask()
    assert result.outcome is DOUBT
    assert "secret" not in str(result)


async def test_without_the_audit_nothing_happens(tmp_path: Path) -> None:
    async with open_store(tmp_path / "audit.db") as store:
        doing = Doing(Road(store, lambda: POLICY))
    result = await doing.ask()  # the store is closed
    assert [error.code for error in result.user_errors] == ["AUDIT_UNAVAILABLE"]
    assert doing.effects == 0


async def test_an_outcome_that_cannot_be_written_is_doubt(doing: Doing, tmp_path: Path) -> None:
    async def perform(audit_id: str) -> Sequence[Step]:
        with closing(sqlite3.connect(tmp_path / "audit.db")) as other:  # somebody closes the book
            other.execute("CREATE TRIGGER full BEFORE INSERT ON audit BEGIN SELECT RAISE(ABORT, 'disk is full'); END")
        return [Step("CASHIER", EXECUTED)]

    doing.perform = perform  # type: ignore[method-assign]
    assert (await doing.ask()).outcome is DOUBT


@pytest.mark.parametrize("key", ["", "x" * 256])
async def test_a_key_has_a_length(doing: Doing, key: str) -> None:
    assert [error.code for error in (await doing.ask(key)).user_errors] == ["INVALID_INPUT"]
