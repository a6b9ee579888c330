"""Any object by its id: the kind in the id says which type, and so which rule, before anything is read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

import msgspec
from typing_extensions import Doc

from resolvers.context import Context
from resolvers.payments import transaction_of
from resolvers.player import Root, player_of
from resolvers.records import game_of, ticket_of
from resolvers.scope import parse_key
from vendors.ports.aggregator import Game
from vendors.ports.cashier import Deposit, Withdrawal
from vendors.ports.keys import Id
from vendors.ports.pam import Player
from vendors.ports.ticketing import Ticket

_KINDS: dict[str, tuple[type, Any]] = {
    "player": (Player, player_of),
    "deposit": (Deposit, transaction_of),
    "withdrawal": (Withdrawal, transaction_of),
    "ticket": (Ticket, ticket_of),
    "game": (Game, game_of),
}


class Node(msgspec.Struct, frozen=True):
    """Anything with an id of its own."""

    id: str


def node_type(*, id: str) -> type:
    """The record an id stands for: its type's rule is asked before the read."""
    return _KINDS[parse_key(id, *_KINDS).kind][0]


async def node_of(
    roots: Sequence[Root], ctx: Context, *, id: Annotated[Id, Doc("`<kind>:<brand>:<id>`.")]
) -> Sequence[Node | None]:
    """Null outside the caller's scope, like one that does not exist."""
    _, read = _KINDS[parse_key(id, *_KINDS).kind]
    found: Sequence[Node | None] = await read(roots, ctx, id=id)
    return found
