"""A mask shows what it states and nothing else: two values that agree in what is shown are masked alike."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auth import masks
from execution.directives import MaskStrategy

Mask = Callable[[str], str]
MASKS: dict[str, Mask] = {strategy.name: getattr(masks, strategy.name.lower()) for strategy in MaskStrategy}
DIGITS = "0123456789"


@pytest.mark.parametrize(
    ("mask", "value", "shown"),
    [
        (masks.email, "ada.ash@mail.example", "a***@m***.example"),
        (masks.email, "not an address", "***"),
        (masks.phone, "+44 20 7946 0958", "***958"),
        (masks.phone, "112", "***"),
        (masks.name, "Ada", "A***"),
        (masks.name, "", "***"),
        (masks.address, " 10 High Street", "1***"),
        (masks.date_of_birth, "1985-04-03", "1985-**-**"),
        (masks.date_of_birth, "03/04/1985", "***"),
        (masks.date_of_birth, "1985-04-03T00:00:00Z", "***"),
        (masks.pan, "4111 1111 1111 1234", "411111***1234"),
        (masks.pan, "378282246310005", "***0005"),
        (masks.pan, "411111******1234", "***1234"),
        (masks.pan, "1234", "***"),
        (masks.pan, "4111 1111 1111 1234 exp 09/30", "***"),
        (masks.iban, "GB29 NWBK 6016 1331 9268 19", "GB***6819"),
        (masks.iban, "not an account", "***"),
        (masks.national_id, "19850403-1234", "***34"),
        (masks.national_id, "123456", "***"),
        (masks.ip, "203.0.113.77", "203.0.*.*"),
        (masks.ip, "2001:db8::1", "2001:0db8:***"),
        (masks.ip, "localhost", "***"),
        (masks.full, "anything", "***"),
    ],
)
def test_a_masked_value_shows_what_its_mask_states(mask: Mask, value: str, shown: str) -> None:
    assert mask(value) == shown


def test_every_strategy_of_the_schema_has_its_mask() -> None:
    assert set(MASKS) == {
        "EMAIL", "PHONE", "NAME", "ADDRESS", "DATE_OF_BIRTH", "PAN", "IBAN", "NATIONAL_ID", "IP", "FULL"
    }  # fmt: skip


@pytest.mark.parametrize("strategy", sorted(MASKS))
@given(value=st.text(max_size=60))
def test_any_text_is_masked_with_text_that_hides_something_and_stays_short(strategy: str, value: str) -> None:
    masked = MASKS[strategy](value)
    assert "*" in masked
    if strategy != "EMAIL":  # an address keeps its ending, however long
        assert len(masked) <= len("411111***1234")


@given(
    st.text(DIGITS, min_size=4, max_size=14),
    st.text(DIGITS, min_size=4, max_size=14),
    st.text(DIGITS, min_size=3, max_size=3),
)
def test_a_phone_number_shows_its_last_three_digits_alone(one: str, other: str, last: str) -> None:
    assert masks.phone("+" + one + last) == masks.phone(other + last) == "***" + last


@given(st.text(max_size=40), st.text(max_size=40), st.characters(exclude_categories=["Zs", "Cc", "Zl", "Zp"]))
def test_a_name_and_an_address_show_their_first_character_alone(one: str, other: str, first: str) -> None:
    assert masks.name(first + one) == masks.name(first + other)
    assert masks.address(first + one) == masks.address(first + other)


@given(st.dates(), st.dates())
def test_a_date_of_birth_shows_the_year_alone(one: date, other: date) -> None:
    assert masks.date_of_birth(one.isoformat()) == f"{one.year:04d}-**-**"
    moved = other.replace(year=one.year, day=min(other.day, 28))
    assert masks.date_of_birth(moved.isoformat()) == masks.date_of_birth(one.isoformat())


@given(st.text(DIGITS, min_size=12, max_size=19), st.sampled_from(["", " ", "-"]))
def test_a_card_number_hides_at_least_six_digits_and_all_but_the_first_six_and_last_four(pan: str, gap: str) -> None:
    masked = masks.pan(gap.join(pan[at : at + 4] for at in range(0, len(pan), 4)))
    head, tail = masked.split("***")
    assert (tail, head) in {(pan[-4:], pan[:6]), (pan[-4:], "")}
    assert len(pan) - len(head) - len(tail) >= 6


@given(st.text(DIGITS, min_size=6, max_size=9), st.text(DIGITS, min_size=6, max_size=9))
def test_a_card_number_of_any_length_shows_the_same_for_the_same_ends(one: str, other: str) -> None:
    assert masks.pan("411111" + one + "1234") == masks.pan("411111" + other + "1234") == "411111***1234"


@given(st.text("ABCXYZ" + DIGITS, min_size=11, max_size=26), st.text("ABCXYZ" + DIGITS, min_size=11, max_size=26))
def test_an_iban_shows_the_country_and_the_last_four_alone(one: str, other: str) -> None:
    assert masks.iban("de89" + one + "9999") == masks.iban("DE12" + other + "9999") == "DE***9999"


@given(st.text("ABC" + DIGITS, min_size=5, max_size=20), st.text("ABC" + DIGITS, min_size=5, max_size=20))
def test_a_national_id_shows_its_last_two_characters_alone(one: str, other: str) -> None:
    assert masks.national_id(one + "42") == masks.national_id(other + "42") == "***42"


@given(st.ip_addresses(v=4), st.ip_addresses(v=6))
def test_an_ip_address_shows_its_network_alone(four: ipaddress.IPv4Address, six: ipaddress.IPv6Address) -> None:
    same_four = ipaddress.IPv4Address((int(four) >> 16 << 16) ^ 0x0102)
    same_six = ipaddress.IPv6Address((int(six) >> 96 << 96) ^ 0x0102)
    assert masks.ip(str(four)) == masks.ip(str(same_four)) == ".".join(str(four).split(".")[:2]) + ".*.*"
    assert masks.ip(str(six)) == masks.ip(str(same_six)) == masks.ip(six.exploded)


@given(st.text(max_size=40), st.text(max_size=40))
def test_full_tells_nothing(one: str, other: str) -> None:
    assert masks.full(one) == masks.full(other)
