"""What opens Intercom, and its adapter put together."""

from __future__ import annotations

from vendors.product import Access, Secret, Site, always
from vendors.resilience.limits import Limit
from vendors.ticketing.intercom import Desk, Intercom
from vendors.ticketing.intercom_webhooks import IntercomWebhooks

# The OpenAPI document states none. Known at second hand only (read 2026-11): 10,000 calls a minute for an app, counted
# in windows of ten seconds.
LIMITS = (Limit(name="app", requests=1666, seconds=10.0),)


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
