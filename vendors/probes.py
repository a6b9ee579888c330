"""What `vendors check` asks of each system: every read of its port, with a sample player and what is found of him.

A read that needs something which no earlier answer held is not asked, and says so.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import msgspec

from vendors.errors import VendorError
from vendors.ports.aggregator import RoundAsk
from vendors.ports.cashier import PaymentSearch
from vendors.ports.keys import Key
from vendors.ports.kyc import Applicant
from vendors.ports.paging import Listing, Page
from vendors.ports.pam import GameRound, PlayerSearch
from vendors.ports.source import System

FEW = 5  # items of a list that is looked at


class Sample(msgspec.Struct):
    """The player who is asked about, and every record that the answers held so far."""

    player: Key
    records: list[Any] = []

    def learn(self, answers: Mapping[Any, Any]) -> None:
        """Keeps the records of an answer, one by one."""
        self.records += [record for answer in answers.values() for record in flat(answer)]

    def first(self, kind: str) -> Sequence[Key]:
        """The id of the first record of a kind, if one was seen."""
        return [record.id for record in self.records if _kind(record) == kind][:1]


def flat(answer: Any) -> Iterable[Any]:
    """The records of an answer, whether it is one, a list or a page; none of a failure."""
    if isinstance(answer, VendorError):
        return ()
    if isinstance(answer, Page):
        return answer.items
    return answer if isinstance(answer, Sequence) and not isinstance(answer, str) else (answer,)


def _kind(record: Any) -> str | None:
    key = getattr(record, "id", None)
    return key.kind if isinstance(key, Key) else None


Probe = tuple[str, Callable[[Sample], Sequence[Any]]]  # the port's method, and what to ask it


def _player(sample: Sample) -> Sequence[Any]:
    return [sample.player]


def _his_list(sample: Sample) -> Sequence[Any]:
    return [Listing(sample.player, FEW)]


def _vendor_id(system: System) -> Callable[[Sample], Sequence[Any]]:
    def ids(sample: Sample) -> Sequence[Any]:
        sources = [record if hasattr(record, "vendor_id") else record.source for record in sample.records
                   if hasattr(record, "vendor_id") or hasattr(record, "source")]  # fmt: skip
        return [source.vendor_id for source in sources if source.system is system and source.vendor_id][:1]

    return ids


def _applicant(sample: Sample) -> Sequence[Any]:
    return [Applicant(sample.player, each) for each in _vendor_id(System.KYC)(sample)]


def _rounds(sample: Sample) -> Sequence[GameRound]:
    return [record for record in sample.records if isinstance(record, GameRound)]


def _game(sample: Sample) -> Sequence[Any]:
    return [Key("game", sample.player.brand, bet.game_code) for bet in _rounds(sample)][:1]


def _round(sample: Sample) -> Sequence[Any]:
    bets = [bet for bet in _rounds(sample) if bet.provider_transaction]
    return [RoundAsk(sample.player, bet.provider_transaction or "", bet.round_id) for bet in bets][:1]


def _transaction(sample: Sample) -> Sequence[Any]:
    return [*sample.first("withdrawal"), *sample.first("deposit")][:1]


def _ticket(sample: Sample) -> Sequence[Any]:
    return sample.first("ticket")


PROBES: Mapping[System, Sequence[Probe]] = {
    System.PAM: (
        ("players", _player),
        ("identified", lambda sample: [sample.player.local]),
        ("balances", _player),
        ("responsible_gambling", _player),
        ("rounds", _his_list),
        ("open_rounds", _player),
        ("search", lambda sample: [PlayerSearch(sample.player.brand, FEW, player_id=sample.player.local)]),
    ),
    System.CASHIER: (
        ("open_withdrawals", _player),
        ("payments_of", _his_list),
        ("transactions", _transaction),
        ("holds", _player),
        ("instruments", _player),
        ("search", lambda sample: [PaymentSearch(sample.player.brand, FEW)]),
    ),
    System.KYC: (
        ("profiles", _player),
        ("identified", _vendor_id(System.KYC)),
        ("requirements", _applicant),
    ),
    System.BONUS: (("grants", _player),),
    System.AGGREGATOR: (("games", _game), ("round_links", _round)),
    System.CRM: (("profiles", _player), ("identified", _vendor_id(System.CRM))),
    System.TICKETING: (
        ("requesters", _player),
        ("identified", _vendor_id(System.TICKETING)),
        ("tickets_of", _his_list),
        ("tickets", _ticket),
        ("comments_of", lambda sample: [Listing(key, FEW) for key in _ticket(sample)]),
    ),
}
