"""Customer.io's messages: how far each got, and that a list is read whole or not at all."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from tests.vendors.test_customerio import (
    BASE,
    PLAYER,
    adapter,
    message,
    person,
    profile,
    read,
    replying,
    stats,
    wire,
    world_with,
)
from vendors.errors import VendorMalformedError
from vendors.ports.crm import Channel, CrmProfile, Touch, TouchState
from vendors.sandbox.facts import TouchFacts
from vendors.sandbox.world import World


def touched(*events: str, channel: str = "email", age: timedelta = timedelta(days=2)) -> World:
    return world_with(touches=(TouchFacts("dgTouch", 7, channel, age, events),))


# How far a message got.


@pytest.mark.parametrize(
    ("events", "state"),
    [
        (("created",), TouchState.QUEUED),
        (("drafted",), TouchState.QUEUED),
        (("attempted",), TouchState.QUEUED),
        (("attempted", "sent"), TouchState.SENT),
        (("sent", "delivered"), TouchState.DELIVERED),
        (("sent", "delivered", "prefetch_opened", "prefetch_clicked"), TouchState.DELIVERED),
        (("sent", "delivered", "opened"), TouchState.OPENED),
        (("sent", "human_opened"), TouchState.OPENED),
        (("sent", "opened", "clicked"), TouchState.CLICKED),
        (("sent", "opened", "human_clicked"), TouchState.CLICKED),
        (("sent", "opened", "clicked", "converted"), TouchState.CONVERTED),
        (("sent", "bounced"), TouchState.BOUNCED),
        (("sent", "delivered", "bounced"), TouchState.BOUNCED),
        (("attempted", "failed"), TouchState.FAILED),
        (("undeliverable",), TouchState.FAILED),
        (("dropped",), TouchState.SUPPRESSED),
        (("sent", "delivered", "clicked", "unsubscribed"), TouchState.UNSUBSCRIBED),
        (("sent", "delivered", "opened", "unsubscribed", "spammed"), TouchState.SPAM_REPORTED),
        ((), TouchState.UNKNOWN),
        (("teleported",), TouchState.UNKNOWN),
    ],
)
async def test_the_furthest_event_is_the_state(events: Sequence[str], state: TouchState) -> None:
    assert (await profile(wire(touched(*events)))).touches[0].state is state


async def test_a_push_that_reached_one_device_of_two_has_arrived() -> None:
    assert (await profile(wire(touched("bounced", "delivered", channel="push")))).touches[0].state is (
        TouchState.DELIVERED
    )
    assert (await profile(wire(touched("sent", "bounced", channel="push")))).touches[0].state is TouchState.BOUNCED


async def test_an_event_counted_zero_times_did_not_happen() -> None:
    body = {"messages": [message(metrics={"sent": 1795000001, "human_opened": 0, "opened": None})]}
    assert (await profile(replying(messages=body))).touches[0].state is TouchState.SENT


@pytest.mark.parametrize(
    ("word", "channel"),
    [
        ("email", Channel.EMAIL),
        ("twilio", Channel.SMS),
        ("push", Channel.PUSH),
        ("in_app", Channel.ONSITE),
        ("whatsapp", Channel.WHATSAPP),
        ("webhook", Channel.UNKNOWN),
        ("slack", Channel.UNKNOWN),
        ("live_notification", Channel.UNKNOWN),
        ("carrier_pigeon", Channel.UNKNOWN),
    ],
)
async def test_every_documented_type_has_one_channel(word: str, channel: Channel) -> None:
    assert (await profile(wire(touched("sent", channel=word)))).touches[0].channel is channel


async def test_a_message_that_has_not_left_stands_where_it_was_created() -> None:
    body = {"messages": [message(metrics={"attempted": 1795000400}), message(2, campaign_id=None)]}
    first, second = (await profile(replying(messages=body))).touches
    assert (first.id, first.sent_at) == ("m2", datetime.fromtimestamp(1795000001, UTC))
    assert (second.id, second.sent_at) == ("m1", datetime.fromtimestamp(1795000000, UTC))
    assert first.campaign_id is None


async def test_the_message_of_the_vendors_own_page() -> None:
    """journeys-app.json, listMessages, the e-mail example of the copy of 2026-08; its customer_id is null."""
    identifier = "ag1q6QWq6QUBAAF4_CGoeVX7mFkDbRFu7ek="
    documented = {
        "id": identifier, "deduplicate_id": f"{identifier}:1619137768",
        "msg_template_id": 43, "action_id": 215, "parent_action_id": None, "customer_id": None,
        "recipient": "person@example.com", "metrics": {"delivered": 1619137768, "sent": 1619137768},
        "created": 1619137767, "failure_message": None, "newsletter_id": None, "content_id": None, "campaign_id": 23,
        "broadcast_id": None, "trigger_event_id": None, "type": "email", "forgotten": False,
    }  # fmt: skip
    sent_at = datetime(2021, 4, 23, 0, 29, 28, tzinfo=UTC)
    assert (await profile(replying(messages={"messages": [documented]}))).touches == (
        Touch(identifier, "23", Channel.EMAIL, TouchState.DELIVERED, sent_at),
    )


# What one reading of messages holds.


async def test_touches_reach_back_ninety_days() -> None:
    ages = {"fresh": timedelta(days=89), "old": timedelta(days=91)}
    touches = tuple(TouchFacts(name, 7, "email", age, ("sent",)) for name, age in ages.items())
    assert [touch.id for touch in (await profile(wire(world_with(touches=touches)))).touches] == ["fresh"]


def many(count: int) -> World:
    ages = (timedelta(minutes=number + 1) for number in range(count))
    return world_with(
        touches=tuple(TouchFacts(f"m{age.total_seconds():.0f}", 7, "push", age, ("sent",)) for age in ages)
    )


async def test_a_second_page_completes_the_first() -> None:
    async with wire(many(1500)) as http:
        found = (await adapter(http).profiles([PLAYER]))[PLAYER]
        assert (await stats(http))["getPersonMessages"] == 2
    assert isinstance(found, CrmProfile)
    assert len({touch.id for touch in found.touches}) == 1500


async def test_a_full_page_that_ends_the_list_is_one_call() -> None:
    async with wire(many(1000)) as http:
        found = (await adapter(http).profiles([PLAYER]))[PLAYER]
        assert (await stats(http))["getPersonMessages"] == 1
    assert isinstance(found, CrmProfile)
    assert len(found.touches) == 1000


async def test_more_messages_than_two_pages_hold_are_an_error_and_never_a_part() -> None:
    assert isinstance((await read(wire(many(2001))))[PLAYER], VendorMalformedError)


@pytest.mark.parametrize("last", [{}, {"next": None}, {"next": ""}])
async def test_a_list_ends_where_no_next_page_is_named(last: Any) -> None:
    assert len((await profile(replying(messages={"messages": [message()], **last}))).touches) == 1


async def test_a_next_page_without_messages_ends_the_list() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/messages"):
            pages = {None: {"messages": [message()], "next": "MDox"}, "MDox": {"messages": [], "next": "MDox"}}
            return httpx.Response(200, json=pages[request.url.params.get("start")])
        return httpx.Response(200, json=person() if request.url.path.endswith("/attributes") else {"segments": []})

    assert len((await profile(httpx.AsyncClient(transport=httpx.MockTransport(answer)))).touches) == 1


@pytest.mark.parametrize("kind", ["duplicate", "reorder"])
async def test_a_list_repeated_or_in_another_order_is_the_same_list(kind: str) -> None:
    touches = tuple(TouchFacts(f"m{day}", 7, "email", timedelta(days=day), ("sent",)) for day in range(1, 6))
    world = world_with(touches=touches, segments=("a", "b", "c"))
    async with wire(world) as http:
        usual = (await adapter(http).profiles([PLAYER]))[PLAYER]
        await http.post(BASE + "/__faults", json={"operation": "getPersonMessages", "kind": kind})
        await http.post(BASE + "/__faults", json={"operation": "getPersonSegments", "kind": kind})
        disturbed = (await adapter(http).profiles([PLAYER]))[PLAYER]
    assert isinstance(usual, CrmProfile)
    assert isinstance(disturbed, CrmProfile)
    assert disturbed.touches == usual.touches
    assert sorted(disturbed.segments, key=lambda s: s.id) == sorted(usual.segments, key=lambda s: s.id)
