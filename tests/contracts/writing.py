"""What every port promises of what it is told to do: done, refused or in doubt, and never more certain than it is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import pytest

from tests.contracts.contract import BROKEN
from tests.contracts.stands import Stand
from vendors.errors import VendorError


class Writing:
    """A subclass says what is written: the port's method, and its command under an audit id."""

    writes: ClassVar[Mapping[str, Any]] = {}

    async def test_what_is_written_is_done_once(self, stand: Stand) -> None:
        async with stand.open() as fresh:
            for method, command in self.writes.items():
                await stand.reset()
                await getattr(fresh(), method)(command("w-1"))
                assert sum(told["effects"] for told in (await stand.counted()).values()) == 1, method
        await stand.reset()

    @pytest.mark.parametrize("kind", BROKEN)
    async def test_a_write_whose_answer_is_broken_may_have_happened(self, stand: Stand, kind: str) -> None:
        async with stand.open() as fresh:
            for method, command in self.writes.items():
                for operation in await _changing(stand, fresh(), method, command):
                    await stand.reset()
                    async with stand.fault(operation=operation, kind=kind):
                        with pytest.raises(VendorError) as told:
                            await getattr(fresh(), method)(command("w-2"))
                    assert told.value.write_may_have_happened, f"{method}: {told.value}"
        await stand.reset()

    async def test_a_write_that_the_product_refuses_has_not_happened(self, stand: Stand) -> None:
        async with stand.open() as fresh:
            for method, command in self.writes.items():
                for operation in await _changing(stand, fresh(), method, command):
                    for status in (400, 401, 403, 409, 422, 429):
                        async with stand.fault(operation=operation, kind="status", value=status):
                            with pytest.raises(VendorError) as told:
                                await getattr(fresh(), method)(command("w-3"))
                        assert not told.value.write_may_have_happened, f"{method} {status}: {told.value}"
        await stand.reset()


async def _changing(stand: Stand, port: Any, method: str, command: Any) -> Sequence[str]:
    """The operations that change something when it is done."""
    await stand.reset()
    await getattr(port, method)(command("w-0"))
    return [name for name, told in (await stand.counted()).items() if told["effects"]]
