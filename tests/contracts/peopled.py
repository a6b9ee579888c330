"""What every port promises of whatever people there are: many, in every state, currency and script."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar

from tests.contracts import walking, worlds
from tests.contracts.stands import Stand
from tests.contracts.truths import everything, found_in, plain, words_of
from vendors.errors import VendorError
from vendors.ports.keys import Key
from vendors.ports.money import Money, exponent_of
from vendors.ports.paging import Listing
from vendors.ports.source import System
from vendors.sandbox.facts import BRANDS
from vendors.sandbox.world import World

StandOver = Callable[[World], Stand]
MANY, PER_PAGE = 120, 20
TEXT = "Zoë O’Brien 李小龍 Ødegård 🎰 مرحبا \u202eevil\u202c <b>&\"'\\ \u0000\t"
AMOUNTS = {"JPY": 12345, "KWD": 12345, "EUR": 0, "BHD": 1, "ISK": 10**12 + 7, "USD": 10**14 + 1, "GBP": -2500}


class Peopled:
    """The suite of a port over worlds of its own; a subclass says which facts it is about."""

    system: ClassVar[System]
    of_players: ClassVar[str] = ""  # a read that is asked by player alone
    words: ClassVar[Mapping[str, Mapping[str, Any]]] = {}  # a documented word, and the facts that say it
    has_money: ClassVar[bool] = False
    shows_text: ClassVar[bool] = False
    lists: ClassVar[Mapping[str, Callable[[int], Mapping[str, Any]]]] = {}  # facts that make a list so long

    async def test_many_are_told_as_each_alone(self, over: StandOver) -> None:
        world = worlds.crowd(MANY, BRANDS)
        known = [Key("player", brand, local) for brand, local in world.players]
        asks = [*known, *(Key("player", BRANDS[0], f"nobody-{n}") for n in range(5))] * 2
        random.Random(7).shuffle(asks)
        async with over(world).open() as fresh:
            read = getattr(fresh(), self.of_players)
            answers = await read(asks)
            parts = [await read(known[start : start + 25]) for start in range(0, MANY, 25)]
        assert set(answers) >= set(known)
        alone = {ask: plain(one) for part in parts for ask, one in part.items()}
        assert {ask: plain(answers[ask]) for ask in known} == alone

    async def test_every_documented_word_has_a_meaning(self, over: StandOver) -> None:
        people = [worlds.player(f"c-{place}", **facts) for place, facts in enumerate(self.words.values())]
        wrong, words = list[str](), set[Any]()
        for truth in await everything(over(worlds.of(people)), [worlds.key(one) for one in people]):
            for ask, one in truth.answers.items():
                found = [] if isinstance(one, VendorError) else list(words_of(one))
                words |= {word for _, word in found}
                wrong += [f"{truth.read}: {ask}{place} is UNKNOWN" for place, word in found if word.name == "UNKNOWN"]
                wrong += [f"{truth.read}: {ask} is told as {one}"] if isinstance(one, VendorError) else []
        assert wrong == []
        assert len(words) > 1 or not self.words, "nothing was compared"

    async def test_an_amount_is_exact_or_an_error(self, over: StandOver) -> None:
        people = [worlds.in_currency(n, *told) for n, told in enumerate(AMOUNTS.items())]
        wrong, told = list[str](), set[str]()
        for truth in await everything(over(worlds.of(people)), [worlds.key(one) for one in people]):
            for money in (money for one in truth.answers.values() for money in found_in(one, Money)):
                told.add(money.currency)
                expected = AMOUNTS[money.currency]
                if money.exponent != exponent_of(money.currency) or money.amount_minor not in (
                    0, expected, abs(expected),
                ):  # fmt: skip
                    wrong.append(f"{truth.read}: {money} for {expected}")
        assert wrong == []
        assert told >= set(AMOUNTS) - {"GBP"} or not self.has_money

    async def test_a_text_in_any_script_arrives_as_it_is(self, over: StandOver) -> None:
        one = worlds.every_script(TEXT)
        truths = await everything(over(worlds.of([one])), [worlds.key(one)])
        assert [error for truth in truths for error in truth.answers.values() if isinstance(error, VendorError)] == []
        texts = {text for truth in truths for answer in truth.answers.values() for text in found_in(answer, str)}
        assert TEXT in texts or not self.shows_text

    async def test_a_list_is_walked_to_its_end_whatever_is_put_in_meanwhile(self, over: StandOver) -> None:
        for read, facts_of in self.lists.items():
            world = worlds.of([worlds.player(worlds.RICH.local, **facts_of(MANY))])
            stand = over(world)
            richer = worlds.player(worlds.RICH.local, **facts_of(MANY + 2))

            async def put_in(world: Any = world, richer: Any = richer, stand: Stand = stand) -> None:
                world.players[richer.brand, richer.id] = richer
                await stand.reset()

            async with stand.open() as fresh:
                port = fresh()
                for ask in self.asks_of(read):
                    answer = await walking.walked(getattr(port, read), ask, put_in)
                    assert not isinstance(answer, VendorError), f"{read}: {answer}"
                    assert (read, walking.faults_of(*answer, MANY)) == (read, [])

    def asks_of(self, read: str) -> Sequence[Any]:
        """What begins a list."""
        return [Listing(worlds.RICH, PER_PAGE)]
