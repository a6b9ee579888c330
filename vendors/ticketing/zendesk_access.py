"""What opens Zendesk, and its adapter put together."""

from __future__ import annotations

from vendors import signing
from vendors.product import Access, Secret, Site, always
from vendors.resilience.limits import Limit, RateHeaders
from vendors.ticketing.zendesk import UPDATE, Zendesk
from vendors.ticketing.zendesk_webhooks import ZendeskWebhooks

LIMITS = (  # developer.zendesk.com/api-reference/introduction/rate-limits, read 2026-11
    Limit(  # of the smallest plan with an API of its own; a reply's headers tell the account's
        name="account",
        requests=200,
        seconds=60.0,
        headers=RateHeaders("X-Rate-Limit", "X-Rate-Limit-Remaining", "ratelimit-reset"),
    ),
    Limit(name="updates", requests=100, seconds=60.0, operations=(UPDATE,)),
    Limit(name="updates-of-a-ticket", requests=30, seconds=600.0, operations=(UPDATE,), each=True),
)


class ZendeskAccess(Access, frozen=True):
    """An agent's API token (user `name@example.com/token`), the webhook's signing secret, the brands of its tickets.

    `panel_url` is the account's address, for links into the agent workspace.
    """

    user: str
    token: Secret
    brands: tuple[str, ...]
    hook: Secret | None = None
    panel_url: str | None = None


def connect(access: ZendeskAccess, site: Site) -> Zendesk:
    """The desk."""
    client = site.client(always(signing.basic(access.user, access.token.reveal())), limits=LIMITS)
    return Zendesk(client, site.clock, access.panel_url)


def hooks(access: ZendeskAccess) -> ZendeskWebhooks | None:
    """The reader of its webhooks."""
    return ZendeskWebhooks(access.hook.reveal(), access.brands) if access.hook else None
