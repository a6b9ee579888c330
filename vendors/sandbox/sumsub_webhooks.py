"""Sumsub's webhooks as they are sent: docs.sumsub.com/docs/user-verification-webhooks and /webhook-manager (2026-09).

Only types of which the page says where the applicant stands are sent. Assumed: an applicant's inspection has his own
number, and what the page shows as optional is sent.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from vendors.sandbox.emitting import CannotSay, Occasion, Teller
from vendors.webhooks import mac

_STATUSES: Mapping[str, str | None] = {  # type -> the status it tells of; None: the one the applicant has
    "applicantCreated": "init",
    "applicantPending": "pending",
    "applicantOnHold": "onHold",
    "applicantAwaitingUser": "awaitingUser",
    "applicantAwaitingService": "awaitingService",
    "applicantReviewed": "completed",
    "applicantReset": "init",
    "applicantPersonalInfoChanged": None,
}
_FIELDS = frozenset(
    {
        "applicantId", "inspectionId", "correlationId", "levelName", "externalUserId", "type", "sandboxMode",
        "reviewStatus", "createdAtMs", "applicantType", "reviewResult",
    }
)  # fmt: skip


def teller(secret: str, applicant_of: Callable[[str], Mapping[str, Any] | None]) -> Teller:
    """`applicant_of` finds an applicant by his external user id; `secret` is the webhook's own."""

    def body(occasion: Occasion) -> dict[str, Any]:
        applicant = applicant_of(occasion.key)
        if applicant is None:
            raise CannotSay(f"key: no applicant {occasion.key}")
        return _body(occasion, applicant)

    def sign(content: bytes) -> dict[str, str]:
        digest = mac(secret.encode(), content).hex()
        return {"X-Payload-Digest": digest, "X-Payload-Digest-Alg": "HMAC_SHA256_HEX"}

    return Teller(body, sign, "X-Payload-Digest", _FIELDS)


def _body(occasion: Occasion, applicant: Mapping[str, Any]) -> dict[str, Any]:
    if occasion.event not in _STATUSES:
        raise CannotSay(f"event: one of {', '.join(_STATUSES)}")
    review = applicant["review"]
    status = _STATUSES[occasion.event] or review["reviewStatus"]
    if occasion.event == "applicantReviewed" and "reviewResult" not in review:
        raise CannotSay(f"event: {occasion.key} is not reviewed")
    told = {
        "applicantId": applicant["id"],
        "inspectionId": applicant["id"],
        "correlationId": f"req-{uuid4()}",
        "levelName": review["levelName"],
        "externalUserId": applicant["externalUserId"],
        "type": occasion.event,
        "sandboxMode": True,
        "reviewStatus": status,
        "createdAtMs": _moment(occasion, applicant).strftime("%Y-%m-%d %H:%M:%S.%f")[:-3],
        "applicantType": "individual",
    }
    return told | ({"reviewResult": review["reviewResult"]} if status == "completed" else {})


def _moment(occasion: Occasion, applicant: Mapping[str, Any]) -> datetime:
    """When he was created, or came to stand where he does."""
    if occasion.event == "applicantCreated":
        return _instant(applicant["createdAt"]) - occasion.late
    review = applicant["review"]
    return occasion.of(_instant(review.get("reviewDate") or review["createDate"]))


def _instant(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
