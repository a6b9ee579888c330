"""The timeline: the same however its states were seen, with its gaps marked."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from cache.history import Observation, SeenBy, timeline
from vendors.ports.keys import Key

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
CASE = Key("kyc", "acme", "s-004")
WORDS = st.sampled_from(["PENDING", "APPROVED", "REJECTED"])


def state(minute: int, status: str, by: SeenBy = SeenBy.WEBHOOK, previous: str | None = None) -> Observation:
    at = NOW + timedelta(minutes=minute)
    return Observation(CASE, status, status.lower(), at, at, by, previous)


@given(st.dictionaries(st.integers(0, 20), WORDS, min_size=1, max_size=5), st.randoms(use_true_random=False))
def test_the_order_of_arrival_changes_nothing(words: dict[int, str], order: object) -> None:
    states = [state(minute, word) for minute, word in words.items()]
    shuffled = list(states)
    order.shuffle(shuffled)  # type: ignore[attr-defined]
    assert timeline(shuffled) == timeline(sorted(states, key=lambda one: one.at))


@given(st.dictionaries(st.integers(0, 20), WORDS, min_size=1, max_size=8))
def test_two_entries_beside_each_other_never_say_the_same(words: dict[int, str]) -> None:
    steps = timeline([state(minute, word) for minute, word in words.items()])
    assert all(one.status != other.status for one, other in itertools.pairwise(steps))
    assert all(other.previous == one.status for one, other in itertools.pairwise(steps))


def test_what_the_vendor_told_step_by_step_has_no_gap() -> None:
    steps = timeline(
        [state(0, "OPEN"), state(1, "PENDING", previous="OPEN"), state(2, "SOLVED", previous="PENDING")], NOW
    )
    assert [step.gap_before for step in steps] == [False, False, False]


def test_a_step_from_another_status_than_the_last_seen_has_a_gap_before_it() -> None:
    steps = timeline([state(0, "OPEN"), state(2, "SOLVED", previous="PENDING")])
    assert [step.gap_before for step in steps][1:] == [True]


def test_between_two_reads_anything_may_have_happened() -> None:
    steps = timeline([state(0, "PENDING", SeenBy.READ), state(9, "APPROVED", SeenBy.READ)])
    assert [step.gap_before for step in steps][1:] == [True]


def test_the_first_entry_has_a_gap_before_it_unless_it_is_as_old_as_the_subject() -> None:
    assert [step.gap_before for step in timeline([state(5, "OPEN")], NOW)] == [True]
    assert [step.gap_before for step in timeline([state(0, "OPEN")], NOW)] == [False]
    assert [step.gap_before for step in timeline([state(0, "OPEN")])] == [True]
