"""A town that stands for a whole module, and a gateway of its own for each case, with an empty audit."""

import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from tests.conftest import facing, free_ports
from tests.deeds import Stand
from vendors.sandbox import town
from vendors.sandbox.credentials import sandbox
from vendors.sandbox.world import World


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def town_stands(world: World, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[tuple[int, Path]]:
    """Where the town stands, and the folder with its keys."""
    base, var = free_ports(), tmp_path_factory.mktemp("town")
    async with town.standing(base, world, sandbox(var)):
        yield base, var


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
