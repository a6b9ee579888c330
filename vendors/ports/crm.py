"""CRM: who is in which segment, what marketing reached the player, and what he agreed to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import Enum
from typing import Protocol

import msgspec

from vendors.errors import VendorError
from vendors.ports.keys import Key
from vendors.ports.source import Source


class Channel(Enum):
    """How a message travels; UNKNOWN is a vendor word the gateway does not know."""

    EMAIL = "EMAIL"
    SMS = "SMS"
    PUSH = "PUSH"
    ONSITE = "ONSITE"
    WHATSAPP = "WHATSAPP"
    UNKNOWN = "UNKNOWN"


class TouchState(Enum):
    """How far a message got, the furthest event counting; UNKNOWN if the vendor names none we know."""

    QUEUED = "QUEUED"
    SENT = "SENT"
    DELIVERED = "DELIVERED"
    OPENED = "OPENED"
    CLICKED = "CLICKED"
    CONVERTED = "CONVERTED"
    BOUNCED = "BOUNCED"
    FAILED = "FAILED"
    UNSUBSCRIBED = "UNSUBSCRIBED"
    SPAM_REPORTED = "SPAM_REPORTED"
    SUPPRESSED = "SUPPRESSED"
    UNKNOWN = "UNKNOWN"


class Segment(msgspec.Struct, frozen=True):
    """A group the player is in now."""

    id: str
    name: str


class Touch(msgspec.Struct, frozen=True):
    """A message sent to the player; never its text, its recipient or its subject."""

    id: str
    campaign_id: str | None
    channel: Channel
    state: TouchState
    sent_at: datetime


class Consent(msgspec.Struct, frozen=True):
    """Whether marketing may use a channel; `granted` is None where the product does not say."""

    channel: Channel
    granted: bool | None


class CrmProfile(msgspec.Struct, frozen=True):
    """The player as marketing sees him; touches newest first."""

    player: Key
    suppressed: bool | None
    consents: Sequence[Consent]
    segments: Sequence[Segment]
    touches: Sequence[Touch]
    source: Source


class CrmPort(Protocol):
    """Reads answer per key: a value, a VendorError, or nothing for a player the CRM has never seen."""

    async def profiles(self, players: Sequence[Key]) -> Mapping[Key, CrmProfile | VendorError]:
        """Marketing profiles."""

    async def identified(self, ids: Sequence[str]) -> Mapping[str, Key | VendorError]:
        """The players behind the CRM's own ids of people; whoever is not one of ours is left out."""
