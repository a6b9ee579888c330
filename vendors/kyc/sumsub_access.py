"""What opens Sumsub, and its adapter put together."""

from __future__ import annotations

from vendors.kyc.sumsub import Sumsub, sign
from vendors.kyc.sumsub_webhooks import SumsubWebhooks
from vendors.product import Access, Secret, Site


class SumsubAccess(Access, frozen=True):
    """An app token with its secret, and the secret its webhooks are signed with."""

    token: str
    secret: Secret
    hook: Secret | None = None


def connect(access: SumsubAccess, site: Site) -> Sumsub:
    """The verification."""
    return Sumsub(site.client(sign(access.token, access.secret.reveal(), site.clock)), site.clock)


def hooks(access: SumsubAccess) -> SumsubWebhooks | None:
    """The reader of its webhooks."""
    return SumsubWebhooks(access.hook.reveal()) if access.hook else None
