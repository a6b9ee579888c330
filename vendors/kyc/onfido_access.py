"""What opens Onfido, and its adapter put together. Its address is a region's: https://api.eu.onfido.com."""

from __future__ import annotations

from vendors.kyc.onfido import Onfido
from vendors.kyc.onfido_webhooks import OnfidoWebhooks
from vendors.product import Access, Secret, Site, always


class OnfidoAccess(Access, frozen=True):
    """An API token, and the token of the webhook that its events are signed with.

    The OpenAPI document states no rate limit, and no copy of documentation.onfido.com/#rate-limits could be read
    (2026-11): an installation that knows its own sets `policy.limiter`.
    """

    token: Secret
    hook: Secret | None = None


def connect(access: OnfidoAccess, site: Site) -> Onfido:
    """The verification."""
    return Onfido(site.client(always({"Authorization": f"Token token={access.token.reveal()}"})), site.clock)


def hooks(access: OnfidoAccess) -> OnfidoWebhooks | None:
    """The reader of its webhooks."""
    return OnfidoWebhooks(access.hook.reveal()) if access.hook else None
