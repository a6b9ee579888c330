"""From records to the states they show: what reads tell the history, and what is read because an event asks."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime

import msgspec
from cachetools import LRUCache

from cache.history import Observation, SeenBy
from vendors.errors import VendorError
from vendors.ports.cashier import CashierPort, Transaction
from vendors.ports.keys import Key
from vendors.ports.kyc import KycPort, KycProfile
from vendors.ports.paging import Page
from vendors.ports.ticketing import Ticket, TicketingPort

REMEMBERED = 100_000  # subjects whose last status is known without asking the store
PAYMENTS, TICKETS, VERIFICATIONS = ("deposit", "withdrawal"), ("ticket",), ("kyc",)  # kinds of subjects

log = logging.getLogger("player_graph.events")


def state_shown(record: object) -> Observation | None:
    """The state a record shows, or None for a record that is not followed.

    The cashier's status code stays out: it may name a fraud rule, and a timeline is read by more people than that.
    """
    match record:
        case Transaction():
            return _read(record.id, record, record.vendor_state, record.updated_at)
        case Ticket():
            return _read(record.id, record, record.vendor_status, record.updated_at)
        case KycProfile():
            subject = Key("kyc", record.player.brand, record.player.local)
            return _read(subject, record, record.vendor_status, record.since or record.source.fetched_at)
    return None


def _read(subject: Key, record: Transaction | Ticket | KycProfile, words: str, at: datetime) -> Observation:
    return Observation(subject, record.status.value, words, at, record.source.fetched_at, SeenBy.READ)


class Observer:
    """Watches what reads bring and passes on what changed; `keep` is asked to write it and may say no."""

    def __init__(self, keep: Callable[[Observation], bool]) -> None:
        self._keep = keep
        self._last: LRUCache[Key, str] = LRUCache(REMEMBERED)

    def saw(self, answers: Iterable[object]) -> None:
        """Answers of reads: records, lists or pages of them. Costs a look in a dictionary a record that is followed."""
        for answer in answers:
            if isinstance(answer, (list, tuple)):
                self.saw(answer)
            elif isinstance(answer, Page):
                self.saw(answer.items)
            else:
                self._compare(answer)

    def _compare(self, record: object) -> None:
        state = state_shown(record)
        if state is not None and self._last.get(state.subject) != state.status and self._keep(state):
            self._last[state.subject] = state.status


class Rereading:
    """Asks the vendors where subjects stand. One that does not answer is left out: the next read tells."""

    def __init__(
        self, cashier: CashierPort, kyc: KycPort, ticketing: TicketingPort, clock: Callable[[], datetime]
    ) -> None:
        self._cashier, self._kyc, self._ticketing, self._clock = cashier, kyc, ticketing, clock

    async def __call__(self, subjects: Sequence[Key]) -> Sequence[Observation]:
        """One plural read a system."""
        asked_at = self._clock()
        payments, tickets = _of(subjects, PAYMENTS), _of(subjects, TICKETS)
        players = [Key("player", key.brand, key.local) for key in _of(subjects, VERIFICATIONS)]
        answers = await asyncio.gather(
            self._cashier.transactions(payments), self._kyc.profiles(players), self._ticketing.tickets(tickets)
        )
        records: list[object] = [record for answer in answers for record in answer.values()]
        for failure in (record for record in records if isinstance(record, VendorError)):
            log.warning("a subject of an event could not be read: %s", failure.code)
        shown = [state for state in map(state_shown, records) if state is not None]
        return [msgspec.structs.replace(state, first_seen_at=asked_at, seen_by=SeenBy.POLL) for state in shown]


def _of(subjects: Sequence[Key], kinds: Sequence[str]) -> list[Key]:
    return [key for key in subjects if key.kind in kinds]
