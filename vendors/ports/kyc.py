"""Identity verification: where a player's verification stands and what is missing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import Enum
from typing import Protocol

import msgspec

from vendors.errors import VendorError
from vendors.ports.keys import Key
from vendors.ports.source import Source


class KycStatus(Enum):
    """Canonical verification status; UNKNOWN is a vendor word the gateway does not know."""

    DOCUMENTS_REQUESTED = "DOCUMENTS_REQUESTED"
    AWAITING_PLAYER = "AWAITING_PLAYER"
    IN_PROGRESS = "IN_PROGRESS"
    AWAITING_VENDOR = "AWAITING_VENDOR"
    AWAITING_OPERATOR = "AWAITING_OPERATOR"
    APPROVED = "APPROVED"
    RESUBMISSION_REQUIRED = "RESUBMISSION_REQUIRED"
    REJECTED = "REJECTED"
    UNKNOWN = "UNKNOWN"


class RejectLabel(msgspec.Struct, frozen=True):
    """A vendor's reason code, verbatim. A label that is not `player_safe` hints at fraud or compliance suspicion."""

    code: str
    player_safe: bool


class KycProfile(msgspec.Struct, frozen=True):
    """One applicant. `player_comment` may be shown to the player, `staff_comment` never."""

    player: Key
    status: KycStatus
    vendor_status: str
    level: str | None
    labels: Sequence[RejectLabel]
    player_comment: str | None
    staff_comment: str | None
    since: datetime | None
    attempt: int | None
    source: Source


class RequirementState(Enum):
    """Where one step of the level stands; UNKNOWN is a vendor word the gateway does not know."""

    NOT_SUBMITTED = "NOT_SUBMITTED"
    IN_REVIEW = "IN_REVIEW"
    SATISFIED = "SATISFIED"
    RETRY_NEEDED = "RETRY_NEEDED"
    FAILED = "FAILED"
    UNKNOWN = "UNKNOWN"


class KycDocument(msgspec.Struct, frozen=True):
    """What was uploaded for a step: its kind and country, never its number or picture."""

    kind: str
    country: str | None
    state: RequirementState
    labels: Sequence[RejectLabel]


class KycRequirement(msgspec.Struct, frozen=True):
    """A step the level asks for, in the vendor's words, and what was uploaded for it."""

    step: str
    state: RequirementState
    vendor_status: str | None
    documents: Sequence[KycDocument]


class Applicant(msgspec.Struct, frozen=True):
    """A player by the id the vendor gave him."""

    player: Key
    vendor_id: str


class KycPort(Protocol):
    """Reads answer per key: a value, a VendorError, or nothing for a player the vendor has never seen."""

    async def profiles(self, players: Sequence[Key]) -> Mapping[Key, KycProfile | VendorError]:
        """Verification profiles."""

    async def identified(self, ids: Sequence[str]) -> Mapping[str, Key | VendorError]:
        """The players behind the vendor's own ids of people; whoever is not one of ours is left out."""

    async def requirements(
        self, applicants: Sequence[Applicant]
    ) -> Mapping[Applicant, Sequence[KycRequirement] | VendorError]:
        """The steps of each applicant's level."""
