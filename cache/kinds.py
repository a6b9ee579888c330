"""How long each kind of record is worth anything: the whole policy of what is kept between requests, as one table.

`fresh` seconds a record answers without its vendor being asked. Then, for `revalidated` seconds, it answers once more,
flagged stale, while its vendor is asked again. `if_error` is the age up to which it stands in for a vendor that fails,
flagged stale. `absent` is for how long "there is no such thing" is believed.

Money is asked for every time (`fresh` 0): what is kept of it only stands in. Exclusions and limits are not kept at all,
nor is any search, whose criteria are personal data. A record without a `source` cannot say that it is stale, so it is
never served so. Decisions and diagnoses read past all of this.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from vendors.ports.aggregator import Game
from vendors.ports.bonus import BonusGrant
from vendors.ports.cashier import Deposit, PaymentInstrument, Withdrawal
from vendors.ports.crm import CrmProfile
from vendors.ports.kyc import KycProfile, KycRequirement
from vendors.ports.paging import Page
from vendors.ports.pam import Balance, GameRound, Player
from vendors.ports.source import Source, System
from vendors.ports.ticketing import Ticket, TicketComment

HOUR, DAY = 3600, 24 * 3600


class Kind(msgspec.Struct, frozen=True):
    """One kind of record, by its port's operation, and for how many seconds it is kept as what."""

    name: str
    system: System
    record: Any
    fresh: int
    revalidated: int
    if_error: int
    absent: int

    @property
    def kept(self) -> int:
        """Seconds after which nothing of it is left."""
        return max(self.fresh + self.revalidated, self.if_error)

    def seconds_of(self, value: object) -> int:
        """For how long after its read such an answer is kept."""
        return self.absent if value is None else self.kept


_TABLE = (
    #    operation           system             record                       fresh  revalidated  if_error  absent
    Kind("players",          System.PAM,        Player,                         10,           0,     HOUR,      0),
    Kind("balances",         System.PAM,        Sequence[Balance],               0,           0,      300,      0),
    Kind("rounds",           System.PAM,        Page[GameRound],                 5,          25,     HOUR,      0),
    Kind("open_rounds",      System.PAM,        Sequence[GameRound],             0,           0,      300,      0),
    Kind("transactions",     System.CASHIER,    Withdrawal | Deposit,            0,           0,     HOUR,      0),
    Kind("open_withdrawals", System.CASHIER,    Sequence[Withdrawal],            0,           0,     HOUR,      0),
    Kind("payments_of",      System.CASHIER,    Page[Withdrawal | Deposit],      0,           0,     HOUR,      0),
    Kind("instruments",      System.CASHIER,    Sequence[PaymentInstrument],    30,          60,     HOUR,      0),
    Kind("profiles",         System.KYC,        KycProfile,                     10,           0,     HOUR,      5),
    Kind("requirements",     System.KYC,        Sequence[KycRequirement],       30,           0,        0,      5),
    Kind("grants",           System.BONUS,      Sequence[BonusGrant],            0,           0,     HOUR,      0),
    Kind("games",            System.AGGREGATOR, Game,                         HOUR,         DAY,      DAY,    300),
    Kind("people",           System.CRM,        CrmProfile,                     60,         240,     HOUR,     60),
    Kind("requesters",       System.TICKETING,  Source,                        300,        HOUR,      DAY,     60),
    Kind("tickets",          System.TICKETING,  Ticket,                          5,           0,     HOUR,      5),
    Kind("tickets_of",       System.TICKETING,  Page[Ticket],                   10,          20,     HOUR,      5),
    Kind("comments_of",      System.TICKETING,  Page[TicketComment],            10,           0,        0,      5),
)  # fmt: skip
KINDS = {kind.name: kind for kind in _TABLE}
