"""The documents say what the ports say, and what keeps the contract is judged by them alone."""

import asyncio
import os
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import hypothesis
import pytest
import schemathesis
import yaml
from schemathesis.specs.openapi.checks import positive_data_acceptance

from tests.conftest import free_ports
from vendors.ports.source import System
from vendors.reference.openapi import document
from vendors.reference.operations import PORTS
from vendors.sandbox import town
from vendors.sandbox.credentials import sandbox
from vendors.sandbox.world import build

FOLDER = Path(__file__).parents[2] / "docs" / "contracts"
SYSTEMS = list(PORTS)
EXAMPLES = 200 if "NIGHTLY" in os.environ else 8


class Whole(yaml.SafeDumper):
    """Every part in its place, for people to read."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def text_of(system: System) -> str:
    return yaml.dump(document(system), Dumper=Whole, sort_keys=False, allow_unicode=True, width=120)


@pytest.mark.parametrize("system", SYSTEMS, ids=[one.value for one in SYSTEMS])
def test_the_document_is_the_ports(system: System) -> None:
    file = FOLDER / f"{system.value.lower()}.yaml"
    if os.environ.get("GOLDEN_UPDATE"):
        file.write_text(text_of(system))
    assert file.read_text() == text_of(system), f"{file.name} differs: `make golden` if it is meant"


@pytest.fixture(scope="module")
def houses(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[int, str]]:
    """The town of the reference contract on sockets, in a thread of its own: its first port, and its token."""
    own, base, begun, ended = sandbox(tmp_path_factory.mktemp("var")), free_ports(), threading.Event(), asyncio.Event()
    loop = asyncio.new_event_loop()

    async def stand() -> None:
        async with town.standing(base, build(), own, town.cast(["all=reference"])):
            begun.set()
            await ended.wait()

    thread = threading.Thread(target=loop.run_until_complete, args=(stand(),))
    thread.start()
    assert begun.wait(30)
    yield base, own.house_token
    loop.call_soon_threadsafe(ended.set)
    thread.join()
    loop.close()


def judged(system: System, houses: tuple[int, str], examples: int) -> list[str]:
    """What is wrong with what keeps the contract, told by its document."""
    base, token = houses
    url = f"http://127.0.0.1:{base + town.PLACES.index(system)}"
    told = schemathesis.openapi.from_dict(document(system))
    found: list[Any] = [one.ok() for one in told.get_all_operations()]  # type: ignore[union-attr]
    return [wrong for operation in found if (wrong := fault_of(operation, url, token, examples))]


def fault_of(operation: Any, url: str, token: str, examples: int) -> str:
    """The first thing that an operation does against its document; what it changes may be refused by its state."""
    excluded = [positive_data_acceptance] if operation.method == "post" else []

    @hypothesis.settings(
        max_examples=examples, deadline=None, database=None, derandomize=True,
        suppress_health_check=list(hypothesis.HealthCheck), phases=[hypothesis.Phase.generate],
    )  # fmt: skip
    @hypothesis.given(case=operation.as_strategy())
    def ask(case: Any) -> None:
        if "Brand" in (case.headers or {}):
            case.headers["Brand"] = "acme"
        case.call_and_validate(base_url=url, headers={"Authorization": f"Bearer {token}"}, excluded_checks=excluded)

    try:
        ask()
    except BaseException as error:
        return f"{operation.label}: {error} {getattr(error, 'exceptions', '')}"
    return ""


@pytest.mark.parametrize("system", SYSTEMS, ids=[one.value for one in SYSTEMS])
def test_the_sandboxs_own_system_keeps_it(system: System, houses: tuple[int, str]) -> None:
    assert judged(system, houses, EXAMPLES) == []
