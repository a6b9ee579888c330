"""Whichever desk the operator's staff sit at, the gateway is told every word of its tickets, and none of another's."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any, ClassVar

from tests.contracts import walking, worlds
from tests.contracts.contract import Contract
from tests.contracts.peopled import MANY, PER_PAGE, Peopled, StandOver
from tests.contracts.writing import Writing
from vendors.errors import VendorError
from vendors.ports.keys import Key
from vendors.ports.paging import Listing
from vendors.ports.source import System
from vendors.ports.ticketing import NewComment, NewTicket, TicketPriority

STATUSES = ("new", "open", "pending", "hold", "solved", "closed")
PRIORITIES = ("low", "normal", "high", "urgent")
WORDS = [*((status, "normal") for status in STATUSES), *(("open", priority) for priority in PRIORITIES)]
ALL_OF_THEM = 10_000


def tickets(count: int) -> Mapping[str, Any]:
    return {"tickets": tuple(worlds.ticket(10_000 + n, age) for n, age in enumerate(worlds.ages(count)))}


def comments(count: int) -> Mapping[str, Any]:
    said = tuple(worlds.comment(n, age) for n, age in enumerate(worlds.ages(count)))
    return {"tickets": (worlds.ticket(10_000, timedelta(days=2), comments=said),)}


class TestTicketing(Contract, Peopled, Writing):
    system = System.TICKETING
    of_players = "requesters"
    shows_text = True
    words: ClassVar[Mapping[str, Mapping[str, Any]]] = {
        f"{status} {priority}": {
            "tickets": (worlds.ticket(8000 + n, timedelta(days=1), status=status, priority=priority),)
        }
        for n, (status, priority) in enumerate(WORDS)
    }
    writes: ClassVar[Any] = {
        "create": lambda audit: NewTicket(
            Key("player", "acme", "s-007"), "Payout", "Please check.", True, TicketPriority.NORMAL, (), audit
        ),
        "comment": lambda audit: NewComment(Key("ticket", "acme", "9007"), "Checked.", False, None, audit),
    }
    lists: ClassVar[Any] = {"tickets_of": tickets, "comments_of": comments}

    def asks_of(self, read: str) -> Sequence[Any]:
        owner = worlds.RICH if read == "tickets_of" else Key("ticket", worlds.BRAND, "10000")
        return [Listing(owner, PER_PAGE)]

    async def test_ten_thousand_tickets_of_one_player_are_all_told_or_none(self, over: StandOver) -> None:
        """Never a list that looks whole and is not; who is asked for beside him is told of."""
        plenty = worlds.player(worlds.RICH.local, **tickets(ALL_OF_THEM))
        other = worlds.player(worlds.OTHER.local, tickets=(worlds.ticket(9_000, timedelta(days=1)),))
        async with over(worlds.of([plenty, other])).open(timeout_seconds=10.0) as fresh:
            port = fresh()
            answer = await walking.walked(port.tickets_of, Listing(worlds.RICH, 100))
            beside = Listing(worlds.OTHER, 100)
            page = (await port.tickets_of([Listing(worlds.RICH, 100), beside]))[beside]
        assert isinstance(answer, VendorError) or walking.faults_of(*answer, ALL_OF_THEM) == []
        assert isinstance(page, VendorError) or len(page.items) == 1

    async def test_each_player_is_told_his_own_tickets_beside_many(self, over: StandOver) -> None:
        world = worlds.crowd(MANY, (worlds.BRAND,))
        listings = [Listing(Key("player", brand, local), 5) for brand, local in world.players]
        async with over(world).open() as fresh:
            pages = await fresh().tickets_of(listings)
        assert {listing: [ticket.player for ticket in page.items] for listing, page in pages.items()} == {
            listing: [listing.owner] for listing in listings
        }
