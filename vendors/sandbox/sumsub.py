"""Sumsub, as its documentation describes it: docs.sumsub.com, copies of 2026-09.

/reference/authentication                         X-App-* headers and what is signed
/reference/get-applicant-data-via-externaluserid  the applicant object
/reference/error-codes-description                the error body; an `errorCode` is optional and left out here
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from vendors.sandbox.stage import Operation, Refused, Stage
from vendors.sandbox.world import PlayerFacts, World

PATH = "/resources/applicants/-;externalUserId={external_user_id}/one"
SKEW_SECONDS = 60


def stage(world: World, token: str, secret: str, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> Stage:
    """One Sumsub account that holds every brand's players. Read-only, so a reset has nothing to put back."""
    store = {f"{p.brand}:{p.id}": _applicant(p, world.now) for p in world.players.values()}

    async def one(request: Request) -> Response:
        await _admit(request, token, secret, clock())
        applicant = store.get(request.path_params["external_user_id"])
        if applicant is None:
            raise _refused(404, "Applicant not found")
        return JSONResponse(applicant)

    return Stage([Operation("getApplicantByExternalUserId", "GET", PATH, one)], lambda: None)


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
    moment = (now - min(player.review_age, player.registered_age)).strftime("%Y-%m-%d %H:%M:%S%z")
    review = {
        "reviewId": digest[24:29],
        "attemptId": digest[29:34],
        "attemptCnt": 1,
        "levelName": "basic-kyc-level",
        "createDate": moment,
        "reviewStatus": status,
    }
    return review if answer is None else {**review, "reviewDate": moment, "reviewResult": _result(player)}


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
