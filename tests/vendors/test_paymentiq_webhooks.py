"""PaymentIQ's notifications: believed by the merchant's own credential, read as "look at this payment again"."""

import base64
from typing import Any

import msgspec
import pytest

from vendors.cashier.paymentiq_webhooks import PaymentIQWebhooks
from vendors.ports.keys import Key
from vendors.ports.webhooks import BadSignature, VendorEvent

READER = PaymentIQWebhooks("sandbox-hook", "sandbox-cashier-hook", {"acme": "25", "nova": "26"})
GOOD = "Basic " + base64.b64encode(b"sandbox-hook:sandbox-cashier-hook").decode()
SENT = {"txTypeId": "101", "txName": "CreditcardDeposit", "txRefId": "25A0324", "userId": "s-004"}  # the page's example


def read(**changed: Any) -> VendorEvent:
    (event,) = READER.read({"authorization": GOOD}, msgspec.json.encode(SENT | changed))
    return event


def test_a_notification_names_a_payment_and_no_state() -> None:
    event = read()
    assert (event.subjects, event.player) == ((Key("deposit", "acme", "324"),), Key("player", "acme", "s-004"))
    assert (event.kind, event.known, event.id, event.at, event.status) == ("CreditcardDeposit", True, None, None, None)


@pytest.mark.parametrize("given", ["", "Basic", GOOD[:-1], GOOD.lower(), "Bearer sandbox-cashier-hook", "é"])
def test_another_credential_is_refused(given: str) -> None:
    with pytest.raises(BadSignature):
        READER.read({"authorization": given} if given else {}, msgspec.json.encode(SENT))


def test_a_dispute_is_about_the_payment_it_came_from_whichever_way_that_went() -> None:
    event = read(txTypeId="971", txName="DisputeFiled", originTxId="12321312")
    assert event.subjects == (Key("deposit", "acme", "12321312"), Key("withdrawal", "acme", "12321312"))
    assert (event.kind, event.known) == ("DisputeFiled", True)


@pytest.mark.parametrize("reference", ["99A0324", "25", "25A", "25A1x", "A1", "", "25A" + "9" * 40])
def test_a_reference_that_is_no_payment_of_ours_has_no_subject(reference: str) -> None:
    assert read(txRefId=reference).subjects == ()


def test_a_type_no_page_explains_is_kept_as_unknown() -> None:
    assert not read(txTypeId="999", txName="Teleport").known


@pytest.mark.parametrize("body", [b"", b"{}", b"null", b'{"txTypeId": 101}', b"\xff"])
def test_what_cannot_be_read_is_an_unknown_event(body: bytes) -> None:
    (event,) = READER.read({"authorization": GOOD}, body)
    assert (event.kind, event.known) == ("unreadable", False)


def test_the_product_wants_to_hear_that_it_was_understood() -> None:
    assert READER.answer == {"success": True}
