"""When an operation must have its answer: a moment that travels with its tasks, down to every vendor call."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_ends: ContextVar[float] = ContextVar("deadline", default=math.inf)


@contextmanager
def within(seconds: float, now: Callable[[], float] = time.monotonic) -> Iterator[None]:
    """Whatever the block starts must end within `seconds`. An inner deadline can only be the earlier one."""
    before = _ends.set(min(_ends.get(), now() + seconds))
    try:
        yield
    finally:
        _ends.reset(before)


@contextmanager
def afresh(seconds: float, now: Callable[[], float] = time.monotonic) -> Iterator[None]:
    """Like `within`, whatever deadline runs already: for work that belongs to more than the one who starts it."""
    before = _ends.set(now() + seconds)
    try:
        yield
    finally:
        _ends.reset(before)


def ends() -> float:
    """The moment, on the clock of `time.monotonic`; infinity where nobody set one."""
    return _ends.get()
