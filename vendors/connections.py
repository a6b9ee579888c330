"""From what an installation says of its vendors to one adapter a port: read, checked, and put together once a process.

What cannot be meant stops the start, and the sentence names its key.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Any

import msgspec

from vendors.bonus.combined import CombinedBonus
from vendors.client import Client
from vendors.connection import Connection
from vendors.ports.keys import Key
from vendors.ports.source import System
from vendors.ports.webhooks import WebhookReader
from vendors.product import Access, Clock, Product, Secret, Site
from vendors.registry import PRODUCTS
from vendors.resilience.policy import LimiterPolicy, Policy
from vendors.resilience.shared_bucket import Ledger
from vendors.routing import Line, MarketOf, Routed
from vendors.sandbox.credentials import Credentials
from vendors.wire import Wire

Said = Mapping[System, Sequence[Connection]]


class BadVendors(ValueError):
    """The vendors cannot be meant so; the sentence names the key and never a secret."""


class Account(msgspec.Struct, frozen=True):
    """A connection, its product, and what opens it."""

    system: System
    name: str
    connection: Connection
    product: Product
    access: Access


def _market_unknown(player: Key) -> str | None:
    return None


class Connections:
    """The vendors of one process. Raises BadVendors.

    `said` is what the installation says of each system; of a system it does not name the first product stands in the
    sandbox. `url` is where a system's simulator stands, `own` what opens the simulators; `secret` resolves a reference.
    """

    def __init__(
        self,
        url: Callable[[System], str],
        wire: Wire,
        clock: Clock,
        own: Credentials,
        timeout_seconds: float,
        *,
        said: Said = MappingProxyType({}),
        secret: Callable[[str], str] = str,
        ledger: Ledger | None = None,
    ) -> None:
        self._url, self._wire, self._clock, self._own, self._seconds = url, wire, clock, own, timeout_seconds
        self._secret, self._clients, self._ledger = secret, list[Client](), ledger
        self._accounts = [account for system in PRODUCTS for account in self._read(system, said.get(system))]

    def ports(self, markets: Mapping[str, str], market_of: MarketOf = _market_unknown) -> dict[str, Any]:
        """One adapter a port, by the port's name. `markets` maps an ISO 3166-1 alpha-2 country to a market.

        `market_of` is what is known of a player's market, for systems that are split by it.
        """
        ports = {system.value.lower(): self._port(system, markets, market_of) for system in PRODUCTS}
        return ports | {"health": [client.health for client in self._clients]}

    def places(self, systems: Sequence[System]) -> Mapping[System, Sequence[str]]:
        """The address of each account of these systems, as scheme, host and port."""
        return {
            system: [_origin(account.connection.url or self._url(system)) for account in self._accounts
                     if account.system is system]
            for system in systems
        }  # fmt: skip

    def readers(self) -> Sequence[WebhookReader]:
        """Who reads what the products tell by themselves. Raises BadVendors for a secret that cannot be one."""
        return [reader for reader in map(_reader, self._accounts) if reader is not None]

    def _read(self, system: System, said: Sequence[Connection] | None) -> Sequence[Account]:
        place = f"vendors.{system.value.lower()}"
        if said is not None and not said:
            raise BadVendors(f"{place}: no connection")
        told = said or [Connection(product=next(iter(PRODUCTS[system])))]
        accounts = [self._account(f"{place}.{n}" if len(told) > 1 else place, system, c) for n, c in enumerate(told)]
        _must_part(place, system, told)
        return accounts

    def _account(self, place: str, system: System, connection: Connection) -> Account:
        known = PRODUCTS[system]
        if (product := known.get(connection.product)) is None:
            raise BadVendors(f"{place}.product: no such product; there is {', '.join(known)}")
        return Account(system, place, connection, product, self._access(place, connection, product))

    def _access(self, place: str, connection: Connection, product: Product) -> Access:
        if connection.credentials is None:
            if not connection.is_local:
                raise BadVendors(f"{place}.credentials: missing")
            return product.own(self._own)
        try:
            return msgspec.convert(connection.credentials, product.access, dec_hook=self._resolved)
        except msgspec.ValidationError as error:
            raise BadVendors(f"{place}.credentials: {error}") from None

    def _resolved(self, kind: type, said: Any) -> Any:
        if kind is not Secret or not isinstance(said, str):
            raise ValueError("cannot be read")
        return Secret(self._secret(said))

    def _port(self, system: System, markets: Mapping[str, str], market_of: MarketOf) -> Any:
        """The system's own accounts, and those of other systems that serve it too."""
        lines = [
            Line(account.connection, self._connected(account, system, markets))
            for account in self._accounts
            if account.system is system
        ]
        sides = [
            Line(account.connection, self._connected(account, system, markets))
            for account in self._accounts
            if system in account.product.sides and _wants(account.connection, system)
        ]
        port = lines[0].port if len(lines) == 1 and _for_all(lines[0]) else Routed(system, lines, market_of)
        return CombinedBonus(port, *(_guarded(side, market_of, system) for side in sides)) if sides else port

    def _connected(self, account: Account, system: System, markets: Mapping[str, str]) -> Any:
        own = account.system is system
        vendor = account.product.vendor if own else account.product.sides[system].vendor
        connect = account.product.connect if own else account.product.sides[system].connect
        url = account.connection.url or self._url(account.system)
        site = Site(
            system, vendor, url, self._wire, self._clock, markets, self._seconds, _policy(account.connection),
            self._clients, self._ledger,
        )  # fmt: skip
        try:
            return connect(account.access, site)
        except ValueError as error:
            raise BadVendors(f"{account.name}: {error}") from None


def _reader(account: Account) -> WebhookReader | None:
    try:
        return account.product.hooks(account.access)
    except ValueError as error:
        raise BadVendors(f"{account.name}.credentials: {error}") from None


def _origin(url: str) -> str:
    return "/".join(url.split("/")[:3])


def _policy(connection: Connection) -> Policy:
    """The sandbox has no account to use up: there published limits are counted and shown, and hold nobody."""
    policy = connection.policy
    return policy if connection.url or policy != Policy() else replace(policy, limiter=LimiterPolicy(enforce=False))


def _wants(connection: Connection, side: System) -> bool:
    return connection.sides is None or side.value.lower() in connection.sides


def _for_all(line: Line) -> bool:
    return not line.connection.brands and not line.connection.markets


def _guarded(side: Line, market_of: MarketOf, system: System) -> Any:
    return side.port if _for_all(side) else Routed(system, [side], market_of)


def _must_part(place: str, system: System, told: Sequence[Connection]) -> None:
    """No player may have two products for one system, and a market is known from the PAM alone."""
    if system is System.PAM and any(one.markets for one in told):
        raise BadVendors(f"{place}.markets: a player's market is what his PAM says; choose a PAM by brand")
    for number, one in enumerate(told):
        for other in told[number + 1 :]:
            if one.meets(other):
                raise BadVendors(f"{place}: {one.product} and {other.product} both speak for the same brand and market")
