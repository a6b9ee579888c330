"""The ids other systems gave a player: whom one names, and which he has."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from typing import Any

from graphql import GraphQLError

from cache.window import Window
from resolvers.context import Context
from vendors.errors import VendorError
from vendors.ports.crm import CrmProfile
from vendors.ports.keys import Key
from vendors.ports.kyc import KycProfile
from vendors.ports.pam import Player
from vendors.ports.source import Source, System

# Letters, digits and . _ : - only, never dots alone: what the systems make ids of, and nothing that could be a path.
_EXTERNAL = re.compile(r"^(?!\.+\Z)[A-Za-z0-9._:-]{1,64}\Z")
_BY_THE_PAMS_ID = frozenset(
    {System.CASHIER, System.BONUS, System.AGGREGATOR}
)  # they name no player by one of their own


async def identified(system: System, external_id: str, ctx: Context) -> Key | VendorError | None:
    """The player's key; None for nobody of ours. Raises GraphQLError BAD_ID, before any call, for what is no id."""
    if not _EXTERNAL.match(external_id):
        raise _bad("externalId is not an id.")
    asked = ctx.reads.identified.get(System.PAM if system in _BY_THE_PAMS_ID else system)
    if asked is None:
        raise _bad("The gateway names players by id, not by externalId.")
    return (await asked.load([external_id]))[0]


def one_way(id: str | None, external_id: str | None, system: System | None) -> None:
    """Raises GraphQLError BAD_ID unless the caller named the player in exactly one way."""
    if (external_id is None) != (system is None) or (id is None) == (external_id is None):
        raise _bad("Give id alone, or externalId and system together.")


def _bad(message: str) -> GraphQLError:
    return GraphQLError(message, extensions={"code": "BAD_ID"})


async def external_ids_of(players: Sequence[Player], ctx: Context) -> Sequence[Sequence[Source]]:
    """The player in every system that names him by an id of its own, if the caller may read him there.

    A system that does not answer is left out.
    """
    reads: dict[str, Window[Key, Any]] = {
        "Player.kyc": ctx.reads.kyc,
        "Player.crm": ctx.reads.crm,
        "Player.tickets": ctx.reads.requesters,
    }
    windows = [window for field, window in reads.items() if field not in ctx.denied]
    keys = [player.id for player in players]
    found = await asyncio.gather(*(window.load(keys) for window in windows))
    return [
        [player.source, *filter(None, map(_source, others))] for player, *others in zip(players, *found, strict=True)
    ]


def _source(found: object) -> Source | None:
    if isinstance(found, (KycProfile, CrmProfile)):
        return found.source
    return found if isinstance(found, Source) else None
