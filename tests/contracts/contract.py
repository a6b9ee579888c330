"""What every port promises whichever product stands behind it, whatever becomes of its answers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

import pytest

from tests.contracts.stands import Stand
from tests.contracts.truths import Truth, asked_while, silent
from vendors.errors import VendorError
from vendors.ports.source import System

BROKEN = ("truncate", "garbage", "html", "reset")


class Contract:
    """The suite of one port; a subclass names its system and adds what only that port promises."""

    system: ClassVar[System]

    async def test_every_read_tells_something(self, truths: Sequence[Truth]) -> None:
        assert silent(truths) == []
        assert [error for one in truths for error in one.answers.values() if isinstance(error, VendorError)] == []

    @pytest.mark.parametrize("kind", BROKEN)
    async def test_a_broken_answer_is_an_error_and_nothing_else(
        self, stand: Stand, truths: Sequence[Truth], kind: str
    ) -> None:
        assert await asked_while(stand, truths, lambda name: stand.fault(operation=name, kind=kind)) == []
