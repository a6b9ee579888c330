"""Four eyes as data: which amount wants whose signature, and which two duties one person never has on one player."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec


class Band(msgspec.Struct, frozen=True):
    """Up to an amount (minor units by currency; empty: any), one signature by somebody of each group of roles."""

    up_to: Mapping[str, int]
    signed_by: Sequence[frozenset[str]]

    def holds(self, currency: str, amount_minor: int) -> bool:
        """A currency that is not listed is above every amount that is."""
        return not self.up_to or 0 <= amount_minor <= self.up_to.get(currency, -1)


class FourEyes(msgspec.Struct, frozen=True):
    """Who signs what one person may not do alone. Requester and signer each hold one of `permissions`."""

    permissions: frozenset[str]
    hours: int
    bands: Sequence[Band]  # in order; the last has no amount

    def unsigned(self, currency: str, amount_minor: int, signed: Sequence[frozenset[str]]) -> Sequence[frozenset[str]]:
        """The groups whose signature is missing; `signed`: the roles of each person who has."""
        band = next(band for band in self.bands if band.holds(currency, amount_minor))
        missing, people = list(band.signed_by), list(signed)
        for group in band.signed_by:
            if who := next((roles for roles in people if roles & group), None):
                people.remove(who)
                missing.remove(group)
        return missing


class Duty(msgspec.Struct, frozen=True):
    """One person's action on one player."""

    by: str
    action: str
    player: str


class Incompatible(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Who has done one of `these` on a player does none of `those` on him within so many hours, nor the reverse."""

    these: frozenset[str]
    those: frozenset[str]
    hours: int

    def against(self, action: str) -> frozenset[str]:
        """The actions that bar this one."""
        return self.those if action in self.these else self.these if action in self.those else frozenset()
