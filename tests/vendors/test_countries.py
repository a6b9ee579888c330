"""ISO 3166-1: what vendors write with three letters the graph writes with two."""

import pytest

from vendors.countries import _ALPHA_2, alpha_2


@pytest.mark.parametrize(("three", "two"), [("GBR", "GB"), ("swe", "SE"), ("DEU", "DE"), ("MLT", "MT"), ("XKX", None)])
def test_a_country_is_translated(three: str, two: str | None) -> None:
    assert alpha_2(three) == two


@pytest.mark.parametrize("text", [None, "", "GB", "XXX", "Germany"])
def test_what_is_no_alpha_3_code_is_no_country(text: str | None) -> None:
    assert alpha_2(text) is None


def test_no_two_countries_share_a_code() -> None:
    assert len(_ALPHA_2) == len(set(_ALPHA_2.values())) == 249
