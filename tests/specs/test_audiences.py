"""Every audience asks by a schema of its own: what it may not know of is unknown to it, not forbidden."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import graphql
import pytest
from typer.testing import CliRunner

import gateway as root
from auth import policy_file
from auth.policy import Audience
from execution.audiences import narrowed
from schema.audiences import SIGNED_IN, parts
from schema.graph import publication, schema
from tests.conftest import Caller

POLICY = policy_file.load()
PARTS = parts(POLICY)
ROLES = [("player", Audience.PLAYER), ("service_embed", Audience.EMBED), ("service_frontend", Audience.SERVICE),
         ("analyst", Audience.ANALYST), ("support_l1", Audience.STAFF)]  # fmt: skip
INTROSPECTION = graphql.get_introspection_query()


def fields_of(known: graphql.GraphQLSchema) -> set[str]:
    objects = (type for type in known.type_map.values() if isinstance(type, graphql.GraphQLObjectType))
    return {f"{type.name}.{name}" for type in objects if not type.name.startswith("__") for name in type.fields}


@pytest.mark.parametrize(("roles", "audience"), [
    (["analyst"], "analyst"), (["analyst", "support_l1"], "staff"), ([], "staff"), (["nobody-knows"], "staff"),
    (["service_embed"], "embed"), (["player"], "player"),
])  # fmt: skip
def test_who_has_no_role_but_an_audiences_is_of_it(roles: list[str], audience: str) -> None:
    assert POLICY.audience_of(frozenset(roles)) == audience


@pytest.mark.parametrize(("role", "audience"), ROLES[:-1])
def test_an_audience_knows_what_its_roles_may_see_and_nothing_else(role: str, audience: Audience) -> None:
    granted = POLICY.roles[role] | SIGNED_IN
    known = fields_of(PARTS[audience].schema)
    assert known <= {name for name in publication.specs if publication.shows(granted, name)}
    reachable = {f"Query.{name}" for name in PARTS[audience].schema.query_type.fields}  # type: ignore[union-attr]
    assert reachable == {name for name in publication.specs if name.startswith("Query.") and name in known}
    assert not any("aml" in name.lower() for name in known)


@pytest.mark.parametrize("part", PARTS.values(), ids=list(PARTS))
def test_a_part_is_a_schema_and_its_sdl_tells_the_same(part: Any) -> None:
    assert graphql.validate_schema(part.schema) == []
    told = graphql.build_schema(part.sdl, assume_valid_sdl=True)
    assert fields_of(told) - {"Query._service"} == fields_of(part.schema) - {"Query._service"}
    used = {graphql.get_named_type(f.type).name for t in told.type_map.values() if hasattr(t, "fields")
            for f in t.fields.values()}  # fmt: skip
    assert used <= told.type_map.keys()


@pytest.mark.parametrize(("role", "audience"), ROLES)
async def test_introspection_and_the_published_sdl_show_the_callers_part(
    caller: Caller, role: str, audience: Audience
) -> None:
    own: dict[str, Any] = {"player": "player:acme:s-001"} if role == "player" else {}
    for query in (INTROSPECTION, INTROSPECTION.replace("__schema", "__typename a: __schema", 1)):
        data = (await caller.ask(query, role, **own))["data"]
        seen = data.get("a", data.get("__schema"))
        names = {f"{one['name']}.{field['name']}" for one in seen["types"] if one["kind"] == "OBJECT"
                 for field in one["fields"] if not one["name"].startswith("__")}  # fmt: skip
        assert names == fields_of(PARTS[audience].schema)
    published = await caller.http.get(f"/schema/{audience.value}.graphql")
    assert (published.status_code, published.text) == (200, PARTS[audience].sdl)


HIDDEN = ["aml { state }", "tags", "kyc { staffComment }", "noSuchField"]


@pytest.mark.parametrize("hidden", HIDDEN)
async def test_a_hidden_field_is_as_unknown_as_one_that_is_not_there(caller: Caller, hidden: str) -> None:
    answer = await caller.ask(f"{{ me {{ {hidden} }} }}", "player", player="player:acme:s-001")
    (error,) = answer["errors"]
    name = "staffComment" if "staffComment" in hidden else hidden.partition(" ")[0]
    kind = "KycProfile" if name == "staffComment" else "Player"
    assert error["message"] == f"Cannot query field '{name}' on type '{kind}'."
    assert (error["extensions"]["code"], await caller.calls()) == ("GRAPHQL_VALIDATION_FAILED", {})


async def test_a_type_that_an_audience_does_not_know_is_unknown_in_a_fragment_too(caller: Caller) -> None:
    for name in ("AuditEntry", "NoSuchType"):
        query = f'{{ node(id: "player:acme:s-001") {{ ... on {name} {{ __typename }} }} }}'
        (error,) = (await caller.ask(query, "player", player="player:acme:s-001"))["errors"]
        assert error["message"] == f"Unknown type '{name}'."


async def test_what_an_audience_asks_is_answered_as_ever(caller: Caller) -> None:
    query = """{ player(id: "player:acme:s-001") { id firstName account { status } openWithdrawals { id status }
      tickets { edges { node { subject internalNotes { body } } } } } }"""
    told, staff = await caller.ask(query, "service_embed"), await caller.ask(query, "support_l1")
    assert told == staff
    assert told["data"]["player"]["firstName"] == "S***"
    analyst = await caller.ask('{ player(id: "player:acme:s-001") { id vipLevel } }', "analyst")
    assert analyst["data"]["player"]["id"] == "player:acme:s-001"


@pytest.mark.parametrize("role", ["analyst", "developer", "product", "bonus_approver"])
async def test_whoever_may_see_no_personal_data_sees_none_masked_either(caller: Caller, role: str) -> None:
    answer = await caller.ask('{ player(id: "player:acme:s-001") { id firstName email phone username } }', role)
    if role == "analyst":
        assert {error["extensions"]["code"] for error in answer["errors"]} == {"GRAPHQL_VALIDATION_FAILED"}
    else:
        assert set(answer["data"]["player"].values()) == {"player:acme:s-001", None}


def test_the_command_prints_an_audiences_schema() -> None:
    runner = CliRunner()
    told = runner.invoke(root.cli, ["schema", "--audience", "player"])
    assert (told.exit_code, told.stdout.rstrip()) == (0, PARTS[Audience.PLAYER].sdl.rstrip())
    refused = runner.invoke(root.cli, ["schema", "--audience", "nobody"])
    assert refused.exit_code == 2
    assert "no such audience: nobody" in refused.output


@pytest.mark.parametrize(("text", "said"), [
    ("audiences: {crowd: [player]}", "audiences.crowd: no such audience"),
    ("audiences: {staff: [support_l1]}", "audiences.staff: no such audience"),
    ("audiences: {embed: [stranger]}", "audiences.embed: no such role: stranger"),
    ("audiences: {embed: [player], player: [player]}", "audiences.player: of another audience too: player"),
])  # fmt: skip
def test_a_wrong_audience_stops_the_start_by_its_name(tmp_path: Path, text: str, said: str) -> None:
    whole = policy_file.POLICY_FILE.read_text()
    start = whole.index("audiences:\n")
    (file := tmp_path / "policy.yaml").write_text(
        whole[:start] + text + "\n\n" + whole[whole.index("# Held by nobody") :]
    )
    with pytest.raises(policy_file.BadPolicy, match=said):
        policy_file.load(file)


def test_an_audience_that_may_ask_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="ask nothing"):
        narrowed(schema._schema, lambda type_name, field: False)
