"""`check` and `explain`: what would go wrong, and what would be done, told before anything is served."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

import gateway as root
from auth import policy, policy_file
from schema.audiences import parts
from tests.conftest import Caller

ROOT = Path(root.__file__).parent
MONEY = ROOT / "operations" / "where-is-my-money.graphql"
SDL = parts(policy_file.load())[policy.Audience.STAFF].sdl


def run(*arguments: object) -> Result:
    return CliRunner().invoke(root.cli, [str(one) for one in arguments])


def test_every_ready_document_is_valid_for_the_staff() -> None:
    told = run("check")
    assert told.exit_code == 0, told.output
    lines = dict(line.split(maxsplit=1) for line in told.stdout.splitlines())
    assert set(lines) == {file.name for file in (ROOT / "operations").glob("*.graphql")}
    assert all(audiences.startswith("staff") for audiences in lines.values())
    assert "embed" in lines["create-ticket.graphql"]
    assert "embed" not in lines["approve-withdrawal.graphql"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{ player(id: 1) { nothing } }", "line 1: Cannot query field 'nothing' on type 'Player'."),
        ("{ player(", "Syntax Error"),
        ("{" * 500, "Syntax Error"),
    ],
)
def test_a_document_that_no_audience_can_ask_is_told_by_line(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "wrong.graphql").write_text(text)
    told = run("check", "--documents", tmp_path)
    assert (told.exit_code, "INVALID" in told.output, said in told.output) == (1, True, True), told.output


def test_what_breaks_clients_of_an_older_schema_is_told(tmp_path: Path) -> None:
    (same := tmp_path / "same.graphql").write_text(SDL)
    before = SDL.replace("type Viewer {", "type Viewer {\n  shoeSize: Int\n")
    before = before.replace("enum TicketStatus {\n  NEW\n", "enum TicketStatus {\n")
    (older := tmp_path / "older.graphql").write_text(before)
    assert run("check", "--against", same).exit_code == 0
    told = run("check", "--against", older)
    assert (told.exit_code, "BREAKING   Field Viewer.shoeSize was removed." in told.output) == (1, True), told.output
    assert "dangerous  Enum value TicketStatus.NEW was added." in told.output


async def test_the_steps_that_are_told_are_the_systems_that_are_called(caller: Caller) -> None:
    query = '{ player(id: "player:acme:s-001") { firstName kyc { status requirements { step } } aml { state } } }'
    await caller.ask(query)
    called = set(await caller.calls())
    assert called == {"getUserProfile", "getApplicantByExternalUserId", "getRequiredIdDocsStatus"}


def test_a_plan_is_told_with_what_is_denied_and_masked(tmp_path: Path) -> None:
    (file := tmp_path / "one.graphql").write_text(
        '{ player(id: "player:acme:s-001") { firstName kyc { status requirements { step } } aml { state } } }'
    )
    told = run("explain", file, "--role", "support_l1")
    assert told.exit_code == 0, told.output
    assert [line.split()[1:3] for line in told.stdout.splitlines()[:3]] == [
        ["-", "Query.player"], ["KYC", "Player.kyc"], ["KYC", "KycProfile.requirements"],
    ]  # fmt: skip
    assert "denied: Player.aml CONCEAL" in told.stdout
    assert "masked: Player.firstName MASK" in told.stdout
    assert "3 steps, at most 3 behind one another" in told.stdout
    clear = run("explain", file, "--role", "compliance_officer").stdout
    assert "masked" not in clear
    assert "Player.aml" in clear


@pytest.mark.parametrize(
    ("text", "more", "said"),
    [
        ("{ nothing }", [], "Cannot query field"),
        ("{ __schema { types { name } } }", [], "introspection"),
        ("query($a: ID!) { player(id: $a) { id } }", [], "$a"),
        ("{ viewer { id } }", ["--variables", "{"], ""),
    ],
)
def test_what_cannot_be_explained_is_told_in_a_sentence(tmp_path: Path, text: str, more: list[str], said: str) -> None:
    (file := tmp_path / "one.graphql").write_text(text)
    told = run("explain", file, "--role", "support_l1", *more)
    assert (told.exit_code, said in told.output, "Traceback" in told.output) == (1, True, False), told.output
    assert run("explain", tmp_path / "missing.graphql", "--role", "support_l1").exit_code == 1
    assert run("explain", file, "--role", "nobody").exit_code == 2


def test_the_readmes_query_is_explained_for_every_role() -> None:
    for role in policy_file.load().roles:
        told = run("explain", MONEY, "--role", role, "--variables", '{"player": "player:acme:s-001"}')
        known = told.exit_code == 0
        assert known or "Cannot query field" in told.output, (role, told.output)
