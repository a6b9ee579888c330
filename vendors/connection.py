"""What an installation says of a vendor system: which product, where it is, and for whom it speaks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from vendors.resilience.policy import Policy

Url = Annotated[str, Field(pattern=r"^https?://[^/\s]+\S*$")]
SystemName = Literal["pam", "cashier", "kyc", "bonus", "aggregator", "crm", "ticketing"]


@dataclass(frozen=True, kw_only=True)
class Connection:
    """One account at one product: an entry under `vendors:` of `config.yaml`.

    Without `url` it is the sandbox's own simulator; without `credentials` the sandbox's, at loopback only. `brands` and
    `markets` limit for whom it speaks; none named means all. `sides` are the further systems it may answer for where
    the product can: None means all of them. In `credentials` a secret is a reference: `env:NAME` or `file:/path`.
    """

    __pydantic_config__: ClassVar = {"extra": "forbid"}
    product: str
    url: Url | None = None
    credentials: Mapping[str, Any] | None = None
    brands: tuple[str, ...] = ()
    markets: tuple[str, ...] = ()
    sides: tuple[SystemName, ...] | None = None
    policy: Policy = field(default_factory=Policy)

    @property
    def is_local(self) -> bool:
        """Whether it can be a simulator: those listen on loopback."""
        return self.url is None or self.url.startswith(("http://127.0.0.1", "http://localhost", "http://[::1]"))

    def speaks_for(self, brand: str, market: str | None = None) -> bool:
        """Whether it may be asked about this brand, and about a player of this market where that is known."""
        of_brand = not self.brands or brand in self.brands
        return of_brand and (market is None or not self.markets or market in self.markets)

    def meets(self, other: Connection) -> bool:
        """Whether there can be a player for whom both speak."""
        return _meet(self.brands, other.brands) and _meet(self.markets, other.markets)


def _meet(one: tuple[str, ...], other: tuple[str, ...]) -> bool:
    return not one or not other or bool(set(one) & set(other))
