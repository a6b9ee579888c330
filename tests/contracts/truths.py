"""What each port is asked here, what it tells when nothing is wrong, and what may be told when something is."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from enum import Enum
from typing import Any, TypeVar

import msgspec

from tests.contracts.disturbances import STRANGE
from tests.contracts.stands import Stand
from vendors.errors import VendorError
from vendors.ports.keys import Key
from vendors.ports.paging import Page
from vendors.probes import PROBES, Sample

T = TypeVar("T")
NOBODY = Key("player", "acme", "nobody")
PLAYERS = [
    *(Key("player", "acme", local) for local in ("s-001", "s-004", "s-010", "s-011")),
    Key("player", "borealis", "p-001"),
    NOBODY,
]


class Truth(msgspec.Struct, frozen=True):
    """One read, undisturbed. `operations` are what it calls, by the simulator's names; `paths` where those are."""

    read: str
    asks: Sequence[Any]
    answers: Mapping[Any, Any]
    operations: Collection[str]
    paths: Collection[str]


async def everything(stand: Stand, players: Sequence[Key], seen: Sequence[Any] = ()) -> Sequence[Truth]:
    """Every read of the port, asked as `vendors check` asks it, but of many players at once.

    `seen` are records of other systems, of which a player's are among what is known of him.
    """
    samples = [Sample(player, [one for one in seen if getattr(one, "player", None) == player]) for player in players]
    return [await _truth(stand, name, samples, what) for name, what in PROBES[stand.line.system]]


async def learnt(stand: Stand, seen: Sequence[Any] = ()) -> Sequence[Truth]:
    """The same of a few, and of the answers as few as tell the most: what is then asked again and again."""
    return [_fewer(truth) for truth in await everything(stand, PLAYERS, seen)]


async def _truth(stand: Stand, read: str, samples: Sequence[Sample], what: Callable[[Sample], Sequence[Any]]) -> Truth:
    asked = [list(what(sample)) for sample in samples]
    asks = list(dict.fromkeys(ask for his in asked for ask in his))
    before, place = await stand.counted(), len(stand.passage.asked)
    async with stand.open() as fresh:
        answers = await getattr(fresh(), read)(asks)
    after = await stand.counted()
    for sample, his in zip(samples, asked, strict=True):
        sample.learn({ask: answers[ask] for ask in his if ask in answers})
    called = [name for name, told in after.items() if told["calls"] > before.get(name, {}).get("calls", 0)]
    return Truth(read, asks, answers, called, {path for _, path in stand.passage.asked[place:]})


def _fewer(truth: Truth) -> Truth:
    few = _telling(truth.asks, truth.answers)
    held = {ask: truth.answers[ask] for ask in few if ask in truth.answers}
    return msgspec.structs.replace(truth, asks=few, answers=held)


def _telling(asks: Sequence[Any], answers: Mapping[Any, Any]) -> Sequence[Any]:
    """As few of them as hold every word that all of them do, two that hold something, and one who is nobody's."""
    known, seen = [ask for ask in asks if ask in answers], set[Enum]()
    few = list[Any]()
    for ask in known:
        words = {word for _, word in words_of(answers[ask])}
        if len(few) < 2 or words - seen:
            few.append(ask)
        seen |= words
    return [*few, *[ask for ask in asks if ask not in answers][:1]]


def plain(value: Any) -> Any:
    """A record as JSON's own types, without the moment of its reading."""
    return _timeless(msgspec.to_builtins(value, enc_hook=str))


def _timeless(told: Any) -> Any:
    if isinstance(told, dict):
        return {name: _timeless(one) for name, one in told.items() if name != "fetched_at"}
    return [_timeless(one) for one in told] if isinstance(told, list | tuple) else told


