"""A message of Customer.io: to whom it went, and the furthest that became of it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

import msgspec

from vendors.ports.crm import Channel, Touch, TouchState

_CHANNELS: Mapping[str, Channel] = {  # a message's type; webhook, slack and live_notification have no counterpart
    "email": Channel.EMAIL,
    "twilio": Channel.SMS,
    "push": Channel.PUSH,
    "in_app": Channel.ONSITE,
    "whatsapp": Channel.WHATSAPP,
}

# The furthest event first. `prefetch_*` is a machine's doing: the message arrived, the player may not have seen it.
_FURTHEST: Mapping[str, TouchState] = {
    "spammed": TouchState.SPAM_REPORTED,
    "unsubscribed": TouchState.UNSUBSCRIBED,
    "converted": TouchState.CONVERTED,
    "clicked": TouchState.CLICKED,
    "human_clicked": TouchState.CLICKED,
    "opened": TouchState.OPENED,
    "human_opened": TouchState.OPENED,
    "bounced": TouchState.BOUNCED,
    "failed": TouchState.FAILED,
    "undeliverable": TouchState.FAILED,  # a message limit, a cancelled newsletter, delivery switched off
    "dropped": TouchState.SUPPRESSED,  # not sent: the recipient, or his device, is suppressed
    "prefetch_clicked": TouchState.DELIVERED,
    "prefetch_opened": TouchState.DELIVERED,
    "delivered": TouchState.DELIVERED,
    "sent": TouchState.SENT,
    "attempted": TouchState.QUEUED,  # tried and to be tried again; like a draft, it has not left Customer.io
    "drafted": TouchState.QUEUED,
    "created": TouchState.QUEUED,
}
_FAILURES = frozenset({TouchState.BOUNCED, TouchState.FAILED, TouchState.SUPPRESSED})


class Identifiers(msgspec.Struct, frozen=True):
    """Whose it is, where the message says so a second time."""

    id: str | None = None


class Message(msgspec.Struct, frozen=True):
    """A delivery, without its recipient and subject. Times are Unix seconds; `customer_id` may be null."""

    id: str
    type: str
    created: int
    metrics: dict[str, int | None] = {}
    campaign_id: int | None = None
    customer_id: str | None = None
    customer_identifiers: Identifiers | None = None


class Messages(msgspec.Struct, frozen=True):
    """A page; `next` leads to another one."""

    messages: tuple[Message, ...]
    next: str | None = None


def belongs_to_another(message: Message, asked: str) -> bool:
    """Whether it names anybody but the person who was asked for."""
    named = (message.customer_id, message.customer_identifiers and message.customer_identifiers.id)
    return any(name is not None and name != asked for name in named)


def touch(message: Message) -> Touch:
    """`sent_at` is when it left for the delivery provider, or, if it has not, when Customer.io created it."""
    return Touch(
        id=message.id,
        campaign_id=None if message.campaign_id is None else str(message.campaign_id),
        channel=_CHANNELS.get(message.type, Channel.UNKNOWN),
        state=_state(message),
        sent_at=datetime.fromtimestamp(message.metrics.get("sent") or message.created, UTC),
    )


def _state(message: Message) -> TouchState:
    """The furthest event. A push goes to every device: one that took it outweighs another that did not."""
    reached = [state for word, state in _FURTHEST.items() if message.metrics.get(word)]
    if message.type == "push" and TouchState.DELIVERED in reached:
        reached = [state for state in reached if state not in _FAILURES]
    return reached[0] if reached else TouchState.UNKNOWN
