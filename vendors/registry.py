"""Which product stands behind each system: a product is one adapter, one simulator and one line here."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import Any

from vendors import signing
from vendors.aggregator import hub88
from vendors.bonus import reference
from vendors.bonus.combined import CombinedBonus
from vendors.bonus.hub88_freebets import Hub88Freebets
from vendors.bonus.reference import ReferenceBonus
from vendors.cashier.paymentiq import PaymentIQ, PaymentIQTokens
from vendors.cashier.paymentiq_webhooks import PaymentIQWebhooks
from vendors.client import Client, Headers, Sent
from vendors.crm import customerio
from vendors.crm.customerio_webhooks import CustomerIoWebhooks
from vendors.kyc import sumsub
from vendors.kyc.sumsub_webhooks import SumsubWebhooks
from vendors.pam.infigaming import InfiGaming
from vendors.ports.source import System
from vendors.ports.webhooks import WebhookReader
from vendors.resilience.policy import Policy
from vendors.sandbox.credentials import Credentials
from vendors.ticketing import zendesk
from vendors.ticketing.zendesk_webhooks import ZendeskWebhooks
from vendors.wire import Wire

Clock = Callable[[], datetime]


class Connections:
    """The clients of one process, each with its product's credential; `health` is what they have seen."""

    def __init__(
        self,
        url: Callable[[System], str],
        wire: Wire,
        clock: Clock,
        credentials: Credentials,
        timeout_seconds: float,
        *,
        policies: Mapping[str, Policy] = MappingProxyType({}),
    ) -> None:
        """`policies` by the system's name in lower case; a system without one has the defaults."""
        self._url, self._wire, self._clock, self._seconds, self._policies = url, wire, clock, timeout_seconds, policies
        self._secret, self._clients = credentials, list[Client]()

    def ports(self, markets: Mapping[str, str]) -> dict[str, Any]:
        """One adapter a port, by the port's name. `markets` maps an ISO 3166-1 alpha-2 country to a market."""
        own, clock, key = self._secret, self._clock, self._secret.aggregator_key
        tokens = PaymentIQTokens(self._url(System.CASHIER), self._wire, *own.cashier_client, clock)
        freebets = self._client(System.BONUS, "Hub88 Freebets", hub88.sign(key), at=System.AGGREGATOR)
        engine = self._client(System.BONUS, "bonus engine", reference.sign(own.bonus_token))
        cashier = self._client(System.CASHIER, "PaymentIQ", tokens.sign, renew=tokens.renew)
        desk = self._client(System.TICKETING, "Zendesk", _always(signing.basic(*own.desk_login)))
        return {
            "pam": InfiGaming(self._client(System.PAM, "InfiGaming", _always(signing.bearer(own.pam_token))),
                              own.operator_ids, clock, markets),
            "cashier": PaymentIQ(cashier, own.merchant_ids, clock),
            "kyc": sumsub.Sumsub(self._client(System.KYC, "Sumsub", sumsub.sign(*own.kyc_token, clock)), clock),
            "bonus": CombinedBonus(ReferenceBonus(engine, clock), Hub88Freebets(freebets, own.aggregator_ids, clock)),
            "aggregator": hub88.Hub88(self._client(System.AGGREGATOR, "Hub88", hub88.sign(key)), own.aggregator_ids,
                                      clock),
            "crm": customerio.CustomerIo(self._client(System.CRM, "Customer.io", customerio.sign(own.crm_key)), clock),
            "ticketing": zendesk.Zendesk(desk, clock),
            "health": [client.health for client in self._clients],
        }  # fmt: skip

    def _client(
        self,
        system: System,
        vendor: str,
        sign: Sent,
        *,
        at: System | None = None,
        renew: Callable[[], None] | None = None,
    ) -> Client:
        """A client of `system`, at the address of another system where the product is served there."""
        url, policy = self._url(at or system), self._policies.get(system.value.lower(), Policy())
        client = Client(
            system, url, self._wire, sign, timeout_seconds=self._seconds, policy=policy, renew=renew, vendor=vendor
        )
        self._clients.append(client)
        return client


def readers(own: Credentials) -> Sequence[WebhookReader]:
    """Who reads what the products tell by themselves."""
    return (
        PaymentIQWebhooks(*own.cashier_hook, own.merchant_ids),
        SumsubWebhooks(own.kyc_hook),
        CustomerIoWebhooks(own.crm_hook),
        ZendeskWebhooks(own.desk_hook, list(own.merchant_ids)),
    )


def _always(headers: Headers) -> Sent:
    """A credential that is the same for every call."""

    async def sign(method: str, path: str, body: bytes) -> Headers:
        return headers

    return sign
