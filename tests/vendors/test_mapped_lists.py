"""A list of bets by a mapping file: none is lost at a page's end, and what may hide the newest is an error."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.vendors.mapped_bench import NOW, PLAYER, adapter, replying, saying
from vendors.errors import VendorMalformedError
from vendors.ports.paging import Listing, Page
from vendors.sandbox import mapped_pam


def four_a_page(tmp_path: Path, *more: tuple[str, str]) -> Path:
    text = mapped_pam.MAPPING.read_text().replace("take, most: 100", "take, most: 4")
    for old, new in more:
        assert old in text
        text = text.replace(old, new)
    (file := tmp_path / "four.yaml").write_text(text)
    return file


def wager(name: str, minute: int) -> dict[str, Any]:
    at = int(NOW.timestamp() * 1000) - minute * 60_000
    return {
        "customer": "s-001", "ref": name, "round": f"r-{name}", "game": {"code": "g"}, "state": "done", "iso": "EUR",
        "stake": "1.00", "won": "0.00", "placed": at, "changed": at,
    }  # fmt: skip


async def walked(http: httpx.AsyncClient, mapping: Path, first: int) -> list[str]:
    one, seen, before = adapter(http, mapping), list[str](), None
    while True:
        listing = Listing(PLAYER, first, before)
        page = (await one.rounds([listing]))[listing]
        assert isinstance(page, Page), page
        seen += [item.id.local for item in page.items]
        if not page.more:
            return seen
        before = page.positions[-1]


@pytest.mark.parametrize("includes", [True, False])
@pytest.mark.parametrize("as_written", ["iso", "epoch_milliseconds"])
async def test_bets_of_one_instant_at_a_pages_end_are_not_lost(tmp_path: Path, includes: bool, as_written: str) -> None:
    held = [wager("e", 1), wager("a", 2), wager("b", 2), wager("d", 3), wager("c", 4)]

    def answer(request: httpx.Request) -> httpx.Response:
        upto, told = request.url.params.get("upto"), held
        if upto:
            last = int(upto) if upto.isdecimal() else int(datetime.fromisoformat(upto).timestamp() * 1000)
            told = [one for one in held if one["placed"] < last or (includes and one["placed"] == last)]
        return httpx.Response(200, json={"ok": True, "wagers": told[: int(request.url.params["take"])]})

    mapping = four_a_page(tmp_path, ("until: upto", f"until: {{parameter: upto, as: {as_written}}}"))
    for first in (1, 2, 9):
        assert await walked(replying(answer), mapping, first) == ["e", "b", "a", "d", "c"]


async def test_a_full_page_that_runs_from_old_to_new_may_hide_the_newest_and_is_an_error(tmp_path: Path) -> None:
    http = saying({"ok": True, "wagers": [wager("a", 4), wager("b", 3), wager("c", 2), wager("d", 1)]})
    listing = Listing(PLAYER, 2)
    assert isinstance((await adapter(http, four_a_page(tmp_path)).rounds([listing]))[listing], VendorMalformedError)


@pytest.mark.parametrize("changed", [{"customer": "s-002"}, {"customer": None}, {"site": "BO"}])
async def test_somebody_elses_bet_is_an_error(changed: dict[str, Any]) -> None:
    http, listing = saying({"ok": True, "wagers": [wager("a", 1) | changed]}), Listing(PLAYER, 2)
    assert isinstance((await adapter(http).rounds([listing]))[listing], VendorMalformedError)
