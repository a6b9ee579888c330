"""Events of a system of the operator's own are believed by their signature, and as far as they can be read."""

import base64
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from vendors.ports.keys import Key
from vendors.ports.source import System
from vendors.ports.webhooks import BadSignature, VendorEvent
from vendors.product import Secret
from vendors.reference.events import SUBJECTS, canonical
from vendors.reference.standard_webhooks import headers_of, key_of, signature, verified
from vendors.reference.webhooks import ReferenceWebhooks, hooks
from vendors.reference_access import ReferenceAccess

SECRET = "whsec_" + base64.b64encode(b"an invented key of the tests").decode()
NOW = datetime(2026, 11, 20, 16, 2, tzinfo=UTC)
SENT = int(NOW.timestamp())
EVENT: dict[str, Any] = {
    "id": "evt_1", "kind": "status_changed", "at": "2026-11-20T16:00:25.032+00:00",
    "subject": {"kind": "withdrawal", "brand": "acme", "id": "90007"}, "player": {"brand": "acme", "id": "s-004"},
    "status": "PROCESSING", "previous": "AWAITING_APPROVAL", "words": "sent to the bank",
}  # fmt: skip
WITHDRAWAL, PLAYER = Key("withdrawal", "acme", "90007"), Key("player", "acme", "s-004")


def read(
    body: bytes, headers: Mapping[str, str] | None = None, *, system: System = System.CASHIER, event_id: str = "evt_1"
) -> VendorEvent:
    sent = {**headers_of(key_of(SECRET), event_id, str(SENT), body), **(headers or {})}
    (event,) = ReferenceWebhooks(system, SECRET, NOW.timestamp).read(sent, body)
    return event


def told(system: System = System.CASHIER, **changed: Any) -> VendorEvent:
    return read(msgspec.json.encode(EVENT | changed), system=system)


def test_the_specifications_own_example_is_signed_as_its_libraries_sign_it() -> None:
    key, body = key_of("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"), b'{"test": 2432232314}'
    expected = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="  # libraries/go/webhook_test.go, read 2026-11
    assert signature(key, "msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330", body) == expected


def test_what_is_signed_tells_whom_it_is_about_and_from_where_to_where() -> None:
    event = told()
    assert (event.id, event.kind, event.known, event.product) == ("evt_1", "status_changed", True, "reference")
    assert (event.subjects, event.player) == ((WITHDRAWAL,), PLAYER)
    assert (event.status, event.previous, event.vendor_status) == (
        "PROCESSING",
        "AWAITING_APPROVAL",
        "sent to the bank",
    )
    assert (event.at, event.unsettled) == (datetime(2026, 11, 20, 16, 0, 25, 32000, UTC), False)


@pytest.mark.parametrize(
    "headers",
    [
        {"webhook-id": "evt_2"},
        {"webhook-timestamp": str(SENT + 1)},
        {"webhook-timestamp": "now"},
        {"webhook-timestamp": ""},
        {"webhook-id": ""},
        {"webhook-signature": ""},
        {"webhook-signature": "v1,Ü"},
        {"webhook-signature": signature(key_of(SECRET), "evt_1", str(SENT), b"another body")},
        {"webhook-signature": signature(b"another key", "evt_1", str(SENT), msgspec.json.encode(EVENT))},
        {"webhook-signature": signature(key_of(SECRET), "evt_1", str(SENT), msgspec.json.encode(EVENT))[3:]},
    ],
)
def test_what_was_not_signed_like_that_is_refused(headers: dict[str, str]) -> None:
    with pytest.raises(BadSignature):
        read(msgspec.json.encode(EVENT), headers)


def test_an_id_with_a_dot_is_refused_as_it_could_be_read_in_two_ways() -> None:
    with pytest.raises(BadSignature):
        read(msgspec.json.encode(EVENT), event_id="evt.1")


@pytest.mark.parametrize(("seconds", "believed"), [(-301, False), (-300, True), (300, True), (301, False)])
def test_an_attempt_of_another_time_than_now_is_refused_like_a_forged_one(seconds: int, believed: bool) -> None:
    key, body = key_of(SECRET), b"{}"
    headers = headers_of(key, "evt_1", str(SENT + seconds), body)
    if believed:
        assert verified(key, headers, body, float(SENT)) == "evt_1"
    else:
        with pytest.raises(BadSignature):
            verified(key, headers, body, float(SENT))


def test_while_a_secret_is_changed_one_signature_of_several_is_enough() -> None:
    body = msgspec.json.encode(EVENT)
    old = signature(b"the old key", "evt_1", str(SENT), body)
    new = signature(key_of(SECRET), "evt_1", str(SENT), body)
    assert read(body, {"webhook-signature": f"{old} v1a,xyz {new}"}).known


def test_a_repeat_is_a_later_attempt_with_the_same_id() -> None:
    body = msgspec.json.encode(EVENT)
    later = headers_of(key_of(SECRET), "evt_1", str(SENT + 60), body)
    assert read(body, later) == read(body)


def test_a_kind_the_contract_does_not_have_is_kept_as_unknown_and_says_nothing() -> None:
    event = told(kind="teleported")
    assert (event.known, event.kind, event.subjects) == (False, "teleported", (WITHDRAWAL,))
    assert (event.status, event.unsettled) == (None, False)


