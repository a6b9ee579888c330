"""Sumsub, as its documentation describes it: docs.sumsub.com, copies of 2026-09.

/reference/authentication                         X-App-* headers and what is signed
/reference/get-applicant-data-via-externaluserid  the applicant object
/reference/get-applicant-data                    the same by Sumsub's own id
/reference/get-applicant-verification-steps-status  the steps of the level, and which part of a refusal stands where
/reference/error-codes-description                the error body; an `errorCode` is optional and left out here

Everybody is on one level that asks for an identity document and a selfie. The review's outcome is the document's; a
refused player's selfie is good. The page says that a FINAL refusal shows little here, not what: it is shown like RETRY.
A step that was not handed in is null, one that waits has no answer: assumptions, as in `vendors/kyc/sumsub_steps.py`.
A scenario file's review is the whole outcome: nothing of the copy's result or date of review is left beside it.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from vendors.sandbox.ages import age_of, verbatim
from vendors.sandbox.facts import PlayerFacts
from vendors.sandbox.stage import Operation, Refused, Stage
from vendors.sandbox.sumsub_webhooks import teller
from vendors.sandbox.world import World

PATH = "/resources/applicants/-;externalUserId={external_user_id}/one"
BY_ID_PATH = "/resources/applicants/{applicant_id}/one"
STEPS_PATH = "/resources/applicants/{applicant_id}/requiredIdDocsStatus"
SKEW_SECONDS = 60
_ALPHA_3 = {"GB": "GBR", "MT": "MLT", "SE": "SWE", "DK": "DNK", "DE": "DEU", "US": "USA"}  # the markets' countries


def stage(
    world: World,
    token: str,
    secret: str,
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    *,
    hook_secret: str = "",
) -> Stage:
    """One Sumsub account that holds every brand's players. Read-only, so a reset has nothing to put back.

    `hook_secret` signs what it tells by itself.
    """
    store, steps = dict[str, dict[str, Any]](), dict[str, Mapping[str, Any]]()
    by_id = dict[str, dict[str, Any]]()
    for player in world.players.values():
        laid, applicant = world.laid(player, "kyc.sumsub"), _applicant(player, world.now)
        said = laid.get("applicant", {})
        if said is None:  # never seen
            continue
        applicant = _laid_over(applicant, said, world.now)
        store[applicant["externalUserId"]] = by_id[applicant["id"]] = applicant
        steps[applicant["id"]] = laid.get("requiredIdDocsStatus", _steps(player, applicant["review"]))

    async def one(request: Request) -> Response:
        return await shown(request, store.get(request.path_params["external_user_id"]))

    async def one_by_id(request: Request) -> Response:
        return await shown(request, by_id.get(request.path_params["applicant_id"]))

    async def shown(request: Request, applicant: dict[str, Any] | None) -> Response:
        await _admit(request, token, secret, clock())
        if applicant is None:
            raise _refused(404, "Applicant not found")
        return JSONResponse(applicant)

    async def required(request: Request) -> Response:
        await _admit(request, token, secret, clock())
        found = steps.get(request.path_params["applicant_id"])
        if found is None:
            raise _refused(404, "Applicant not found")
        return JSONResponse(found)

    operations = [
        Operation("getApplicantByExternalUserId", "GET", PATH, one),
        Operation("getApplicant", "GET", BY_ID_PATH, one_by_id),
        Operation("getRequiredIdDocsStatus", "GET", STEPS_PATH, required),
    ]
    return Stage(operations, lambda: None, teller(hook_secret, store.get))


async def _admit(request: Request, token: str, secret: str, now: datetime) -> None:
    """Refuses what Sumsub refuses: another app token, a timestamp more than 60 s off, a wrong signature."""
    stamp = request.headers.get("X-App-Access-Ts", "")
    if request.headers.get("X-App-Token") != token:
        raise _refused(401, "Invalid app token")
    if not (stamp.isascii() and stamp.isdigit()) or abs(now.timestamp() - int(stamp)) > SKEW_SECONDS:
        raise _refused(401, "Request timestamp is not within 1 minute of the server time")
    signed = stamp.encode() + request.method.encode() + _raw_target(request) + await request.body()
    expected = hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()
    if not hmac.compare_digest(expected.encode(), request.headers.get("X-App-Access-Sig", "").encode()):
        raise _refused(401, "Request signature mismatch")


def _raw_target(request: Request) -> bytes:
    """Path and query as they were sent, before any unquoting."""
    path, query = bytes(request.scope["raw_path"]), bytes(request.scope["query_string"])
    return path + b"?" + query if query else path


def _refused(status: int, description: str) -> Refused:
    return Refused(status, {"description": description, "code": status, "correlationId": f"req-{uuid4()}"})


def _applicant(player: PlayerFacts, now: datetime) -> dict[str, Any]:
    external = f"{player.brand}:{player.id}"
    digest = hashlib.sha256(external.encode()).hexdigest()
    return {
        "id": digest[:24],
        "createdAt": (now - player.registered_age).strftime("%Y-%m-%d %H:%M:%S"),
        "externalUserId": external,
        "review": _review(player, now, digest),
    }


def _review(player: PlayerFacts, now: datetime, digest: str) -> dict[str, Any]:
    """Dates in UTC; nobody is reviewed before he has registered."""
    status, answer = player.review[:2]
    moment = _text(now - min(player.review_age, player.registered_age))
    review = {
        "reviewId": digest[24:29],
        "attemptId": digest[29:34],
        "attemptCnt": 1,
        "levelName": "basic-kyc-level",
        "createDate": moment,
        "reviewStatus": status,
    }
    return review if answer is None else {**review, "reviewDate": moment, "reviewResult": _result(player)}


def _laid_over(applicant: dict[str, Any], said: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    """`age` is how long ago he was reviewed or, while he waits, handed in."""
    review = applicant["review"]
    if new := said.get("review"):
        review = verbatim(review, "reviewResult", "reviewDate") | new
        if review["reviewStatus"] == "completed":
            review = {"reviewDate": review["createDate"]} | review
    if "age" in said:
        moment, dates = _text(now - age_of(said)), {"createDate", "reviewDate"} & set(review)
        review = review | dict.fromkeys(dates, moment) | said.get("review", {})
    return applicant | verbatim(said) | {"review": review}


def _text(at: datetime) -> str:
    return at.strftime("%Y-%m-%d %H:%M:%S%z")


def _steps(player: PlayerFacts, review: Mapping[str, Any]) -> dict[str, Any]:
    """Null until something is handed in. An earlier attempt's documents and answer stay on the record."""
    verdict = review.get("reviewResult")
    if review["reviewStatus"] == "init" and verdict is None:
        return {"IDENTITY": None, "SELFIE": None}
    good = None if verdict is None else {"reviewAnswer": "GREEN"}
    return {"IDENTITY": _step(player, "PASSPORT", verdict), "SELFIE": _step(player, "SELFIE", good)}


def _step(player: PlayerFacts, kind: str, verdict: dict[str, Any] | None) -> dict[str, Any]:
    """The step has the answer and the comment for the player; labels and reject type stand with the image."""
    digest = hashlib.sha256(f"{player.brand}:{player.id}:{kind}".encode()).hexdigest()
    image = int(digest[:7], 16)
    step = {"country": _ALPHA_3[player.country], "idDocType": kind, "imageIds": [image]}
    if verdict is None:
        return step
    outcome = {name: value for name, value in verdict.items() if name in ("moderationComment", "reviewAnswer")}
    return {"reviewResult": outcome, **step, "imageReviewResults": {str(image): verdict}}


def _result(player: PlayerFacts) -> dict[str, Any]:
    """Fields that do not apply are absent, not null."""
    _, answer, reject_type, labels = player.review
    fields = {
        "moderationComment": player.review_comment,
        "clientComment": f"Staff only: {', '.join(labels)}." if labels else None,
        "reviewAnswer": answer,
        "rejectLabels": list(labels) or None,
        "reviewRejectType": reject_type,
    }
    return {name: value for name, value in fields.items() if value is not None}
