"""The audit chain: durable before it answers, refused to be altered, and found out when altered all the same."""

from __future__ import annotations

import asyncio
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from auth import database
from auth.audit import Overtaken, open_store, stored
from auth.audit_chain import AuditRecord, AuditUnavailable, Phase, Verification, verify
from auth.tables import APPROVALS, AUDIT


def entry(audit_id: str, phase: Phase = Phase.INTENT, actor: str = "agent-1", subject: str = "P-1") -> AuditRecord:
    """A record with something in every part that matters here."""
    return AuditRecord(audit_id, phase, "withdrawal.approve", actor, subject, details={"b": 1, "a": "***"})


async def filled(path: Path, count: int) -> None:
    """A store with `count` records, closed again."""
    async with open_store(path) as store:
        await asyncio.gather(*(store.append(entry(f"A-{number}")) for number in range(1, count + 1)))


def behind_the_triggers(path: Path, *statements: str) -> None:
    """What someone with the file in hand can do."""
    with closing(sqlite3.connect(path)) as connection:
        for trigger in ("audit_no_update", "audit_no_delete"):
            connection.execute(f"DROP TRIGGER {trigger}")
        for statement in statements:
            connection.execute(statement)
        connection.commit()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the store lies."""
    return tmp_path / "audit.db"


async def test_another_process_sees_an_intent_as_soon_as_append_returned(path: Path) -> None:
    program = (
        "import sqlite3, sys;"
        "print(sqlite3.connect(sys.argv[1]).execute('SELECT phase, audit_id FROM audit').fetchall())"
    )
    async with open_store(path) as store:
        await store.append(entry("A-1"))
        seen = await asyncio.to_thread(subprocess.check_output, [sys.executable, "-c", program, str(path)], text=True)
    assert seen.strip() == "[('INTENT', 'A-1')]"


async def test_two_hundred_concurrent_appends_are_chained_in_order(path: Path) -> None:
    async with open_store(path) as store:
        stamps = await asyncio.gather(*(store.append(entry(f"A-{number}")) for number in range(200)))
        kept = await store.records(limit=500)
    assert [stamp.sequence for stamp in stamps] == list(range(1, 201))
    assert [(one.stamp, one.record.audit_id) for one in kept] == [(s, f"A-{n}") for n, s in enumerate(stamps)]
    assert verify(path) == Verification(200, True, None)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit SET phase = 'DENIED'",
        "DELETE FROM audit",
        "INSERT OR REPLACE INTO audit SELECT * FROM audit",
    ],
)
async def test_the_database_refuses_to_alter_a_record(path: Path, statement: str) -> None:
    await filled(path, 1)
    with (
        closing(sqlite3.connect(path)) as connection,
        pytest.raises(sqlite3.IntegrityError, match="append-only"),
    ):
        connection.execute(statement)
    assert verify(path).intact


@pytest.mark.parametrize(
    ("statements", "broken"),
    [
        (["UPDATE audit SET body = CAST(replace(body, 'P-1', 'P-2') AS BLOB) WHERE sequence = 3"], 3),
        (["UPDATE audit SET phase = 'OUTCOME' WHERE sequence = 4"], 4),
        (["DELETE FROM audit WHERE sequence = 2"], 2),
        (["DELETE FROM audit WHERE sequence = 1"], 1),
        (
            [
                "UPDATE audit SET sequence = 9 WHERE sequence = 2",
                "UPDATE audit SET sequence = 2 WHERE sequence = 3",
                "UPDATE audit SET sequence = 3 WHERE sequence = 9",
            ],
            2,
        ),
    ],
    ids=["changed byte", "changed column", "removed middle", "removed first", "reordered"],
)
async def test_an_alteration_behind_the_triggers_is_found(path: Path, statements: Sequence[str], broken: int) -> None:
    await filled(path, 5)
    behind_the_triggers(path, *statements)
    result = verify(path)
    assert (result.intact, result.first_broken) == (False, broken)


async def test_a_cut_tail_looks_intact(path: Path) -> None:
    await filled(path, 5)
    behind_the_triggers(path, "DELETE FROM audit WHERE sequence > 3")
    assert verify(path) == Verification(3, True, None)


async def test_reopening_continues_the_chain(path: Path) -> None:
    await filled(path, 2)
    await filled(path, 2)
    assert verify(path) == Verification(4, True, None)


async def test_intents_without_an_outcome_are_listed(path: Path) -> None:
    async with open_store(path) as store:
        for record in (entry("A-1"), entry("A-2"), entry("A-1", Phase.OUTCOME), entry("A-3", Phase.DENIED)):
            await store.append(record)
        assert [one.record for one in await store.orphans()] == [entry("A-2")]


async def test_records_are_read_in_pages_and_by_criteria(path: Path) -> None:
    async with open_store(path) as store:
        for number in range(1, 5):
            await store.append(entry(f"A-{number}", actor=f"agent-{number % 2}", subject=f"P-{number}"))
        page = await store.records(limit=2, after=1)
        assert [one.record.audit_id for one in page] == ["A-2", "A-3"]
        assert [one.stamp.sequence for one in await store.records(limit=9, actor="agent-0")] == [2, 4]
        assert [one.stamp.sequence for one in await store.records(limit=9, actor="agent-0", subject="P-4")] == [4]
        assert await store.records(limit=9, action="player.restrict") == []


async def test_a_cancelled_callers_record_is_kept(path: Path) -> None:
    async with open_store(path) as store:
        tasks = [asyncio.create_task(store.append(entry(f"A-{number}"))) for number in range(1, 4)]
        await asyncio.sleep(0)
        tasks[1].cancel()
        results = await asyncio.gather(*tasks, return_exceptions=True)
        assert isinstance(results[1], asyncio.CancelledError)
        assert [one.record.audit_id for one in await store.records(limit=9)] == ["A-1", "A-2", "A-3"]
    assert verify(path) == Verification(3, True, None)


async def test_a_failing_commit_fails_its_callers_and_the_chain_goes_on(path: Path) -> None:
    full = "CREATE TRIGGER full BEFORE INSERT ON audit BEGIN SELECT RAISE(ABORT, 'disk is full'); END"
    async with open_store(path) as store:
        await store.append(entry("A-1"))
        with closing(sqlite3.connect(path)) as other:
            other.execute(full)
        lost = await asyncio.gather(store.append(entry("A-2")), store.append(entry("A-3")), return_exceptions=True)
        assert [type(one) for one in lost] == [AuditUnavailable, AuditUnavailable]
        with closing(sqlite3.connect(path)) as other:
            other.execute("DROP TRIGGER full")
        assert (await store.append(entry("A-4"))).sequence == 2
    assert verify(path) == Verification(2, True, None)


async def test_two_writers_of_one_file_write_one_chain(path: Path) -> None:
    async with open_store(path) as one, open_store(path) as other:
        stamps = await asyncio.gather(
            *(store.append(entry(f"{name}-{n}")) for n in range(50) for name, store in (("A", one), ("B", other)))
        )
    assert sorted(stamp.sequence for stamp in stamps) == list(range(1, 101))
    assert verify(path) == Verification(100, True, None)


async def test_an_entry_that_is_called_off_leaves_nothing_and_the_others_alone(path: Path) -> None:
    async def taken(connection: AsyncConnection) -> None:
        await connection.execute(insert(APPROVALS), [{"id": "1", "status": "PENDING", "signatures": 0,
                                                      "requested_at": "", "expires_at": "", "body": b""}])  # fmt: skip
        raise Overtaken

    async def free(connection: AsyncConnection) -> None:
        assert len(await stored(connection, select(AUDIT))) == 1

    async with open_store(path) as store:
        before, lost, after = await asyncio.gather(
            store.append(entry("A-1")), store.enter([entry("A-2")], taken),
            store.enter([entry("A-3"), entry("A-4")], free), return_exceptions=True,
        )  # fmt: skip
        assert isinstance(lost, Overtaken)
        assert not isinstance(before, BaseException)
        assert not isinstance(after, BaseException)
        assert [before.sequence, *(stamp.sequence for stamp in after)] == [1, 2, 3]
        assert await store.rows(select(APPROVALS)) == []
    assert verify(path) == Verification(3, True, None)


async def test_closing_drains_and_then_takes_no_more(path: Path) -> None:
    async with open_store(path) as store:
        tasks = [asyncio.create_task(store.append(entry(f"A-{number}"))) for number in range(450)]
        await asyncio.sleep(0)
    assert sorted(stamp.sequence for stamp in await asyncio.gather(*tasks)) == list(range(1, 451))
    with pytest.raises(AuditUnavailable):
        await store.append(entry("late"))
    assert verify(path) == Verification(450, True, None)


async def no_worker_is_left() -> None:
    """aiosqlite ends a connection that failed without waiting for its thread, which wants the loop once more."""
    for _ in range(500):
        if not any("_connection_worker_thread" in thread.name for thread in threading.enumerate()):
            return
        await asyncio.sleep(0.01)


@pytest.mark.parametrize(("pragma", "weak"), [("journal_mode", "DELETE"), ("synchronous", "NORMAL")])
async def test_a_setting_that_is_not_durable_is_refused_by_name(
    path: Path, monkeypatch: pytest.MonkeyPatch, pragma: str, weak: str
) -> None:
    monkeypatch.setitem(database.PRAGMAS, pragma, (weak, database.PRAGMAS[pragma][1]))
    with pytest.raises(AuditUnavailable, match=pragma):
        async with open_store(path):
            pass
    await no_worker_is_left()


async def test_a_store_that_cannot_be_opened_is_unavailable(tmp_path: Path) -> None:
    with pytest.raises(AuditUnavailable):
        async with open_store(tmp_path / "missing" / "audit.db"):
            pass
    await no_worker_is_left()
    with pytest.raises(AuditUnavailable):
        verify(tmp_path / "missing.db")
