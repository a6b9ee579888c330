"""Events of a system of the operator's own, as the reference contract has them, told of what its store shows.

The key of an emission is a typed id, such as `withdrawal:acme:90007`. The store keeps no history: of a new thing the
event does not say where it stood, and where something stood before is said by `with`.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import msgspec

from vendors.errors import VendorError
from vendors.ports.keys import Key
from vendors.ports.source import System
from vendors.reference.events import CREATED, KINDS, PEOPLE, SUBJECTS, Envelope
from vendors.reference.standard_webhooks import SIGNATURE, headers_of, key_of
from vendors.sandbox.emitting import Body, CannotSay, Occasion, Teller

_READS: Mapping[System, Mapping[str, str]] = {  # the operation that shows a subject
    System.PAM: {"player": "players"},
    System.CASHIER: {"withdrawal": "transactions", "deposit": "transactions", "player": "instruments"},
    System.KYC: {"kyc": "profiles", "player": "profiles"},
    System.AGGREGATOR: {"game": "games"},
    System.CRM: {"player": "profiles"},
    System.TICKETING: {"ticket": "tickets", "player": "requesters"},
}


class Shown(msgspec.Struct, frozen=True):
    """What the store shows of a subject: whose it is, where it stands, in the system's words too, and since when."""

    player: Key | None = None
    status: str | None = None
    words: str | None = None
    made: datetime | None = None
    changed: datetime | None = None


ShownOf = Callable[[Key], Awaitable[Shown | None]]  # None for what the store does not have


def teller(system: System, secret: str, shown_of: ShownOf) -> Teller:
    """`secret` is `whsec_` and base64."""
    key = key_of(secret)

    async def body(occasion: Occasion) -> Body:
        subject = _subject(system, occasion)
        shown = await shown_of(subject)
        if shown is None:
            raise CannotSay(f"key: no {subject}")
        return _told(occasion, subject, shown)

    def sign(content: bytes) -> Mapping[str, str]:
        said = msgspec.json.decode(content, type=dict[str, Any])
        return headers_of(key, str(said["id"]), str(int(time.time())), content)

    return Teller(body, sign, SIGNATURE, frozenset(Envelope.__struct_fields__))


def house_teller(system: System, secret: str, port: Any) -> Teller:
    """Of a system whose store is behind a port."""

    async def shown_of(subject: Key) -> Shown | None:
        asked = Key("player", subject.brand, subject.local) if subject.kind in PEOPLE else subject
        record = (await getattr(port, _READS[system][subject.kind])([asked])).get(asked)
        if record is None or isinstance(record, VendorError):
            return None
        return _shown(record, has_status=SUBJECTS[system][subject.kind] is not None)

    return teller(system, secret, shown_of)


def _subject(system: System, occasion: Occasion) -> Key:
    """Whom the event is about. Raises ValueError for what is no id."""
    if occasion.event not in KINDS:
        raise CannotSay(f"event: one of {', '.join(KINDS)}")
    subject = Key.parse(occasion.key)
    if subject.kind not in SUBJECTS[system]:
        raise CannotSay(f"key: of a {' or '.join(SUBJECTS[system])}")
    return subject


def _told(occasion: Occasion, subject: Key, shown: Shown) -> Body:
    is_new = occasion.event == CREATED
    if is_new and shown.made is None:
        raise CannotSay(f"event: since when there is {subject} is not known")
    since = shown.changed or datetime.now(UTC)
    at = shown.made - occasion.late if is_new and shown.made else occasion.of(since)
    player = Key("player", subject.brand, subject.local) if subject.kind in PEOPLE else shown.player
    return {
        "id": f"evt_{uuid4().hex}",
        "kind": occasion.event,
        "at": at.isoformat(),
        "subject": {"kind": subject.kind, "brand": subject.brand, "id": subject.local},
        "player": None if player is None else {"brand": player.brand, "id": player.local},
        "status": None if is_new else shown.status,
        "previous": None,
        "words": None if is_new else shown.words,
    }


def _shown(record: Any, *, has_status: bool) -> Shown:
    status = getattr(getattr(record, "account", record), "status", None)
    return Shown(
        getattr(record, "player", None),
        str(status.value) if has_status and status else None,
        _first(record, "vendor_state", "vendor_status") if has_status else None,
        _first(record, "created_at", "registered_at"),
        _first(record, "updated_at", "since"),
    )


def _first(record: Any, *names: str) -> Any:
    return next((found for name in names if (found := getattr(record, name, None)) is not None), None)
