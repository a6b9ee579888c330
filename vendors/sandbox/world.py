"""One set of players in all systems: the ordinary ones here, the named ones in scenarios.py. Deterministic."""

from __future__ import annotations

import random
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from vendors.sandbox.facts import (
    BRANDS,
    GAMES,
    MARKETS,
    CommentFacts,
    GrantFacts,
    LimitFacts,
    NoteFacts,
    PaymentFacts,
    PlayerFacts,
    RoundFacts,
    TicketFacts,
    TouchFacts,
    visa,
)
from vendors.sandbox.scenarios import scenarios


class World(msgspec.Struct, frozen=True):
    """All players by (brand, id) and the instant their ages count back from.

    `overlays` is what scenario files lay over a player's facts: (brand, id) -> `system.product` -> reply objects.
    """

    now: datetime
    players: Mapping[tuple[str, str], PlayerFacts]
    overlays: Mapping[tuple[str, str], Mapping[str, Mapping[str, Any]]] = {}

    def laid(self, player: PlayerFacts, product: str) -> Mapping[str, Any]:
        """What a scenario file says of the player at a product; empty where it says nothing."""
        return self.overlays.get((player.brand, player.id), {}).get(product, {})


def build(now: datetime | None = None) -> World:
    """The canonical world: 300 ordinary players over brands and markets, and the named scenarios (brand acme)."""
    ordinary = [_ordinary(number) for number in range(1, 301)]
    everyone = {(p.brand, p.id): p for p in (*ordinary, *scenarios())}
    return World(now or datetime.now(UTC).replace(microsecond=0), everyone)


_FIRST = ("Ada", "Bo", "Cleo", "Dag", "Elin", "Finn", "Greta", "Hugo", "Iris", "Jonas")
_LAST = ("Ash", "Birch", "Cedar", "Elm", "Hazel", "Linden", "Maple", "Oak", "Rowan", "Willow")


def _ordinary(number: int) -> PlayerFacts:
    dice = random.Random(number)
    market = list(MARKETS)[number % len(MARKETS)]
    return PlayerFacts(
        f"p-{number:03d}", BRANDS[number % 3], market, dice.choice(_FIRST), dice.choice(_LAST),
        dice.randrange(1950, 2004), timedelta(days=dice.randrange(30, 2000)), dice.randrange(0, 50000),
        payments=_deposits(number, dice), rounds=_rounds(number, dice), tickets=_tickets(number, dice),
        touches=_touches(number, dice), instruments=(visa(f"i-{number:03d}", dice),), grants=_grants(number, dice),
        segments=tuple(name for name in _SEGMENTS if dice.random() < 0.4),
        marketing=dice.choice((True, True, False, None)),
        limits=(LimitFacts("deposit", "month", 100000),) * (number % 2),
        vip_level=str(dice.randrange(0, 4)), last_login_age=timedelta(hours=dice.randrange(1, 900)),
        notes=(NoteFacts("kim", "Called about a login code; solved.", timedelta(days=9)),) * (number % 3 == 0),
    )  # fmt: skip


_SEGMENTS = ("high value", "lapsed 30 days", "slots lovers", "new depositors")


def _deposits(number: int, dice: random.Random) -> tuple[PaymentFacts, ...]:
    return tuple(
        PaymentFacts(
            f"{number}{turn:02d}", "DEPOSIT", "VisaDeposit", dice.randrange(1000, 20000), "SUCCESSFUL", "SUCCESS",
            timedelta(days=30 * turn + 1), timedelta(days=30 * turn + 1), instrument=f"i-{number:03d}",
        )
        for turn in range(dice.randrange(1, 4))
    )  # fmt: skip


def _rounds(number: int, dice: random.Random) -> tuple[RoundFacts, ...]:
    return tuple(
        RoundFacts(f"b{number}{turn:02d}", dice.choice(list(GAMES)), dice.randrange(20, 2000), dice.randrange(0, 3000),
                   "settled", timedelta(hours=turn * 7 + 1), f"tx-{number}-{turn}")
        for turn in range(dice.randrange(0, 6))
    )  # fmt: skip


def _tickets(number: int, dice: random.Random) -> tuple[TicketFacts, ...]:
    asked = CommentFacts("When will my bonus arrive?", True, True, timedelta(days=3))
    answered = CommentFacts("It was credited this morning.", True, False, timedelta(days=2))
    note = CommentFacts("Credited by hand, campaign was late.", False, False, timedelta(days=2))
    ticket = TicketFacts(f"{5000 + number}", "Bonus not received", dice.choice(("open", "pending", "solved")), "normal",
                         timedelta(days=3), timedelta(days=2), ("bonus",), (asked, answered, note))  # fmt: skip
    return (ticket,) if number % 2 else ()


def _touches(number: int, dice: random.Random) -> tuple[TouchFacts, ...]:
    reached = ("sent", "delivered", "opened", "clicked")
    return tuple(
        TouchFacts(f"dgTouch{number}x{turn}", 7, dice.choice(("email", "sms", "push")), timedelta(days=turn * 5 + 1),
                   reached[: dice.randrange(1, 5)])
        for turn in range(dice.randrange(0, 4))
    )  # fmt: skip


def _grants(number: int, dice: random.Random) -> tuple[GrantFacts, ...]:
    done = GrantFacts(f"g-{number:03d}", "WELCOME25", "completed", 2500, 25000, 25000, timedelta(days=60))
    return (done,) if number % 4 else ()
