"""What opens Customer.io, and its adapter put together."""

from __future__ import annotations

from vendors.crm.customerio import CustomerIo, sign
from vendors.crm.customerio_webhooks import CustomerIoWebhooks
from vendors.product import Access, Secret, Site


class CustomerIoAccess(Access, frozen=True):
    """An App API key of one workspace, and the signing key of its reporting webhooks."""

    app_key: Secret
    hook: Secret | None = None


def connect(access: CustomerIoAccess, site: Site) -> CustomerIo:
    """The CRM."""
    return CustomerIo(site.client(sign(access.app_key.reveal())), site.clock)


def hooks(access: CustomerIoAccess) -> CustomerIoWebhooks | None:
    """The reader of its reporting webhooks."""
    return CustomerIoWebhooks(access.hook.reveal()) if access.hook else None
