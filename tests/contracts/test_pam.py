"""Whichever platform keeps the accounts, the gateway is told who the player is, his money and his limits, exactly."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, ClassVar

from tests.contracts import worlds
from tests.contracts.contract import Contract
from tests.contracts.peopled import Peopled
from tests.contracts.writing import Writing
from vendors.errors import VendorError
from vendors.ports.keys import Key
from vendors.ports.pam import NewNote, PlayerSearch, Restrict, RestrictionScope
from vendors.ports.source import System
from vendors.sandbox.facts import ExclusionFacts, LimitFacts
from vendors.sandbox.world import World

HOUR = timedelta(hours=1)
ROUNDS = ("open", "settled", "rolled back")


def bets(count: int) -> Mapping[str, Any]:
    return {"rounds": tuple(worlds.bet(10_000 + n, age) for n, age in enumerate(worlds.ages(count)))}


class TestPam(Contract, Peopled, Writing):
    system = System.PAM
    of_players = "players"
    has_money = shows_text = True
    writes: ClassVar[Any] = {
        "add_note": lambda audit: NewNote(Key("player", "acme", "s-007"), "Called.", audit),
        "restrict": lambda audit: Restrict(Key("player", "acme", "s-007"), (RestrictionScope.WITHDRAWAL,), audit),
    }
    lists: ClassVar[Any] = {"rounds": bets}
    words: ClassVar[Mapping[str, Mapping[str, Any]]] = {
        **{ban: {"bans": (ban,)} for ban in ("login", "game", "withdraw", "locked")},
        **{status: {"rounds": (worlds.bet(n, HOUR, status),)} for n, status in enumerate(ROUNDS)},
        **{kind: {"exclusions": (ExclusionFacts(kind, HOUR, HOUR),)} for kind in ("selfExclusion", "breakInPlay")},
        **{f"{kind} {period}": {"limits": (LimitFacts(kind, period, 1000),)}
           for kind in ("deposit", "withdraw", "play", "loss") for period in ("day", "week", "month")},
    }  # fmt: skip

    async def test_a_search_is_walked_to_its_end(self, stand: Any, world: World) -> None:
        found, totals = list[Key](), set[int]()
        async with stand.open() as fresh:
            port = fresh()
            for page in range(1, 12):
                search = PlayerSearch("acme", 10, page, country="GB")
                hits = (await port.search([search]))[search]
                if isinstance(hits, VendorError):  # a product may refuse the criterion, not half the answer
                    assert page == 1
                    return
                found += hits.keys
                totals.add(hits.total)
                if len(found) >= hits.total:
                    break
        mine = {one.id for one in world.players.values() if (one.brand, one.country) == ("acme", "GB")}
        assert sorted(key.local for key in found) == sorted(mine)
        assert totals == {len(mine)}
