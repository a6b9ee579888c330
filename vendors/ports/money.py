"""Money as integer minor units with their exponent; never a float."""

from __future__ import annotations

from decimal import Decimal

import msgspec

# ISO 4217 minor units that are not 2 (ISO 4217 table A.1, read 2026-11): JPY 0, KWD 3; BTC by convention 8.
_EXPONENTS = {"JPY": 0, "ISK": 0, "CLP": 0, "KRW": 0, "KWD": 3, "BHD": 3, "TND": 3, "BTC": 8}


def exponent_of(currency: str) -> int:
    """Digits after the point of an ISO 4217 code (2 unless listed)."""
    return _EXPONENTS.get(currency, 2)


class Money(msgspec.Struct, frozen=True, order=True):
    """An amount in minor units of `currency`. Two currencies are never added."""

    currency: str
    amount_minor: int
    exponent: int = 2

    @property
    def amount(self) -> str:
        """The same amount as a decimal string, e.g. "12.00"."""
        return f"{Decimal(self.amount_minor).scaleb(-self.exponent):.{self.exponent}f}"

    @classmethod
    def from_decimal(cls, text: str, currency: str) -> Money:
        """From a vendor's decimal string. Raises ValueError if it has more digits than the currency."""
        exponent = exponent_of(currency)
        try:
            scaled = Decimal(text).scaleb(exponent)
        except ArithmeticError as error:
            raise ValueError(f"not a decimal amount in {currency}") from error
        if not scaled.is_finite() or scaled != scaled.to_integral_value():
            raise ValueError(f"amount has more digits than {currency} allows")
        return cls(currency, int(scaled), exponent)

    @classmethod
    def from_scaled(cls, amount: int, scale: int, currency: str) -> Money:
        """From an integer scaled by `scale` (Hub88: 100 000). Raises ValueError on a fraction of a minor unit."""
        exponent = exponent_of(currency)
        minor, rest = divmod(amount * 10**exponent, scale)
        if rest:
            raise ValueError(f"amount is finer than a minor unit of {currency}")
        return cls(currency, minor, exponent)

    def __add__(self, other: Money) -> Money:
        return Money(self._same(other), self.amount_minor + other.amount_minor, self.exponent)

    def __sub__(self, other: Money) -> Money:
        return Money(self._same(other), self.amount_minor - other.amount_minor, self.exponent)

    def _same(self, other: Money) -> str:
        if (self.currency, self.exponent) != (other.currency, other.exponent):
            raise ValueError(f"{self.currency} and {other.currency} cannot be combined")
        return self.currency
