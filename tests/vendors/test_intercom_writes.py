"""What the gateway writes at Intercom happens once, in the right contact's name, and can be found again."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.vendors.test_intercom import (
    NOW,
    PLAYER,
    TICKET,
    TOKEN,
    adapter,
    calls,
    page_of_tickets,
    replying,
    spoil,
    stand,
    wired,
)
from vendors.errors import (
    VendorBusyError,
    VendorConflictError,
    VendorError,
    VendorMalformedError,
    VendorRejectedError,
)
from vendors.ports.keys import Key
from vendors.ports.paging import Listing, Page
from vendors.ports.ticketing import NewComment, NewTicket, TicketPriority, TicketStatus

NEWCOMER = Key("player", "borealis", "p-999")


def opening(**fields: Any) -> NewTicket:
    usual: dict[str, Any] = {
        "player": PLAYER, "subject": "Payout delayed", "body": "We are chasing the bank.", "public": True,
        "priority": TicketPriority.NORMAL, "tags": (), "audit_id": "audit-1",
    }  # fmt: skip
    return NewTicket(**{**usual, **fields})


def saying(**fields: Any) -> NewComment:
    usual: dict[str, Any] = {
        "ticket": TICKET, "body": "Paid <out>.", "public": True, "status": None, "audit_id": "a",
    }  # fmt: skip
    return NewComment(**{**usual, **fields})


@pytest.mark.parametrize("player", [PLAYER, NEWCOMER])
async def test_a_ticket_is_opened_and_can_be_found_by_its_audit_id(player: Key) -> None:
    http = stand()
    desk, listing = adapter(http), Listing(player, 5)
    made = await desk.create(opening(player=player))
    assert (made.player, made.subject, made.status) == (player, "Payout delayed", TicketStatus.NEW)
    assert made.id in [one.id for one in page_of_tickets((await desk.tickets_of([listing])).get(listing)).items]
    attribute = {"field": "ticket_attribute.211", "operator": "=", "value": "audit-1"}
    headers = {"Authorization": f"Bearer {TOKEN}"}
    reply = await http.post("http://intercom/tickets/search", json={"query": attribute}, headers=headers)
    assert [one["id"] for one in reply.json()["tickets"]] == [made.id.local]
    assert [one["is_shared"] for one in reply.json()["tickets"]] == [True]


async def test_a_contact_whom_no_search_finds_yet_is_not_made_twice() -> None:
    http = stand()
    for process in (adapter(http), adapter(http)):
        assert (await process.create(opening(player=NEWCOMER))).player == NEWCOMER
    told = (await http.get("http://intercom/__stats")).json()
    assert (told["CreateContact"]["effects"], told["createTicket"]["effects"]) == (1, 2)


async def test_an_archived_contact_is_a_refusal_before_any_ticket() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/contacts/search":
            return httpx.Response(200, json={"data": []})
        return httpx.Response(409 if request.method == "POST" else 404, json={"type": "error.list", "errors": []})

    with pytest.raises(VendorConflictError) as caught:
        await adapter(replying(answer)).create(opening())
    assert not caught.value.write_may_have_happened


@pytest.mark.parametrize("public", [True, False])
async def test_a_message_is_added_as_staffs_and_reads_as_it_was_written(public: bool) -> None:
    http = stand()
    answered = await adapter(http).comment(saying(public=public))
    page = (await adapter(http).comments_of([Listing(TICKET, 1)]))[Listing(TICKET, 1)]
    assert isinstance(page, Page)
    assert (page.items[0].public, page.items[0].by_player, answered.updated_at) == (public, False, NOW)
    assert page.items[0].body == "Paid <out>."


@pytest.mark.parametrize(
    "wish",
    [{"priority": TicketPriority.URGENT}, {"tags": ("vip",)}, {"public": False}],
    ids=["priority", "tags", "note"],
)
async def test_what_intercom_cannot_be_told_is_refused_before_anything_is_sent(wish: dict[str, Any]) -> None:
    http = stand()
    with pytest.raises(VendorRejectedError):
        await adapter(http, internal=None).create(opening(**wish))
    with pytest.raises(VendorRejectedError):
        await adapter(http).comment(saying(status=TicketStatus.SOLVED))
    assert sum((await calls(http)).values()) == 0


async def test_nothing_is_written_to_a_ticket_that_is_not_the_brands() -> None:
    http = stand()
    with pytest.raises(VendorRejectedError):
        await adapter(http).comment(saying(ticket=Key("ticket", "borealis", "9001")))
    assert "replyTicket" not in await calls(http)


@pytest.mark.parametrize(
    ("operation", "doubt"), [("SearchContacts", False), ("createTicket", True)], ids=["before", "the write itself"]
)
async def test_only_the_write_itself_leaves_doubt_and_it_is_sent_once(operation: str, doubt: bool) -> None:
    http = stand()
    await spoil(http, operation=operation, kind="garbage")
    with pytest.raises(VendorError) as caught:
        await adapter(http).create(opening())
    assert caught.value.write_may_have_happened is doubt
    assert (await calls(http)).get("createTicket", 0) == (1 if doubt else 0)


@pytest.mark.parametrize("owner", ["acme:s-002", None])
async def test_the_answer_of_somebody_elses_ticket_is_not_taken(owner: str | None) -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        people = {"data": [{"id": "c", "external_id": "acme:s-001"}]}
        return httpx.Response(200, json=people if request.url.path == "/contacts/search" else wired(owner=owner))

    with pytest.raises(VendorMalformedError):
        await adapter(replying(answer)).create(opening())


async def test_a_desk_that_asks_to_slow_down_is_busy_and_a_write_is_not_sent_again() -> None:
    http = stand(requests_per_window=1)
    with pytest.raises(VendorBusyError):
        await adapter(http).create(opening())
    assert (await calls(http)) == {"SearchContacts": 1, "createTicket": 1}
