"""Intercom's notifications are believed by their signature, and read as far as the pages explain them."""

from __future__ import annotations

import hashlib
import hmac
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from vendors.ports.keys import Key
from vendors.ports.webhooks import BadSignature, VendorEvent
from vendors.ticketing.intercom_webhooks import IntercomWebhooks

SECRET, BRANDS = "sandbox-desk-hook", ("acme", "borealis")


def read(body: bytes, signature: str | None = None) -> VendorEvent:
    signed = "sha1=" + hmac.new(SECRET.encode(), body, hashlib.sha1).hexdigest()
    (event,) = IntercomWebhooks(SECRET, BRANDS).read({"x-hub-signature": signature or signed}, body)
    return event


def told(topic: str, owner: str | None = "acme:s-001", **item: Any) -> VendorEvent:
    ticket = {
        "id": "631", "ticket_state": {"category": "in_progress"}, "open": True,
        "contacts": {"contacts": [{"id": "c", "external_id": owner}]},
    } | item  # fmt: skip
    envelope = {"type": "notification_event", "topic": topic, "id": "notif_1", "created_at": 1_795_000_000}
    return read(msgspec.json.encode(envelope | {"data": {"item": ticket}}))


def test_a_state_is_told_with_the_ticket_it_is_of() -> None:
    event = told("ticket.state.updated")
    assert (event.id, event.kind, event.status, event.vendor_status) == (
        "notif_1", "ticket.state.updated", "OPEN", "in_progress",
    )  # fmt: skip
    assert event.subjects == (Key("ticket", "acme", "631"),)
    assert event.at == datetime.fromtimestamp(1_795_000_000, UTC)


def test_a_closed_ticket_is_closed() -> None:
    assert told("ticket.closed", ticket_state={"category": "resolved"}, open=False).status == "CLOSED"


def test_an_older_version_writes_the_word_alone() -> None:
    event = told("ticket.state.updated", ticket_state="waiting_on_customer")
    assert (event.known, event.status, event.vendor_status) == (True, "PENDING_PLAYER", "waiting_on_customer")


@pytest.mark.parametrize("owner", [None, "s-001"])
def test_a_ticket_of_nobody_known_is_told_of_each_brand(owner: str | None) -> None:
    assert [one.brand for one in told("ticket.created", owner).subjects] == list(BRANDS)


def test_a_message_evicts_and_tells_no_status() -> None:
    event = told("ticket.contact.replied")
    assert (event.known, event.status, event.unsettled, event.tags) == (True, None, False, ("ticket:acme:631",))


def test_a_state_that_is_not_told_has_to_be_asked() -> None:
    assert told("ticket.state.updated", ticket_state=None).unsettled


def test_a_ping_is_known_and_about_nothing() -> None:
    event = told("ping")
    assert (event.known, event.subjects) == (True, ())


def test_a_topic_nobody_explained_is_kept() -> None:
    assert not told("ticket.teleported").known


@pytest.mark.parametrize("signature", ["sha1=" + "0" * 40, "sha256=" + "0" * 64, "é"])
def test_any_other_signature_is_refused(signature: str) -> None:
    with pytest.raises(BadSignature):
        read(b"{}", signature)


def test_none_at_all_is_refused() -> None:
    with pytest.raises(BadSignature):
        IntercomWebhooks(SECRET, BRANDS).read({}, b"{}")


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"topic": "x", "data": {"item": {"id": 7}}}'])
def test_what_is_signed_and_cannot_be_read_is_kept_as_such(body: bytes) -> None:
    assert (read(body).known, read(body).kind) == (False, "unreadable")
