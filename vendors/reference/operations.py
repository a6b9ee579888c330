"""The operations of the contract are those of the ports: a port's method is an operation, by its own types.

A read of ids is `GET /<system>/<operation>?kind=&ids=1,2` under a `Brand` header; a listing adds `first` and
`before=<instant>,<id>`. What is asked by criteria, which may be personal, is `POST` with `{"asks": [...]}`. All answer
an array in any order: `{"id" or "ask", "value"}`, or `"error"` in place of the value where the system cannot say now;
what it does not know is left out. A write is `POST` under an `Idempotency-Key`.
"""

from __future__ import annotations

import inspect
import typing
from collections.abc import Mapping, Sequence
from enum import Enum
from functools import cache
from typing import Any

import msgspec

from vendors.errors import VendorError
from vendors.ports.aggregator import AggregatorPort
from vendors.ports.cashier import CashierPort
from vendors.ports.crm import CrmPort
from vendors.ports.keys import Key
from vendors.ports.kyc import KycPort
from vendors.ports.paging import Listing
from vendors.ports.pam import PamPort
from vendors.ports.source import System
from vendors.ports.ticketing import TicketingPort

MOST_ASKS = 100
PORTS: Mapping[System, Any] = {
    System.PAM: PamPort, System.CASHIER: CashierPort, System.KYC: KycPort, System.AGGREGATOR: AggregatorPort,
    System.CRM: CrmPort, System.TICKETING: TicketingPort,
}  # fmt: skip


ASKED = {  # of which kinds the ids are that an operation is asked for, where not of players
    "transactions": ("withdrawal", "deposit"), "games": ("game",), "tickets": ("ticket",), "comments_of": ("ticket",),
}  # fmt: skip


class Manner(Enum):
    """How an operation is asked."""

    IDS = "ids"  # Key or str
    LISTING = "listing"
    CRITERIA = "criteria"
    WRITE = "write"


class Operation(msgspec.Struct, frozen=True):
    """`ask` is the type of one key, or of a write's command; `answer` what each gets, None for a write without."""

    name: str
    path: str
    manner: Manner
    ask: Any
    answer: Any
    says: str

    @property
    def method(self) -> str:
        """GET, unless it writes or its criteria belong in no address."""
        return "GET" if self.manner in (Manner.IDS, Manner.LISTING) else "POST"

    @property
    def kinds(self) -> Sequence[str]:
        """What its ids may be of; none where they are not ids of the graph."""
        by_id = self.ask is not str and self.manner in (Manner.IDS, Manner.LISTING)
        return ASKED.get(self.name, ("player",)) if by_id else ()

    @property
    def needs_brand(self) -> bool:
        """Whether it is asked within a brand; ids of people that only the system has are not."""
        return self.ask is not str


@cache
def operations(system: System) -> Sequence[Operation]:
    """What a system of this kind serves."""
    methods = inspect.getmembers(PORTS[system], inspect.isfunction)
    return [_operation(system, name, method) for name, method in methods if not name.startswith("_")]


@cache
def supported(system: System) -> Any:
    """The enumeration of what `supports` may name; None for a port without."""
    member = inspect.getattr_static(PORTS[system], "supports", None)
    if isinstance(member, property):
        return typing.get_args(typing.get_type_hints(member.fget)["return"])[0]
    hint = PORTS[system].__annotations__.get("supports")
    return typing.get_args(typing.get_type_hints(PORTS[system])["supports"])[0] if hint else None


def _operation(system: System, name: str, method: Any) -> Operation:
    hints = typing.get_type_hints(method)
    answer = hints.pop("return")
    (asked,) = hints.values()
    path, says = f"/{system.value.lower()}/{name.replace('_', '-')}", inspect.getdoc(method) or ""
    if not typing.get_origin(asked):
        return Operation(name, path, Manner.WRITE, asked, None if answer is type(None) else answer, says)
    (ask,), value = typing.get_args(asked), typing.get_args(answer)[1]
    answered = next(one for one in typing.get_args(value) if one is not VendorError)
    manner = Manner.IDS if ask in (Key, str) else Manner.LISTING if ask is Listing else Manner.CRITERIA
    return Operation(name, path, manner, ask, answered, says)
