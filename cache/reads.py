"""Every read of a request, in one place: reading it is reading the join graph."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

import msgspec

from cache.scope_records import ScopeRecords
from cache.window import Outcomes, Window
from vendors.errors import VendorError
from vendors.ports.aggregator import AggregatorPort, Game, RoundAsk
from vendors.ports.bonus import BonusGrant, BonusPort
from vendors.ports.cashier import CashierPort, PaymentInstrument, PaymentSearch, Transaction, Withdrawal
from vendors.ports.crm import CrmPort, CrmProfile
from vendors.ports.health import HealthLog
from vendors.ports.keys import Key
from vendors.ports.kyc import Applicant, KycPort, KycProfile, KycRequirement
from vendors.ports.paging import Listing, Page
from vendors.ports.pam import Balance, GameRound, PamPort, Player, PlayerHits, PlayerSearch, ResponsibleGambling
from vendors.ports.source import Source, System
from vendors.ports.ticketing import Ticket, TicketComment, TicketingPort


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
    """A request's windows over the ports; `outcomes` remembers what each answered, `saw` is shown every answer."""

    def __init__(
        self, ports: Ports, scopes: ScopeRecords, saw: Callable[[Iterable[object]], None] | None = None
    ) -> None:
        self.ports, self.scopes, self.saw = ports, scopes, saw or (lambda answers: None)
        self.outcomes = Outcomes(self.saw)
        pam, cashier, kyc, bonus = (self.outcomes.of(s) for s in (System.PAM, System.CASHIER, System.KYC, System.BONUS))
        aggregator, crm, tickets = (self.outcomes.of(s) for s in (System.AGGREGATOR, System.CRM, System.TICKETING))
        self.players: Window[Key, Player] = Window(self._players, pam)
        self.balances: Window[Key, Sequence[Balance]] = Window(ports.pam.balances, pam)
        self.gambling: Window[Key, ResponsibleGambling] = Window(ports.pam.responsible_gambling, pam)
        self.rounds: Window[Listing, Page[GameRound]] = Window(ports.pam.rounds, pam)
        self.open_rounds: Window[Key, Sequence[GameRound]] = Window(ports.pam.open_rounds, pam)
        self.player_hits: Window[PlayerSearch, PlayerHits] = Window(ports.pam.search, pam)
        self.transactions: Window[Key, Transaction] = Window(ports.cashier.transactions, cashier)
        self.open_withdrawals: Window[Key, Sequence[Withdrawal]] = Window(ports.cashier.open_withdrawals, cashier)
        self.payments: Window[Listing, Page[Transaction]] = Window(ports.cashier.payments_of, cashier)
        self.payment_search: Window[PaymentSearch, Page[Transaction]] = Window(ports.cashier.search, cashier)
        self.instruments: Window[Key, Sequence[PaymentInstrument]] = Window(ports.cashier.instruments, cashier)
        self.kyc: Window[Key, KycProfile] = Window(ports.kyc.profiles, kyc)
        self.requirements: Window[Applicant, Sequence[KycRequirement]] = Window(ports.kyc.requirements, kyc)
        self.grants: Window[Key, Sequence[BonusGrant]] = Window(ports.bonus.grants, bonus)
        self.games: Window[Key, Game] = Window(ports.aggregator.games, aggregator)
        self.round_links: Window[RoundAsk, str] = Window(ports.aggregator.round_links, aggregator)
        self.crm: Window[Key, CrmProfile] = Window(ports.crm.profiles, crm)
        self.requesters: Window[Key, Source] = Window(ports.ticketing.requesters, tickets)
        self.tickets: Window[Key, Ticket] = Window(ports.ticketing.tickets, tickets)
        self.tickets_of: Window[Listing, Page[Ticket]] = Window(ports.ticketing.tickets_of, tickets)
        self.comments: Window[Listing, Page[TicketComment]] = Window(ports.ticketing.comments_of, tickets)

    async def _players(self, keys: Sequence[Key]) -> Mapping[Key, Player | VendorError]:
        """The PAM's answers, from which scopes are learnt; who was unknown a moment ago is not asked for again."""
        asked = [key for key in keys if not self.scopes.is_unknown(key)]
        found = await self.ports.pam.players(asked) if asked else {}
        for key in asked:
            answer = found.get(key)
            if isinstance(answer, Player):
                self.scopes.learn(key, answer.market)
            elif answer is None:
                self.scopes.learn_unknown(key)
        return found
