"""One call on its way to a vendor, and what time and chance are to the parts that carry it."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from enum import Enum
from typing import TypeVar

import msgspec

from vendors.errors import VendorError
from vendors.resilience import deadline

T = TypeVar("T")
Inner = Callable[[], Awaitable[T]]  # what lies between a part and the wire
E = TypeVar("E", bound=VendorError)


class Effect(Enum):
    """What a call does at the vendor, as its adapter says at the call: it decides whether it may be made twice."""

    READ = "READ"
    IDEMPOTENT_WRITE = "IDEMPOTENT_WRITE"  # the product documents that the same call again changes nothing more
    WRITE = "WRITE"


class Clockwork(msgspec.Struct, frozen=True):
    """Time in seconds from any fixed moment, how to wait, and a number from 0 to 1. Tests bring their own."""

    now: Callable[[], float] = time.monotonic
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    chance: Callable[[], float] = random.random


class Call:
    """`ends` is the moment by which it must have an answer; `wire_seconds` how long its last attempt took.

    `ticket` is its breaker's. `share` is the object or account it draws on where the product counts for each of them.
    """

    __slots__ = ("effect", "ends", "method", "operation", "share", "ticket", "wire_seconds")

    def __init__(self, operation: str, method: str = "GET", effect: Effect = Effect.READ, share: str = "") -> None:
        self.operation, self.method, self.effect, self.share = operation, method, effect, share
        self.ends, self.wire_seconds, self.ticket = deadline.ends(), 0.0, 0


def not_asked(error: E) -> E:
    """The error, marked as the gateway's own refusal: the vendor was not called, so nothing happened there."""
    error.was_asked = error.write_may_have_happened = False
    return error
