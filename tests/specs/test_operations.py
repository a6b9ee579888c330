"""The ready documents: each answers the roles it names, within the vendor calls it promises, and changes nothing."""

import re
from pathlib import Path
from typing import Any

import pytest
from graphql import get_operation_ast, parse

from auth import policy_file
from tests.conftest import Caller

READY = {file.stem: file.read_text() for file in (Path(__file__).parents[2] / "operations").glob("*.graphql")}
ACTIONS = sorted(name for name, text in READY.items() if "\nmutation " in text)
HEAD = re.compile(
    r"# (?P<question>[^\n]+)\n"
    r"# Roles: (?P<roles>[a-z0-9_, ]+)\. Vendor calls: at most (?P<calls>\d+)(?: and (?P<each>\d+) a [a-z]+)?\.\n"
)
of_each = pytest.mark.parametrize("name", sorted(READY))


def head(name: str) -> re.Match[str]:
    found = HEAD.match(READY[name])
    assert found, f"{name}: its first lines must say question, roles and vendor calls"
    return found


def roles(name: str) -> list[str]:
    return head(name)["roles"].split(", ")


def rows(data: dict[str, Any]) -> int:
    """How many objects the list at the root holds."""
    return sum(len(field["edges"]) for field in data.values() if field and "edges" in field)


@of_each
async def test_it_answers_its_roles_within_its_calls(caller: Caller, name: str) -> None:
    said, before = head(name), 0
    for role in roles(name):
        answer = await caller.ask(READY[name], role)
        assert "errors" not in answer
        assert all(value is not None for value in answer["data"].values())
        calls = sum((await caller.calls()).values())
        assert calls - before <= int(said["calls"]) + int(said["each"] or 0) * rows(answer["data"])
        before = calls


@pytest.mark.parametrize("name", ACTIONS)
async def test_an_action_only_shows_what_would_happen(caller: Caller, name: str) -> None:
    answer = await caller.ask(READY[name], roles(name)[0])
    [payload] = answer["data"].values()
    assert (payload["dryRun"], payload["auditId"], payload["userErrors"]) == (True, None, [])
    assert await caller.effects() == 0


@of_each
def test_its_name_is_that_of_its_file_and_its_roles_exist(name: str) -> None:
    operation = get_operation_ast(parse(READY[name]))
    assert operation
    assert operation.name
    assert operation.name.value == "".join(part.capitalize() for part in name.split("-"))
    assert set(roles(name)) <= set(policy_file.load().roles)
