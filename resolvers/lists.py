"""Lists that hang on an object: one keyset read a (object, first, after), as a connection with sealed cursors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, TypeVar

from typing_extensions import Doc

from cache.window import Window
from execution.connections import Connection, at_most
from resolvers.context import Context
from vendors.errors import VendorError
from vendors.ports.keys import Key
from vendors.ports.paging import Listing, Page, Position

T = TypeVar("T")
MOST = 100
First = Annotated[int, Doc(f"At most this many, 1 to {MOST}, newest first.")]
After = Annotated[str | None, Doc("The cursor to go on from.")]


async def connections(
    window: Window[Listing, Page[T]], owners: Sequence[Key], ctx: Context, *, name: str, first: int, after: str | None
) -> list[Connection[T] | VendorError | None]:
    """One connection an owner. A cursor is opened for one owner only, so with `after` the others are refused."""
    at_most(first, MOST)
    asks = [Listing(owner, first, ctx.cursors.open(after, f"{name} {owner}", Position)) for owner in owners]
    answers = await window.load(asks)
    return [
        ctx.cursors.connection(page.items, page.positions, of=f"{name} {ask.owner}", more=page.more, after=after)
        if isinstance(page, Page)
        else page
        for ask, page in zip(asks, answers, strict=True)
    ]
