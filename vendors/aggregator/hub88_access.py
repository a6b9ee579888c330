"""What opens Hub88, for games and for the free spins it gives, and both adapters put together."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from vendors.aggregator.hub88 import GAMES, Hub88, sign
from vendors.bonus.hub88_freebets import Hub88Freebets
from vendors.client import Client
from vendors.product import Access, Secret, Site
from vendors.resilience.limits import Limit

LIMITS = (  # docs.hub88.io/developer-docs/hub88-apis/rate-limits, read 2026-11
    Limit(name="game-list", requests=1, seconds=60.0, operations=(GAMES,), each=True),
)


class Hub88Access(Access, frozen=True):
    """The operator's RSA key as unencrypted PEM, and the operator_id of each brand."""

    private_key: Secret
    operators: Mapping[str, int]


def connect(access: Hub88Access, site: Site) -> Hub88:
    """The games. Raises ValueError if the key cannot be read."""
    return Hub88(_client(access, site), access.operators, site.clock)


def connect_freebets(access: Hub88Access, site: Site) -> Hub88Freebets:
    """The free spins, by the same account."""
    return Hub88Freebets(_client(access, site), access.operators, site.clock)


def _client(access: Hub88Access, site: Site) -> Client:
    return site.client(sign(_key(access.private_key.reveal())), limits=LIMITS)


@lru_cache(maxsize=8)  # proving a key takes longer than starting the rest, and its two adapters ask for the same one
def _key(pem: str) -> rsa.RSAPrivateKey:
    try:
        key = serialization.load_pem_private_key(pem.encode(), None)
    except (ValueError, TypeError):  # whose sentence might quote it
        raise ValueError("credentials.private_key cannot be read as PEM") from None
    if not isinstance(key, rsa.RSAPrivateKey):
        raise ValueError("credentials.private_key is no RSA key")
    return key
