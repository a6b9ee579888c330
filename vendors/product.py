"""A product: what opens it, how its adapter is put together, who plays it in the sandbox. `registry` lists them all."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import Any

import msgspec

from vendors.client import Client, Headers, Sent
from vendors.declared import Declared
from vendors.ports.source import System
from vendors.ports.webhooks import WebhookReader
from vendors.resilience.limits import Limit
from vendors.resilience.policy import Policy
from vendors.resilience.shared_bucket import Ledger
from vendors.sandbox.credentials import Credentials
from vendors.sandbox.stage import Stage
from vendors.sandbox.world import World
from vendors.wire import Wire

Clock = Callable[[], datetime]


class Secret:
    """A password, a token or a key. It is never shown: whoever sends it calls `reveal`."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """The secret itself."""
        return self._text

    def __repr__(self) -> str:
        return "Secret(***)"


class Access(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What opens a product and under which numbers it knows the brands: `credentials` of `config.yaml`."""


class Site(msgspec.Struct, frozen=True):
    """Where one connection stands, and what its adapter is built from.

    `markets` maps an ISO 3166-1 alpha-2 country to a market. `clients` are all that were made, for their
    health; `ledger` is where processes count their calls together, if they do.
    """

    system: System
    vendor: str
    url: str
    wire: Wire
    clock: Clock
    markets: Mapping[str, str]
    timeout_seconds: float
    policy: Policy
    clients: list[Client]
    ledger: Ledger | None = None

    def client(self, sign: Sent, *, renew: Callable[[], None] | None = None, limits: Sequence[Limit] = ()) -> Client:
        """The connection's client; `sign` makes its credentials, `renew` gives up those that were refused.

        `limits` are those that the product publishes. Raises ValueError for a policy that does not fit them.
        """
        made = Client(
            self.system, self.url, self.wire, sign, timeout_seconds=self.timeout_seconds, policy=self.policy,
            renew=renew, vendor=self.vendor, limits=limits, ledger=self.ledger,
        )  # fmt: skip
        self.clients.append(made)
        return made


Connect = Callable[[Any, Site], Any]  # (access, site) -> an adapter of the system's port


class Side(msgspec.Struct, frozen=True):
    """A second system that the same account serves at the same address, as Hub88 serves free spins."""

    vendor: str
    connect: Connect
    declares: Declared


class Product(msgspec.Struct, frozen=True):
    """One line of the registry.

    `own` is what opens its simulator, `stage` the simulator; `declares` what docs/vendors.md says of it. `hooks` reads
    what the product tells by itself, None where the access holds no secret for it.
    """

    vendor: str
    access: type[Access]
    connect: Connect
    own: Callable[[Credentials], Access]
    stage: Callable[[World, Credentials], Stage]
    declares: Declared
    hooks: Callable[[Any], WebhookReader | None] = lambda access: None
    sides: Mapping[System, Side] = MappingProxyType({})


def always(headers: Headers) -> Sent:
    """A credential that is the same for every call."""

    async def sign(method: str, path: str, body: bytes) -> Headers:
        return headers

    return sign
