"""Every server audit of GraphQL over HTTP that npm's graphql-http knows: what MUST, SHOULD and MAY be."""

import asyncio
import json
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

import gateway as root
from config import Settings
from tests.sockets import listening
from vendors.sandbox.world import World

HERE = Path(__file__).parent
COUNT = 61  # of graphql-http 1.23.1; a runner that asks fewer has not asked
NO_REGISTRY = ("ENOTFOUND", "ECONNREFUSED", "ECONNRESET", "ETIMEDOUT", "EAI_AGAIN", "ENOTCACHED", "ENETUNREACH", "E404")


async def _output(*command: str) -> tuple[int, str]:
    process = await asyncio.create_subprocess_exec(
        *command, cwd=HERE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    output, _ = await asyncio.wait_for(process.communicate(), 120)
    return process.returncode or 0, output.decode()


@pytest.fixture
async def runner() -> str:
    """Node, with the audits installed as the lock says."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if not node or not npm:
        pytest.skip("this machine has no Node.js with npm")
    stamp, lock = HERE / "node_modules" / ".lock", (HERE / "package-lock.json").read_text()
    if not stamp.exists() or stamp.read_text() != lock:
        code, output = await _output(npm, "ci", "--no-audit", "--no-fund", "--ignore-scripts")
        if code and any(word in output for word in NO_REGISTRY):
            pytest.skip("npm ci reached no registry")
        assert code == 0, output
        stamp.write_text(lock)
    return node


@pytest.fixture
async def address(world: World, tmp_path: Path) -> AsyncIterator[str]:
    async with root.gateway(Settings(var=tmp_path), world) as app, listening(app) as port:
        yield f"http://127.0.0.1:{port}/graphql"


async def test_every_audit_is_ok(runner: str, address: str) -> None:
    code, output = await _output(runner, "run.mjs", address)
    assert code == 0, output
    results = [json.loads(line) for line in output.splitlines()]
    assert [(r["id"], r["name"], r["reason"]) for r in results if r["status"] != "ok"] == []
    assert len(results) == COUNT
