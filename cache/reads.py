"""Every read of a request, in one dataclass: reading it is reading the join graph."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from cache.window import Window
from vendors.ports.cashier import CashierPort, Transaction
from vendors.ports.keys import Key
from vendors.ports.kyc import KycPort, KycProfile
from vendors.ports.pam import Balance, PamPort, Player


class Ports(msgspec.Struct, frozen=True):
    """The products behind the graph."""

    pam: PamPort
    cashier: CashierPort
    kyc: KycPort


class Reads:
    """A request's windows over the ports."""

    def __init__(self, ports: Ports) -> None:
        self.players: Window[Key, Player] = Window(ports.pam.players)
        self.balances: Window[Key, Sequence[Balance]] = Window(ports.pam.balances)
        self.transactions: Window[Key, Transaction] = Window(ports.cashier.transactions)
        self.open_withdrawals: Window[Key, Sequence[Transaction]] = Window(ports.cashier.open_withdrawals)
        self.kyc: Window[Key, KycProfile] = Window(ports.kyc.profiles)
