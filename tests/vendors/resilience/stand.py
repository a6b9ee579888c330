"""A clock that only the test moves, and a vendor that answers as the test says."""

from __future__ import annotations

import math
from collections.abc import Awaitable, Callable

from vendors.errors import VendorError
from vendors.ports.source import System
from vendors.resilience.call import Call, Clockwork, Effect


class Time:
    """Waiting takes no time: it moves the clock. `slept` is every pause that was taken."""

    def __init__(self) -> None:
        self.now, self.slept, self.chance = 1000.0, list[float](), 1.0
        self.clockwork = Clockwork(now=lambda: self.now, sleep=self.sleep, chance=lambda: self.chance)

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


class Vendor:
    """Answers with its outcomes in turn, the last one for ever: an error is raised, all else returned."""

    def __init__(self, *outcomes: VendorError | str) -> None:
        self._outcomes, self.calls = list(outcomes), 0

    async def __call__(self) -> str:
        self.calls += 1
        outcome = self._outcomes.pop(0) if len(self._outcomes) > 1 else self._outcomes[0]
        if isinstance(outcome, VendorError):
            raise outcome
        return outcome


def call(effect: Effect = Effect.READ, *, ends: float = math.inf, operation: str = "read", method: str = "GET") -> Call:
    """A call of an operation that must end at a moment of the test's clock."""
    made = Call(operation, method, effect)
    made.ends = ends
    return made


async def outcome(asked: Awaitable[str]) -> str | VendorError:
    """The answer, or the error."""
    try:
        return await asked
    except VendorError as error:
        return error


def of(kind: Callable[..., VendorError], **more: object) -> VendorError:
    """An error of the desk."""
    return kind(System.TICKETING, "read", **more)
