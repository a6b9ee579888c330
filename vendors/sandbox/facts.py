"""What is true of a player, in nobody's dialect; each simulator turns it into its product's store.

Ages count back from the world's `now`, so that a scenario stays what it says. Where a vendor's word decides what is
true (a status, an answer), the fact is the first product's word.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from datetime import timedelta

import msgspec

MARKETS: Mapping[str, tuple[str, str]] = {  # market -> (country ISO 3166-1 alpha-2, currency)
    "UKGC-GB": ("GB", "GBP"),
    "MGA-MT": ("MT", "EUR"),
    "SGA-SE": ("SE", "SEK"),
    "DGA-DK": ("DK", "DKK"),
    "GGL-DE": ("DE", "EUR"),
    "NJDGE-US": ("US", "USD"),
}
BRANDS = ("acme", "borealis", "corona")
GAMES: Mapping[str, tuple[str, str, str, str]] = {  # code -> (name, provider, category, RTP in percent)
    "nor-vikingtreasure": ("Viking Treasure", "Northern Reels", "Video Slots", "96.1"),
    "nor-auroraspins": ("Aurora Spins", "Northern Reels", "Video Slots", "95.8"),
    "sol-goldenroulette": ("Golden Roulette", "Solaris Live", "Live Dealer", "97.3"),
    "sol-blackjackclub": ("Blackjack Club", "Solaris Live", "Live Dealer", "99.3"),
    "kep-crashcomet": ("Crash Comet", "Kepler Games", "Crash", "97.0"),
    "kep-fruitfall": ("Fruit Fall", "Kepler Games", "Video Slots", "94.9"),
}


class PaymentFacts(msgspec.Struct, frozen=True):
    """A payment as it happened. `state` and `code` are PaymentIQ's words, the first product; amounts in minor units."""

    id: str
    kind: str  # DEPOSIT or WITHDRAWAL
    method: str
    amount_minor: int
    state: str
    code: str
    created_age: timedelta
    updated_age: timedelta
    psp: str = "Worldpay"
    psp_code: str | None = None  # the PSP's own status code
    instrument: str | None = None  # the uuid of what was paid with
    info: str | None = None  # what an agent wrote with the last action


class GrantFacts(msgspec.Struct, frozen=True):
    """A bonus. `status` is the reference contract's word; amounts in minor units of the player's currency."""

    id: str
    campaign: str
    status: str
    amount_minor: int
    required_minor: int
    done_minor: int
    granted_age: timedelta
    expires_in: timedelta | None = None
    blocks_withdrawal: bool = False


class FreeBetFacts(msgspec.Struct, frozen=True):
    """Free spins at the aggregator. `status` is Hub88's word, such as FRS_ACTIVE."""

    uuid: str
    game: str
    bet_count: int
    bets_used: int
    bet_minor: int
    status: str
    granted_age: timedelta
    ends_in: timedelta


class RoundFacts(msgspec.Struct, frozen=True):
    """A bet at a game. `status` is InfiGaming's word; `transaction` is Hub88's id of the bet."""

    id: str
    game: str
    stake_minor: int
    win_minor: int
    status: str
    age: timedelta
    transaction: str

    @property
    def round_id(self) -> str:
        """What the game's own vendor calls the round that the bet was in, whoever is asked about it."""
        return f"r-{self.id}"


class CommentFacts(msgspec.Struct, frozen=True):
    """A message of a ticket."""

    body: str
    public: bool
    by_player: bool
    age: timedelta


class TicketFacts(msgspec.Struct, frozen=True):
    """A conversation. `status` and `priority` are Zendesk's words."""

    id: str
    subject: str
    status: str
    priority: str | None
    age: timedelta
    updated_age: timedelta
    tags: tuple[str, ...] = ()
    comments: tuple[CommentFacts, ...] = ()


class TouchFacts(msgspec.Struct, frozen=True):
    """A marketing message. `channel` and `events` are Customer.io's words: the events it reached, in order."""

    id: str
    campaign: int
    channel: str
    age: timedelta
    events: tuple[str, ...]


class InstrumentFacts(msgspec.Struct, frozen=True):
    """A card or account. `status` and `verification` are PaymentIQ's words."""

    uuid: str
    kind: str
    masked: str
    expiry: str | None
    status: str
    verification: str
    first_age: timedelta
    last_age: timedelta
    successes: int
    failures: int


class NoteFacts(msgspec.Struct, frozen=True):
    """A staff note in the PAM."""

    author: str
    body: str
    age: timedelta


class ExclusionFacts(msgspec.Struct, frozen=True):
    """A self-exclusion or a break: `kind` is selfExclusion or breakInPlay, InfiGaming's words."""

    kind: str
    age: timedelta
    ends_in: timedelta


class LimitFacts(msgspec.Struct, frozen=True):
    """A limit the player set: deposit, withdraw, play or loss over day, week or month."""

    kind: str
    period: str
    amount_minor: int
    removal_in: timedelta | None = None


class PlayerFacts(msgspec.Struct, frozen=True):
    """One player in all systems; `review` is (status, answer, reject type, labels) in Sumsub's words."""

    id: str
    brand: str
    market: str
    first_name: str
    last_name: str
    birth_year: int
    registered_age: timedelta
    cash_minor: int
    bonus_minor: int = 0
    withdrawable_minor: int | None = None  # None: all cash
    wagering: tuple[int, int] | None = None  # (done, required) in minor units
    verified_in_pam: bool = True
    bans: tuple[str, ...] = ()  # login, game, withdraw, locked
    review: tuple[str, str | None, str | None, tuple[str, ...]] = ("completed", "GREEN", None, ())
    review_age: timedelta = timedelta(days=200)
    review_comment: str | None = None
    payments: tuple[PaymentFacts, ...] = ()
    grants: tuple[GrantFacts, ...] = ()
    free_bets: tuple[FreeBetFacts, ...] = ()
    rounds: tuple[RoundFacts, ...] = ()
    tickets: tuple[TicketFacts, ...] = ()
    segments: tuple[str, ...] = ()
    touches: tuple[TouchFacts, ...] = ()
    marketing: bool | None = True  # agreed to marketing; None: never asked
    suppressed: bool = False
    instruments: tuple[InstrumentFacts, ...] = ()
    notes: tuple[NoteFacts, ...] = ()
    exclusions: tuple[ExclusionFacts, ...] = ()
    limits: tuple[LimitFacts, ...] = ()
    vip_level: str = "0"
    tags: tuple[str, ...] = ()
    last_login_age: timedelta = timedelta(days=1)
    says: str | None = None  # a named scenario's sentence
    scenario: str | None = None

    @property
    def country(self) -> str:
        return MARKETS[self.market][0]

    @property
    def currency(self) -> str:
        return MARKETS[self.market][1]

    @property
    def email(self) -> str:
        return f"{self.first_name}.{self.last_name}.{self.id}@players.example".lower()

    @property
    def phone(self) -> str:
        return "+441632960" + f"{sum(map(ord, self.id)) % 1000:03d}"  # Ofcom's range for fiction


def visa(uuid: str, dice: random.Random) -> InstrumentFacts:
    """A verified card in use."""
    masked = f"411111******{dice.randrange(1000, 9999)}"
    return InstrumentFacts(uuid, "Visa", masked, "11/2029", "ACTIVE", "VERIFIED", timedelta(days=300),
                           timedelta(days=1), dice.randrange(1, 30), dice.randrange(0, 3))  # fmt: skip
