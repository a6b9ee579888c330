"""What opens Intercom, and its adapter put together."""

from __future__ import annotations

from vendors.product import Access, Secret, Site, always
from vendors.resilience.limits import Limit, RateHeaders
from vendors.ticketing.intercom import Desk, Intercom
from vendors.ticketing.intercom_webhooks import IntercomWebhooks

LIMITS = (  # developers.intercom.com/docs/references/2.17/rest-api/errors/rate-limiting, and of 2.0, read 2026-11
    Limit(  # of a private app: 10,000 a minute, counted in windows of ten seconds; a reply's headers tell the app's own
        name="app",
        requests=1666,
        seconds=10.0,
        headers=RateHeaders("X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset", reset_is_moment=True),
    ),
)


class IntercomAccess(Access, frozen=True):
    """An app's access token and client secret, and the workspace's own numbers.

    `admin_id` is who writes for the gateway. `shared_type_id` is the ticket type that players see, `internal_type_id`
    one for staff alone; both have a text attribute named `audit_attribute`. `brands` are those whose tickets it holds.
    """

    token: Secret
    admin_id: str
    shared_type_id: str
    brands: tuple[str, ...]
    internal_type_id: str | None = None
    audit_attribute: str = "audit_id"
    hook: Secret | None = None


def connect(access: IntercomAccess, site: Site) -> Intercom:
    """The desk."""
    client = site.client(always({"Authorization": f"Bearer {access.token.reveal()}"}), limits=LIMITS)
    desk = Desk(access.admin_id, access.shared_type_id, access.internal_type_id, access.audit_attribute)
    return Intercom(client, site.clock, desk)


def hooks(access: IntercomAccess) -> IntercomWebhooks | None:
    """The reader of its webhooks; `hook` is the app's client secret."""
    return IntercomWebhooks(access.hook.reveal(), access.brands) if access.hook else None
