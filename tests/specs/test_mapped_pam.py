"""The graph over a PAM that only a mapping file describes: the same questions, the same answers."""

from __future__ import annotations

from pathlib import Path

import pytest

import gateway as root
from config import load
from tests.specs.test_own_systems import QUERIES, told_by, without_tellers
from vendors.connection import Connection
from vendors.connections import BadVendors
from vendors.sandbox.world import World
from vendors.wire import opened

NOTE = """mutation { addPlayerNote(input: {playerId: "player:acme:s-007", body: "Called.",
  context: {idempotencyKey: "k-1"}}) { outcome userErrors { code } } }"""


@pytest.mark.parametrize("player", ["player:acme:s-001", "player:acme:s-007", "player:borealis:p-001"])
async def test_where_is_my_money_is_answered_alike(player: str, world: World, tmp_path: Path) -> None:
    answers = []
    for product in ("", "pam=mapped"):
        async with told_by(product, world, tmp_path / (product or "products")) as caller:
            query = QUERIES["where-is-my-money"]
            answers.append(await caller.ask(query, "compliance_officer", variables={"player": player}))
    products, mapped = answers
    assert "errors" not in mapped
    assert without_tellers(mapped) == without_tellers(products)


async def test_a_note_is_written_and_read_again(world: World, tmp_path: Path) -> None:
    async with told_by("pam=mapped", world, tmp_path) as caller:
        told = [await caller.ask(NOTE) for _ in range(2)]
        read = await caller.ask('{ player(id: "player:acme:s-007") { notes { body } } }')
        assert [one["data"]["addPlayerNote"]["outcome"] for one in told] == ["EXECUTED", "EXECUTED"]
        assert [note["body"] for note in read["data"]["player"]["notes"]].count("Called.") == 1
        assert await caller.effects() == 1


async def test_a_wrong_mapping_stops_the_start_and_names_its_line(tmp_path: Path) -> None:
    (file := tmp_path / "pam.yaml").write_text("brands: {acme: A}\nplayers: {}\n")
    credentials = {"token": "file:" + str(tmp_path / "token"), "mapping": str(file)}
    (tmp_path / "token").write_text("geheim")
    one = Connection(product="mapped", url="https://pam.example", credentials=credentials)
    async with opened("aiohttp") as wire:
        connections = root.connect(load(vendors={"pam": (one,)}, var=tmp_path), wire, root.utc_now)
        with pytest.raises(BadVendors, match=r"vendors\.pam: .*pam\.yaml:2: items is missing"):
            connections.ports({})
