"""Onfido's webhooks are believed by their signature, and read as far as the document explains them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from vendors.kyc.onfido_webhooks import OnfidoWebhooks
from vendors.ports.keys import Key
from vendors.ports.webhooks import BadSignature, VendorEvent
from vendors.webhooks import mac

TOKEN = "sandbox-kyc-hook"
BODY = (
    b'{"payload":{"resource_type":"workflow_run","action":"workflow_run.completed","object":{"id":"run-1",'
    b'"status":"approved","completed_at_iso8601":"2026-11-20T16:00:25Z"},"resource":{"id":"run-1",'
    b'"customer_user_id":"acme:s-004","status":"approved"}}}'
)
# printf '%s' "$BODY" | openssl dgst -sha256 -hmac sandbox-kyc-hook
SIGNATURE = "bf50da3ef7b9b3be0d69171315ef2bc5191fe357e190df3f11d2d1fc202282fa"


def read(body: bytes, signature: str | None = None) -> VendorEvent:
    (event,) = OnfidoWebhooks(TOKEN).read({"x-sha2-signature": signature or mac(TOKEN.encode(), body).hex()}, body)
    return event


def told(action: str, about: dict[str, Any], resource: dict[str, Any]) -> VendorEvent:
    payload = {"resource_type": action.partition(".")[0], "action": action, "object": about, "resource": resource}
    return read(msgspec.json.encode({"payload": payload}))


def test_a_good_signature_is_believed() -> None:
    event = read(BODY, SIGNATURE)
    assert (event.kind, event.status, event.vendor_status) == ("workflow_run.completed", "APPROVED", "approved")
    assert (event.subjects, event.player) == ((Key("kyc", "acme", "s-004"),), Key("player", "acme", "s-004"))
    assert event.at == datetime(2026, 11, 20, 16, 0, 25, tzinfo=UTC)
    assert (event.known, event.unsettled, event.id) == (True, False, read(BODY).id)


@pytest.mark.parametrize("signature", [SIGNATURE[:-1] + "0", "é" * 64, "sha256=" + SIGNATURE])
def test_any_other_is_refused(signature: str) -> None:
    with pytest.raises(BadSignature):
        read(BODY, signature)


def test_none_at_all_is_refused() -> None:
    with pytest.raises(BadSignature):
        OnfidoWebhooks(TOKEN).read({}, BODY)


def test_the_same_run_completed_again_is_another_event() -> None:
    first, second = (
        told("workflow_run.completed", {"id": "r", "status": "approved", "completed_at_iso8601": at}, {})
        for at in ("2026-11-20T16:00:25Z", "2026-11-21T16:00:25Z")
    )
    assert first.id != second.id


def test_without_an_instant_the_vendor_is_asked_and_nothing_is_a_repeat() -> None:
    event = told("workflow_run.completed", {"id": "r", "status": "approved"}, {"customer_user_id": "acme:s-004"})
    assert (event.id, event.status, event.unsettled) == (None, None, True)


def test_a_task_of_a_named_player_may_have_moved_him() -> None:
    at = {"updated_at": "2026-11-20T16:00:25Z", "customer_user_id": "acme:s-004"}
    event = told("workflow_task.completed", {"id": "t", "status": "completed"}, at)
    assert (event.status, event.unsettled, event.subjects) == (None, True, (Key("kyc", "acme", "s-004"),))


@pytest.mark.parametrize("action", ["check.completed", "report.completed", "watchlist_monitor.matches_updated"])
def test_an_event_that_names_no_player_is_kept_and_moves_nobody(action: str) -> None:
    event = told(action, {"id": "c", "status": "complete"}, {"applicant_id": "a"})
    assert (event.known, event.subjects, event.unsettled, event.tags) == (True, (), False, ())


def test_a_word_nobody_explained_is_unknown() -> None:
    at = {"id": "r", "status": "teleported", "completed_at_iso8601": "2026-11-20T16:00:25Z"}
    assert told("workflow_run.completed", at, {"customer_user_id": "acme:s-004"}).status == "UNKNOWN"
    assert not told("workflow_run.teleported", at, {}).known


@pytest.mark.parametrize("body", [b"", b"[]", b'{"payload": 1}', b'{"payload": {"object": []}}', b"[" * 5000])
def test_what_is_signed_and_cannot_be_read_is_kept_as_such(body: bytes) -> None:
    event = read(body)
    assert (event.known, event.kind, event.subjects) == (False, "unreadable", ())
