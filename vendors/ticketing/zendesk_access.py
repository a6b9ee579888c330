"""What opens Zendesk, and its adapter put together."""

from __future__ import annotations

from vendors import signing
from vendors.product import Access, Secret, Site, always
from vendors.ticketing.zendesk import Zendesk
from vendors.ticketing.zendesk_webhooks import ZendeskWebhooks


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
    client = site.client(always(signing.basic(access.user, access.token.reveal())))
    return Zendesk(client, site.clock, access.panel_url)


def hooks(access: ZendeskAccess) -> ZendeskWebhooks | None:
    """The reader of its webhooks."""
    return ZendeskWebhooks(access.hook.reveal(), access.brands) if access.hook else None
