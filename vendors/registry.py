"""Every product that can stand behind a system: a product is one adapter, one simulator and one line here.

The first product of a system stands for it where an installation says nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from cryptography.hazmat.primitives import serialization

from vendors.aggregator import hub88_access, hub88_declared
from vendors.bonus import reference as bonus_reference
from vendors.bonus import reference_declared as bonus_declared
from vendors.cashier import paymentiq_access, paymentiq_declared
from vendors.cashier.paymentiq import PaymentIQ
from vendors.crm import customerio_access, customerio_declared
from vendors.kyc import onfido_access, onfido_declared, sumsub_access, sumsub_declared
from vendors.pam import infigaming_access, infigaming_declared, mapped_access, mapped_declared
from vendors.pam.infigaming import InfiGaming
from vendors.ports.source import System
from vendors.product import Access, Product, Secret, Side
from vendors.reference import adapter, declared, webhooks
from vendors.reference_access import ReferenceAccess
from vendors.sandbox import bonus_reference as bonus_engine
from vendors.sandbox import (
    customerio,
    hub88,
    infigaming,
    intercom,
    intercom_store,
    mapped_pam,
    onfido,
    paymentiq,
    reference_house,
    sumsub,
    zendesk,
)
from vendors.sandbox.credentials import Credentials
from vendors.ticketing import intercom_access, intercom_declared, zendesk_access, zendesk_declared


def _hub88(own: Credentials) -> Access:
    pem = own.aggregator_key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return hub88_access.Hub88Access(Secret(pem.decode()), own.aggregator_ids)


def _paymentiq(own: Credentials) -> Access:
    (client, secret), (user, password) = own.cashier_client, own.cashier_hook
    login = paymentiq_access.Login(user, Secret(password))
    return paymentiq_access.PaymentIQAccess(client, Secret(secret), own.merchant_ids, login)


def _sumsub(own: Credentials) -> Access:
    return sumsub_access.SumsubAccess(own.kyc_token[0], Secret(own.kyc_token[1]), Secret(own.kyc_hook))


def _zendesk(own: Credentials) -> Access:
    (user, token), brands = own.desk_login, tuple(own.merchant_ids)
    return zendesk_access.ZendeskAccess(user, Secret(token), brands, Secret(own.desk_hook))


def _intercom(own: Credentials) -> Access:
    return intercom_access.IntercomAccess(
        Secret(own.desk_login[1]), intercom_store.ADMIN_ID, intercom_store.SHARED_TYPE, tuple(own.merchant_ids),
        intercom_store.INTERNAL_TYPE, intercom_store.AUDIT_ATTRIBUTE, Secret(own.desk_hook),
    )  # fmt: skip


_PRODUCTS: Mapping[System, Mapping[str, Product]] = {
    System.PAM: {
        "infigaming": Product(
            "InfiGaming", infigaming_access.InfiGamingAccess, infigaming_access.connect,
            declares=infigaming_declared.DECLARED,
            own=lambda own: infigaming_access.InfiGamingAccess(Secret(own.pam_token), own.operator_ids),
            stage=lambda world, own: infigaming.stage(world, own.pam_token, own.operator_ids),
        ),
        "mapped": Product(
            "PAM by mapping", mapped_access.MappedAccess, mapped_access.connect,
            declares=mapped_declared.DECLARED,
            own=lambda own: mapped_access.MappedAccess(Secret(own.pam_token), str(mapped_pam.MAPPING)),
            stage=lambda world, own: mapped_pam.stage(world, own.pam_token),
        ),
    },
    System.CASHIER: {
        "paymentiq": Product(
            "PaymentIQ", paymentiq_access.PaymentIQAccess, paymentiq_access.connect, own=_paymentiq,
            declares=paymentiq_declared.DECLARED,
            stage=lambda world, own: paymentiq.stage(
                world, *own.cashier_client, own.merchant_ids, hook=own.cashier_hook
            ),
            hooks=paymentiq_access.hooks,
        ),
    },
    System.KYC: {
        "sumsub": Product(
            "Sumsub", sumsub_access.SumsubAccess, sumsub_access.connect, own=_sumsub,
            declares=sumsub_declared.DECLARED,
            stage=lambda world, own: sumsub.stage(world, *own.kyc_token, hook_secret=own.kyc_hook),
            hooks=sumsub_access.hooks,
        ),
        "onfido": Product(
            "Onfido", onfido_access.OnfidoAccess, onfido_access.connect,
            declares=onfido_declared.DECLARED,
            own=lambda own: onfido_access.OnfidoAccess(Secret(own.kyc_token[1]), Secret(own.kyc_hook)),
            stage=lambda world, own: onfido.stage(world, own.kyc_token[1], hook_token=own.kyc_hook),
            hooks=onfido_access.hooks,
        ),
    },
    System.BONUS: {
        "reference": Product(
            "bonus engine", ReferenceAccess,
            lambda access, site: bonus_reference.ReferenceBonus(
                site.client(bonus_reference.sign(access.token.reveal())), site.clock
            ),
            declares=bonus_declared.DECLARED,
            own=lambda own: ReferenceAccess(Secret(own.bonus_token), Secret(own.house_hook)),
            stage=lambda world, own: bonus_engine.stage(world, own.bonus_token, hook=own.house_hook),
            hooks=partial(webhooks.hooks, System.BONUS),
        ),
    },
    System.AGGREGATOR: {
        "hub88": Product(
            "Hub88", hub88_access.Hub88Access, hub88_access.connect, own=_hub88,
            declares=hub88_declared.DECLARED,
            stage=lambda world, own: hub88.stage(world, own.aggregator_key.public_key(), own.aggregator_ids),
            sides={System.BONUS: Side("Hub88 Freebets", hub88_access.connect_freebets, hub88_declared.FREEBETS)},
        ),
    },
    System.CRM: {
        "customerio": Product(
            "Customer.io", customerio_access.CustomerIoAccess, customerio_access.connect,
            declares=customerio_declared.DECLARED,
            own=lambda own: customerio_access.CustomerIoAccess(Secret(own.crm_key), Secret(own.crm_hook)),
            stage=lambda world, own: customerio.stage(
                world, own.crm_key, requests_per_second=None, hook_secret=own.crm_hook
            ),
            hooks=customerio_access.hooks,
        ),
    },
    System.TICKETING: {
        "zendesk": Product(
            "Zendesk", zendesk_access.ZendeskAccess, zendesk_access.connect, own=_zendesk,
            declares=zendesk_declared.DECLARED,
            stage=lambda world, own: zendesk.stage(world, *own.desk_login, hook_secret=own.desk_hook),
            hooks=zendesk_access.hooks,
        ),
        "intercom": Product(
            "Intercom", intercom_access.IntercomAccess, intercom_access.connect, own=_intercom,
            declares=intercom_declared.DECLARED,
            stage=lambda world, own: intercom.stage(world, own.desk_login[1], hook_secret=own.desk_hook),
            hooks=intercom_access.hooks,
        ),
    },
}  # fmt: skip


_DONE = {  # the house of the sandbox can do what stands behind it can
    System.PAM: tuple(sorted(scope.value for scope in InfiGaming.supports)),
    System.CASHIER: tuple(sorted(action.value for action in PaymentIQ.supports)),
}


def _house(system: System, behind: Product) -> Product:
    """A system of the operator's own, which in the sandbox stands over the product it takes the place of."""
    return Product(
        "Reference contract", ReferenceAccess, adapter.connect,
        declares=declared.of(system),
        own=lambda own: ReferenceAccess(Secret(own.house_token), Secret(own.house_hook), _DONE.get(system)),
        stage=lambda world, own: reference_house.stage(system, behind, world, own),
        hooks=partial(webhooks.hooks, system),
    )  # fmt: skip


PRODUCTS: Mapping[System, Mapping[str, Product]] = {
    system: known if "reference" in known else {**known, "reference": _house(system, next(iter(known.values())))}
    for system, known in _PRODUCTS.items()
}
