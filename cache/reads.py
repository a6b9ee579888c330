"""Every read of a request, in one place: reading it is reading the join graph."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TypeVar

import msgspec

from cache.reading import Read
from cache.scope_records import ScopeRecords
from cache.store import Store
from cache.window import Outcomes, Window
from vendors.errors import VendorError
from vendors.ports.aggregator import AggregatorPort, Game, RoundAsk
from vendors.ports.bonus import BonusGrant, BonusPort
from vendors.ports.cashier import CashierPort, Hold, PaymentInstrument, PaymentSearch, Transaction, Withdrawal
from vendors.ports.crm import CrmPort, CrmProfile
from vendors.ports.health import HealthLog
from vendors.ports.keys import Key
from vendors.ports.kyc import Applicant, KycPort, KycProfile, KycRequirement
from vendors.ports.paging import Listing, Page
from vendors.ports.pam import Balance, GameRound, PamPort, Player, PlayerHits, PlayerSearch, ResponsibleGambling
from vendors.ports.source import Source, System
from vendors.ports.ticketing import Ticket, TicketComment, TicketingPort

K = TypeVar("K")
V = TypeVar("V")
Report = Callable[[int, Sequence[object]], None]


class Ports(msgspec.Struct, frozen=True):
    """The products behind the graph."""

    pam: PamPort
    cashier: CashierPort
    kyc: KycPort
    bonus: BonusPort
    aggregator: AggregatorPort
    crm: CrmPort
    ticketing: TicketingPort
    health: Sequence[HealthLog] = ()


class Reads:
    """A request's windows over the ports; `outcomes` remembers what each answered, `saw` is shown every answer.

    With `judging` nothing that an earlier request left is looked at: something is about to change.
    """

    def __init__(
        self,
        ports: Ports,
        scopes: ScopeRecords,
        store: Store | None = None,
        saw: Callable[[Iterable[object]], None] | None = None,
        *,
        judging: bool = False,
    ) -> None:
        self.ports, self.scopes, self.store = ports, scopes, store or Store()
        self.saw, self._judging = saw or (lambda answers: None), judging
        self.outcomes = Outcomes(self.saw)
        pam, cashier, kyc, bonus = (self.outcomes.of(s) for s in (System.PAM, System.CASHIER, System.KYC, System.BONUS))
        aggregator, crm, tickets = (self.outcomes.of(s) for s in (System.AGGREGATOR, System.CRM, System.TICKETING))
        kept = self._kept
        self.players: Window[Key, Player] = kept("players", ports.pam, learning(ports.pam, scopes), pam)
        self.balances: Window[Key, Sequence[Balance]] = kept("balances", ports.pam, ports.pam.balances, pam)
        self.gambling: Window[Key, ResponsibleGambling] = Window(ports.pam.responsible_gambling, pam)
        self.rounds: Window[Listing, Page[GameRound]] = kept("rounds", ports.pam, ports.pam.rounds, pam)
        self.open_rounds: Window[Key, Sequence[GameRound]] = kept("open_rounds", ports.pam, ports.pam.open_rounds, pam)
        self.player_hits: Window[PlayerSearch, PlayerHits] = Window(ports.pam.search, pam)
        self.transactions: Window[Key, Transaction] = kept(
            "transactions", ports.cashier, ports.cashier.transactions, cashier
        )
        self.open_withdrawals: Window[Key, Sequence[Withdrawal]] = kept(
            "open_withdrawals", ports.cashier, ports.cashier.open_withdrawals, cashier
        )
        self.holds: Window[Key, Sequence[Hold]] = Window(ports.cashier.holds, cashier)
        self.payments: Window[Listing, Page[Transaction]] = kept(
            "payments_of", ports.cashier, ports.cashier.payments_of, cashier
        )
        self.payment_search: Window[PaymentSearch, Page[Transaction]] = Window(ports.cashier.search, cashier)
        self.instruments: Window[Key, Sequence[PaymentInstrument]] = kept(
            "instruments", ports.cashier, ports.cashier.instruments, cashier
        )
        self.kyc: Window[Key, KycProfile] = kept("profiles", ports.kyc, ports.kyc.profiles, kyc)
        self.requirements: Window[Applicant, Sequence[KycRequirement]] = kept(
            "requirements", ports.kyc, ports.kyc.requirements, kyc
        )
        self.grants: Window[Key, Sequence[BonusGrant]] = kept("grants", ports.bonus, ports.bonus.grants, bonus)
        self.games: Window[Key, Game] = kept("games", ports.aggregator, ports.aggregator.games, aggregator)
        self.round_links: Window[RoundAsk, str] = Window(ports.aggregator.round_links, aggregator)
        self.crm: Window[Key, CrmProfile] = kept("people", ports.crm, ports.crm.profiles, crm)
        self.requesters: Window[Key, Source] = kept("requesters", ports.ticketing, ports.ticketing.requesters, tickets)
        self.tickets: Window[Key, Ticket] = kept("tickets", ports.ticketing, ports.ticketing.tickets, tickets)
        self.tickets_of: Window[Listing, Page[Ticket]] = kept(
            "tickets_of", ports.ticketing, ports.ticketing.tickets_of, tickets
        )
        self.comments: Window[Listing, Page[TicketComment]] = kept(
            "comments_of", ports.ticketing, ports.ticketing.comments_of, tickets
        )
        self.identified: Mapping[System, Window[str, Key]] = {
            System.PAM: Window(ports.pam.identified, pam),
            System.KYC: Window(ports.kyc.identified, kyc),
            System.CRM: Window(ports.crm.identified, crm),
            System.TICKETING: Window(ports.ticketing.identified, tickets),
        }

    def for_a_decision(self) -> Reads:
        """Windows that remember nothing yet and ask the vendors for everything."""
        return Reads(self.ports, self.scopes, self.store, self.saw, judging=True)

    def _kept(self, kind: str, port: object, read: Read[K, V], report: Report) -> Window[K, V]:
        """A window over what is kept of this kind between requests."""
        if (reading := self.store.reading(kind, port, read)) is None:
            return Window(read, report)
        return Window(reading.now if self._judging else reading, report, reading.now)


def learning(pam: PamPort, scopes: ScopeRecords) -> Read[Key, Player]:
    """The PAM's players, from which scopes are learnt; who was unknown a moment ago is not asked for again."""

    async def players(keys: Sequence[Key]) -> Mapping[Key, Player | VendorError]:
        asked = [key for key in keys if not scopes.is_unknown(key)]
        found = await pam.players(asked) if asked else {}
        for key in asked:
            answer = found.get(key)
            if isinstance(answer, Player):
                scopes.learn(key, answer.market)
            elif answer is None:
                scopes.learn_unknown(key)
        return found

    return players
