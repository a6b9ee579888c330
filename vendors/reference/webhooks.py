"""Events of a system of the operator's own: `webhooks` of docs/contracts/<system>.yaml, signed by Standard Webhooks.

What an event tells is believed as far as it can be read: the subject is one of the system's own, the instant has an
offset and is not to come. A status without such an instant makes the gateway ask; a kind or a subject that the contract
does not have is kept as unknown.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from enum import Enum

import msgspec

from vendors.ports.keys import Key
from vendors.ports.source import System
from vendors.ports.webhooks import VendorEvent
from vendors.reference.events import CHANGED, KINDS, PEOPLE, SUBJECTS, Envelope, canonical, is_kind, plain
from vendors.reference.standard_webhooks import TOLERANCE_SECONDS, key_of, verified
from vendors.reference_access import ReferenceAccess
from vendors.webhooks import decoded, key, unreadable

PRODUCT = "reference"


def hooks(system: System, access: ReferenceAccess) -> ReferenceWebhooks | None:
    """The reader of the system's events. Raises ValueError for a secret that is none."""
    return ReferenceWebhooks(system, access.hook.reveal()) if access.hook else None


class ReferenceWebhooks:
    """WebhookReader of one system; `clock` gives Unix seconds."""

    product, answer = PRODUCT, None

    def __init__(self, system: System, secret: str, clock: Callable[[], float] = time.time) -> None:
        self.system, self._key, self._clock = system, key_of(secret), clock
        self._subjects = SUBJECTS[system]

    def read(self, headers: Mapping[str, str], body: bytes) -> Sequence[VendorEvent]:
        """One event a request. Raises BadSignature, also for one that was not sent within five minutes of now."""
        now_seconds = self._clock()
        event_id = verified(self._key, headers, body, now_seconds)
        told = decoded(body, Envelope)
        if told is None or not is_kind(told.kind):
            return unreadable(self.system, PRODUCT, body)
        return [self._event(event_id, told, _moment(told.at, now_seconds))]

    def _event(self, event_id: str, told: Envelope, at: datetime | None) -> VendorEvent:
        subject = self._subject(told)
        player = _owner(told, subject)
        known = self._is_known(event_id, told, subject, player)
        states = self._subjects[subject.kind] if subject and known else None
        plainly = VendorEvent(
            self.system, PRODUCT, event_id, told.kind, known, () if subject is None else (subject,), player, at
        )
        return plainly if states is None else _standing(plainly, told, states)

    def _subject(self, told: Envelope) -> Key | None:
        said = told.subject
        return key(said.kind, said.brand, said.id) if said.kind in self._subjects else None

    def _is_known(self, event_id: str, told: Envelope, subject: Key | None, player: Key | None) -> bool:
        readable = subject is not None and (told.player is None or player is not None)
        return readable and told.kind in KINDS and told.id == event_id


def _standing(event: VendorEvent, told: Envelope, states: type[Enum]) -> VendorEvent:
    """The event of a subject that has a status, with the status that it tells."""
    if told.status is None or event.at is None:
        moved = told.kind != CHANGED or told.status is not None
        return msgspec.structs.replace(event, unsettled=moved)
    return msgspec.structs.replace(
        event,
        status=canonical(states, told.status),
        vendor_status=plain(told.words) or plain(told.status),
        previous=None if told.previous is None else canonical(states, told.previous),
    )


def _owner(told: Envelope, subject: Key | None) -> Key | None:
    """Whose the subject is; nobody of another brand."""
    if subject is None:
        return None
    if subject.kind in PEOPLE:
        return Key("player", subject.brand, subject.local)
    said = told.player
    return key("player", said.brand, said.id) if said and said.brand == subject.brand else None


def _moment(text: str, now_seconds: float) -> datetime | None:
    """None for what has no offset, and for what is to come: it would stand before all that follows it."""
    try:
        said = datetime.fromisoformat(text)
        moment = said.astimezone(UTC) if said.tzinfo else None
    except (ValueError, OverflowError):
        return None
    latest = datetime.fromtimestamp(now_seconds, UTC) + timedelta(seconds=TOLERANCE_SECONDS)
    return moment if moment and moment <= latest else None
