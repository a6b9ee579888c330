"""Intercom's notifications. Pages of developers.intercom.com, read 2026-11:

/intercom-api-reference/v1.0/reference/signed-notifications  `X-Hub-Signature`: `sha1=`, HMAC-SHA-1 of the body in hex
/docs/references/2.13/webhooks/webhook-models (at second hand)  the envelope: `id`, `topic`, `created_at`, `data.item`
/intercom-api-reference/reference/changelog  ten topics of tickets; at second hand: `ticket.closed`, `ticket.resolved`,
                                             `ticket.rating.provided`

SHA-1 is all that Intercom signs with. The item of a ticket's topic is the ticket as the API shows it, in the version
that is chosen for the app; where it names no contact of ours it is told of each brand's ticket of that number, of which
one exists. `created_at` has whole seconds.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from vendors.ports.keys import Key
from vendors.ports.source import System
from vendors.ports.webhooks import VendorEvent
from vendors.ticketing import intercom_records as records
from vendors.ticketing.intercom_records import Contacts, Owned, State
from vendors.webhooks import decoded, key, mac, must_equal, unreadable

PRODUCT, SIGNATURE = "intercom", "x-hub-signature"
_TELLING = frozenset({"ticket.created", "ticket.state.updated", "ticket.closed", "ticket.resolved"})
_OTHERS = frozenset(
    {
        "ping", "ticket.admin.assigned", "ticket.admin.replied", "ticket.attribute.updated", "ticket.contact.attached",
        "ticket.contact.detached", "ticket.contact.replied", "ticket.note.created", "ticket.rating.provided",
        "ticket.team.assigned",
    }
)  # fmt: skip


class _Item(msgspec.Struct, frozen=True):
    """Of the ticket its number, state and contact; title and text are never decoded."""

    id: str = ""
    ticket_state: State | str | None = None
    open: bool = True
    contacts: Contacts | None = None


class _Data(msgspec.Struct, frozen=True):
    item: _Item = _Item()


class _Envelope(msgspec.Struct, frozen=True):
    topic: str
    id: str | None = None
    created_at: int | None = None
    data: _Data = _Data()


class IntercomWebhooks:
    """WebhookReader of one app; `secret` is its client secret, `brands` whose tickets the workspace holds."""

    system, product, answer = System.TICKETING, PRODUCT, None

    def __init__(self, secret: str, brands: Sequence[str]) -> None:
        self._secret, self._brands = secret.encode(), tuple(brands)

    def read(self, headers: Mapping[str, str], body: bytes) -> Sequence[VendorEvent]:
        """One event a request. Raises BadSignature."""
        must_equal(headers.get(SIGNATURE, ""), "sha1=" + mac(self._secret, body, digest="sha1").hex())
        told = decoded(body, _Envelope)
        return unreadable(self.system, PRODUCT, body) if told is None else [self._event(told)]

    def _event(self, told: _Envelope) -> VendorEvent:
        item, at = told.data.item, None if told.created_at is None else records.moment(told.created_at)
        state = self._state(told)
        moved = state is not None and at is not None
        return VendorEvent(
            self.system,
            PRODUCT,
            told.id,
            told.topic,
            known=told.topic in _TELLING | _OTHERS,
            subjects=self._subjects(item) if told.topic.startswith("ticket.") else (),
            at=at,
            status=state[0] if state and moved else None,
            vendor_status=state[1] if state and moved else None,
            unsettled=told.topic in _TELLING and not moved,
        )

    @staticmethod
    def _state(told: _Envelope) -> tuple[str, str] | None:
        """Where the ticket stands after the event, in the gateway's word and in Intercom's."""
        item = told.data.item
        if told.topic not in _TELLING or item.ticket_state is None:
            return None
        status = records.status(item.ticket_state, is_open=item.open)
        return status.value, records.words(item.ticket_state, is_open=item.open)

    def _subjects(self, item: _Item) -> tuple[Key, ...]:
        owner = Owned(item.id, item.contacts).player
        brands = self._brands if owner is None else (owner.brand,)
        return tuple(one for brand in brands if (one := key("ticket", brand, item.id)))
