"""Customer.io's reporting webhooks as they are sent: OpenAPI document, copy of 2026-08.

`customer.subscribed` and `customer.unsubscribed` are about a person, `email.sent` and the like about one of his
messages. Only metrics whose fields the workspace has are sent: a click would need its link, a push its devices.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any
from uuid import uuid4

from vendors.sandbox.emitting import CannotSay, Occasion, Teller
from vendors.webhooks import mac

Fields = Mapping[str, Any]

_PERSON = ("subscribed", "unsubscribed")
_MESSAGES = {"email": ("email", ("sent", "delivered", "opened")), "twilio": ("sms", ("sent", "delivered"))}
_FIELDS = frozenset({"metric", "event_id", "object_type", "timestamp", "data"})


def teller(
    secret: str,
    person_of: Callable[[str], Fields | None],
    message_of: Callable[[str], tuple[Fields, Fields] | None],
    clock: Callable[[], datetime],
) -> Teller:
    """`person_of` finds the identifiers of a person by his id, `message_of` a message and its person's by delivery id.

    `secret` is the webhook signing key.
    """

    def body(occasion: Occasion) -> dict[str, Any]:
        about, _, metric = occasion.event.partition(".")
        if about == "customer" and metric in _PERSON:
            return _of_person(occasion, metric, person_of(occasion.key), clock())
        return _of_message(occasion, message_of(occasion.key))

    def sign(content: bytes) -> dict[str, str]:
        sent_at = str(int(clock().timestamp()))
        signature = mac(secret.encode(), f"v0:{sent_at}:".encode(), content).hex()
        return {"X-CIO-Timestamp": sent_at, "X-CIO-Signature": signature}

    return Teller(body, sign, "X-CIO-Signature", _FIELDS)


def _of_person(occasion: Occasion, metric: str, person: Fields | None, now: datetime) -> dict[str, Any]:
    if person is None:
        raise CannotSay(f"key: no person {occasion.key}")
    data = {"customer_id": person["id"], "email_address": person["email"], "identifiers": person}
    return _event("customer", metric, int(occasion.of(now).timestamp()), data)


def _of_message(occasion: Occasion, found: tuple[Fields, Fields] | None) -> dict[str, Any]:
    """The metric has to have been reached by the message."""
    if found is None:
        raise CannotSay(f"event: customer.{' or customer.'.join(_PERSON)}; or key: no message {occasion.key}")
    message, person = found
    kind, metrics = _MESSAGES.get(message["type"], (message["type"], ()))
    told = [f"{kind}.{metric}" for metric in metrics if metric in message["metrics"]]
    if occasion.event not in told:
        raise CannotSay(f"event: of this message {' or '.join(told) or 'nothing that is sent here'}")
    metric = occasion.event.partition(".")[2]
    data = {
        "customer_id": person["id"], "identifiers": person, "delivery_id": message["id"],
        "action_id": message["action_id"], "campaign_id": message["campaign_id"], "recipient": message["recipient"],
    }  # fmt: skip
    at = int(message["metrics"][metric] - occasion.late.total_seconds())
    return _event(kind, metric, at, data | ({"subject": message["subject"]} if kind == "email" else {}))


def _event(object_type: str, metric: str, at: int, data: Fields) -> dict[str, Any]:
    return {"event_id": uuid4().hex.upper()[:26], "object_type": object_type, "metric": metric, "timestamp": at,
            "data": data}  # fmt: skip
