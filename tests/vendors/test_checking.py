"""`vendors check` proves a configuration by reads alone, and says what is wrong with it."""

import asyncio
import sys
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import msgspec
import pytest

from tests.conftest import free_ports
from vendors.checking import Line, Verdict, Watching, check
from vendors.connections import Connections
from vendors.ports.keys import Key
from vendors.ports.source import System
from vendors.probes import PROBES, Sample
from vendors.registry import PRODUCTS
from vendors.sandbox import town
from vendors.sandbox.credentials import Credentials, sandbox
from vendors.sandbox.facts import MARKETS
from vendors.sandbox.world import World, build

SAMPLE = "player:acme:s-001"


@pytest.fixture(scope="module")
def world() -> World:
    return build()


@pytest.fixture
async def base(world: World, tmp_path: Path) -> AsyncIterator[int]:
    port_base = free_ports()
    async with town.standing(port_base, world, sandbox(tmp_path)):
        yield port_base


async def checked(base: int, own: Credentials, *systems: System, clock_off: timedelta = timedelta()) -> list[Line]:
    async with httpx.AsyncClient(trust_env=False) as http:
        watching = Watching(http, lambda: datetime.now(UTC) + clock_off)
        connections = Connections(
            lambda system: f"http://127.0.0.1:{base + town.PLACES.index(system)}", watching,
            lambda: datetime.now(UTC), own, 2.0,
        )  # fmt: skip
        ports = connections.ports({country: market for market, (country, _) in MARKETS.items()})
        places = connections.places(systems or tuple(PRODUCTS))
        return [line async for line in check(ports, places, watching, Sample(Key.parse(SAMPLE)))]


def failed(lines: list[Line]) -> list[Line]:
    return [line for line in lines if line.verdict is Verdict.FAILED]


async def test_every_read_of_every_port_is_proven_against_the_sandbox(base: int, tmp_path: Path) -> None:
    lines = await checked(base, sandbox(tmp_path))
    assert failed(lines) == []
    tried = {(line.system, line.what) for line in lines if line.verdict is not Verdict.NOT_ASKED}
    assert {(system.value.lower(), method) for system, probes in PROBES.items() for method, _ in probes} <= tried


async def test_nothing_of_a_person_is_in_the_table(base: int, tmp_path: Path, world: World) -> None:
    person = world.players["acme", "s-001"]
    told = "\n".join(f"{line.what} {line.seen}" for line in await checked(base, sandbox(tmp_path)))
    for secret in (person.first_name, person.last_name, person.email, sandbox(tmp_path).pam_token):
        assert secret not in told


async def test_wrong_credentials_are_told_as_such(base: int, tmp_path: Path) -> None:
    wrong = msgspec.structs.replace(sandbox(tmp_path), crm_key="another")
    (line,) = [line for line in await checked(base, wrong, System.CRM) if line.what == "profiles"]
    assert line.verdict is Verdict.FAILED
    assert "credentials" in line.seen
    assert "another" not in line.seen


async def test_a_vendor_that_nobody_answers_for_is_told_as_not_reached(tmp_path: Path) -> None:
    lines = await checked(free_ports(), sandbox(tmp_path), System.KYC)
    assert next(line.what for line in failed(lines)).startswith("reach ")
    assert {line.verdict for line in lines if line.what == "profiles"} == {Verdict.FAILED}


async def test_a_clock_that_is_off_is_told_in_seconds(base: int, tmp_path: Path) -> None:
    (line,) = failed(await checked(base, sandbox(tmp_path), System.CRM, clock_off=timedelta(minutes=5)))
    assert (line.what, line.seen[:3]) == ("clock", "+30")


async def test_the_command_ends_with_1_if_a_line_failed(base: int, tmp_path: Path) -> None:
    async def run(port: int) -> tuple[int | None, str]:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "gateway.py", "vendors", "check", "--system", "kyc", stdout=asyncio.subprocess.PIPE,
            env={"PLAYER_GRAPH_VENDORS_BASE": f"http://127.0.0.1:{port}", "PLAYER_GRAPH_VAR": str(tmp_path)},
        )  # fmt: skip
        said, _ = await process.communicate()
        return process.returncode, said.decode()

    code, table = await run(base)
    assert code == 0, table
    assert "profiles" in table
    code, table = await run(free_ports())
    assert code == 1, table
