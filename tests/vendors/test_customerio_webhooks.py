"""Customer.io's reports are believed by their signature and make what is known of a person old."""

from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from vendors.crm.customerio_webhooks import CustomerIoWebhooks
from vendors.ports.keys import Key
from vendors.ports.webhooks import BadSignature, VendorEvent
from vendors.webhooks import mac

SECRET, STAMP = "sandbox-crm-hook", "1613063090"
BODY = (
    b'{"metric":"unsubscribed","event_id":"01E4C4CT6YDC7Y5M7FE1GWWPQJ","object_type":"customer","timestamp":1613063089,'
    b'"data":{"customer_id":"acme:s-004","identifiers":{"id":"acme:s-004"}}}'
)
SIGNATURE = "2a54e60007a2b125e90dda7a10dd922be173792dc7b08d3d51985edfb2e6cc81"  # "v0:$STAMP:$BODY", by openssl


def read(body: bytes, signature: str | None = None, stamp: str = STAMP) -> VendorEvent:
    signed = mac(SECRET.encode(), f"v0:{STAMP}:".encode(), body).hex()
    headers = {"x-cio-signature": signature or signed, "x-cio-timestamp": stamp}
    (event,) = CustomerIoWebhooks(SECRET).read(headers, body)
    return event


def told(**changed: Any) -> VendorEvent:
    return read(msgspec.json.encode(msgspec.json.decode(BODY) | changed))


def test_a_signed_report_is_about_a_player() -> None:
    event = read(BODY, SIGNATURE)
    assert (event.id, event.kind, event.known) == ("01E4C4CT6YDC7Y5M7FE1GWWPQJ", "customer.unsubscribed", True)
    assert (event.player, event.tags) == (Key("player", "acme", "s-004"), ("player:acme:s-004",))
    assert event.at == datetime(2021, 2, 11, 17, 4, 49, tzinfo=UTC)
    assert (event.status, event.unsettled) == (None, False)


@pytest.mark.parametrize(
    ("signature", "stamp"),
    [(SIGNATURE, "1613063091"), (SIGNATURE, ""), (SIGNATURE.upper(), STAMP), ("x", STAMP)],
)
def test_what_was_not_signed_like_that_is_refused(signature: str, stamp: str) -> None:
    with pytest.raises(BadSignature):
        read(BODY, signature, stamp)


@pytest.mark.parametrize("who", [None, "", "42", "acme:../s"])
def test_a_person_who_is_no_player_of_ours_has_no_tag(who: str | None) -> None:
    assert told(data={"identifiers": {"id": who}}).tags == ()


def test_a_measure_no_page_explains_is_kept_as_unknown() -> None:
    assert not told(metric="teleported").known


def test_an_instant_beyond_the_calendar_is_none() -> None:
    assert told(timestamp=10**18).at is None


def test_no_address_is_kept() -> None:
    event = told(data={"identifiers": {"id": "acme:s-004", "email": "a@b.example"}, "recipient": "a@b.example"})
    assert b"@" not in msgspec.json.encode(event)


@pytest.mark.parametrize("body", [b"", b"{}", b"\xff"])
def test_signed_nonsense_is_an_unknown_event(body: bytes) -> None:
    assert (read(body).kind, read(body).known) == ("unreadable", False)
