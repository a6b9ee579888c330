"""The id the operator gave a player in systems that know no brands, and back."""

from __future__ import annotations

from vendors.ports.keys import Key


def external_id(player: Key) -> str:
    """`<brand>:<id of the PAM>`. Neither part can hold a colon, so no two players share one."""
    return f"{player.brand}:{player.local}"


def player_of(text: str | None) -> Key | None:
    """The player an external id names, or None if it is not one of ours. A brand is in lower case whatever the text."""
    brand, colon, local = (text or "").partition(":")
    try:
        return Key.parse(f"player:{brand.lower()}:{local}") if colon else None
    except ValueError:
        return None
