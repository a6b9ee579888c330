"""What opens Customer.io, and its adapter put together."""

from __future__ import annotations

from vendors.crm.customerio import CustomerIo, sign
from vendors.crm.customerio_webhooks import CustomerIoWebhooks
from vendors.product import Access, Secret, Site
from vendors.resilience.limits import Limit

LIMITS = (Limit(name="app-api", requests=10, seconds=1.0),)  # App API document, copy of 2026-08; its 429 names no wait


class CustomerIoAccess(Access, frozen=True):
    """An App API key of one workspace, and the signing key of its reporting webhooks."""

    app_key: Secret
    hook: Secret | None = None


def connect(access: CustomerIoAccess, site: Site) -> CustomerIo:
    """The CRM."""
    return CustomerIo(site.client(sign(access.app_key.reveal()), limits=LIMITS), site.clock)


def hooks(access: CustomerIoAccess) -> CustomerIoWebhooks | None:
    """The reader of its reporting webhooks."""
    return CustomerIoWebhooks(access.hook.reveal()) if access.hook else None
