"""What opens PaymentIQ, and its adapter put together."""

from __future__ import annotations

from collections.abc import Mapping

from vendors.cashier.paymentiq import PaymentIQ
from vendors.cashier.paymentiq_tokens import PaymentIQTokens
from vendors.cashier.paymentiq_webhooks import PaymentIQWebhooks
from vendors.product import Access, Secret, Site


class Login(Access, frozen=True):
    """What the merchant configured for notifications, sent as Basic."""

    user: str
    password: Secret


class PaymentIQAccess(Access, frozen=True):
    """An API client of the Admin API, the merchantId of each brand, and the login of its notifications."""

    client_id: str
    client_secret: Secret
    merchants: Mapping[str, str]
    hook: Login | None = None


def connect(access: PaymentIQAccess, site: Site) -> PaymentIQ:
    """The cashier."""
    tokens = PaymentIQTokens(
        site.url, site.wire, access.client_id, access.client_secret.reveal(), site.clock, policy=site.policy
    )
    return PaymentIQ(site.client(tokens.sign, renew=tokens.renew), access.merchants, site.clock)


def hooks(access: PaymentIQAccess) -> PaymentIQWebhooks | None:
    """The reader of its notifications."""
    login = access.hook
    return PaymentIQWebhooks(login.user, login.password.reveal(), access.merchants) if login else None
