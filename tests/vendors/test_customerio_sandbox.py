"""What reading Customer.io costs, and what its simulator refuses as the product would."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import httpx
import pytest

from tests.vendors.test_customerio import (
    APP_KEY,
    BASE,
    NOW,
    OPERATIONS,
    PATH,
    PLAYER,
    Watch,
    adapter,
    stats,
    wire,
    world_with,
)
from tests.vendors.test_customerio_messages import many
from vendors.errors import VendorAuthError, VendorBusyError
from vendors.ports.crm import CrmProfile
from vendors.ports.keys import Key
from vendors.sandbox.facts import TouchFacts


async def test_a_player_asked_twice_costs_three_calls_at_once() -> None:
    async with wire() as http:
        for operation in OPERATIONS:
            await http.post(BASE + "/__faults", json={"operation": operation, "kind": "latency", "value": 0.2})
        began = asyncio.get_running_loop().time()
        await adapter(http).profiles([PLAYER, PLAYER])
        assert asyncio.get_running_loop().time() - began < 0.5
        assert await stats(http) == dict.fromkeys(OPERATIONS, 1)


async def test_a_wrong_key_is_our_credential_problem_and_has_the_documented_body() -> None:
    async with wire() as http:
        answers = await adapter(http, key="another").profiles([PLAYER])
        reply = await http.get(PATH + "attributes")
    assert isinstance(answers[PLAYER], VendorAuthError)
    assert (reply.status_code, reply.json()) == (401, {"errors": [{"detail": "unauthorized", "status": "401"}]})


async def test_the_eleventh_request_of_a_second_is_refused_without_a_hint() -> None:
    watch, players = Watch(), [Key("player", "acme", f"s-{number:03d}") for number in range(1, 5)]
    async with wire(requests_per_second=10, monotonic=watch) as http:
        answers = await adapter(http).profiles(players)  # twelve calls
        assert sum(isinstance(answer, CrmProfile) for answer in answers.values()) in (2, 3)
        refused = next(answer for answer in answers.values() if isinstance(answer, VendorBusyError))
        assert refused.retry_after_seconds is None
        assert await stats(http) == dict.fromkeys(OPERATIONS, 4)  # nothing was asked again
        watch.seconds += 0.3  # three tokens
        assert isinstance((await adapter(http).profiles([PLAYER]))[PLAYER], CrmProfile)
        assert isinstance((await adapter(http).profiles([PLAYER]))[PLAYER], VendorBusyError)
        await http.post(BASE + "/__reset")
        assert isinstance((await adapter(http).profiles([PLAYER]))[PLAYER], CrmProfile)


async def test_the_429_carries_no_header_about_the_limit() -> None:
    async with wire(requests_per_second=1) as http:
        replies = [await http.get(PATH + "segments", headers={"Authorization": f"Bearer {APP_KEY}"}) for _ in range(2)]
    assert [reply.status_code for reply in replies] == [200, 429]
    assert not [name for name in replies[1].headers if "retry" in name or "limit" in name]


async def listed(http: httpx.AsyncClient, **query: Any) -> httpx.Response:
    return await http.get(PATH + "messages", params=query, headers={"Authorization": f"Bearer {APP_KEY}"})


async def test_a_walk_by_cursor_meets_every_message_once() -> None:
    async with wire(many(25)) as http:
        start, seen = "", []
        while True:
            page = (await listed(http, limit=10, start=start)).json()
            seen += [item["id"] for item in page["messages"]]
            start = page["next"]
            if not start:
                break
    assert seen == [f"m{60 * number}" for number in range(1, 26)]


async def test_a_page_holds_fifty_unless_told_otherwise() -> None:
    async with wire(many(51)) as http:
        assert len((await listed(http)).json()["messages"]) == 50


async def test_no_range_reaches_further_than_six_months_back_from_its_end() -> None:
    ages = [timedelta(days=day) for day in (1, 182, 184, 300)]
    touches = tuple(TouchFacts(f"d{age.days}", 7, "email", age, ("sent",)) for age in ages)
    end = int((NOW - timedelta(days=150)).timestamp())

    async with wire(world_with(touches=touches)) as http:
        found = [
            [item["id"] for item in (await listed(http, **query)).json()["messages"]]
            for query in ({}, {"start_ts": 0}, {"end_ts": end})
        ]
    assert found == [["d1", "d182"], ["d1", "d182"], ["d182", "d184", "d300"]]


@pytest.mark.parametrize(
    "query", [{"limit": 0}, {"limit": 1001}, {"limit": "many"}, {"start": "!"}, {"start": "e30="}, {"id_type": "email"}]
)
async def test_a_request_that_makes_no_sense_is_refused(query: Any) -> None:
    async with wire() as http:
        reply = await listed(http, **query)
    assert (reply.status_code, reply.json()["errors"][0]["status"]) == (400, "400")
