"""What a product tells by itself: a verified event, and who reads it out of a request."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol

import msgspec

from vendors.ports.keys import Key
from vendors.ports.source import System


class BadSignature(Exception):
    """Not from the product, or not as it sent it. Says nothing more: the sender may be anybody."""

    code = "BAD_SIGNATURE"


class VendorEvent(msgspec.Struct, frozen=True):
    """One verified event. It holds no personal data: it is kept for good.

    `id` is the product's own, or None where it names none: a repeat then looks like news.
    `kind` is the product's word; `known` is False for one no page explains.
    `subjects` are what it is about, `player` whose they are where the product says so.
    `at` is the vendor's instant, which orders events of a subject. `status` and `previous` are canonical names of the
    subject's status. `unsettled` says that the status may be another now and the event does not tell which: the vendor
    has to be asked.
    """

    system: System
    product: str
    id: str | None
    kind: str
    known: bool = True
    subjects: tuple[Key, ...] = ()
    player: Key | None = None
    at: datetime | None = None
    status: str | None = None
    vendor_status: str | None = None
    previous: str | None = None
    unsettled: bool = False

    @property
    def tags(self) -> tuple[str, ...]:
        """Everything whose cached records it makes old."""
        owners = () if self.player is None else (self.player,)
        return tuple(str(key) for key in dict.fromkeys((*self.subjects, *owners)))


class WebhookReader(Protocol):
    """One product's callbacks. `answer` is the body the product wants with its 2xx, None for an empty one."""

    system: System
    product: str
    answer: Any

    def read(self, headers: Mapping[str, str], body: bytes) -> Sequence[VendorEvent]:
        """Raises BadSignature. What is signed but means nothing is an event that is not `known`, never an error.

        Names of `headers` are in lower case.
        """
