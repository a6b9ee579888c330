"""The catalogue of each brand, asked for no more than once a minute: Hub88 answers no second call.

docs.hub88.io/developer-docs/hub88-apis/rate-limits, read 2026-11: game/list once a minute at most, and kept meanwhile.
"""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping
from typing import Final

import msgspec

KEPT_SECONDS: Final = 60.0
Catalogue = Mapping[str | None, msgspec.Raw]  # records by game code, unread; under None one that tells no code


class Catalogues:
    """`ask` is one call. A catalogue is as old as its minute; a call that fails leaves none."""

    def __init__(self, ask: Callable[[str], Awaitable[Catalogue]], now: Callable[[], float] = time.monotonic) -> None:
        self._ask, self._now = ask, now
        self._kept: dict[str, tuple[float, Catalogue]] = {}
        self._asking: dict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    async def of(self, brand: str) -> Catalogue:
        """Raises the VendorError of the call, which the next who asks makes again."""
        async with self._asking[brand]:
            until, catalogue = self._kept.get(brand, (0.0, {}))
            if self._now() >= until:
                asked_at = self._now()
                catalogue = await self._ask(brand)
                self._kept[brand] = asked_at + KEPT_SECONDS, catalogue
            return catalogue
