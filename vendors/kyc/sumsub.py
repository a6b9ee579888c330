"""Sumsub, read by externalUserId. Pages of docs.sumsub.com, copies of 2026-09:

/reference/get-applicant-data-via-externaluserid  the applicant object
/reference/get-applicant-data                    the same by Sumsub's own id (read 2026-11)
/reference/get-applicant-review-status            the review's fields and dates
/docs/applicant-statuses                          which status, answer and reject type mean what
/docs/receive-and-interpret-results-via-api       which comment may be shown to the player
/reference/get-applicant-verification-steps-status  the steps of the level, see `sumsub_steps`
/reference/rate-limits                            300 reads in 5 s per credential; no batch read exists

No page shows the address of an applicant's page in the dashboard, so a profile has no deep link.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Annotated

import msgspec

from vendors import signing
from vendors.client import Client, Headers, Sent, each
from vendors.errors import VendorError, VendorMalformedError
from vendors.external_ids import external_id, player_of
from vendors.kyc.sumsub_labels import labels
from vendors.kyc.sumsub_steps import Steps, canonical
from vendors.ports.keys import Key
from vendors.ports.kyc import Applicant, KycProfile, KycRequirement, KycStatus
from vendors.ports.source import Source, System

OPERATION = "getApplicantByExternalUserId"
PATH = "/resources/applicants/-;externalUserId={externalUserId}/one"
BY_ID_OPERATION = "getApplicant"
BY_ID_PATH = "/resources/applicants/{applicantId}/one"
STEPS_OPERATION = "getRequiredIdDocsStatus"
STEPS_PATH = "/resources/applicants/{applicantId}/requiredIdDocsStatus"


class ReviewResult(msgspec.Struct, frozen=True, rename="camel"):
    """The outcome of the last attempt; it stays on the record after the applicant is sent back to `init`."""

    review_answer: str | None = None
    review_reject_type: str | None = None
    reject_labels: tuple[str, ...] | None = None
    moderation_comment: str | None = None
    client_comment: str | None = None


class Review(msgspec.Struct, frozen=True, rename="camel"):
    """`review_date` is when the check was completed, `create_date` when the attempt went to review; both UTC.

    The status page calls `createDate` the creation of the profile, but in public replies `reviewDate - createDate`
    equals `elapsedSincePendingMs` to the second, also on later attempts (seen 2026-11).
    """

    review_status: str
    level_name: str | None = None
    attempt_cnt: int | None = None
    create_date: str | None = None
    review_date: str | None = None
    review_result: ReviewResult | None = None


class ApplicantRecord(msgspec.Struct, frozen=True, rename="camel"):
    """What the gateway takes of an applicant: no name, document or address is ever decoded.

    `id` stands in the path of the next read, so it must be one word.
    """

    id: Annotated[str, msgspec.Meta(pattern=r"\A\w+\Z")]
    external_user_id: str
    review: Review


# reviewStatus alone decides until the review is completed: an earlier attempt's answer may still be on the record.
# The vendor's own queues are IN_PROGRESS; AWAITING_VENDOR is for a third party the vendor itself waits on.
_OPEN: Mapping[str, KycStatus] = {
    "init": KycStatus.DOCUMENTS_REQUESTED,
    "pending": KycStatus.IN_PROGRESS,
    "prechecked": KycStatus.IN_PROGRESS,
    "queued": KycStatus.IN_PROGRESS,
    "awaitingUser": KycStatus.AWAITING_PLAYER,
    "awaitingService": KycStatus.AWAITING_VENDOR,
    "onHold": KycStatus.AWAITING_OPERATOR,
}
_COMPLETED: Mapping[tuple[str | None, str | None], KycStatus] = {  # (reviewAnswer, reviewRejectType)
    ("GREEN", None): KycStatus.APPROVED,
    ("RED", "RETRY"): KycStatus.RESUBMISSION_REQUIRED,
    ("RED", "FINAL"): KycStatus.REJECTED,
}


def sign(token: str, secret: str, clock: Callable[[], datetime]) -> Sent:
    """Credentials for one app token. Sumsub refuses a timestamp more than 60 s off, so `clock` must be true time."""

    async def headers(method: str, path: str, body: bytes) -> Headers:
        timestamp = int(clock().timestamp())
        return signing.sumsub(token, secret, timestamp=timestamp, method=method, path=path, body=body)

    return headers


class Sumsub:
    """KycPort over Sumsub: one call per player, as there is no batch."""

    def __init__(self, client: Client, clock: Callable[[], datetime]) -> None:
        self._client, self._clock = client, clock

    async def profiles(self, players: Sequence[Key]) -> Mapping[Key, KycProfile | VendorError]:
        """Verification profiles; a player Sumsub has never seen (404) is left out."""
        return await each(players, self._profile)

    async def requirements(
        self, applicants: Sequence[Applicant]
    ) -> Mapping[Applicant, Sequence[KycRequirement] | VendorError]:
        """The steps of each applicant's level; an applicant Sumsub does not know (404) is left out.

        The reply does not say whose steps they are. `vendor_id` must come from a profile, which does.
        """
        return await each(applicants, self._steps)

    async def identified(self, ids: Sequence[str]) -> Mapping[str, Key | VendorError]:
        """One call an applicant id."""
        return await each(ids, self._behind)

    async def _behind(self, applicant_id: str) -> Key | None:
        found = await self._client.ask(
            BY_ID_OPERATION, "GET", BY_ID_PATH, into=ApplicantRecord, at={"applicantId": applicant_id}
        )
        if found is not None and found.id != applicant_id:
            raise VendorMalformedError(self._client.system, BY_ID_OPERATION, "id is not the one asked for")
        return None if found is None else player_of(found.external_user_id)

    async def _steps(self, applicant: Applicant) -> Sequence[KycRequirement] | None:
        steps = await self._client.ask(
            STEPS_OPERATION, "GET", STEPS_PATH, into=Steps, at={"applicantId": applicant.vendor_id}
        )
        return None if steps is None else canonical(steps)

    async def _profile(self, player: Key) -> KycProfile | None:
        expected = external_id(player)
        applicant = await self._client.ask(
            OPERATION, "GET", PATH, into=ApplicantRecord, at={"externalUserId": expected}
        )
        if applicant is None:
            return None
        if applicant.external_user_id != expected:  # never show one player's verification on another's page
            raise VendorMalformedError(self._client.system, OPERATION, "externalUserId is not the one asked for")
        try:
            return _canonical(player, applicant, self._clock())
        except ValueError as error:
            raise VendorMalformedError(self._client.system, OPERATION, "a date cannot be read") from error


def _canonical(player: Key, applicant: ApplicantRecord, now: datetime) -> KycProfile:
    review, result = applicant.review, applicant.review.review_result or ReviewResult()
    return KycProfile(
        player=player,
        status=status_of(review.review_status, result),
        vendor_status=words_of(review.review_status, result),
        level=review.level_name,
        labels=labels(result.reject_labels or ()),
        player_comment=result.moderation_comment or None,
        staff_comment=result.client_comment or None,
        since=_since(review),
        attempt=review.attempt_cnt,
        source=Source(System.KYC, "Sumsub", applicant.id, now),
    )


def words_of(review_status: str, result: ReviewResult) -> str:
    """Sumsub's own words for where an applicant stands."""
    words = (review_status, result.review_answer, result.review_reject_type)
    return " ".join(word for word in words if word)


def status_of(review_status: str, result: ReviewResult) -> KycStatus:
    """What these words mean; UNKNOWN for any the pages do not explain."""
    if review_status == "completed":
        return _COMPLETED.get((result.review_answer, result.review_reject_type), KycStatus.UNKNOWN)
    return _OPEN.get(review_status, KycStatus.UNKNOWN)


def _since(review: Review) -> datetime | None:
    """The decision's date once completed, the submission's before. Sumsub writes `2024-02-02 18:31:57+0000`."""
    text = (review.review_date if review.review_status == "completed" else None) or review.create_date
    if text is None:
        return None
    moment = datetime.fromisoformat(text)  # ValueError: the caller calls the record malformed
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