@pytest.mark.parametrize(
    "subject",
    [
        {},
        {"kind": "withdrawal", "brand": "acme"},
        {"kind": "withdrawal", "brand": "ACME", "id": "90007"},
        {"kind": "withdrawal", "brand": "acme", "id": "../90007"},
        {"kind": "withdrawal", "brand": "acme", "id": "ada@example.com"},
        {"kind": "ticket", "brand": "acme", "id": "90007"},  # which is none of the cashier's
        {"kind": "", "brand": "acme", "id": "90007"},
    ],
)
def test_an_event_whose_subject_is_no_id_of_the_systems_is_kept_as_unknown(subject: dict[str, str]) -> None:
    event = told(subject=subject)
    assert (event.known, event.id, event.subjects, event.player) == (False, "evt_1", (), None)
    assert event.status is None


@pytest.mark.parametrize("player", [{}, {"brand": "borealis", "id": "s-004"}, {"brand": "acme", "id": "Ada Doe"}])
def test_an_owner_who_cannot_be_one_makes_the_event_unknown(player: dict[str, str]) -> None:
    event = told(player=player)
    assert (event.known, event.player, event.status) == (False, None, None)


def test_a_body_that_says_another_id_than_its_header_is_unknown() -> None:
    event = told(id="evt_2")
    assert (event.known, event.id, event.status) == (False, "evt_1", None)


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b"\xff", b'{"id": 7}', b"[" * 5000, b'{"id":"evt_1"}'])
def test_signed_nonsense_is_an_unknown_event_by_its_digest(body: bytes) -> None:
    event = read(body)
    assert (event.kind, event.known) == ("unreadable", False)
    assert str(event.id).startswith("sha256:")


@pytest.mark.parametrize("kind", ["", "Ada Doe was paid", "x" * 65])
def test_a_kind_that_is_no_word_is_not_kept(kind: str) -> None:
    assert told(kind=kind).kind == "unreadable"


def test_a_status_the_graph_does_not_know_is_unknown_with_the_word_beside_it() -> None:
    event = told(status="IN_ORBIT", previous="ON_EARTH", words=None)
    assert (event.known, event.status, event.previous, event.vendor_status) == (True, "UNKNOWN", "UNKNOWN", "IN_ORBIT")


@pytest.mark.parametrize(
    "at",
    ["2026-11-20T16:00:25", "yesterday", "", "0001-01-01T00:00:00+10:00", "2026-11-20T16:07:01+00:00"],
    ids=["no offset", "no instant", "nothing", "before all time", "to come"],
)
def test_a_status_since_no_moment_makes_the_gateway_ask(at: str) -> None:
    event = told(at=at)
    assert (event.known, event.at, event.status, event.unsettled) == (True, None, None, True)


@pytest.mark.parametrize(("kind", "unsettled"), [("created", True), ("status_changed", True), ("changed", False)])
def test_the_gateway_asks_where_a_status_moved_and_is_not_told(kind: str, unsettled: bool) -> None:
    event = told(kind=kind, status=None)
    assert (event.known, event.unsettled, event.previous) == (True, unsettled, None)


@pytest.mark.parametrize(
    ("system", "kind", "player"),
    [(System.PAM, "player", None), (System.KYC, "kyc", None), (System.CRM, "player", {"brand": "acme", "id": "x"})],
)
def test_a_subject_that_is_a_persons_is_his(system: System, kind: str, player: Any) -> None:
    event = told(system, subject={"kind": kind, "brand": "acme", "id": "s-004"}, player=player)
    assert (event.known, event.subjects, event.player) == (True, (Key(kind, "acme", "s-004"),), PLAYER)


@pytest.mark.parametrize(("system", "kind"), [(System.CASHIER, "player"), (System.AGGREGATOR, "game")])
def test_what_has_no_status_in_that_system_gets_none(system: System, kind: str) -> None:
    event = told(system, subject={"kind": kind, "brand": "acme", "id": "s-004"}, player=None)
    assert (event.known, event.status, event.vendor_status, event.unsettled) == (True, None, None, False)


def test_a_bonus_engine_speaks_the_words_of_its_contract() -> None:
    subject = {"kind": "grant", "brand": "acme", "id": "g-1"}
    event = told(System.BONUS, subject=subject, status="auto_completed", previous="ongoing", words=None)
    assert (event.status, event.previous, event.vendor_status) == ("CONVERTED", "WAGERING", "auto_completed")
    assert told(System.BONUS, subject=subject, status="WAGERING").status == "UNKNOWN"


def test_every_status_of_the_graph_can_be_told() -> None:
    for states in (one for kinds in SUBJECTS.values() for kind, one in kinds.items() if one and kind != "grant"):
        assert {canonical(states, word.value) for word in states} == {word.value for word in states}


@pytest.mark.parametrize("words", ["Ada Doe, born 1990-01-01", "player@example.com", "x" * 65, "\n", ""])
def test_more_than_a_few_plain_words_are_not_kept(words: str) -> None:
    assert told(words=words).vendor_status == "PROCESSING"


def test_nothing_is_kept_of_what_the_contract_does_not_have() -> None:
    event = told(comment="Ms Doe called", subject={**EVENT["subject"], "email": "ada@example.com"})
    assert event.known
    assert b"Doe" not in msgspec.json.encode(event)
    assert b"example.com" not in msgspec.json.encode(event)


@pytest.mark.parametrize("secret", ["", "whsec_", "whsec_c2hvcnQ=", "no base64 at all, but long enough", "é" * 40])
def test_a_secret_that_is_none_is_refused_without_being_repeated(secret: str) -> None:
    with pytest.raises(ValueError, match="hook is not whsec_ and 24 to 64 bytes") as refused:
        hooks(System.PAM, ReferenceAccess(Secret("t"), Secret(secret)))
    assert secret not in str(refused.value) or secret in ("", "whsec_")


def test_without_a_secret_there_is_no_reader() -> None:
    assert hooks(System.PAM, ReferenceAccess(Secret("t"))) is None
