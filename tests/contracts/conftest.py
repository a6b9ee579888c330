"""Who stands for a system here: every line of the registry, so a product that is added is tried unasked."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest

from tests.contracts.stands import Harbour, Line, Stand, lines
from tests.contracts.truths import PLAYERS, Truth, learnt
from vendors.ports.paging import Listing
from vendors.ports.source import System
from vendors.sandbox.credentials import Credentials, sandbox
from vendors.sandbox.world import World

pytest.register_assert_rewrite(*(f"tests.contracts.{name}" for name in ("contract", "peopled", "walking", "writing")))


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    system = getattr(metafunc.cls, "system", None)
    if system is not None and "line" in metafunc.fixturenames:
        found = lines(system)
        metafunc.parametrize("line", found, ids=[one.name for one in found], scope="session")


@pytest.fixture(scope="session")
def harbour() -> Iterator[Harbour]:
    one = Harbour()
    yield one
    one.close()


@pytest.fixture(scope="session")
def own(tmp_path_factory: pytest.TempPathFactory) -> Credentials:
    return sandbox(tmp_path_factory.mktemp("var"))


StandOver = Callable[[World], Stand]


@pytest.fixture
def over(line: Line, own: Credentials, harbour: Harbour) -> StandOver:
    """The line over a world of the test's own."""
    return lambda world: Stand(line, world, own, harbour)


@pytest.fixture(scope="session")
def stand(line: Line, world: World, own: Credentials, harbour: Harbour) -> Stand:
    """The line over the sandbox's world; whoever disturbs it puts it back."""
    return Stand(line, world, own, harbour)


@pytest.fixture(scope="session")
def known() -> dict[str, Any]:
    """What has been learnt already, by line: the truth is asked for once."""
    return {}


@pytest.fixture
async def truths(
    stand: Stand, known: dict[str, Any], world: World, own: Credentials, harbour: Harbour
) -> Sequence[Truth]:
    """Every read of the line's port, undisturbed."""
    name = f"{stand.line.system.value} {stand.line.name}"
    if name not in known:
        seen = await _bets(world, own, harbour) if stand.line.system is System.AGGREGATOR else []
        known[name] = await learnt(stand, seen)
    truths: Sequence[Truth] = known[name]
    return truths


async def _bets(world: World, own: Credentials, harbour: Harbour) -> list[Any]:
    """A game is known by the bets of the PAM."""
    async with Stand(lines(System.PAM)[0], world, own, harbour).open() as fresh:
        pages = await fresh().rounds([Listing(player, 5) for player in PLAYERS])
    return [bet for page in pages.values() for bet in page.items]
