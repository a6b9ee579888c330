"""What leaves the process for a server that others reach: names that tell nothing, values that only a key opens.

Names are HMAC-SHA256. Values are AES-256-GCM, each with a random nonce and bound to its name, so one cannot be put in
another's place. The first key seals, all of them open: a key is changed by putting the new one in front.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import os
from collections.abc import Sequence

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

KEY_BYTES, NONCE_BYTES, ID_BYTES, NAME_BYTES = 32, 12, 4, 18


class BadKey(ValueError):
    """A key that is none; the sentence holds nothing of it."""


def key_of(text: str) -> bytes:
    """32 bytes from their base64. Raises BadKey."""
    try:
        key = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise BadKey("a key is 32 bytes in base64, as `openssl rand -base64 32` prints them") from None
    if len(key) != KEY_BYTES:
        raise BadKey(f"a key is 32 bytes in base64, this one has {len(key)}")
    return key


class Envelope:
    """`name_key` is one for all processes and stays: with another, none finds what the others keep or evict."""

    def __init__(self, name_key: bytes, value_keys: Sequence[bytes]) -> None:
        self._name_key = name_key
        self._keys = {hashlib.sha256(key).digest()[:ID_BYTES]: AESGCM(key) for key in value_keys}
        self._sealing = next(iter(self._keys))

    def name(self, plain: bytes) -> str:
        """The same for the same bytes; who has no key learns nothing from it."""
        return base64.urlsafe_b64encode(hmac.digest(self._name_key, plain, "sha256")[:NAME_BYTES]).decode()

    def seal(self, name: str, plain: bytes) -> bytes:
        """The key's id, the nonce and the sealed bytes."""
        nonce = os.urandom(NONCE_BYTES)
        return self._sealing + nonce + self._keys[self._sealing].encrypt(nonce, plain, name.encode())

    def open(self, name: str, sealed: bytes) -> bytes | None:
        """What was sealed under this name; None if the key is not ours any more, or somebody touched it."""
        key, rest = self._keys.get(sealed[:ID_BYTES]), sealed[ID_BYTES:]
        if key is None:
            return None
        try:
            return key.decrypt(rest[:NONCE_BYTES], rest[NONCE_BYTES:], name.encode())
        except (InvalidTag, ValueError):
            return None
