"""Standard Webhooks 1.0.0: how an event of the reference contract is signed, and how the gateway knows the sender.

standardwebhooks.com, whose text is spec/standard-webhooks.md of github.com/standard-webhooks/standard-webhooks, read
2026-11: `webhook-signature` is `v1,` and the base64 of HMAC-SHA-256 over `<webhook-id>.<webhook-timestamp>.<body>`,
several of them with a space between while a secret is changed. The timestamp is that of the attempt in Unix seconds,
new with every repeat; the id is the event's and stays. It names no tolerance; its libraries take five minutes.
"""

from __future__ import annotations

import base64
import hmac
import re
from collections.abc import Mapping

from vendors.ports.webhooks import BadSignature
from vendors.webhooks import mac

ID, TIMESTAMP, SIGNATURE = "webhook-id", "webhook-timestamp", "webhook-signature"
TOLERANCE_SECONDS = 300  # before or after the gateway's clock
ID_PATTERN = r"^[A-Za-z0-9_-]{1,64}$"  # without a dot, by which the signed parts are told apart
_ID, _STAMP = re.compile(ID_PATTERN[:-1] + r"\Z"), re.compile(r"^[0-9]{1,12}\Z")
_KEY_BYTES = range(24, 65)


def key_of(secret: str) -> bytes:
    """The key of a secret as it is written, `whsec_` and base64. Raises ValueError, which does not repeat it."""
    try:
        key = base64.b64decode(secret.removeprefix("whsec_"), validate=True)
    except ValueError:
        key = b""
    if len(key) not in _KEY_BYTES:
        raise ValueError("hook is not whsec_ and 24 to 64 bytes in base64")
    return key


def signature(key: bytes, event_id: str, stamp: str, body: bytes) -> str:
    """One entry of `webhook-signature`; `stamp` is in Unix seconds."""
    return "v1," + base64.b64encode(mac(key, f"{event_id}.{stamp}.".encode(), body)).decode()


def headers_of(key: bytes, event_id: str, stamp: str, body: bytes) -> Mapping[str, str]:
    """All that a sender adds."""
    return {ID: event_id, TIMESTAMP: stamp, SIGNATURE: signature(key, event_id, stamp, body)}


def verified(key: bytes, headers: Mapping[str, str], body: bytes, now_seconds: float) -> str:
    """The event's id. Raises BadSignature, also for an attempt of another time than now."""
    event_id, stamp = headers.get(ID, ""), headers.get(TIMESTAMP, "")
    if not _ID.match(event_id) or not _STAMP.match(stamp):
        raise BadSignature
    expected = signature(key, event_id, stamp, body).encode()
    fits = [hmac.compare_digest(one.encode(), expected) for one in headers.get(SIGNATURE, "").split(" ")]
    if not any(fits) or abs(now_seconds - int(stamp)) > TOLERANCE_SECONDS:
        raise BadSignature
    return event_id
