"""Sumsub's webhooks. Pages of docs.sumsub.com, copies of 2026-09:

/docs/webhooks                    four repeats of a failed one, and `createdAtMs` to tell which state is the newer
/docs/webhook-manager             the digest over the raw body, SHA-256 or SHA-512; an older algorithm is refused here
/docs/user-verification-webhooks  the types and their fields: no personal data, none of them promised

More than one final answer may come, GREEN and later RED, in any order. `correlationId` is called unique to the event
but has the shape of a request's id, so type and instant stand beside it: a repeat is the same in all three.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from vendors.kyc.sumsub import ReviewResult, status_of, words_of
from vendors.ports.keys import Key
from vendors.ports.source import System
from vendors.ports.webhooks import BadSignature, VendorEvent
from vendors.webhooks import decoded, instant, key, mac, must_equal, unreadable

PRODUCT = "sumsub"
DIGEST, ALGORITHM = "x-payload-digest", "x-payload-digest-alg"
ALGORITHMS = {"HMAC_SHA256_HEX": "sha256", "HMAC_SHA512_HEX": "sha512"}

_MOVES = frozenset(  # sent because the applicant's status changed
    {
        "applicantCreated", "applicantPending", "applicantPrechecked", "applicantOnHold", "applicantAwaitingUser",
        "applicantAwaitingService", "applicantReviewed", "applicantReset",
    }
)  # fmt: skip
_UNSETTLING = frozenset(
    {"applicantLevelChanged", "applicantWorkflowCompleted"}
)  # may move him, and do not say where to
_OTHERS = frozenset(  # about something else of the applicant; an action has a status of its own
    {
        "applicantPersonalInfoChanged", "applicantTagsChanged", "applicantActivated", "applicantDeactivated",
        "applicantDeleted", "applicantActionPending", "applicantActionReviewed", "applicantActionOnHold",
        "videoIdentStatusChanged", "videoIdentCompositionCompleted",
    }
)  # fmt: skip


class _Payload(msgspec.Struct, rename="camel"):
    """What the gateway takes of an event; comments and labels are read from the applicant, not from here."""

    type: str = "untyped"
    correlation_id: str | None = None
    external_user_id: str = ""
    review_status: str | None = None
    review_result: ReviewResult | None = None
    created_at_ms: str | None = None  # `2021-05-14 16:00:25.032`, UTC


class SumsubWebhooks:
    """WebhookReader of one Sumsub account; `secret` is the webhook's own, not the app token's."""

    system, product, answer = System.KYC, PRODUCT, None

    def __init__(self, secret: str) -> None:
        self._secret = secret.encode()

    def read(self, headers: Mapping[str, str], body: bytes) -> Sequence[VendorEvent]:
        """One event a request. Raises BadSignature, also for an algorithm below SHA-256 or none at all."""
        digest = ALGORITHMS.get(headers.get(ALGORITHM, ""))
        if digest is None:
            raise BadSignature
        must_equal(headers.get(DIGEST, ""), mac(self._secret, body, digest=digest).hex())
        payload = decoded(body, _Payload)
        return unreadable(self.system, PRODUCT, body) if payload is None else [_event(payload)]


def _event(payload: _Payload) -> VendorEvent:
    brand, _, local = payload.external_user_id.partition(":")
    subject, at = key("kyc", brand, local), instant(payload.created_at_ms)
    moved = payload.type in _MOVES and payload.review_status is not None and at is not None
    result = payload.review_result or ReviewResult()
    return VendorEvent(
        System.KYC,
        PRODUCT,
        _id(payload),
        payload.type,
        known=payload.type in _MOVES | _UNSETTLING | _OTHERS,
        subjects=() if subject is None else (subject,),
        player=None if subject is None else Key("player", brand, local),
        at=at,
        status=status_of(payload.review_status or "", result).value if moved else None,
        vendor_status=words_of(payload.review_status or "", result) if moved else None,
        unsettled=payload.type in _MOVES | _UNSETTLING and not moved,
    )


def _id(payload: _Payload) -> str | None:
    parts = (payload.correlation_id, payload.type, payload.created_at_ms)
    return None if payload.correlation_id is None else " ".join(part or "-" for part in parts)
