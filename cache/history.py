"""Where things stood, and since when: states seen by webhook, read or poll, and the timeline they make.

What is kept are states, not steps: sorted by the vendor's instant they give the same timeline however late and in
whatever order they were seen, and the step between two of them is worked out when it is asked for.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import Enum
from functools import cmp_to_key

import msgspec

from vendors.ports.keys import Key
from vendors.ports.webhooks import VendorEvent

SETTLING = timedelta(seconds=10)  # longer than a vendor call takes: until then a read may have left before an event


class SeenBy(Enum):
    """How the gateway came to know a state: it was told, it read for somebody, or it asked of its own accord."""

    WEBHOOK = "WEBHOOK"
    READ = "READ"
    POLL = "POLL"


class Observation(msgspec.Struct, frozen=True):
    """A subject's status at the vendor's instant `at`; `previous` where the vendor told it. No personal data.

    `first_seen_at` is by the gateway's clock; of a POLL it is when it was asked, so that it holds for later.
    """

    subject: Key
    status: str
    vendor_status: str | None
    at: datetime
    first_seen_at: datetime
    seen_by: SeenBy
    previous: str | None = None


class Step(msgspec.Struct, frozen=True):
    """One entry of a timeline. `gap_before`: between it and the entry before other states may lie unseen."""

    status: str
    previous: str | None
    vendor_status: str | None
    at: datetime
    first_seen_at: datetime
    seen_by: SeenBy
    gap_before: bool


def observed(event: VendorEvent, now: datetime) -> list[Observation]:
    """The states an event tells; none where it does not say where its subjects stand or since when."""
    status, at = event.status, event.at
    if status is None or at is None:
        return []
    return [
        Observation(subject, status, event.vendor_status, at, now, SeenBy.WEBHOOK, event.previous)
        for subject in event.subjects
    ]


def order(one: Observation, other: Observation) -> int:
    """Below zero if `one` came first, above if `other` did, zero if nobody can tell.

    The vendor's instant decides; within one, whichever names the other's status as the one before it is the later.
    """
    if one.at != other.at:
        return -1 if one.at < other.at else 1
    after, before = one.previous == other.status, other.previous == one.status
    return after - before


def read_as_news(read: Observation, latest: Observation | None) -> Observation | None:
    """A read or poll that shows another status than the latest known, or None.

    Its date may be older than the latest state's without it being older news (an applicant sent back to the start
    keeps his first date): then it holds from when it was seen. What may have left before that state was known is let
    go, the next read tells: of a poll it is certain, of a read it is so close behind. Dates of one second are no older:
    of two reads the later is news.
    """
    if latest is None:
        return read
    if read.status == latest.status:
        return None
    if read.at > latest.at or (read.at == latest.at and {latest.seen_by, read.seen_by} == {SeenBy.READ}):
        return read
    settling = timedelta() if read.seen_by is SeenBy.POLL else SETTLING
    if read.first_seen_at - latest.first_seen_at < settling:
        return None
    return msgspec.structs.replace(read, at=max(read.first_seen_at, latest.at))


def with_current(states: Sequence[Observation], current: Observation) -> Sequence[Observation]:
    """The states and what a record in hand shows, which may not be written yet."""
    ordered = sorted(states, key=cmp_to_key(order))
    news = read_as_news(current, ordered[-1] if ordered else None)
    return [*states, news] if news else states


def timeline(states: Sequence[Observation], created_at: datetime | None = None) -> list[Step]:
    """Steps, oldest first, of one subject. The first has no gap before it if it is as old as the subject."""
    steps: list[Step] = []
    for state in sorted(states, key=cmp_to_key(order)):
        last = steps[-1] if steps else None
        if last is not None and last.status == state.status:
            continue
        steps.append(
            Step(
                state.status, last.status if last else state.previous, state.vendor_status, state.at,
                state.first_seen_at, state.seen_by, _gap(state, last, created_at),
            )
        )  # fmt: skip
    return steps


def _gap(state: Observation, last: Step | None, created_at: datetime | None) -> bool:
    if last is None:
        return created_at is None or state.at > created_at
    if state.previous is not None:
        return state.previous != last.status
    return state.seen_by is not SeenBy.WEBHOOK
