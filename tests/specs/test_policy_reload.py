"""A policy that changes while the gateway runs: taken over when it is whole, else the last good one stays."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

import gateway as root
from auth import policy_file, reloading
from tests.conftest import Caller, calling
from vendors.sandbox.world import World

WHOLE = policy_file.POLICY_FILE.read_text()
QUERY = '{ player(id: "player:acme:s-001") { kyc { status } } }'
LESS = WHOLE.replace(
    "payment.read, kyc.status.read, rg.status.read,\n           bonus.read",
    "payment.read, rg.status.read,\n           bonus.read",
    1,
)


def put(file: Path, text: str) -> None:
    file.write_text(text)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    (one := tmp_path / "policy.yaml").write_text(WHOLE)
    return one


@pytest.fixture
async def running(world: World, tmp_path: Path, file: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Caller]:
    monkeypatch.setattr(reloading, "LOOK_SECONDS", 0.02)
    async with calling(tmp_path / "var", world, policy=file) as one:
        yield one


async def becomes(caller: Caller, role: str, status: str | None, query: str = QUERY) -> bool:
    """Whether the role comes to see this of the verification, within a while."""
    for _ in range(200):
        answer = await caller.ask(query, role)
        kyc = (answer.get("data") or {"player": {"kyc": None}})["player"]["kyc"]
        if (kyc and kyc["status"]) == status:
            return True
        await asyncio.sleep(0.02)
    return False


async def test_a_changed_policy_is_in_force_without_a_restart(running: Caller, file: Path) -> None:
    assert await becomes(running, "support_l1", "RESUBMISSION_REQUIRED")
    assert LESS != WHOLE
    put(file, LESS)
    assert await becomes(running, "support_l1", None)
    assert await becomes(running, "support_l2", "RESUBMISSION_REQUIRED")
    put(file, WHOLE)
    assert await becomes(running, "support_l1", "RESUBMISSION_REQUIRED")


@pytest.mark.parametrize("wrong", ["roles: {", "roles: {wizard: {sees: [], does: []}}", ""])
async def test_a_policy_that_is_none_leaves_the_last_good_one_and_is_told(
    running: Caller, file: Path, wrong: str, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.ERROR, "player_graph.policy"):
        put(file, wrong)
        for _ in range(200):
            if caplog.records:
                break
            await asyncio.sleep(0.02)
    assert "the policy stays as it was: policy.yaml" in caplog.text
    assert await becomes(running, "support_l1", "RESUBMISSION_REQUIRED")
    put(file, LESS)
    assert await becomes(running, "support_l1", None)


async def test_an_audience_is_cut_anew_with_its_roles(running: Caller, file: Path) -> None:
    query = '{ player(id: "player:acme:s-001") { kyc { status } } }'
    assert await becomes(running, "service_embed", "RESUBMISSION_REQUIRED", query)
    start = WHOLE.index("service_embed:")
    embed = WHOLE[start:].replace("payment.read, kyc.status.read, ", "payment.read, ", 1)
    put(file, WHOLE[:start] + embed)
    for _ in range(200):
        answer = await running.ask(query, "service_embed")
        if "errors" in answer:
            break
        await asyncio.sleep(0.02)
    assert answer["errors"][0]["message"] == "Cannot query field 'kyc' on type 'Player'."


def test_a_change_is_told_by_what_each_role_would_gain_and_lose(tmp_path: Path) -> None:
    text = LESS.replace(
        "  analyst:\n    sees: [player.read,", "  analyst:\n    sees: [player.read, player.pii.read,", 1
    )
    (file := tmp_path / "next.yaml").write_text(text)
    told = CliRunner().invoke(root.cli, ["permissions", "--to", str(file)])
    lines = set(told.stdout.splitlines())
    assert told.exit_code == 0
    assert "support_l1 loses Player.kyc: in clear -> nothing" in lines
    assert "analyst gains Player.email: nothing -> masked" in lines
    assert {line.split()[0] for line in lines} == {"support_l1", "analyst"}
    same = CliRunner().invoke(root.cli, ["permissions", "--to", str(policy_file.POLICY_FILE)])
    assert (same.exit_code, same.stdout) == (0, "")
