"""Every kind's records come back from bytes as they went, and nothing else is taken for one."""

import random
from typing import Any

import pytest

from cache import records
from cache.kept import Entry
from cache.kinds import KINDS, Kind
from tests.execution.invented import Invention, _Maker
from vendors.ports.keys import Key
from vendors.ports.paging import Listing

ADA = Key("player", "acme", "p-001")


def made(kind: Kind, seed: int) -> Any:
    asked = Listing(ADA, 20) if kind.name.endswith("_of") or kind.name == "rounds" else ADA
    return _Maker(random.Random(seed), asked, Invention()).made(kind.record, "")


@pytest.mark.parametrize("kind", KINDS.values(), ids=list(KINDS))
def test_a_record_comes_back_as_it_went(kind: Kind) -> None:
    for seed in range(50):
        entry = Entry(made(kind, seed), 1_000_000.25, 0, (str(ADA),))
        assert records.read(kind, records.written(7, entry)) == (7, entry)


@pytest.mark.parametrize("kind", KINDS.values(), ids=list(KINDS))
def test_an_absence_comes_back_as_one(kind: Kind) -> None:
    entry = Entry(None, 1.0, 0, ())
    assert records.read(kind, records.written(0, entry)) == (0, entry)


@pytest.mark.parametrize("text", [b"", b"\xc1", b"\x93\x00\x00", records.written(0, Entry("no player", 1.0, 0, ()))])
def test_what_is_no_record_of_the_kind_is_not_there(text: bytes) -> None:
    assert records.read(KINDS["players"], text) is None


def test_kinds_of_another_shape_have_another_name_on_the_server() -> None:
    shapes = {kind.name: records.shape_of(kind) for kind in KINDS.values()}
    assert len({shapes["players"], shapes["tickets"], shapes["transactions"]}) == 3
