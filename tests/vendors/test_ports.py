"""Money and ids obey their laws."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vendors.ports.keys import Key
from vendors.ports.money import Money, exponent_of


@given(st.integers(-(10**12), 10**12), st.sampled_from(["EUR", "JPY", "KWD", "BTC"]))
def test_a_decimal_string_comes_back_as_the_same_money(minor: int, currency: str) -> None:
    money = Money(currency, minor, exponent_of(currency))
    assert Money.from_decimal(money.amount, currency) == money


@given(st.integers(-(10**9), 10**9))
def test_hub88_amounts_are_scaled_without_a_float(minor: int) -> None:
    assert Money.from_scaled(minor * 1000, 100_000, "EUR") == Money("EUR", minor, 2)


@pytest.mark.parametrize("text", ["1.234", "NaN", "Infinity", "twelve", ""])
def test_an_amount_that_is_not_one_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="amount"):
        Money.from_decimal(text, "EUR")


def test_two_currencies_are_never_added() -> None:
    with pytest.raises(ValueError, match="cannot be combined"):
        Money("EUR", 1) + Money("GBP", 1)


@pytest.mark.parametrize(
    "text", ["player:acme:..", "player:acme:a/b", "player:acme", "p:Acme:1", "player:acme:a\n", ""]
)
def test_an_id_cannot_become_a_path(text: str) -> None:
    with pytest.raises(ValueError, match="not an id"):
        Key.parse(text)


def test_a_typed_id_reads_back() -> None:
    assert str(Key.parse("player:acme:s-001")) == "player:acme:s-001"
