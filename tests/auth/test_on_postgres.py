"""The audit on a PostgreSQL server: one chain for all processes, kept from change, there again after a power cut."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from pathlib import Path

import asyncpg
import pytest
from sqlalchemy import URL, text

from auth import database, liveness
from auth.audit import open_store
from auth.audit_chain import AuditRecord, AuditUnavailable, Phase, Verification, verify_server
from auth.database import address, close, connected
from auth.queries import done_query
from auth.tables import FURTHER
from tests.auth.test_audit import entry
from tests.servers import Postgres, postgres, said


@pytest.fixture
def url(postgres_server: Postgres) -> URL:
    return postgres_server.database()


@pytest.fixture
def mortal() -> Iterator[Postgres]:
    """A server to be killed."""
    with postgres() as server:
        yield server


async def filled(url: URL, count: int) -> None:
    async with open_store(url) as store:
        await asyncio.gather(*(store.append(entry(f"A-{number}")) for number in range(1, count + 1)))


async def test_two_writers_of_one_database_write_one_chain(url: URL) -> None:
    async with open_store(url) as one, open_store(url) as other:
        stamps = await asyncio.gather(
            *(store.append(entry(f"{name}-{n}")) for n in range(100) for name, store in (("A", one), ("B", other)))
        )
    assert sorted(stamp.sequence for stamp in stamps) == list(range(1, 201))
    assert await verify_server(url) == Verification(200, True, None)


@pytest.mark.parametrize("statement", ["UPDATE audit SET phase = 'DENIED'", "DELETE FROM audit", "TRUNCATE audit"])
async def test_the_server_refuses_to_alter_a_record(url: URL, statement: str) -> None:
    await filled(url, 1)
    with pytest.raises(asyncpg.RaiseError, match="append-only"):
        await said(url, statement)
    assert (await verify_server(url)).intact


@pytest.mark.parametrize(
    ("statements", "broken"),
    [
        (["UPDATE audit SET body = replace(convert_from(body, 'UTF8'), 'P-1', 'P-2')::bytea WHERE sequence = 3"], 3),
        (["UPDATE audit SET phase = 'OUTCOME' WHERE sequence = 4"], 4),
        (["DELETE FROM audit WHERE sequence = 2"], 2),
        (["DELETE FROM audit WHERE sequence = 1"], 1),
    ],
    ids=["changed byte", "changed column", "removed middle", "removed first"],
)
async def test_an_alteration_behind_the_trigger_is_found(url: URL, statements: Sequence[str], broken: int) -> None:
    await filled(url, 5)
    for statement in ("ALTER TABLE audit DISABLE TRIGGER ALL", *statements):
        await said(url, statement)
    assert await verify_server(url) == Verification(4 if "DELETE" in statements[0] else 5, False, broken)


async def test_a_record_is_found_by_what_its_body_says_whatever_is_written_in_it(url: URL) -> None:
    odd = AuditRecord("A-2", Phase.OUTCOME, "x", "agent-0", "P-\u2603", details={"player": "p", "note": "a\x00b"})
    async with open_store(url) as store:
        await store.append(entry("A-1"))
        await store.append(odd)
        assert [one.record for one in await store.records(9, subject="P-\u2603")] == [odd]
        since = (await store.records(1))[0].at
        assert await store.done(["agent-0", "agent-1"], ["p", "q"], ["x"], since) == {("agent-0", "p")}


async def test_what_is_asked_often_is_asked_of_an_index(url: URL) -> None:
    await filled(url, 1)
    async with open_store(url) as store:
        query = done_query(["agent-1"], ["p"], ["x"], (await store.records(1))[0].at)
        engine = connected(url)
        async with engine.connect() as connection:
            await connection.execute(text("SET enable_seqscan = off"))
            raw = query.compile(dialect=engine.dialect, compile_kwargs={"literal_binds": True})
            plan = (await connection.execute(text(f"EXPLAIN {raw}".replace(":", r"\:")))).scalars().all()
        await close(engine)
    assert any("audit_by_player" in line for line in plan), plan


@pytest.mark.parametrize(
    "statement", ["ALTER SYSTEM SET full_page_writes = off", "ALTER DATABASE {name} SET synchronous_commit = off"]
)
async def test_a_setting_that_is_not_durable_is_refused_by_name(mortal: Postgres, statement: str) -> None:
    url = mortal.database()
    await said(url, statement.format(name=url.database))
    await said(url, "SELECT pg_reload_conf()")
    await asyncio.sleep(0.2)  # the server reads it when it comes to it
    with pytest.raises(AuditUnavailable, match=r"full_page_writes|synchronous_commit"):
        async with open_store(url):
            pass


async def test_a_server_that_is_gone_is_unavailable_and_then_the_chain_goes_on(mortal: Postgres) -> None:
    url = mortal.database()
    async with open_store(url) as store:
        await store.append(entry("A-1"))
        mortal.kill()
        with pytest.raises(AuditUnavailable):
            await store.append(entry("A-2"))
        with pytest.raises(AuditUnavailable):
            await store.records(1)
        mortal.start()
        assert (await store.append(entry("A-3"))).sequence == 2
    assert await verify_server(url) == Verification(2, True, None)
    mortal.kill()
    with pytest.raises(AuditUnavailable):
        async with open_store(url):
            pass
    with pytest.raises(AuditUnavailable):
        await verify_server(url)


async def test_a_process_is_alive_while_it_holds_its_lock_and_again_after_the_server_was_restarted(
    mortal: Postgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(liveness, "HEARTBEAT_SECONDS", 0.05)
    url = mortal.database()
    async with open_store(url) as one:
        async with open_store(url) as other:
            assert await one.is_alive(other.process)
            mortal.kill()
            mortal.start()
            for _ in range(200):
                if await one.is_alive(other.process):
                    break
                await asyncio.sleep(0.05)
            assert await one.is_alive(other.process)
        assert not await one.is_alive(other.process)
        assert not await one.is_alive("of no process")


@pytest.mark.parametrize(
    "wrong", ["mysql://u:geheim@h/d", "postgresql://u:geheim@h", "geheim", "postgresql://h:geheim:1/d"]
)
def test_an_address_that_is_none_is_refused_without_showing_it(wrong: str) -> None:
    with pytest.raises(ValueError, match="is n") as told:
        address(wrong)
    assert "geheim" not in str(told.value)


def test_both_kinds_of_database_are_kept_from_change() -> None:
    assert set(FURTHER) == {"sqlite", "postgresql"}
    assert database.DURABLE["fsync"] == {"on"}


def test_a_file_is_no_address(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="is no address"):
        address(str(tmp_path))
