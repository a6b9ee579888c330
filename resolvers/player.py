"""The player: found by id or by search, and what his PAM says of him."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated

import msgspec
from graphql import GraphQLError
from typing_extensions import Doc

from execution.connections import Connection, at_most
from execution.fields import Partial
from resolvers.context import Context
from resolvers.lookup import identified, one_way
from resolvers.scope import early_key, parse_key, released
from vendors.errors import VendorError
from vendors.ports.keys import Id, Key
from vendors.ports.pam import Balance, Player, PlayerHits, PlayerKey, PlayerSearch, ResponsibleGambling
from vendors.ports.source import System

MOST_PLAYERS = 50


class Root(msgspec.Struct, frozen=True):
    """The root of queries."""


class PlayerCriteria(msgspec.Struct, frozen=True):
    """What to look for. At least one criterion beside the brand; all of them must hold."""

    brand: Annotated[str, Doc("Where to search: an operator's brand, such as acme.")]
    player_id: Annotated[str | None, Doc("The PAM's own id.")] = None
    email: Annotated[str | None, Doc("The whole address.")] = None
    phone: Annotated[str | None, Doc("The whole number, with its country code.")] = None
    country: Annotated[str | None, Doc("ISO 3166-1 alpha-2.")] = None
    registered_from: Annotated[datetime | None, Doc("Registered at or after, UTC.")] = None
    registered_to: Annotated[datetime | None, Doc("Registered before, UTC.")] = None


def player_key(
    ctx: Context, *, id: str | None = None, external_id: str | None = None, system: System | None = None
) -> PlayerKey | None:
    """Whom the other systems may be asked about before the PAM has answered."""
    one_way(id, external_id, system)
    return early_key(ctx, parse_key(id, "player")) if id is not None else None


async def player_of(
    roots: Sequence[Root],
    ctx: Context,
    *,
    id: Annotated[Id | None, Doc("`player:<brand>:<id of the PAM>`.")] = None,
    external_id: Annotated[str | None, Doc("Instead of `id`: the id of the player in `system`.")] = None,
    system: Annotated[System | None, Doc("Whose id `externalId` is.")] = None,
) -> Sequence[Player | Partial | VendorError | None]:
    """A player outside the caller's brands or markets is null, like one that does not exist."""
    one_way(id, external_id, system)
    if external_id is None or system is None:
        return await released([parse_key(id or "", "player")] * len(roots), ctx)
    key = await identified(system, external_id, ctx)
    return await released([key], ctx) * len(roots) if isinstance(key, Key) else [key for _ in roots]


async def players_of(
    roots: Sequence[Root], ctx: Context, *, ids: Annotated[Sequence[Id], Doc(f"At most {MOST_PLAYERS}.")]
) -> Sequence[Sequence[Player | Partial | VendorError | None]]:
    """One entry an id, in order; null where there is none in the caller's scope."""
    if len(ids) > MOST_PLAYERS:
        raise GraphQLError(f"At most {MOST_PLAYERS} ids.", extensions={"code": "TOO_MANY_IDS"})
    found = await released([parse_key(id, "player") for id in ids], ctx)
    return [found for _ in roots]


def me_key(ctx: Context) -> PlayerKey | None:
    """The player himself."""
    return early_key(ctx, parse_key(ctx.scope.player, "player")) if ctx.scope.player else None


async def me_of(roots: Sequence[Root], ctx: Context) -> Sequence[Player | Partial | VendorError | None]:
    """The player a PLAYER token belongs to; null for staff."""
    if ctx.scope.player is None:
        return [None for _ in roots]
    return await released([parse_key(ctx.scope.player, "player")] * len(roots), ctx)


async def search_players_of(
    roots: Sequence[Root],
    ctx: Context,
    *,
    search: PlayerCriteria,
    first: Annotated[int, Doc("At most this many, 1 to 50.")] = 20,
    after: Annotated[str | None, Doc("The cursor to go on from.")] = None,
) -> Sequence[Connection[Player] | VendorError]:
    """Players within the caller's scope; `totalCount` is null if some of those found are outside it."""
    asked = _search(search, at_most(first, MOST_PLAYERS), 1)
    of = f"searchPlayers {search} {first}"  # the PAM pages by number, and a number means nothing in another size
    page = ctx.cursors.open(after, of, int) or 1
    if not ctx.scope.holds_brand(search.brand):
        return [ctx.cursors.connection([], [], of=of, more=False, after=after, total_count=0) for _ in roots]
    hits = (await ctx.reads.player_hits.load([msgspec.structs.replace(asked, page=page)]))[0]
    if not isinstance(hits, PlayerHits):
        return [hits or ctx.cursors.connection([], [], of=of, more=False, after=after, total_count=0) for _ in roots]
    found = await released(hits.keys, ctx)
    kept = [player for player in found if isinstance(player, Player)]
    failures = [player.failure if isinstance(player, Partial) else player for player in found]
    failed = next((failure for failure in failures if isinstance(failure, VendorError)), None)
    more = hits.total > page * first
    total = hits.total if len(kept) == len(hits.keys) and not ctx.scope.markets else None
    pages = [page + 1] * len(kept)
    answer = ctx.cursors.connection(kept, pages, of=of, more=more, after=after, total_count=total, end=page + 1)
    return [failed or answer for _ in roots]


def _search(criteria: PlayerCriteria, first: int, page: int) -> PlayerSearch:
    values = msgspec.structs.asdict(criteria)
    if not any(value for name, value in values.items() if name != "brand"):
        raise GraphQLError("Give at least one criterion beside the brand.", extensions={"code": "NO_CRITERION"})
    return PlayerSearch(first=first, page=page, **values)


async def balances_of(players: Sequence[PlayerKey], ctx: Context) -> Sequence[Sequence[Balance] | VendorError | None]:
    """Wallets, one entry a currency. The player was released, or his scope record is: his brand is his own."""
    return await ctx.reads.balances.load([player.id for player in players])


async def gambling_of(players: Sequence[PlayerKey], ctx: Context) -> Sequence[ResponsibleGambling | VendorError | None]:
    """Limits and exclusions."""
    return await ctx.reads.gambling.load([player.id for player in players])
