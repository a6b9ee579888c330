"""Lists that hang on an object: one keyset read a (object, first, after), as a connection with sealed cursors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, TypeVar

from graphql import GraphQLError
from typing_extensions import Doc

from cache.window import Window
from execution.connections import Connection, at_most
from resolvers.context import Context
from vendors.ports.keys import Key
from vendors.ports.paging import Listing, Page, Position

T = TypeVar("T")
MOST = 100
First = Annotated[int, Doc(f"At most this many, 1 to {MOST}, newest first.")]
After = Annotated[str | None, Doc("The cursor to go on from.")]


async def connections(
    window: Window[Listing, Page[T]], owners: Sequence[Key], ctx: Context, *, name: str, first: int, after: str | None
) -> list[Connection[T] | Exception | None]:
    """One connection an owner."""
    at_most(first, MOST)
    asks = [_asked(owner, ctx, name=name, first=first, after=after) for owner in owners]
    good = [ask for ask in asks if isinstance(ask, Listing)]
    answers = dict(zip(good, await window.load(good), strict=True))

    def answer(ask: Listing | GraphQLError) -> Connection[T] | Exception | None:
        if isinstance(ask, GraphQLError) or not isinstance(page := answers[ask], Page):
            return ask if isinstance(ask, GraphQLError) else answers[ask]  # type: ignore[return-value]  # no page
        of = f"{name} {ask.owner}"
        return ctx.cursors.connection(page.items, page.positions, of=of, more=page.more, after=after)

    return [answer(ask) for ask in asks]


def _asked(owner: Key, ctx: Context, *, name: str, first: int, after: str | None) -> Listing | GraphQLError:
    """A cursor belongs to one owner: for the others it is refused, and his own list is answered."""
    try:
        return Listing(owner, first, ctx.cursors.open(after, f"{name} {owner}", Position))
    except GraphQLError as refusal:
        return refusal
