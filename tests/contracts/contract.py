"""What every port promises whichever product stands behind it, whatever becomes of its answers."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager, nullcontext
from datetime import timedelta
from typing import Any, ClassVar

import pytest

from tests.contracts import disturbances, hostility
from tests.contracts.stands import Change, Harbour, Stand
from tests.contracts.truths import (
    Truth,
    asked_while,
    faults_of,
    found_in,
    never,
    same_beside_what_is_new,
    same_but_fewer,
    same_in_any_order,
    silent,
    words_of,
)
from vendors.errors import VendorError
from vendors.ports.keys import Key
from vendors.ports.source import System

BROKEN = ("truncate", "garbage", "html", "reset")
SHORT_SECONDS = 0.1
OF_THE_LAST = {("partial", "list_tasks")}  # the last of its kind counts, and nothing tells that it is the last but one
HARMLESS = {"zipped": disturbances.zipped, "with more fields": disturbances.with_more_fields}


class Contract:
    """The suite of one port; a subclass names its system and adds what only that port promises."""

    system: ClassVar[System]

    async def test_every_read_tells_something(self, truths: Sequence[Truth]) -> None:
        assert silent(truths) == []
        assert [error for one in truths for error in one.answers.values() if isinstance(error, VendorError)] == []

    async def test_who_is_asked_twice_or_in_another_order_is_told_the_same(
        self, stand: Stand, truths: Sequence[Truth]
    ) -> None:
        async with stand.open() as fresh:
            for truth in truths:
                places = [len(stand.passage.asked)]
                for asks in (truth.asks, [*reversed(truth.asks), *truth.asks]):
                    answers = await getattr(fresh(), truth.read)(asks)
                    assert list(faults_of(truth, answers, may_fail=False)) == []
                    places.append(len(stand.passage.asked))
                assert places[2] - places[1] == places[1] - places[0], f"{truth.read}: a key asked twice costs twice"

    @pytest.mark.parametrize("kind", BROKEN)
    async def test_a_broken_answer_is_an_error_and_nothing_else(
        self, stand: Stand, truths: Sequence[Truth], kind: str
    ) -> None:
        def broken(name: str) -> AbstractAsyncContextManager[None]:
            return stand.fault(operation=name, kind=kind)

        assert await asked_while(stand, truths, broken, alike=never) == []

    async def test_an_answer_that_never_ends_or_never_comes_is_an_error_in_time(
        self, stand: Stand, truths: Sequence[Truth]
    ) -> None:
        async with stand.open(timeout_seconds=SHORT_SECONDS) as fresh:
            for fault in ({"kind": "hang"}, {"kind": "drip", "value": 0.01}):
                async with stand.fault(operation="*", **fault):
                    asked = [getattr(fresh(), truth.read)(truth.asks) for truth in truths]
                    answers = await asyncio.wait_for(asyncio.gather(*asked), 20 * SHORT_SECONDS)
                found = [
                    one
                    for truth, answer in zip(truths, answers, strict=True)
                    for one in faults_of(truth, answer, alike=never)
                ]
                assert found == []

    async def test_no_status_is_taken_for_an_answer(self, stand: Stand, truths: Sequence[Truth]) -> None:
        assert await _each_in_turn(stand, truths, disturbances.STATUSES, alike=never) == []

    async def test_what_is_not_found_is_left_out_or_an_error(self, stand: Stand, truths: Sequence[Truth]) -> None:
        assert await _each_in_turn(stand, truths, [disturbances.status(404)], may_miss=True) == []

    async def test_nothing_but_a_whole_answer_is_taken_for_one(self, stand: Stand, truths: Sequence[Truth]) -> None:
        assert await _each_in_turn(stand, truths, disturbances.UNREADABLE, alike=never) == []

    async def test_another_shape_is_never_taken_for_what_there_is(self, stand: Stand, truths: Sequence[Truth]) -> None:
        assert await _each_in_turn(stand, truths, disturbances.SHAPES, may_miss=True, alike=same_but_fewer) == []

    async def test_a_redirect_is_not_followed(self, stand: Stand, truths: Sequence[Truth]) -> None:
        before, elsewhere = len(stand.passage.asked), disturbances.redirected(stand.url + "/elsewhere")
        assert await _each_in_turn(stand, truths, [elsewhere], alike=never) == []
        assert [path for path, _ in stand.passage.asked[before:] if "elsewhere" in path] == []

    async def test_a_connection_that_is_reset_is_an_error(
        self, stand: Stand, truths: Sequence[Truth], harbour: Harbour
    ) -> None:
        wrong = list[str]()
        async with stand.open(url=harbour.breaking()) as fresh:
            for truth in truths:
                answers = await getattr(fresh(), truth.read)(truth.asks)
                wrong += faults_of(truth, answers, alike=never)
        assert wrong == []

    @pytest.mark.parametrize("change", HARMLESS.values(), ids=HARMLESS)
    async def test_what_is_only_packed_otherwise_says_the_same(
        self, stand: Stand, truths: Sequence[Truth], change: Change
    ) -> None:
        assert await _each_in_turn(stand, truths, [change], may_fail=False, alike=same_beside_what_is_new) == []

    @pytest.mark.parametrize(
        ("kind", "alike"),
        [("duplicate", same_in_any_order), ("reorder", same_in_any_order), ("partial", same_but_fewer)],
    )
    async def test_a_disturbed_list_adds_nothing(
        self, stand: Stand, truths: Sequence[Truth], kind: str, alike: Any
    ) -> None:
        def disturbed(name: str) -> AbstractAsyncContextManager[None]:
            return stand.fault(operation=name, kind=kind) if (kind, name) not in OF_THE_LAST else nullcontext()

        assert await asked_while(stand, truths, disturbed, alike=alike, may_miss=kind == "partial") == []

    async def test_a_word_that_nobody_knows_yet_is_never_taken_for_another(
        self, stand: Stand, truths: Sequence[Truth]
    ) -> None:
        wrong, unknown = list[str](), 0
        async for field, truth, ask, one in _reworded(stand, truths, disturbances.STRANGE):
            before = dict(words_of(truth.answers[ask])) if ask in truth.answers else {}
            for place, word in words_of(one):
                unknown += word.name == "UNKNOWN"
                if place in before and word not in (before[place], type(word).__members__.get("UNKNOWN")):
                    wrong.append(f"{field} {truth.read}: {ask}{place} was {before[place]} and is {word}")
        assert wrong == []
        assert unknown or not any("UNKNOWN" in type(word).__members__ for _, word in _all_words(truths))

    async def test_an_id_of_the_products_that_tries_to_be_a_path_reaches_nobody(
        self, stand: Stand, truths: Sequence[Truth]
    ) -> None:
        wrong = list[str]()
        async for field, truth, ask, one in _reworded(stand, truths, "../../x", ids_alone=True):
            wrong += [
                f"{field} {truth.read}: {ask} holds the id {key!r}" for key in found_in(one, Key) if not _is_id(key)
            ]
        assert wrong == []

    async def test_an_id_that_tries_to_be_a_path_is_nobodys(self, stand: Stand, truths: Sequence[Truth]) -> None:
        wrong = list[str]()
        async with stand.open() as fresh:
            for truth in truths:
                before, beside, read = len(stand.passage.asked), truth.asks[0], getattr(fresh(), truth.read)

                async def told(ask: Any, truth: Truth = truth, beside: Any = beside, read: Any = read) -> Sequence[str]:
                    answers = await read([ask, beside])
                    return [f"{one!s:.200}" for one in hostility.faults_of(truth, ask, beside, answers)]

                for found in await asyncio.gather(*map(told, hostility.asks(beside))):
                    wrong += found
                strays = [path for path, documented in stand.passage.asked[before:] if not documented]
                wrong += [f"{truth.read}: {path:.200} was called" for path in strays]
        assert wrong == []

    @pytest.mark.parametrize("hours", [-1, 1])
    async def test_a_clock_that_is_wrong_is_an_error_or_does_not_matter(
        self, stand: Stand, truths: Sequence[Truth], hours: int
    ) -> None:
        wrong = list[str]()
        async with stand.open(skew=timedelta(hours=hours)) as fresh:
            for truth in truths:
                wrong += faults_of(truth, await getattr(fresh(), truth.read)(truth.asks))
        assert wrong == []


async def _each_in_turn(
    stand: Stand, truths: Sequence[Truth], changes: Sequence[Change], **judged: Any
) -> Sequence[str]:
    """Disturbs one path at a time, until every change has had its turn."""
    change, wrong = disturbances.InTurn(changes), list[str]()
    while not change.is_through:
        wrong += await asked_while(stand, truths, lambda path: stand.changed(change, path), by="paths", **judged)
    return wrong


async def _reworded(stand: Stand, truths: Sequence[Truth], word: str, *, ids_alone: bool = False) -> Any:
    """Every text of every reply, one name at a time: (its name, the read, what was asked, the record told)."""
    async with stand.open() as fresh:
        for truth in truths:
            names = disturbances.Texts()
            async with stand.changed(names):
                await getattr(fresh(), truth.read)(truth.asks)
            ids = {key.local for one in truth.answers.values() for key in found_in(one, Key)}
            for field in sorted(name for name, held in names.seen.items() if not ids_alone or held & ids):
                async with stand.changed(disturbances.reworded(field, word)):
                    answers = await getattr(fresh(), truth.read)(truth.asks)
                assert set(answers) <= set(truth.asks)
                for ask, one in answers.items():
                    if not isinstance(one, VendorError):
                        yield field, truth, ask, one


def _all_words(truths: Sequence[Truth]) -> Any:
    return [word for truth in truths for answer in truth.answers.values() for word in words_of(answer)]


def _is_id(key: Key) -> bool:
    try:
        return Key.parse(str(key)) == key
    except ValueError:
        return False
