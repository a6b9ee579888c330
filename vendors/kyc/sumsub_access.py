"""What opens Sumsub, and its adapter put together."""

from __future__ import annotations

from vendors.kyc.sumsub import Sumsub, sign
from vendors.kyc.sumsub_webhooks import SumsubWebhooks
from vendors.product import Access, Secret, Site
from vendors.resilience.limits import Limit

LIMITS = (  # docs.sumsub.com/reference/rate-limits, copy of 2026-09: per credential, in any 5 s
    Limit(name="reads", requests=300, seconds=5.0, methods=("GET",)),
    Limit(name="writes", requests=50, seconds=5.0, methods=("POST",)),
)


class SumsubAccess(Access, frozen=True):
    """An app token with its secret, and the secret its webhooks are signed with."""

    token: str
    secret: Secret
    hook: Secret | None = None


def connect(access: SumsubAccess, site: Site) -> Sumsub:
    """The verification."""
    return Sumsub(site.client(sign(access.token, access.secret.reveal(), site.clock), limits=LIMITS), site.clock)


def hooks(access: SumsubAccess) -> SumsubWebhooks | None:
    """The reader of its webhooks."""
    return SumsubWebhooks(access.hook.reveal()) if access.hook else None
