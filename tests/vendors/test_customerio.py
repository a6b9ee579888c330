"""The Customer.io adapter reads its simulator; no silence is taken for consent, and no list is ever a part of one."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import msgspec
import pytest

from tests.lag import precise
from vendors.client import Client
from vendors.crm.customerio import CustomerIo, sign
from vendors.crm.customerio_access import LIMITS
from vendors.errors import (
    VendorDownError,
    VendorError,
    VendorMalformedError,
    VendorTimeoutError,
)
from vendors.ports.crm import Channel, Consent, CrmProfile, Touch, TouchState
from vendors.ports.keys import Key
from vendors.ports.source import System
from vendors.sandbox import customerio as sandbox
from vendors.sandbox.world import World, build

NOW = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)
WORLD = build(NOW)
APP_KEY = "sandbox-app-key"
PLAYER, OTHER = Key("player", "acme", "s-001"), Key("player", "acme", "s-002")
BASE, PATH = "http://customerio", "http://customerio/v1/customers/acme:s-001/"
OPERATIONS = ("getPersonAttributes", "getPersonSegments", "getPersonMessages")


def now() -> datetime:
    return NOW


class Watch:
    """A clock that runs only when told to."""

    seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


def wire(
    world: World = WORLD, requests_per_second: float | None = None, monotonic: Callable[[], float] | None = None
) -> httpx.AsyncClient:
    stage = sandbox.stage(world, APP_KEY, requests_per_second, now, monotonic or Watch())
    return httpx.AsyncClient(transport=httpx.ASGITransport(app=stage.app))


def adapter(http: httpx.AsyncClient, *, key: str = APP_KEY, timeout_seconds: float = 2.0) -> CustomerIo:
    return CustomerIo(Client(System.CRM, BASE, http, sign(key), timeout_seconds=timeout_seconds), now)


async def read(http: httpx.AsyncClient, *players: Key) -> Mapping[Key, CrmProfile | VendorError]:
    async with http:
        return await adapter(http).profiles(players or (PLAYER,))


async def profile(http: httpx.AsyncClient, player: Key = PLAYER) -> CrmProfile:
    answer = (await read(http, player))[player]
    assert isinstance(answer, CrmProfile), repr(answer)
    return answer


async def stats(http: httpx.AsyncClient) -> Mapping[str, int]:
    counted = (await http.get(BASE + "/__stats")).json()
    return {operation: counted[operation]["calls"] for operation in OPERATIONS}


def world_with(**facts: Any) -> World:
    player = msgspec.structs.replace(WORLD.players["acme", "s-001"], **facts)
    return World(NOW, {**WORLD.players, ("acme", "s-001"): player})


def person(preferences: object = None, **customer: Any) -> dict[str, Any]:
    text = preferences if isinstance(preferences, str) else msgspec.json.encode(preferences).decode()
    attributes = {} if preferences is None else {"cio_subscription_preferences": text}
    return {"customer": {"id": "acme:s-001", "attributes": attributes, "unsubscribed": False, **customer}}


def message(number: int = 1, **fields: Any) -> dict[str, Any]:
    return {"id": f"m{number}", "type": "email", "created": 1795000000, "metrics": {"sent": 1795000001}, **fields}


def replying(**replies: Any) -> httpx.AsyncClient:
    """A product that answers each of the three reads with what it is given: a body, or a status."""
    usual = {"attributes": person(), "segments": {"segments": []}, "messages": {"messages": []}}

    def answer(request: httpx.Request) -> httpx.Response:
        reply = {**usual, **replies}[request.url.path.rsplit("/", 1)[1]]
        return httpx.Response(reply) if isinstance(reply, int) else httpx.Response(200, json=reply)

    return httpx.AsyncClient(transport=httpx.MockTransport(answer))


def granted(found: CrmProfile) -> dict[Channel, bool | None]:
    return {consent.channel: consent.granted for consent in found.consents}


async def test_marketing_sees_segments_touches_and_consents() -> None:
    found = await profile(wire())
    assert [segment.name for segment in found.segments] == ["slots lovers"]
    sent_at = NOW - timedelta(days=4)
    assert found.touches == (Touch("dgTouchS1", "7", Channel.EMAIL, TouchState.DELIVERED, sent_at),)
    assert found.consents == (
        Consent(Channel.EMAIL, True),
        Consent(Channel.SMS, True),
        Consent(Channel.PUSH, True),
        Consent(Channel.ONSITE, None),
        Consent(Channel.WHATSAPP, None),
    )
    assert (found.player, found.suppressed) == (PLAYER, None)
    assert (found.source.system, found.source.vendor, found.source.vendor_id) == (
        System.CRM,
        "Customer.io",
        "acme:s-001",
    )
    assert found.source.fetched_at == NOW


async def test_every_player_of_the_world_reads_as_his_facts_say() -> None:
    keys = {Key("player", brand, local): facts for (brand, local), facts in WORLD.players.items()}
    answers = await read(wire(), *keys)
    for key, facts in keys.items():
        found = answers[key]
        assert isinstance(found, CrmProfile)
        assert {segment.name for segment in found.segments} == set(facts.segments)
        assert {touch.id for touch in found.touches} == {touch.id for touch in facts.touches}
        assert granted(found)[Channel.EMAIL] is facts.marketing
        assert [touch.sent_at for touch in found.touches] == sorted((t.sent_at for t in found.touches), reverse=True)


async def test_nothing_personal_reaches_the_record() -> None:
    facts = WORLD.players["acme", "s-001"]
    text = repr(await profile(wire()))
    assert not any(secret in text for secret in (facts.email, facts.phone, facts.last_name, "Something for you"))


# What the player agreed to.


async def test_unsubscribing_ends_every_channel_but_the_one_inside_the_site() -> None:
    everything = dict.fromkeys(("email", "sms", "push", "in_app", "whatsapp"), True)
    found = await profile(replying(attributes=person({"channels": everything}, unsubscribed=True)))
    assert granted(found) == {
        Channel.EMAIL: False,
        Channel.SMS: False,
        Channel.PUSH: False,
        Channel.ONSITE: True,
        Channel.WHATSAPP: False,
    }


async def test_who_was_never_asked_has_not_agreed() -> None:
    assert set(granted(await profile(wire(world_with(marketing=None)))).values()) == {None}


async def test_a_default_the_product_computed_is_nobodys_consent() -> None:
    computed = '{"topics":{"topic_1":true},"channels":{"email":true}}'
    found = await profile(replying(attributes=person(attributes={"_cio_subscription_preferences_computed": computed})))
    assert set(granted(found).values()) == {None}


@pytest.mark.parametrize(
    ("preferences", "unsubscribed", "email"),
    [
        ({"channels": {"email": True}}, False, True),
        ({"channels": {"email": False}}, False, False),
        ({"channels": {"sms": True}}, False, None),
        ({"channels": {"slack": True, "line": False, "inbox": True}}, False, None),
        ({"channels": {"email": True}}, None, None),  # the global answer is missing
        ({"channels": {"email": False}}, None, False),
        ({"channels": {"email": True}, "topics": {"topic_1": False, "topic_2": True}}, False, True),
        ({"channels": {"email": True}, "topics": {"topic_1": False}}, False, None),  # every topic refused
        ({"topics": {"topic_1": True}}, False, None),
        ("", False, None),
        (None, True, False),
    ],
)
async def test_a_yes_needs_the_players_own_yes(preferences: object, unsubscribed: bool | None, email: Any) -> None:
    body = person(preferences)
    if unsubscribed is None:
        del body["customer"]["unsubscribed"]
    else:
        body["customer"]["unsubscribed"] = unsubscribed
    assert granted(await profile(replying(attributes=body)))[Channel.EMAIL] is email


async def test_the_customer_of_the_vendors_own_page() -> None:
    """journeys-app.json, getPersonAttributes, the example of the copy of 2026-08: topics, but no channel, chosen."""
    chosen = '{"topics":{"topic_7":false,"topic_8":false}}'
    computed = '{"topics":{"topic_6":false,"topic_7":false,"topic_8":false}}'
    body = {
        "customer": {
            "id": "acme:s-001",
            "attributes": {
                "_last_emailed": "1528932553", "created_at": "1489014595", "email": "test@example.com", "id": "1",
                "cio_id": "03000001", "cio_subscription_preferences": chosen,
                "_cio_subscription_preferences_computed": computed,
            },
            "timestamps": {"cio_id": 1489014595, "_cio_subscription_preferences_computed": 0},
            "unsubscribed": False,
            "devices": [{"id": "my_ios_device_id", "last_used": 1514764800, "platform": "ios"}],
        }
    }  # fmt: skip
    assert set(granted(await profile(replying(attributes=body))).values()) == {None}


# Who is held, and who is not.


async def test_a_player_customerio_has_never_seen_is_left_out() -> None:
    stranger, elsewhere = Key("player", "acme", "nobody"), Key("player", "corona", "s-001")
    assert set(await read(wire(), stranger, PLAYER, elsewhere)) == {PLAYER}


async def test_a_suppressed_person_is_deleted_there_and_so_left_out() -> None:
    assert await read(wire(world_with(suppressed=True))) == {}


@pytest.mark.parametrize("read_that_misses", ["segments", "messages"])
async def test_a_customer_half_found_cannot_be_read(read_that_misses: str) -> None:
    assert isinstance((await read(replying(**{read_that_misses: 404})))[PLAYER], VendorMalformedError)


async def test_not_found_everywhere_is_absent() -> None:
    assert await read(replying(attributes=404, segments=404, messages=404)) == {}


@pytest.mark.parametrize("operation", OPERATIONS)
async def test_one_failing_call_fails_its_player_and_no_other(operation: str) -> None:
    async with wire() as http:
        fault = {"operation": operation, "kind": "status", "value": 503, "key": "s-001"}
        await http.post(BASE + "/__faults", json=fault)
        answers = await adapter(http).profiles([PLAYER, OTHER])
    assert isinstance(answers[PLAYER], VendorDownError)
    assert isinstance(answers[OTHER], CrmProfile)


async def test_of_two_failures_the_one_told_does_not_depend_on_which_came_first() -> None:
    async with wire() as http:
        for operation, kind, value in (("getPersonAttributes", "hang", None), ("getPersonMessages", "status", 500)):
            await http.post(BASE + "/__faults", json={"operation": operation, "kind": kind, "value": value})
        answers = await adapter(http, timeout_seconds=0.2).profiles([PLAYER])
    assert isinstance(answers[PLAYER], VendorTimeoutError)


async def test_a_hang_is_a_timeout_for_that_player_alone() -> None:
    async with wire() as http:
        await http.post(BASE + "/__faults", json={"operation": "getPersonSegments", "kind": "hang", "key": "s-001"})
        answers = await adapter(http, timeout_seconds=0.2).profiles([PLAYER, OTHER])
    assert isinstance(answers[PLAYER], VendorTimeoutError)
    assert isinstance(answers[OTHER], CrmProfile)


@pytest.mark.parametrize(
    "replies",
    [
        {"attributes": None},
        {"attributes": {"customer": {"id": "acme:s-001"}}},
        {"attributes": person(unsubscribed="true")},
        {"attributes": person("topic_1")},
        {"attributes": person({"channels": {"email": "yes"}})},
        {"attributes": person({"channels": ["email"]})},
        {"attributes": person(id="acme:s-002")},
        {"segments": {}},
        {"segments": {"segments": [{"id": 1}]}},
        {"segments": {"segments": None}},
        {"messages": {"messages": [message(), {"id": "m2"}]}},
        {"messages": {"messages": [message(created="2026-11-01")]}},
        {"messages": {"messages": [message(created=10**18, metrics={})]}},
        {"messages": {"messages": [message(metrics={"sent": True})]}},
        {"messages": {"messages": [message(customer_id="acme:s-002")]}},
        {"messages": {"messages": [message(customer_identifiers={"id": "acme:s-002", "cio_id": "a3"})]}},
        {"messages": []},
    ],
)
async def test_what_cannot_be_read_or_is_somebody_elses_is_malformed(replies: Any) -> None:
    assert isinstance((await read(replying(**replies)))[PLAYER], VendorMalformedError)


async def test_what_is_malformed_is_told_without_its_content() -> None:
    error = (await read(replying(attributes=person('{"channels": {"email": "test@example.com"}}'))))[PLAYER]
    assert "test@example.com" not in str(error)


async def test_forty_reads_at_once_never_meet_the_products_limit() -> None:
    people = [Key("player", brand, local) for brand, local in list(WORLD.players)[:14]]

    async def refusals() -> list[VendorError]:
        async with wire(requests_per_second=10.0, monotonic=time.monotonic) as http:
            client = Client(System.CRM, BASE, http, sign(APP_KEY), limits=LIMITS)
            answers = await CustomerIo(client, now).profiles(people)
            calls = await stats(http)
        refused = [answer for answer in answers.values() if isinstance(answer, VendorError)]
        assert refused or sum(calls.values()) == 3 * len(people)
        assert bool(refused) == (client.health.now().last_error_code is not None)
        return refused

    assert await precise(refusals, lambda refused: not refused) == []
