"""The id the operator gave a player at Sumsub, Customer.io and Zendesk."""

import pytest

from vendors.external_ids import external_id, player_of
from vendors.ports.keys import Key


def test_brands_that_share_a_prefix_never_share_a_player() -> None:
    assert len({external_id(key) for key in (Key("player", "a", "b-c"), Key("player", "a-b", "c"))}) == 2


def test_what_it_names_is_the_player_it_was_made_of() -> None:
    player = Key("player", "acme", "S-001")
    assert player_of(external_id(player)) == player
    assert player_of("ACME:S-001") == player  # the desk does not heed the case of what it holds


@pytest.mark.parametrize("text", [None, "", "acme", "acme:", ":s-001", "acme:s-001:x", "acme:../s", "ac me:s-001"])
def test_an_id_that_is_not_one_of_ours_names_nobody(text: str | None) -> None:
    assert player_of(text) is None