def faults_of(
    truth: Truth,
    answers: Any,
    *,
    alike: Callable[[Any, Any], bool] = lambda one, other: plain(one) == plain(other),
    may_miss: bool = False,
    may_fail: bool = True,
) -> Iterator[str]:
    """What is wrong with an answer, whatever became of the product.

    A key is answered by what is true of it or by the error of its reading, and what there is does not disappear.
    """
    if not isinstance(answers, Mapping):
        yield f"{truth.read}: no mapping"
        return
    for ask in set(answers) - set(truth.asks):
        yield f"{truth.read}: {ask} was not asked for"
    for ask in truth.asks:
        if ask not in answers:
            if ask in truth.answers and not may_miss:
                yield f"{truth.read}: {ask} has disappeared"
        elif isinstance(answers[ask], VendorError):
            if not may_fail:
                yield f"{truth.read}: {ask} is told as {answers[ask]}"
        elif ask not in truth.answers:
            yield f"{truth.read}: {ask} has appeared"
        elif not alike(answers[ask], truth.answers[ask]):
            yield f"{truth.read}: {ask} is told as {plain(answers[ask])} for {plain(truth.answers[ask])}"


def never(one: Any, other: Any) -> bool:
    """Where nothing that was answered can be known."""
    return False


def same_in_any_order(one: Any, other: Any) -> bool:
    """The same things, each as often, in whatever order the product gave them."""
    return bool(_sorted(plain(one)) == _sorted(plain(other)))


def same_but_fewer(one: Any, other: Any) -> bool:
    """Nothing that is not there undisturbed, though some of it may be missing.

    A page of a longer list may show what stood beyond it: a product without totals cannot tell that one is missing.
    """
    if isinstance(one, Page) and one.more:
        return list(one.positions) == sorted(set(one.positions), reverse=True)
    return _within(plain(one), plain(other))


def same_beside_what_is_new(one: Any, other: Any) -> bool:
    """The same but for entries under the new name: an object of a product may be a map, whose every field is one."""
    return bool(_known(plain(one)) == plain(other))


def _known(told: Any) -> Any:
    if isinstance(told, list):
        return [_known(one) for one in told if not (isinstance(one, dict) and STRANGE in one.values())]
    return {name: _known(one) for name, one in told.items()} if isinstance(told, dict) else told


def _sorted(told: Any) -> Any:
    if isinstance(told, dict):
        return {name: _sorted(one) for name, one in told.items()}
    return sorted(map(_sorted, told), key=repr) if isinstance(told, list) else told


def _within(part: Any, whole: Any) -> bool:
    if isinstance(part, dict) and isinstance(whole, dict):
        return all(name in whole and _within(one, whole[name]) for name, one in part.items())
    if isinstance(part, list) and isinstance(whole, list):
        return all(any(_within(one, other) for other in whole) for one in part)
    return part is None or part == whole or not part


def silent(truths: Sequence[Truth]) -> Sequence[str]:
    """Reads that tell nothing, so that nothing could be compared."""
    return [one.read for one in truths if all(isinstance(answer, VendorError) for answer in one.answers.values())]


async def asked_while(
    stand: Stand,
    truths: Sequence[Truth],
    disturbed: Callable[[str], AbstractAsyncContextManager[None]],
    by: str = "operations",
    **judged: Any,
) -> Sequence[str]:
    """Disturbs one operation at a time, and asks all that comes upon it: what is wrong with the answers."""
    wrong = list[str]()
    async with stand.open() as fresh:
        for name in sorted({name for truth in truths for name in getattr(truth, by)}):
            async with disturbed(name):
                for truth in truths:
                    if name in getattr(truth, by):
                        answers = await getattr(fresh(), truth.read)(truth.asks)
                        wrong += [f"{name}: {one}" for one in faults_of(truth, answers, **judged)]
    return wrong


def words_of(record: Any) -> Iterator[tuple[str, Enum]]:
    """Every canonical word within a record, with where it stands."""
    if isinstance(record, Enum):
        yield "", record
    elif isinstance(record, msgspec.Struct):
        for field in msgspec.structs.fields(record):
            yield from ((f".{field.name}{at}", word) for at, word in words_of(getattr(record, field.name)))
    elif isinstance(record, Sequence) and not isinstance(record, str):
        for place, one in enumerate(record):
            yield from ((f"[{place}]{at}", word) for at, word in words_of(one))


def found_in(record: Any, kind: type[T]) -> Iterator[T]:
    """Everything of a kind within a record."""
    if isinstance(record, kind):
        yield record
    elif isinstance(record, msgspec.Struct):
        for field in msgspec.structs.fields(record):
            yield from found_in(getattr(record, field.name), kind)
    elif isinstance(record, Sequence) and not isinstance(record, str):
        for one in record:
            yield from found_in(one, kind)
