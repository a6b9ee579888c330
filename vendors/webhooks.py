"""What readers of webhooks share: comparing in constant time, decoding what is signed, and who reads what."""

from __future__ import annotations

import hashlib
import hmac
from collections import defaultdict
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any, TypeVar

import msgspec

from vendors.ports.keys import Key
from vendors.ports.source import System
from vendors.ports.webhooks import BadSignature, VendorEvent, WebhookReader

T = TypeVar("T")
UNREADABLE = "unreadable"
DIGESTS: Mapping[str, Any] = {  # HMAC over SHA-1 is not broken, and all that some products sign with
    "sha1": hashlib.sha1, "sha256": hashlib.sha256, "sha512": hashlib.sha512,
}  # fmt: skip


def mac(secret: bytes, *parts: bytes, digest: str = "sha256") -> bytes:
    """The HMAC of the parts behind each other; `digest` is a key of DIGESTS."""
    return hmac.new(secret, b"".join(parts), DIGESTS[digest]).digest()


def must_equal(given: str, expected: str) -> None:
    """Raises BadSignature; the time it takes tells nothing of where they differ."""
    if not hmac.compare_digest(given.encode(), expected.encode()):
        raise BadSignature


def decoded(body: bytes, into: type[T]) -> T | None:
    """None for what cannot be read: it was signed, so it is kept as an unknown event and not refused."""
    try:
        return msgspec.json.decode(body, type=into)
    except (msgspec.DecodeError, RecursionError):
        return None


def unreadable(system: System, product: str, body: bytes) -> Sequence[VendorEvent]:
    """A signed body that means nothing to us. Its digest is its id, and all that is kept of it."""
    return [VendorEvent(system, product, f"sha256:{hashlib.sha256(body).hexdigest()}", UNREADABLE, known=False)]


def key(kind: str, brand: str, local: str) -> Key | None:
    """A typed id, or None for what cannot be one."""
    try:
        return Key.parse(f"{kind}:{brand}:{local}")
    except ValueError:
        return None


def instant(text: str | None) -> datetime | None:
    """An ISO 8601 moment, UTC unless it says otherwise; None for what is no moment."""
    try:
        moment = datetime.fromisoformat(text or "")
    except ValueError:
        return None
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)


class AnyAccount:
    """A product at which the installation has several accounts: an event is from the one whose secret signed it."""

    def __init__(self, readers: Sequence[WebhookReader]) -> None:
        self._readers = readers
        self.system, self.product, self.answer = readers[0].system, readers[0].product, readers[0].answer

    def read(self, headers: Mapping[str, str], body: bytes) -> Sequence[VendorEvent]:
        """Raises BadSignature where no account's secret fits."""
        for reader in self._readers:
            with suppress(BadSignature):
                return reader.read(headers, body)
        raise BadSignature


def by_address(readers: Sequence[WebhookReader]) -> Mapping[tuple[str, str], WebhookReader]:
    """One reader a (system, product), as they stand in the address of a webhook."""
    found: dict[tuple[str, str], list[WebhookReader]] = defaultdict(list)
    for reader in readers:
        found[reader.system.value.lower(), reader.product].append(reader)
    return {place: several[0] if len(several) == 1 else AnyAccount(several) for place, several in found.items()}
