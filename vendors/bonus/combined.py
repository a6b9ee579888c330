"""One BonusPort over several products: a player's grants are those of all of them, or it is not known what they are."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from vendors.errors import VendorError
from vendors.ports.bonus import BonusGrant, BonusPort
from vendors.ports.keys import Key

_NEVER = datetime.min.replace(tzinfo=UTC)


def newest_first(grants: Sequence[BonusGrant]) -> Sequence[BonusGrant]:
    """By the instant they were granted, then by id; a grant without an instant comes last."""
    return sorted(grants, key=lambda grant: (grant.granted_at or _NEVER, grant.id), reverse=True)


class CombinedBonus:
    """Asks every product at once. One product's failure is the player's failure: half a list would look whole."""

    def __init__(self, *products: BonusPort) -> None:
        self._products = products

    async def grants(self, players: Sequence[Key]) -> Mapping[Key, Sequence[BonusGrant] | VendorError]:
        """A player that no product knows is left out; the first product that fails says why."""
        answers = await asyncio.gather(*(product.grants(players) for product in self._products))
        merged: dict[Key, Sequence[BonusGrant] | VendorError] = {}
        for player in dict.fromkeys(players):
            found = [answer[player] for answer in answers if player in answer]
            failed = next((one for one in found if isinstance(one, VendorError)), None)
            if failed is not None:
                merged[player] = failed
            elif found:
                lists = [one for one in found if not isinstance(one, VendorError)]
                merged[player] = newest_first([grant for grants in lists for grant in grants])
        return merged
