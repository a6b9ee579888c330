"""Credentials equal values that were computed elsewhere: in an RFC, or by openssl."""

import base64

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from vendors import signing


@pytest.mark.parametrize(
    ("user", "password", "expected"),
    [
        ("Aladdin", "open sesame", "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="),  # RFC 7617, section 2
        ("test", "123£", "Basic dGVzdDoxMjPCow=="),  # RFC 7617, section 2.1: UTF-8
        ("agent@example.com/token", "abc123", "Basic YWdlbnRAZXhhbXBsZS5jb20vdG9rZW46YWJjMTIz"),  # base64(1)
    ],
)
def test_basic_is_rfc_7617(user: str, password: str, expected: str) -> None:
    assert signing.basic(user, password) == {"Authorization": expected}


def test_bearer_is_rfc_6750() -> None:
    assert signing.bearer("mF_9.B5f-4.1JqM") == {"Authorization": "Bearer mF_9.B5f-4.1JqM"}  # section 2.1


@pytest.mark.parametrize(  # printf '%s' "$ts$METHOD$path$body" | openssl dgst -sha256 -hmac sandbox-secret
    ("method", "path", "body", "expected"),
    [
        (
            "GET",
            "/resources/applicants/-;externalUserId=acme-s-001/one",
            b"",
            "e92fddf9ad1aece9135428092c80f1ab1446d1fe614be39c64a512b12b425fd5",
        ),
        (
            "post",
            "/resources/applicants?levelName=basic",
            b'{"externalUserId":"acme-p-001"}',
            "bcb98271fb45f62b76b155bef4e808cfc2e444478f042fc9bf65488c02976433",
        ),
    ],
)
def test_sumsub_signs_what_openssl_signs(method: str, path: str, body: bytes, expected: str) -> None:
    headers = signing.sumsub("sbx:t", "sandbox-secret", timestamp=1700000000, method=method, path=path, body=body)
    assert headers == {"X-App-Token": "sbx:t", "X-App-Access-Ts": "1700000000", "X-App-Access-Sig": expected}


def test_hub88_verifies_with_the_public_key_and_only_for_this_body() -> None:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    signature = base64.b64decode(signing.hub88(key, b'{"a":1}')["X-Hub88-Signature"], validate=True)
    key.public_key().verify(signature, b'{"a":1}', padding.PKCS1v15(), hashes.SHA256())
    with pytest.raises(InvalidSignature):
        key.public_key().verify(signature, b'{"a":2}', padding.PKCS1v15(), hashes.SHA256())
