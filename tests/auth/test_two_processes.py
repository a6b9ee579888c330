"""Two processes on one database: the same request is done once, whoever is asked, and whoever is killed."""

import asyncio
import sys
from pathlib import Path

import pytest

from auth.acting import Road
from auth.acts import MutationOutcome
from auth.audit import open_store
from auth.audit_chain import Phase
from auth.database import Place
from tests.auth.test_acting import EXECUTED, POLICY, Doing
from tests.servers import told, verified

ROOT = Path(__file__).parents[2]
OTHER = """
import asyncio, sys
from auth import policy
from auth.acting import Road
from auth.audit import open_store
from tests.auth.test_acting import POLICY, Doing
from tests.servers import place_of

async def act(path, keys, hang):
    async with open_store(place_of(path)) as store:
        print("ready", flush=True)
        sys.stdin.readline()
        effects = 0
        for key in keys.split(","):
            doing = Doing(Road(store, lambda: POLICY))
            if hang == "hang":
                doing.gate.clear()
            asking = asyncio.create_task(doing.ask(key, subject=f"withdrawal:acme:{key}"))
            await doing.begun.wait() if hang == "hang" else await asking
            effects += doing.effects
            if hang == "hang":
                print("begun", flush=True)
                await asyncio.to_thread(sys.stdin.readline)
                doing.gate.set()
                await asking
        print(effects, flush=True)

asyncio.run(act(*sys.argv[1:]))
"""


async def other(place: Place, keys: str, how: str = "do") -> asyncio.subprocess.Process:
    """Another process that waits for a line before it acts, and prints how often it did."""
    begun = await asyncio.create_subprocess_exec(
        sys.executable, "-c", OTHER, told(place), keys, how, cwd=ROOT,
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    await line(begun)
    return begun


async def line(process: asyncio.subprocess.Process) -> str:
    assert process.stdout is not None
    return (await process.stdout.readline()).decode().strip()


def go(process: asyncio.subprocess.Process) -> None:
    assert process.stdin is not None
    process.stdin.write(b"go\n")


async def test_the_same_requests_at_the_same_moment_are_done_once(place: Place) -> None:
    keys = ",".join(str(number) for number in range(40))
    two = [await other(place, keys) for _ in range(2)]
    for process in two:
        go(process)
    done = [int(await line(process)) for process in two]
    await asyncio.gather(*(process.wait() for process in two))
    assert sum(done) == 40
    assert (await verified(place)).records == 80


async def test_what_another_process_has_begun_is_waited_for(place: Place) -> None:
    one = await other(place, "1", "hang")
    go(one)
    assert await line(one) == "begun"
    async with open_store(place) as store:
        doing = Doing(Road(store, lambda: POLICY))
        waiting = asyncio.create_task(doing.ask("1", subject="withdrawal:acme:1"))
        done, _ = await asyncio.wait([waiting], timeout=0.3)
        assert not done
        go(one)
        result = await waiting
    assert (result.outcome, result.replayed, doing.effects) == (EXECUTED, True, 0)
    await one.wait()


@pytest.mark.parametrize("hang", ["hang", "do"])
async def test_a_killed_process_leaves_doubt_or_its_result_and_nothing_is_done_again(place: Place, hang: str) -> None:
    one = await other(place, "1", hang)
    go(one)
    assert await line(one) == ("begun" if hang == "hang" else "1")
    one.kill()
    await one.wait()
    async with open_store(place) as store:
        doing = Doing(Road(store, lambda: POLICY))
        results = [await doing.ask("1", subject="withdrawal:acme:1") for _ in range(2)]
        intent = next(one.record for one in await store.records(9) if one.record.phase is Phase.INTENT)
    expected = MutationOutcome.INDETERMINATE if hang == "hang" else EXECUTED
    assert {(one.outcome, one.audit_id, one.replayed) for one in results} == {(expected, intent.audit_id, True)}
    assert doing.effects == 0
