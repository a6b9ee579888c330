"""What opens InfiGaming, and its adapter put together."""

from __future__ import annotations

from collections.abc import Mapping

from vendors import signing
from vendors.pam.infigaming import InfiGaming
from vendors.product import Access, Secret, Site, always


class InfiGamingAccess(Access, frozen=True):
    """A back-office token that sees every operator, and the operatorId of each brand."""

    token: Secret
    operators: Mapping[str, str]


def connect(access: InfiGamingAccess, site: Site) -> InfiGaming:
    """The PAM."""
    client = site.client(always(signing.bearer(access.token.reveal())))
    return InfiGaming(client, access.operators, site.clock, site.markets)
