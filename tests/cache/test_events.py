"""Events: on disk before they are thanked for, taken once, put in the vendor's order."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from auth import database
from auth.database import Place
from cache.event_tables import EventsUnavailable
from cache.events import EventStore, open_events
from cache.history import Observation, SeenBy, timeline
from tests.servers import said
from vendors.ports.keys import Key
from vendors.ports.source import System
from vendors.ports.webhooks import VendorEvent

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
CASE = Key("kyc", "acme", "s-004")


def event(minute: float, status: str | None, name: str | None = None, subject: Key = CASE) -> VendorEvent:
    at = NOW + timedelta(minutes=minute)
    return VendorEvent(
        System.KYC, "sumsub", name or f"e-{subject.local}-{minute}", "applicantReviewed", True, (subject,), None, at,
        status, status,
    )  # fmt: skip


def seen(minute: float, status: str, by: SeenBy = SeenBy.READ, later: timedelta = timedelta()) -> Observation:
    at = NOW + timedelta(minutes=minute)
    return Observation(CASE, status, status, at, at + later, by)


@pytest.fixture
async def store(place: Place) -> AsyncIterator[EventStore]:
    async with open_events(place) as one:
        yield one


async def statuses(store: EventStore) -> Sequence[str]:
    await store.take([], NOW)
    return [step.status for step in timeline((await store.states([CASE])).get(CASE, ()))]


async def written(store: EventStore, *states: Observation) -> None:
    """What is offered is written in order, so a later event stands behind it."""
    for state in states:
        assert store.observe(state)
    await store.take([event(0, None, f"marker-{random.random()}", Key("kyc", "acme", "marker"))], NOW)


async def test_an_event_is_on_disk_when_it_is_taken(store: EventStore, place: Place) -> None:
    await store.take([event(0, "APPROVED")], NOW)
    assert await said(place, "SELECT event_id, kind FROM events") == [("e-s-004-0", "applicantReviewed")]
    assert await said(place, "SELECT subject, status FROM states") == [("kyc:acme:s-004", "APPROVED")]


async def test_a_repeat_is_taken_once_also_after_a_restart_and_within_one_group(place: Place) -> None:
    async with open_events(place) as store:
        both = await asyncio.gather(store.take([event(0, "APPROVED")], NOW), store.take([event(0, "APPROVED")], NOW))
    async with open_events(place) as store:
        again = await store.take([event(0, "APPROVED")], NOW)
        assert len(await store.pending(10)) == 1
    assert [one.replayed for taken in (*both, again) for one in taken] == [False, True, True]


async def test_what_a_product_gives_no_id_is_never_a_repeat(store: EventStore) -> None:
    nameless = VendorEvent(System.CASHIER, "paymentiq", None, "Notification")
    taken = await store.take([nameless, nameless], NOW)
    assert [one.replayed for one in taken] == [False, False]


async def test_green_that_arrives_after_a_later_red_is_late_and_changes_nothing(store: EventStore) -> None:
    (red,) = await store.take([event(5, "REJECTED")], NOW)
    (green,) = await store.take([event(1, "APPROVED")], NOW)
    assert (red.late, green.late) == (False, True)
    assert await statuses(store) == ["APPROVED", "REJECTED"]


async def test_two_states_of_one_instant_stand_in_the_order_the_vendor_chained_them(store: EventStore) -> None:
    one, other = event(0, "OPEN", "a"), event(0, "SOLVED", "b")
    chained = VendorEvent(**{name: getattr(other, name) for name in other.__struct_fields__} | {"previous": "OPEN"})
    for told in (chained, one):
        await store.take([told], NOW)
    assert await statuses(store) == ["OPEN", "SOLVED"]


async def test_where_nobody_can_tell_the_order_the_vendor_has_to_be_asked(store: EventStore) -> None:
    (first,) = await store.take([event(0, "OPEN", "a")], NOW)
    (second,) = await store.take([event(0, "SOLVED", "b")], NOW)
    assert (first.ask, second.ask) == (False, True)


async def test_a_read_is_written_only_when_it_shows_another_status(store: EventStore) -> None:
    await written(store, seen(0, "PENDING"), seen(1, "PENDING"), seen(2, "APPROVED"), seen(3, "APPROVED"))
    assert [state.status for state in (await store.states([CASE]))[CASE]] == ["PENDING", "APPROVED"]


async def test_a_read_that_left_before_an_event_does_not_undo_it(store: EventStore) -> None:
    await store.take([event(5, "APPROVED")], NOW + timedelta(minutes=5))
    await written(store, seen(1, "PENDING", later=timedelta(minutes=4, seconds=1)))
    assert await statuses(store) == ["APPROVED"]


async def test_a_read_with_an_old_date_long_after_an_event_holds_from_when_it_was_seen(store: EventStore) -> None:
    await store.take([event(5, "APPROVED")], NOW + timedelta(minutes=5))
    await written(store, seen(1, "DOCUMENTS_REQUESTED", later=timedelta(minutes=9)))
    states = (await store.states([CASE]))[CASE]
    assert [(s.status, s.at) for s in states][-1] == ("DOCUMENTS_REQUESTED", NOW + timedelta(minutes=10))


async def test_what_was_not_handled_is_pending_after_a_restart(place: Place) -> None:
    async with open_events(place) as store:
        first, _ = await store.take([event(0, "PENDING"), event(1, "APPROVED")], NOW)
        await store.handled([first.sequence])
    async with open_events(place) as store:
        assert [one.event.status for one in await store.pending(10)] == ["APPROVED"]


async def test_a_storm_twice_and_shuffled_ends_where_the_vendor_does(store: EventStore) -> None:
    words = ["DOCUMENTS_REQUESTED", "IN_PROGRESS", "AWAITING_OPERATOR", "APPROVED", "REJECTED"]
    cases = [Key("kyc", "acme", f"s-{number}") for number in range(100)]
    sent = [event(minute, word, subject=case) for case in cases for minute, word in enumerate(words)] * 2
    random.Random(7).shuffle(sent)
    taken = await asyncio.gather(*(store.take([one], NOW) for one in sent))
    assert sum(one.replayed for group in taken for one in group) == len(sent) // 2
    kept = await store.states(cases)
    assert all([step.status for step in timeline(kept[case])] == words for case in cases)
    assert len(await store.pending(10_000)) == len(sent) // 2


async def test_a_full_disk_thanks_for_nothing(store: EventStore, place: Place) -> None:
    await said(place, "DROP TABLE events")
    with pytest.raises(EventsUnavailable):
        await store.take([event(0, "APPROVED")], NOW)


async def test_a_closed_store_thanks_for_nothing(place: Place) -> None:
    async with open_events(place) as store:
        pass
    with pytest.raises(EventsUnavailable):
        await store.take([event(0, "APPROVED")], NOW)


async def test_settings_that_would_not_survive_a_power_cut_stop_the_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(database.PRAGMAS, "synchronous", ("OFF", 2))
    with pytest.raises(EventsUnavailable, match="synchronous"):
        async with open_events(tmp_path / "events.db"):
            pass


async def test_what_was_asked_after_two_events_of_one_instant_settles_them(store: EventStore) -> None:
    await store.take([event(0, "OPEN", "a")], NOW)
    await store.take([event(0, "SOLVED", "b")], NOW)
    await written(store, seen(0, "OPEN", SeenBy.POLL, timedelta(seconds=1)))
    assert (await statuses(store))[-1] == "OPEN"


async def test_what_was_asked_before_an_event_came_does_not_undo_it(store: EventStore) -> None:
    await store.take([event(5, "APPROVED")], NOW + timedelta(minutes=5))
    await written(store, seen(1, "PENDING", SeenBy.POLL, timedelta(minutes=3)))
    assert await statuses(store) == ["APPROVED"]


async def test_that_the_vendor_has_to_be_asked_survives_a_restart(place: Place) -> None:
    async with open_events(place) as store:
        await store.take([event(0, "OPEN", "a")], NOW)
        await store.take([event(0, "SOLVED", "b")], NOW)
    async with open_events(place) as store:
        assert [one.ask for one in await store.pending(10)] == [False, True]


async def test_of_two_reads_of_one_second_the_later_is_news(store: EventStore) -> None:
    await written(store, seen(0, "ON_HOLD"), seen(0, "CANCELLED"), seen(0, "ON_HOLD"))
    assert await statuses(store) == ["ON_HOLD", "CANCELLED", "ON_HOLD"]
