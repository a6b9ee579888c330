"""Player account management: who the player is, what the account may do, and its money."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from enum import Enum
from typing import Protocol

import msgspec

from vendors.errors import VendorError
from vendors.ports.keys import Key
from vendors.ports.money import Money
from vendors.ports.paging import Listing, Page
from vendors.ports.source import Source
from vendors.ports.versions import version_of


class RestrictionScope(Enum):
    """What a restriction stops."""

    LOGIN = "LOGIN"
    DEPOSIT = "DEPOSIT"
    WITHDRAWAL = "WITHDRAWAL"
    ALL_PLAY = "ALL_PLAY"


class AccountStatus(Enum):
    """Canonical account status; UNKNOWN is a word of the vendor's that the gateway does not know."""

    ACTIVE = "ACTIVE"
    RESTRICTED = "RESTRICTED"
    LOCKED = "LOCKED"
    UNKNOWN = "UNKNOWN"


class Account(msgspec.Struct, frozen=True):
    """One status and independent restrictions. `verified` is the PAM's own KYC flag, None if it does not say."""

    status: AccountStatus
    restrictions: Sequence[RestrictionScope]
    verified: bool | None


class PlayerKey(msgspec.Struct, frozen=True):
    """A player of whom only the id is known: what a field needs that another system fills."""

    id: Key


class Note(msgspec.Struct, frozen=True):
    """A staff note on the account, newest first where there are several."""

    author: str
    body: str
    at: datetime


class Player(PlayerKey, frozen=True):
    """The PAM's record of a player. Contact fields are personal data."""

    market: str | None
    username: str | None
    first_name: str | None
    last_name: str | None
    date_of_birth: date | None
    email: str | None
    phone: str | None
    email_verified: bool | None
    phone_verified: bool | None
    registered_at: datetime | None
    last_login_at: datetime | None
    vip_level: str | None
    tags: Sequence[str]
    notes: Sequence[Note]
    account: Account
    source: Source

    @property
    def version(self) -> str:
        """Changes whenever what the account may do does."""
        return version_of(self.account.status.value, *(scope.value for scope in self.account.restrictions))


class Balance(msgspec.Struct, frozen=True):
    """One currency's wallet: `cash` is real money, `withdrawable` what of it may leave now."""

    cash: Money
    bonus: Money
    withdrawable: Money
    wagering_required: Money | None
    wagering_done: Money | None
    source: Source

    @property
    def withheld(self) -> Money:
        """Cash that may not leave now."""
        return self.cash - self.withdrawable


class ExclusionKind(Enum):
    """How the player is kept from playing."""

    SELF_EXCLUSION = "SELF_EXCLUSION"
    TIME_OUT = "TIME_OUT"


class Exclusion(msgspec.Struct, frozen=True):
    """A period without play; `until` is None where it has no end. `removal_at`: a removal was asked and waits."""

    kind: ExclusionKind
    active: bool
    since: datetime | None
    until: datetime | None
    removal_at: datetime | None


class LimitKind(Enum):
    """What a limit counts."""

    DEPOSIT = "DEPOSIT"
    WITHDRAWAL = "WITHDRAWAL"
    WAGER = "WAGER"
    LOSS = "LOSS"


class LimitPeriod(Enum):
    """Over which time it counts."""

    DAY = "DAY"
    WEEK = "WEEK"
    MONTH = "MONTH"


class PlayerLimit(msgspec.Struct, frozen=True):
    """A limit the player lives under; `period` is None where the PAM does not say over which time it counts.

    `removal_at`: its removal was asked and takes effect then.
    """

    kind: LimitKind
    period: LimitPeriod | None
    value: Money
    removal_at: datetime | None


class ResponsibleGambling(msgspec.Struct, frozen=True):
    """Exclusions, and what they allow; a flag is None where the PAM does not say. Withdrawing is never forbidden."""

    exclusions: Sequence[Exclusion]
    limits: Sequence[PlayerLimit] | None
    login_allowed: bool | None
    deposit_allowed: bool | None
    play_allowed: bool | None
    source: Source


class RoundStatus(Enum):
    """Canonical status of a bet; UNKNOWN is a vendor word the gateway does not know, and is never settled."""

    OPEN = "OPEN"
    SETTLED = "SETTLED"
    ROLLED_BACK = "ROLLED_BACK"
    UNKNOWN = "UNKNOWN"


class GameRound(msgspec.Struct, frozen=True):
    """A bet as the PAM's wallet booked it. `provider_transaction` names it at the game's own vendor."""

    id: Key
    player: Key
    round_id: str
    provider_transaction: str | None
    game_code: str
    game_name: str | None
    provider: str | None
    status: RoundStatus
    vendor_status: str
    stake: Money
    win: Money
    started_at: datetime
    updated_at: datetime
    source: Source


class PlayerSearch(msgspec.Struct, frozen=True):
    """What to look for; at least one criterion. `brand` chooses the operator and is always given."""

    brand: str
    first: int
    page: int = 1
    player_id: str | None = None
    email: str | None = None
    phone: str | None = None
    tag: str | None = None
    country: str | None = None
    registered_from: datetime | None = None
    registered_to: datetime | None = None


class PlayerHits(msgspec.Struct, frozen=True):
    """The keys a search found, in the PAM's order, and how many there are in all."""

    keys: Sequence[Key]
    total: int


class Restrict(msgspec.Struct, frozen=True):
    """Blocks to set on an account; those not named stay as they are."""

    player: Key
    scopes: Sequence[RestrictionScope]
    audit_id: str


class NewNote(msgspec.Struct, frozen=True):
    """A note to add; the audit id stands in its text, so that the write can be found again."""

    player: Key
    body: str
    audit_id: str


class PamPort(Protocol):
    """Reads answer per key: a value, a VendorError, or nothing for a player the PAM does not know. Writes raise."""

    @property
    def supports(self) -> frozenset[RestrictionScope]:
        """The scopes that `restrict` can set; it refuses others with VendorRejectedError before any call."""

    async def players(self, keys: Sequence[Key]) -> Mapping[Key, Player | VendorError]:
        """Profiles."""

    async def identified(self, ids: Sequence[str]) -> Mapping[str, Key | VendorError]:
        """The players behind the PAM's own ids of people; whoever is not one of ours is left out."""

    async def balances(self, keys: Sequence[Key]) -> Mapping[Key, Sequence[Balance] | VendorError]:
        """Wallets, one entry a currency. The caller vouches that each key's brand owns the player."""

    async def responsible_gambling(self, keys: Sequence[Key]) -> Mapping[Key, ResponsibleGambling | VendorError]:
        """Exclusions and limits. The caller vouches for the brand, as for balances."""

    async def rounds(self, listings: Sequence[Listing]) -> Mapping[Listing, Page[GameRound] | VendorError]:
        """Bets of a player, newest first."""

    async def open_rounds(self, keys: Sequence[Key]) -> Mapping[Key, Sequence[GameRound] | VendorError]:
        """Bets that are not settled."""

    async def search(self, searches: Sequence[PlayerSearch]) -> Mapping[PlayerSearch, PlayerHits | VendorError]:
        """Players that match every criterion. The caller reads each hit's profile, which proves the brand."""

    async def restrict(self, command: Restrict) -> None:
        """Sets blocks; set-to-state, so it may be repeated. VendorRejectedError for a scope not in `supports`."""

    async def add_note(self, note: NewNote) -> None:
        """Adds a staff note."""
