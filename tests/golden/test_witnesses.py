"""Every output coordinate has a witness: a request by which an all-seeing caller gets a value in the sandbox.

A field that nobody can ever fill is a promise not kept; those the sandbox cannot fill stand in the golden as `-`.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from graphql import GraphQLObjectType, GraphQLSchema, get_named_type, is_abstract_type, is_leaf_type

from auth import policy, policy_file
from auth.identity import Principal
from auth.sandbox_issuer import issue
from schema.audiences import parts
from schema.graph import publication, schema
from tests.conftest import Caller, calling
from tests.golden.test_golden import agreed
from vendors.sandbox.world import World

SCENARIOS = [f"s-{number:03d}" for number in (4, 1, 11, 10, 14)]
DEPTH = 6
ROOTS = [
    *(f'player(id: "player:acme:{local}")' for local in SCENARIOS),
    'player(id: "player:borealis:p-001")',
    'searchPlayers(search: {brand: "acme", playerId: "s-001"})',
    'transactions(filter: {brand: "acme"})',
    'withdrawalQueue(brand: "acme")',
    'transaction(id: "deposit:acme:90014")',
    'node(id: "game:acme:nor-auroraspins")',
    'game(id: "game:acme:nor-auroraspins")',
    'ticket(id: "ticket:acme:9001")',
    'players(ids: ["player:acme:s-001"])',
    "viewer",
    "vendorHealth",
    'explainAccess(typeName: "Player", fieldName: "email")',
    "audit(filter: {})",
    "approvals(filter: {statuses: []})",
]


def _action(name: str, subject: str, key: str, more: str = "", reason: str = "null") -> str:
    return f'{name}(input: {{{subject}, {more} context: {{idempotencyKey: "{key}", reasonCode: {reason}}}}})'


_PLAYER, _MONEY = 'playerId: "player:acme:s-007"', 'withdrawalId: "withdrawal:acme:90002"'
ACTIONS = [
    _action("addPlayerNote", _PLAYER, "a", 'body: "x",'),
    _action("restrictAccount", _PLAYER, "b", "scopes: [LOGIN],", '"KYC_PENDING"'),
    _action("createTicket", _PLAYER, "c", 'subject: "x", body: "x",'),
    _action("addTicketComment", 'ticketId: "ticket:acme:9001"', "d", 'body: "x", public: false,'),
    _action(
        "approveWithdrawal", 'withdrawalId: "withdrawal:acme:90015"', "e", "", '"WARNINGS_ACKNOWLEDGED", note: "x"'
    ),
    _action("decideApproval", 'approvalId: "approval:acme:x"', "f", 'decision: APPROVE, note: "x",'),
    *(_action(f"{name}Withdrawal", _MONEY, name) for name in ("hold", "release", "approve", "deny")),
]


async def test_every_coordinate_has_its_witness(world: World, tmp_path: Path) -> None:
    async with calling(tmp_path, world, vendor_timeout_seconds=30.0) as caller:  # no busy machine may hide a witness
        await caller.fault(
            5, operation="getPersonSegments", kind="status", value=500, count=3
        )  # each attempt of a call
        await caller.ask('{ player(id: "player:acme:s-002") { crm { segments { id } } } }')
        await _everything(caller)


async def _everything(caller: Caller) -> None:
    staff = frozenset(policy_file.load().roles) - {"player"}
    who = issue(caller._secret, Principal("all-seeing", staff))
    own = issue(caller._secret, Principal("him", frozenset({"player"}), player="player:acme:s-001"))
    seen: dict[str, str] = {}
    for kind, requests in (("mutation", ACTIONS), ("query", ROOTS)):
        for request in requests:
            await _look(caller, who, kind, request, seen)
    await _look(caller, own, "query", "me", seen, parts(policy_file.load())[policy.Audience.PLAYER].schema)
    lines = [f"{coordinate} {seen.get(coordinate, '-')}" for coordinate in _coordinates()]
    agreed("witnesses.txt", "\n".join(lines) + "\n")


def _coordinates() -> Iterator[str]:
    """What can be seen: interfaces are seen through the types that implement them."""
    for coordinate in publication.specs:
        if not is_abstract_type(schema._schema.type_map[coordinate.partition(".")[0]]):
            yield coordinate


async def _look(  # noqa: PLR0917  # one call, written once
    caller: Caller, token: str, kind: str, request: str, seen: dict[str, str], known: GraphQLSchema = schema._schema
) -> None:
    root = known.query_type if kind == "query" else known.mutation_type
    assert root is not None
    name = request.partition("(")[0]
    for selection in (
        _parts(known, root.fields[name].type) if kind == "query" else [_selection(known, root.fields[name].type, 3)]
    ):
        text = f"{kind} {{ {request} {selection} }}"
        headers = {"authorization": f"Bearer {token}"}
        body = (await caller.http.post("/graphql", json={"query": text}, headers=headers)).json()
        assert "data" in body, body
        if body["data"][name] is not None:
            seen.setdefault(f"{root.name}.{name}", request)
            _walk(body["data"][name], request, seen)


def _parts(known: GraphQLSchema, of: Any) -> list[str]:
    """A type's fields one by one: all at once would be more than a document may hold."""
    kind = get_named_type(of)
    if not isinstance(kind, GraphQLObjectType):
        possible = known.get_possible_types(kind)
        return [f"{{ __typename ... on {each.name} {_selection(known, each, 4)} }}" for each in possible]
    below = {name: _below(known, field.type, 0) for name, field in kind.fields.items()}
    return [f"{{ __typename {name} {inner} }}" for name, inner in below.items()]


def _selection(known: GraphQLSchema, of: Any, depth: int) -> str:
    """Every field of a type whose arguments may be left out, and `__typename`, as deep as documents may be."""
    kind = get_named_type(of)
    if is_leaf_type(kind):
        return ""
    if is_abstract_type(kind):
        parts = [f"... on {each.name} {_selection(known, each, depth)}" for each in known.get_possible_types(kind)]
        return "{ __typename " + " ".join(parts) + " }"
    assert isinstance(kind, GraphQLObjectType)
    chosen = [
        f"{name} {inner}"
        for name, field in kind.fields.items()
        if (inner := _below(known, field.type, depth)) is not None
    ]
    return "{ __typename " + " ".join(chosen) + " }"


def _below(known: GraphQLSchema, of: Any, depth: int) -> str | None:
    """None where the way leads on to an object that has a way of its own from the root."""
    kind = get_named_type(of)
    if is_leaf_type(kind):
        return ""
    if depth >= DEPTH or (depth and kind.name in ("Player",)):
        return "{ __typename }" if isinstance(kind, GraphQLObjectType) else None
    return _selection(known, of, depth + 1)


def _walk(value: Any, request: str, seen: dict[str, str]) -> None:
    if isinstance(value, list):
        for item in value:
            _walk(item, request, seen)
    elif isinstance(value, dict):
        for name, inner in value.items():
            if name != "__typename" and inner is not None and inner != []:
                seen.setdefault(f"{value['__typename']}.{name}", request)
                _walk(inner, request, seen)
