"""What the gateway writes at Zendesk happens once, to the right person's ticket, and can be found again."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import httpx
import msgspec
import pytest

from tests.vendors.test_zendesk import (
    BASE,
    NOW,
    PLAYER,
    TICKET,
    TOKEN,
    USER,
    Clock,
    adapter,
    calls,
    comments_of,
    numbers,
    replying,
    spoil,
    tickets_of,
    wire,
    world_with,
    written,
)
from vendors import signing
from vendors.errors import (
    VendorBusyError,
    VendorConflictError,
    VendorDownError,
    VendorError,
    VendorMalformedError,
    VendorRejectedError,
    VendorTimeoutError,
)
from vendors.ports.keys import Key
from vendors.ports.paging import Listing
from vendors.ports.ticketing import NewComment, NewTicket, TicketPriority, TicketStatus

NEWCOMER = Key("player", "borealis", "p-999")


def opening(**fields: Any) -> NewTicket:
    usual: dict[str, Any] = {
        "player": PLAYER, "subject": "Payout delayed", "body": "We are chasing the bank.", "public": True,
        "priority": TicketPriority.URGENT, "tags": ("payout", "vip"), "audit_id": "audit-1",
    }  # fmt: skip
    return NewTicket(**{**usual, **fields})


def saying(**fields: Any) -> NewComment:
    usual: dict[str, Any] = {
        "ticket": TICKET, "body": "Paid out.", "public": True, "status": None, "audit_id": "audit-2",
    }  # fmt: skip
    return NewComment(**{**usual, **fields})


async def get(http: httpx.AsyncClient, path: str) -> Any:
    reply = await http.get(BASE + path, headers=signing.basic(USER, TOKEN))
    assert reply.status_code == 200
    return reply.json()


async def test_a_ticket_is_opened_for_the_player_and_stands_in_his_list() -> None:
    http = wire()
    made = await adapter(http).create(opening())
    assert (made.player, made.subject, made.priority) == (PLAYER, "Payout delayed", TicketPriority.URGENT)
    assert (made.status, made.tags, made.created_at) == (TicketStatus.NEW, ("payout", "vip"), NOW)
    page = await tickets_of(http, Listing(PLAYER, 5))
    assert page.items[0] == made
    assert numbers(page)[1:] == ["9001"]
    [first] = (await comments_of(http, Listing(made.id, 5))).items
    assert (first.body, first.public, first.by_player) == ("We are chasing the bank.", True, False)


async def test_the_same_audit_id_opens_one_ticket_only() -> None:
    http = wire()
    desk = adapter(http)
    assert await desk.create(opening()) == await desk.create(opening())
    assert (await calls(http))["CreateTicket"] == {"calls": 2, "keys": 2, "max_in_flight": 1, "effects": 1}
    assert (await desk.create(opening(audit_id="audit-3"))).id != (await desk.create(opening())).id


async def test_the_product_says_whether_it_had_seen_the_key() -> None:
    http, seen = wire(), []
    body = {"ticket": {"subject": "A", "comment": {"body": "B"}}}
    for ticket in (body, body, {"ticket": {"subject": "C", "comment": {"body": "D"}}}):
        headers = {**signing.basic(USER, TOKEN), "Idempotency-Key": "k"}
        reply = await http.post(BASE + "/api/v2/tickets", json=ticket, headers=headers)
        seen.append((reply.status_code, reply.headers.get("x-idempotency-lookup")))
    assert seen == [(201, "miss"), (201, "hit"), (400, None)]


async def test_the_product_forgets_a_key_after_two_hours_and_keeps_the_audit_id() -> None:
    """Keys expire after two hours (known at second hand, 2026-11); then external_id alone tells of the write."""
    clock = Clock()
    http = wire(clock=clock)
    desk = adapter(http, clock=clock)
    first = await desk.create(opening())
    clock.now += timedelta(minutes=119)
    assert (await desk.create(opening())).id == first.id
    clock.now += timedelta(minutes=1)
    assert (await desk.create(opening())).id != first.id
    assert len((await get(http, "/api/v2/tickets?external_id=audit-1"))["tickets"]) == 2


async def test_an_opened_ticket_can_be_found_by_its_audit_id() -> None:
    http = wire()
    made = await adapter(http).create(opening())
    [found] = (await get(http, "/api/v2/tickets?external_id=audit-1"))["tickets"]
    assert str(found["id"]) == made.id.local


async def test_a_note_that_opens_a_ticket_stays_internal() -> None:
    http = wire()
    made = await adapter(http).create(opening(public=False))
    [first] = (await comments_of(http, Listing(made.id, 5))).items
    assert first.public is False


async def test_a_player_unknown_to_the_desk_becomes_a_user_who_reveals_nothing_but_his_id() -> None:
    http = wire()
    made = await adapter(http).create(opening(player=NEWCOMER))
    assert made.id.brand == "borealis"
    assert numbers(await tickets_of(http, Listing(NEWCOMER, 5))) == [made.id.local]
    [user] = (await get(http, "/api/v2/users/show_many?external_ids=borealis:p-999"))["users"]
    assert (user["name"], user["role"], "email" in user) == ("borealis:p-999", "end-user", False)


async def test_a_known_player_is_not_renamed() -> None:
    http = wire()
    await adapter(http).create(opening())
    assert "CreateOrUpdateUser" not in await calls(http)


@pytest.mark.parametrize("operation", ["ShowManyUsers", "CreateOrUpdateUser"])
@pytest.mark.parametrize("kind", ["garbage", "hang", "status"])
async def test_no_ticket_is_in_doubt_while_none_was_sent(operation: str, kind: str) -> None:
    http = wire()
    await spoil(http, operation, kind)
    with pytest.raises(VendorError) as caught:
        await adapter(http, timeout_seconds=0.2).create(opening(player=NEWCOMER))
    assert caught.value.write_may_have_happened is False
    assert "CreateTicket" not in await calls(http)


@pytest.mark.parametrize(
    ("kind", "error"), [("hang", VendorTimeoutError), ("garbage", VendorMalformedError), ("status", VendorDownError)]
)
async def test_a_ticket_whose_answer_is_lost_is_in_doubt(kind: str, error: type[VendorError]) -> None:
    http = wire()
    await spoil(http, "CreateTicket", kind)
    with pytest.raises(error) as caught:
        await adapter(http, timeout_seconds=0.2).create(opening())
    assert caught.value.write_may_have_happened is True


@pytest.mark.parametrize("fields", [{"requester_id": 8}, {"external_id": "audit-9"}])
async def test_the_answer_of_somebody_else_s_ticket_is_not_taken(fields: dict[str, Any]) -> None:
    moment = "2026-11-25T12:00:00Z"
    ticket = {"id": 1, "requester_id": 7, "status": "new", "created_at": moment, "updated_at": moment,
              "external_id": "audit-1", **fields}  # fmt: skip
    users = {"users": [{"id": 7, "external_id": "acme:s-001"}]}
    with pytest.raises(VendorMalformedError):
        await adapter(replying(users_show_many=users, tickets={"ticket": ticket})).create(opening())


async def test_a_word_the_desk_does_not_have_is_refused_before_anything_is_sent() -> None:
    http = wire()
    with pytest.raises(VendorRejectedError):
        await adapter(http).create(opening(priority=TicketPriority.UNKNOWN))
    with pytest.raises(VendorRejectedError):
        await adapter(http).comment(saying(status=TicketStatus.UNKNOWN))
    assert await calls(http) == {}


# Messages.


@pytest.mark.parametrize("public", [True, False])
async def test_a_message_is_added_as_staff_s_and_the_status_set_with_it(public: bool) -> None:
    clock = Clock()
    http = wire(clock=clock)
    changed = await adapter(http).comment(saying(public=public, status=TicketStatus.SOLVED))
    assert (changed.id, changed.player, changed.status, changed.updated_at) == (
        TICKET,
        PLAYER,
        TicketStatus.SOLVED,
        NOW,
    )
    newest = (await comments_of(http, Listing(TICKET, 1))).items[0]
    assert (newest.body, newest.public, newest.by_player) == ("Paid out.", public, False)


@pytest.mark.parametrize("status", [s for s in TicketStatus if s is not TicketStatus.UNKNOWN])
async def test_every_status_can_be_set_and_read_back(status: TicketStatus) -> None:
    http = wire()
    assert (await adapter(http).comment(saying(status=status))).status is status
    assert (await tickets_of(http, Listing(PLAYER, 1))).items[0].status is status


async def test_a_message_without_a_status_leaves_the_status() -> None:
    assert (await adapter(wire()).comment(saying())).vendor_status == "open"


async def test_a_message_can_be_found_by_its_audit_id() -> None:
    http = wire()
    await adapter(http).comment(saying())
    audits = (await get(http, "/api/v2/tickets/9001/audits"))["audits"]
    assert [audit["metadata"]["custom"] for audit in audits] == [{}, {}, {"audit_id": "audit-2"}]


@pytest.mark.parametrize(
    "ticket", [Key("ticket", "borealis", "9001"), Key("ticket", "acme", "404404"), Key("ticket", "acme", "x")]
)
async def test_nothing_is_written_to_a_ticket_that_is_not_the_brand_s(ticket: Key) -> None:
    http = wire()
    with pytest.raises(VendorRejectedError):
        await adapter(http).comment(saying(ticket=ticket))
    assert "UpdateTicket" not in await calls(http)


async def test_a_closed_ticket_takes_no_message() -> None:
    http = wire(world_with(written(9001, status="closed")))
    with pytest.raises(VendorConflictError) as caught:
        await adapter(http).comment(saying())
    assert caught.value.write_may_have_happened is False
    assert (await calls(http))["UpdateTicket"]["effects"] == 0


@pytest.mark.parametrize("operation", ["TicketsShowMany", "ShowManyUsers"])
async def test_no_message_is_in_doubt_while_the_brand_is_being_proven(operation: str) -> None:
    http = wire()
    await spoil(http, operation, "hang")
    with pytest.raises(VendorTimeoutError) as caught:
        await adapter(http, timeout_seconds=0.2).comment(saying())
    assert caught.value.write_may_have_happened is False
    assert "UpdateTicket" not in await calls(http)


async def test_a_message_whose_answer_is_lost_is_in_doubt_and_was_written() -> None:
    http = wire()
    await spoil(http, "UpdateTicket", "truncate")
    with pytest.raises(VendorMalformedError) as caught:
        await adapter(http).comment(saying())
    assert caught.value.write_may_have_happened is True
    assert (await comments_of(http, Listing(TICKET, 1))).items[0].body == "Paid out."


async def test_thirty_updates_of_a_ticket_in_ten_minutes_are_the_most() -> None:
    """Update Ticket: 30 per 10 minutes per user per ticket (known at second hand, 2026-11)."""
    http = wire()
    desk = adapter(http)
    for turn in range(30):
        await desk.comment(saying(audit_id=f"audit-{turn}"))
    with pytest.raises(VendorBusyError) as caught:
        await desk.comment(saying())
    assert caught.value.retry_after_seconds == 600


# The product itself.


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("GET", "users/show_many?ids=" + ",".join(map(str, range(101))), None, 400),
        ("GET", "tickets/show_many?ids=" + ",".join(map(str, range(101))), None, 400),
        ("GET", "tickets/9001/comments?page[size]=101", None, 400),
        ("GET", "tickets/9001/comments?page[size]=1&page[after]=zzz", None, 400),
        ("GET", "tickets/1/comments", None, 404),
        ("GET", "users/1/tickets/requested", None, 404),
        ("POST", "tickets", {"ticket": {"subject": "A"}}, 422),
        ("POST", "tickets", {"ticket": {"comment": {"body": " "}}}, 422),
        ("POST", "tickets", {"ticket": {"comment": {"body": "A"}, "requester_id": 1}}, 422),
        ("POST", "tickets", {"subject": "A"}, 400),
        ("PUT", "tickets/9001", {"ticket": {"status": "asap"}}, 422),
        ("PUT", "tickets/9001", {"ticket": {"priority": "asap"}}, 422),
        ("POST", "users/create_or_update", {"user": {"external_id": "acme:x"}}, 422),
    ],
)
async def test_the_product_refuses_what_it_would_refuse(method: str, path: str, body: Any, status: int) -> None:
    http = wire()
    content = msgspec.json.encode(body) if body else b""
    reply = await http.request(method, f"{BASE}/api/v2/{path}", content=content, headers=signing.basic(USER, TOKEN))
    assert reply.status_code == status
    assert {"error", "errors"} & set(reply.json())
    assert (await http.get(BASE + "/api/v2/tickets")).json() == {"error": "Couldn't authenticate you"}


async def test_a_reset_brings_back_what_the_world_says() -> None:
    http = wire()
    made = await adapter(http).create(opening())
    await adapter(http).comment(saying(status=TicketStatus.SOLVED))
    await http.post(BASE + "/__reset")
    assert numbers(await tickets_of(http, Listing(PLAYER, 5))) == ["9001"]
    assert (await tickets_of(http, Listing(PLAYER, 5))).items[0].status is TicketStatus.OPEN
    assert await adapter(http).tickets([made.id]) == {}
