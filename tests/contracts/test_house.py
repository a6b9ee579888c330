"""Whoever tells it, a product or a system of the operator's own, the graph is told the same."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest

from vendors.errors import VendorAuthError, VendorConflictError, VendorError, VendorRejectedError
from vendors.ports.cashier import WithdrawalAction, WithdrawalCommand
from vendors.ports.keys import Key
from vendors.ports.kyc import Applicant
from vendors.ports.paging import Listing
from vendors.ports.source import System
from vendors.ports.ticketing import NewTicket, TicketPriority
from vendors.product import Product, Secret, Site
from vendors.reference import adapter
from vendors.reference.operations import PORTS, Manner, operations
from vendors.reference_access import ReferenceAccess
from vendors.registry import PRODUCTS
from vendors.resilience.policy import ONCE
from vendors.sandbox.credentials import sandbox
from vendors.sandbox.facts import GAMES, MARKETS
from vendors.sandbox.reference_house import UNHURRIED
from vendors.sandbox.world import World

SYSTEMS = list(PORTS)
PLAYERS = [Key("player", "acme", f"s-{number:03d}") for number in range(1, 13)] + [Key("player", "borealis", "p-001")]
NOBODY = Key("player", "acme", "nobody")
NOW = datetime(2026, 11, 27, tzinfo=UTC)
WHOLE = {name: {"amount": "1.00", "currency": "EUR"} for name in ("cash", "bonus", "withdrawable")}


@asynccontextmanager
async def port(product: Product, system: System, world: World, var: Path) -> AsyncIterator[Any]:
    own = sandbox(var)
    stage = product.stage(world, own)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=stage.app)) as wire:
        markets = {country: market for market, (country, _) in MARKETS.items()}
        site = Site(system, product.vendor, "http://x", wire, lambda: datetime.now(UTC), markets, 5.0, UNHURRIED, [])
        yield product.connect(product.own(own), site)


def plain(value: Any) -> Any:
    told = msgspec.to_builtins(value)
    return _stripped(told)


def _stripped(told: Any) -> Any:
    if isinstance(told, dict):
        return {name: _stripped(one) for name, one in told.items() if name not in ("source", "vendor", "fetched_at")}
    return [_stripped(one) for one in told] if isinstance(told, list | tuple) else told


async def asks(system: System, name: str, product: Any) -> list[Any]:
    """Something to ask of every read."""
    if name == "identified":
        people = {System.PAM: "players", System.TICKETING: "requesters"}.get(system, "profiles")
        held = [getattr(one, "source", one) for one in (await getattr(product, people)(PLAYERS)).values()]
        return [*(source.vendor_id for source in held), "nobody-knows"]
    if name == "requirements":
        profiles = await product.profiles(PLAYERS)
        return [Applicant(player, one.source.vendor_id) for player, one in profiles.items() if one.source.vendor_id]
    if name == "transactions":
        return [one.id for found in (await product.open_withdrawals(PLAYERS)).values() for one in found]
    if name in ("tickets", "comments_of"):
        pages = await product.tickets_of([Listing(player, 20) for player in PLAYERS])
        found = [ticket.id for page in pages.values() for ticket in page.items]
        return found if name == "tickets" else [Listing(ticket, 20) for ticket in found]
    if name == "games":
        return [Key("game", "acme", code) for code in ("no-such-game", *GAMES)]
    return [*PLAYERS, NOBODY]


READS = [
    (system, one.name)
    for system in SYSTEMS
    for one in operations(system)
    if one.manner in (Manner.IDS, Manner.LISTING) or one.name == "requirements"
]


@pytest.mark.parametrize(("system", "name"), READS, ids=[f"{s.value}-{n}" for s, n in READS])
async def test_the_house_tells_what_the_product_tells(system: System, name: str, world: World, tmp_path: Path) -> None:
    known = PRODUCTS[system]
    operation = next(one for one in operations(system) if one.name == name)
    async with (
        port(next(iter(known.values())), system, world, tmp_path) as product,
        port(known["reference"], system, world, tmp_path) as house,
    ):
        asked = await asks(system, name, product)
        if operation.manner is Manner.LISTING and not isinstance(asked[0], Listing):
            asked = [Listing(player, 5) for player in asked]
        told, again = await getattr(product, name)(asked), await getattr(house, name)(asked)
        assert told, "nothing was compared"
        assert not any(isinstance(one, VendorError) for one in again.values()), again
        assert {str(ask): plain(one) for ask, one in again.items()} == {
            str(ask): plain(one) for ask, one in told.items()
        }


async def test_a_wrong_token_is_told_as_what_it_is(world: World, tmp_path: Path) -> None:
    product = PRODUCTS[System.PAM]["reference"]
    wrong = msgspec.structs.replace(product, own=lambda own: ReferenceAccess(Secret("wrong")))
    async with port(wrong, System.PAM, world, tmp_path) as house:
        assert isinstance((await house.players(PLAYERS[:1]))[PLAYERS[0]], VendorAuthError)


async def test_more_than_a_hundred_are_asked_for_in_batches_and_each_once(world: World, tmp_path: Path) -> None:
    asked = [Key("player", brand, local) for brand, local in world.players][:250]
    async with port(PRODUCTS[System.PAM]["reference"], System.PAM, world, tmp_path) as house:
        found = await house.players(asked * 2)
    assert set(found) == set(asked)


async def test_a_list_is_walked_to_its_end_in_the_products_order(world: World, tmp_path: Path) -> None:
    rich = Key("player", "borealis", "p-001")
    async with port(PRODUCTS[System.PAM]["reference"], System.PAM, world, tmp_path) as house:
        whole = (await house.rounds([Listing(rich, 100)]))[Listing(rich, 100)]
        walked, before = list[Any](), None
        while True:
            listing = Listing(rich, 2, before)
            page = (await house.rounds([listing]))[listing]
            walked += page.items
            if not page.more:
                break
            before = page.positions[-1]
    assert len(whole.items) > 2
    assert [plain(one) for one in walked] == [plain(one) for one in whole.items]


async def test_what_is_written_is_done_once_under_its_key(world: World, tmp_path: Path) -> None:
    ticket = NewTicket(PLAYERS[0], "Payout", "Please check.", True, TicketPriority.NORMAL, ("payout",), "a-1")
    async with port(PRODUCTS[System.TICKETING]["reference"], System.TICKETING, world, tmp_path) as house:
        opened, again = await house.create(ticket), await house.create(ticket)
        assert plain(opened) == plain(again)
        listing = Listing(PLAYERS[0], 50)
        page = (await house.tickets_of([listing]))[listing]
        assert [one.subject for one in page.items].count("Payout") == 1
        with pytest.raises(VendorConflictError):  # the key was another ticket's
            await house.create(msgspec.structs.replace(ticket, subject="Another"))


async def test_what_the_house_does_not_do_is_refused_as_such(world: World, tmp_path: Path) -> None:
    command = WithdrawalCommand(Key("withdrawal", "acme", "90007"), WithdrawalAction.RELEASE, None, "a-2")
    async with port(PRODUCTS[System.CASHIER]["reference"], System.CASHIER, world, tmp_path) as house:
        assert WithdrawalAction.RELEASE not in house.supports
        with pytest.raises(VendorRejectedError):
            await house.act(command)


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        ([], None),
        ([{"id": "s-001", "error": "unavailable"}], "VENDOR_UNAVAILABLE"),
        ([{"id": "s-001", "value": {}}], "VENDOR_BAD_RESPONSE"),
        ([{"id": "s-001", "value": {**WHOLE, "cash": {"amount": "1.005", "currency": "EUR"}}}], "VENDOR_BAD_RESPONSE"),
        ([{"id": "s-002", "value": [WHOLE]}], "VENDOR_BAD_RESPONSE"),
        ([{"id": "s-001", "value": [WHOLE]}, {"id": "s-001", "value": []}], "VENDOR_BAD_RESPONSE"),
        ({"not": "a list"}, "VENDOR_BAD_RESPONSE"),
    ],
)
async def test_what_a_house_gets_wrong_is_that_asks_trouble(answer: Any, code: str | None) -> None:
    def house(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, json=answer)

    async with httpx.AsyncClient(transport=httpx.MockTransport(house)) as wire:
        site = Site(System.PAM, "House", "http://x", wire, lambda: NOW, {}, 5.0, ONCE, [])
        found = (await adapter.connect(ReferenceAccess(Secret("t")), site).balances(PLAYERS[:1])).get(PLAYERS[0])
    assert (found.code if isinstance(found, VendorError) else found) == code


def test_a_word_that_the_port_does_not_know_stops_the_start() -> None:
    site = Site(System.PAM, "House", "http://x", httpx.AsyncClient(), lambda: NOW, {}, 5.0, ONCE, [])
    with pytest.raises(ValueError, match="FLYING"):
        adapter.connect(ReferenceAccess(Secret("t"), supports=("FLYING",)), site)


async def test_an_id_that_is_asked_twice_is_answered_once(world: World, tmp_path: Path) -> None:
    product = PRODUCTS[System.PAM]["reference"]
    own = sandbox(tmp_path)
    transport = httpx.ASGITransport(app=product.stage(world, own).app)
    headers = {"Authorization": f"Bearer {own.house_token}", "Brand": "acme"}
    async with httpx.AsyncClient(transport=transport, base_url="http://house", headers=headers) as http:
        reply = await http.get("/pam/players", params={"kind": "player", "ids": "s-001,s-001"})
    assert [entry["id"] for entry in reply.json()] == ["s-001"]
