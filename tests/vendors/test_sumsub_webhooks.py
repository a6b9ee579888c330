"""Sumsub's webhooks are believed by their digest, and read as far as the pages explain them."""

from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from vendors.kyc.sumsub_webhooks import SumsubWebhooks
from vendors.ports.keys import Key
from vendors.ports.webhooks import BadSignature, VendorEvent
from vendors.webhooks import mac

SECRET = "sandbox-kyc-hook"
BODY = (
    b'{"applicantId":"5cb56e8e0a975a35f333cb83","correlationId":"req-1","externalUserId":"acme:s-004",'
    b'"levelName":"basic-kyc-level","type":"applicantReviewed","reviewResult":{"reviewAnswer":"GREEN"},'
    b'"reviewStatus":"completed","createdAtMs":"2026-11-20 16:00:25.032"}'
)
DIGESTS = {  # printf '%s' "$BODY" | openssl dgst -sha256 -hmac sandbox-kyc-hook
    "HMAC_SHA256_HEX": "f98053ee9493eebc19298bc51fe675620d31241ef9c227b392f3225cf82c5ea5",
    "HMAC_SHA512_HEX": "c8129facbea9a1be0f7ddeccf9a1d34a8b1eed1d17e8f4cb2bb453364b74ff40"
    "c975f0ad1b563b5ff7688bbaf7ec9b1610722b0686f9ae6c0bd83ec56ef8e6f2",
    "HMAC_SHA1_HEX": "108789638ebf0a576964387dc77aef34930aadba",
}


def read(body: bytes, algorithm: str | None = "HMAC_SHA256_HEX", digest: str | None = None) -> VendorEvent:
    headers = {"x-payload-digest": digest or mac(SECRET.encode(), body).hex()}
    if algorithm is not None:
        headers["x-payload-digest-alg"] = algorithm
    (event,) = SumsubWebhooks(SECRET).read(headers, body)
    return event


def told(**changed: Any) -> VendorEvent:
    return read(msgspec.json.encode(msgspec.json.decode(BODY) | changed))


@pytest.mark.parametrize("algorithm", ["HMAC_SHA256_HEX", "HMAC_SHA512_HEX"])
def test_a_good_digest_of_a_strong_algorithm_is_believed(algorithm: str) -> None:
    event = read(BODY, algorithm, DIGESTS[algorithm])
    assert (event.kind, event.status, event.vendor_status) == ("applicantReviewed", "APPROVED", "completed GREEN")
    assert (event.subjects, event.player) == ((Key("kyc", "acme", "s-004"),), Key("player", "acme", "s-004"))
    assert event.at == datetime(2026, 11, 20, 16, 0, 25, 32000, UTC)


@pytest.mark.parametrize(
    ("algorithm", "digest"),
    [
        ("HMAC_SHA1_HEX", DIGESTS["HMAC_SHA1_HEX"]),
        ("HMAC_SHA512_HEX", DIGESTS["HMAC_SHA256_HEX"]),
        ("", DIGESTS["HMAC_SHA256_HEX"]),
        (None, DIGESTS["HMAC_SHA256_HEX"]),
        ("HMAC_SHA256_HEX", DIGESTS["HMAC_SHA256_HEX"][:-1] + "0"),
        ("HMAC_SHA256_HEX", "é" * 64),
    ],
    ids=["sha1", "another's digest", "no name", "no header", "one digit off", "not hexadecimal"],
)
def test_anything_else_is_refused(algorithm: str | None, digest: str) -> None:
    with pytest.raises(BadSignature):
        read(BODY, algorithm, digest)


def test_one_byte_of_the_body_breaks_the_digest() -> None:
    with pytest.raises(BadSignature):
        read(BODY.replace(b"GREEN", b"GREEM"), "HMAC_SHA256_HEX", DIGESTS["HMAC_SHA256_HEX"])


def test_a_repeat_has_the_same_id_and_another_event_of_the_same_request_has_not() -> None:
    assert read(BODY).id == read(BODY).id
    assert told(type="applicantPending", reviewStatus="pending").id != read(BODY).id


@pytest.mark.parametrize(
    ("changed", "status"),
    [
        ({"type": "applicantPending", "reviewStatus": "pending", "reviewResult": None}, "IN_PROGRESS"),
        ({"type": "applicantOnHold", "reviewStatus": "onHold", "reviewResult": None}, "AWAITING_OPERATOR"),
        ({"reviewResult": {"reviewAnswer": "RED", "reviewRejectType": "RETRY"}}, "RESUBMISSION_REQUIRED"),
        ({"reviewResult": {"reviewAnswer": "RED", "reviewRejectType": "FINAL"}}, "REJECTED"),
        ({"reviewResult": {"reviewAnswer": "YELLOW"}}, "UNKNOWN"),
        ({"type": "applicantTagsChanged"}, None),  # about something else
        ({"type": "applicantActionReviewed"}, None),  # the review of an action is not the applicant's
        ({"createdAtMs": None}, None),  # without an instant it cannot be put in order
        ({"createdAtMs": "yesterday"}, None),
        ({"type": "applicantLevelChanged"}, None),
    ],
)
def test_a_status_is_taken_from_what_moves_the_applicant_and_has_an_instant(changed: Any, status: str | None) -> None:
    event = told(**changed)
    assert event.status == status
    assert event.known


@pytest.mark.parametrize(
    ("changed", "unsettled"),
    [({}, False), ({"type": "applicantTagsChanged"}, False), ({"type": "applicantLevelChanged"}, True),
     ({"createdAtMs": None}, True), ({"reviewStatus": None}, True)],
)  # fmt: skip
def test_the_vendor_is_asked_where_the_event_may_have_moved_him_without_saying_where(
    changed: Any, unsettled: bool
) -> None:
    assert told(**changed).unsettled == unsettled


@pytest.mark.parametrize("external", ["", "acme", "acme:../s", "acme:s:4", "ACME:s-004"])
def test_an_applicant_that_is_no_player_of_ours_has_no_subject(external: str) -> None:
    assert told(externalUserId=external).subjects == ()


def test_a_type_no_page_explains_is_kept_as_unknown() -> None:
    event = told(type="applicantTeleported")
    assert (event.known, event.kind, event.status) == (False, "applicantTeleported", None)


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b"\xff", b'{"type": 7}', b"[" * 5000])
def test_signed_nonsense_is_an_unknown_event_by_its_digest(body: bytes) -> None:
    event = read(body)
    assert (event.kind, event.known) == ("unreadable", False)
    assert str(event.id).startswith("sha256:")


def test_no_comment_on_a_person_is_kept() -> None:
    event = told(reviewResult={"reviewAnswer": "RED", "moderationComment": "Ms Doe", "clientComment": "fraud ring"})
    assert b"Doe" not in msgspec.json.encode(event)
    assert b"fraud" not in msgspec.json.encode(event)
