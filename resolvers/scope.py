"""Which players a caller may know of: decided from the id, then from the scope record, and only then by a read."""

from __future__ import annotations

from collections.abc import Sequence

from graphql import GraphQLError

from execution.fields import Partial
from resolvers.context import Context
from vendors.errors import VendorError
from vendors.ports.keys import Key
from vendors.ports.pam import Player, PlayerKey


def parse_key(text: str, *kinds: str) -> Key:
    """A typed id of one of the kinds; raises GraphQLError BAD_ID for anything else, before any call."""
    try:
        key = Key.parse(text)
    except ValueError as error:
        raise GraphQLError(f"id is {error}.", extensions={"code": "BAD_ID"}) from None
    if key.kind not in kinds:
        raise GraphQLError(f"id is not of a {' or '.join(kinds)}.", extensions={"code": "BAD_ID"})
    return key


def early_key(ctx: Context, key: Key) -> PlayerKey | None:
    """The player's key if his scope record already says that the caller may know of him."""
    record = ctx.reads.scopes.of(key)
    known = record is not None and ctx.scope.holds_player(key) and ctx.scope.holds_market(record.market)
    return PlayerKey(key) if known else None


async def released(keys: Sequence[Key], ctx: Context) -> list[Player | Partial | VendorError | None]:
    """The players within the caller's scope; outside it null, as if there were none.

    A PAM that fails leaves a player whose scope is known: his key, for the other systems to go on with.
    """
    asked = [key for key in keys if ctx.scope.holds_player(key)]
    found = dict(zip(asked, await ctx.reads.players.load(asked), strict=True))
    return [_release(key, found.get(key), ctx) for key in keys]


def _release(key: Key, found: Player | VendorError | None, ctx: Context) -> Player | Partial | VendorError | None:
    if isinstance(found, VendorError):
        known = early_key(ctx, key)
        return Partial(known, found) if known else found
    if isinstance(found, Player) and (found.id != key or not ctx.scope.holds_market(found.market)):
        return None
    return found


async def in_scope(owners: Sequence[Key | None], ctx: Context) -> list[bool | VendorError]:
    """Whether the caller may know of each owner; an owner that cannot be judged is not released."""
    known = {key: ctx.reads.scopes.of(key) for key in owners if key is not None}
    unclear = [k for k, record in known.items() if record is None and ctx.scope.holds_player(k)]
    read = dict(zip(unclear, await released(unclear, ctx), strict=True))

    def judged(key: Key | None) -> bool | VendorError:
        if key is None or not ctx.scope.holds_player(key):
            return False
        if record := known[key]:
            return ctx.scope.holds_market(record.market)
        answer = read[key]
        return answer if isinstance(answer, VendorError) else answer is not None

    return [judged(key) for key in owners]
