"""What opens each product. The sandbox's own credentials open nothing but the sandbox.

Its RSA key is made at the first start and kept in `var`, so that a sandbox in a process of its own shares it.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from tempfile import NamedTemporaryFile

import msgspec
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from vendors.sandbox.facts import BRANDS

KEY_FILE = "sandbox-hub88.pem"  # under `var`


class Credentials(msgspec.Struct, frozen=True):
    """One credential a product, and under which number each product knows a brand."""

    pam_token: str
    operator_ids: Mapping[str, str]
    cashier_client: tuple[str, str]
    merchant_ids: Mapping[str, str]
    kyc_token: tuple[str, str]
    bonus_token: str
    house_token: str  # of every system that keeps the reference contract
    aggregator_key: rsa.RSAPrivateKey
    aggregator_ids: Mapping[str, int]
    crm_key: str
    desk_login: tuple[str, str]
    kyc_hook: str  # what vendors sign or send with what they tell by themselves
    cashier_hook: tuple[str, str]
    desk_hook: str
    crm_hook: str
    house_hook: str


def sandbox(var: Path) -> Credentials:
    """The sandbox's set; `var` is the folder of what runs."""
    return Credentials(
        pam_token="sandbox-pam",
        operator_ids={brand: str(number) for number, brand in enumerate(BRANDS, 7001)},
        cashier_client=("sandbox-client", "sandbox-secret"),
        merchant_ids={brand: str(number) for number, brand in enumerate(BRANDS, 100001)},
        kyc_token=("sbx:sandbox", "sandbox-kyc-secret"),
        bonus_token="sandbox-bonus",
        house_token="sandbox-house",
        aggregator_key=_rsa_key(var / KEY_FILE),
        aggregator_ids={brand: number for number, brand in enumerate(BRANDS, 501)},
        crm_key="sandbox-crm",
        desk_login=("gateway@acme.example/token", "sandbox-desk"),
        kyc_hook="sandbox-kyc-hook",
        cashier_hook=("sandbox-hook", "sandbox-cashier-hook"),
        desk_hook="sandbox-desk-hook",
        crm_hook="sandbox-crm-hook",
        house_hook="whsec_c2FuZGJveC1ob3VzZS1ob29rLTI0Ynl0ZXM=",  # of 24 bytes or more, as the contract asks
    )


def _rsa_key(file: Path) -> rsa.RSAPrivateKey:
    """Read, or made: whoever of two processes comes first decides, and neither ever sees half a file."""
    if not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True)
        made = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        pem = made.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        with NamedTemporaryFile(dir=file.parent) as whole:  # readable by its owner only
            whole.write(pem)
            whole.flush()
            with contextlib.suppress(FileExistsError):
                os.link(whole.name, file)
    return _loaded(file.read_bytes())


@lru_cache(maxsize=8)
def _loaded(pem: bytes) -> rsa.RSAPrivateKey:
    key = serialization.load_pem_private_key(pem, None)
    assert isinstance(key, rsa.RSAPrivateKey)
    return key
