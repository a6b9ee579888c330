"""Which system a record came from, and how fresh it is."""

from __future__ import annotations

from datetime import datetime
from enum import Enum

import msgspec


class System(Enum):
    """The seven vendor systems and the gateway itself."""

    PAM = "PAM"
    CASHIER = "CASHIER"
    KYC = "KYC"
    BONUS = "BONUS"
    AGGREGATOR = "AGGREGATOR"
    CRM = "CRM"
    TICKETING = "TICKETING"
    GATEWAY = "GATEWAY"


class Source(msgspec.Struct, frozen=True):
    """Where a record came from. `fetched_at` is UTC; `stale`: it is past its time."""

    system: System
    vendor: str
    vendor_id: str | None
    fetched_at: datetime
    stale: bool = False
    deep_link: str | None = None
