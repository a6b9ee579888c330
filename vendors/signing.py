"""From a call to its credentials: pure functions, tested against known vectors without a network."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa


def basic(user: str, password: str) -> Mapping[str, str]:
    """HTTP Basic (RFC 7617): Zendesk takes `{email}/token` and a token, PaymentIQ client id and secret."""
    return {"Authorization": "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()}


def bearer(token: str) -> Mapping[str, str]:
    """RFC 6750."""
    return {"Authorization": f"Bearer {token}"}


def sumsub(token: str, secret: str, *, timestamp: int, method: str, path: str, body: bytes) -> Mapping[str, str]:
    """Sumsub's request signature: lower-case hex HMAC-SHA256 over ts + METHOD + path with query + body.

    docs.sumsub.com/reference/authentication, copy of 2026-11; `timestamp` is in Unix seconds.
    """
    signed = f"{timestamp}{method.upper()}{path}".encode() + body
    signature = hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()
    return {"X-App-Token": token, "X-App-Access-Ts": str(timestamp), "X-App-Access-Sig": signature}


def hub88(private_key: rsa.RSAPrivateKey, body: bytes) -> Mapping[str, str]:
    """Hub88's X-Hub88-Signature: base64 of RSA-SHA256 (PKCS #1 v1.5) over the body. docs.hub88.io, copy of 2026-11."""
    signature = private_key.sign(body, padding.PKCS1v15(), hashes.SHA256())
    return {"X-Hub88-Signature": base64.b64encode(signature).decode()}
