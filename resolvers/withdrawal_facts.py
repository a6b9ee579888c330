"""What the rules on a withdrawal look at, and what they answer."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from enum import Enum

import msgspec

from vendors.errors import VendorError
from vendors.ports.bonus import BonusGrant
from vendors.ports.cashier import Transaction
from vendors.ports.kyc import KycProfile
from vendors.ports.pam import Balance, GameRound, Player
from vendors.ports.source import System

SOURCE_UNAVAILABLE = "SOURCE_UNAVAILABLE"  # the blocker that is no verdict: a system that had to answer did not


class WaitingOn(Enum):
    """Who has to move before the money does."""

    PLAYER = "PLAYER"
    OPERATOR_TEAM = "OPERATOR_TEAM"
    VENDOR = "VENDOR"
    PSP = "PSP"
    BANK = "BANK"
    NOBODY = "NOBODY"


class DiagnosisState(Enum):
    """COMPLETE, or PARTIAL_SOURCES when a system it needs did not answer."""

    COMPLETE = "COMPLETE"
    PARTIAL_SOURCES = "PARTIAL_SOURCES"


class Blocker(msgspec.Struct, frozen=True):
    """One reason the money waits. `forbids_approval`: approving now would be wrong."""

    code: str
    summary: str
    waiting_on: WaitingOn
    owner_team: str
    next_step: str
    due_at: datetime | None = None
    forbids_approval: bool = True
    evidence: Sequence[str] = ()


class Diagnosis(msgspec.Struct, frozen=True):
    """The answer to "where is my money?"; `player_message` may be read to the player as it stands."""

    state: DiagnosisState
    headline: str
    waiting_on: WaitingOn
    owner_team: str
    next_step: str
    expected_by: datetime | None
    player_message: str
    blockers: Sequence[Blocker]
    checks_passed: Sequence[str]
    unavailable: Sequence[System]


class Facts(msgspec.Struct, frozen=True):
    """What the rules may look at. A failed source is its error; None is a source that knows nothing."""

    withdrawal: Transaction
    player: Player | VendorError | None
    kyc: KycProfile | VendorError | None
    balances: Sequence[Balance] | VendorError | None
    grants: Sequence[BonusGrant] | VendorError | None
    open_rounds: Sequence[GameRound] | VendorError | None
    now: datetime
