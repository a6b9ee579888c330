"""Zendesk's events are believed by their signature; a change of status is taken, the rest makes records old."""

import base64
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from vendors.ports.keys import Key
from vendors.ports.webhooks import BadSignature, VendorEvent
from vendors.ticketing.zendesk_webhooks import ZendeskWebhooks
from vendors.webhooks import mac

SECRET, STAMP = "sandbox-desk-hook", "2026-11-20T05:33:19Z"
READER = ZendeskWebhooks(SECRET, ["acme", "nova"])
BODY = (
    b'{"type":"zen:event-type:ticket.status_changed","account_id":12514403,"id":"2b24ef10","time":'
    b'"2026-11-20T05:33:18Z","zendesk_event_version":"2022-11-06","subject":"zen:ticket:90001","detail":'
    b'{"id":"90001","status":"SOLVED"},"event":{"current":"SOLVED","previous":"OPEN"}}'
)
SIGNATURE = "Hdmqbuaw23TnL0mbWM6a65fd4WzYUY0aYKpJu/1f0cs="  # printf '%s' "$STAMP$BODY" | openssl dgst ... | base64


def read(body: bytes, signature: str | None = None, stamp: str = STAMP) -> VendorEvent:
    signed = base64.b64encode(mac(SECRET.encode(), STAMP.encode(), body)).decode()
    headers = {"x-zendesk-webhook-signature": signature or signed, "x-zendesk-webhook-signature-timestamp": stamp}
    (event,) = READER.read(headers, body)
    return event


def told(kind: str, **changed: Any) -> VendorEvent:
    said = msgspec.json.decode(BODY) | {"type": f"zen:event-type:{kind}"} | changed
    return read(msgspec.json.encode(said))


def test_a_signed_change_of_status_says_from_what_to_what() -> None:
    event = read(BODY, SIGNATURE)
    assert (event.id, event.kind, event.known) == ("2b24ef10", "ticket.status_changed", True)
    assert (event.status, event.previous, event.vendor_status) == ("SOLVED", "OPEN", "solved")
    assert event.at == datetime(2026, 11, 20, 5, 33, 18, tzinfo=UTC)


def test_it_is_told_of_every_brands_ticket_of_that_number() -> None:
    assert read(BODY).subjects == (Key("ticket", "acme", "90001"), Key("ticket", "nova", "90001"))


@pytest.mark.parametrize(
    ("signature", "stamp"),
    [(SIGNATURE, "2026-11-20T05:33:20Z"), (SIGNATURE, ""), (SIGNATURE.lower(), STAMP), ("x", STAMP)],
    ids=["another timestamp", "no timestamp", "another case", "no signature"],
)
def test_what_was_not_signed_like_that_is_refused(signature: str, stamp: str) -> None:
    with pytest.raises(BadSignature):
        read(BODY, signature, stamp)


def test_a_word_the_gateway_does_not_know_is_unknown_and_kept() -> None:
    event = told("ticket.status_changed", event={"current": "SCRUBBED", "previous": "CLOSED"})
    assert (event.status, event.vendor_status, event.previous) == ("UNKNOWN", "scrubbed", "CLOSED")


def test_a_new_ticket_stands_where_its_detail_says() -> None:
    event = told("ticket.created", detail={"id": "90001", "status": "NEW"}, event={})
    assert (event.status, event.previous) == ("NEW", None)


@pytest.mark.parametrize(
    ("kind", "event"), [("ticket.comment_added", {"comment": {"body": "x"}}), ("ticket.tags_changed", {"current": []})]
)
def test_what_is_about_something_else_moves_nothing_and_asks_nothing(kind: str, event: Any) -> None:
    told_of = told(kind, event=event)
    assert (told_of.known, told_of.status, told_of.unsettled) == (True, None, False)


@pytest.mark.parametrize(
    ("kind", "changed"), [("ticket.merged", {}), ("ticket.status_changed", {"time": ""}), ("ticket.undeleted", {})]
)
def test_what_may_have_moved_the_ticket_without_saying_where_asks_for_a_read(kind: str, changed: Any) -> None:
    event = told(kind, **changed)
    assert (event.status, event.unsettled) == (None, True)


@pytest.mark.parametrize("kind", ["ticket.teleported", "user.active_changed"])
def test_a_type_that_is_not_read_here_is_kept_as_unknown(kind: str) -> None:
    assert not told(kind).known


def test_another_objects_event_is_about_no_ticket() -> None:
    assert told("user.active_changed", detail={"id": "90001"}).subjects == ()


def test_nothing_a_person_wrote_is_kept() -> None:
    event = told("ticket.created", detail={"id": "90001", "status": "NEW", "subject": "My card", "description": "Doe"})
    assert b"card" not in msgspec.json.encode(event)
    assert b"Doe" not in msgspec.json.encode(event)


@pytest.mark.parametrize("body", [b"", b"{}", b"\xff", b'{"type":1,"id":2}'])
def test_signed_nonsense_is_an_unknown_event(body: bytes) -> None:
    assert (read(body).kind, read(body).known) == ("unreadable", False)
