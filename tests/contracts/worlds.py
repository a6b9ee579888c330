"""Populations that put one thing to the test: many of something, every word, every currency, every script."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from vendors.ports.keys import Key
from vendors.sandbox.facts import (
    MARKETS,
    CommentFacts,
    FreeBetFacts,
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
from vendors.sandbox.world import World

BRAND, MARKET = "acme", "UKGC-GB"
RICH = Key("player", BRAND, "c-rich")
OTHER = Key("player", BRAND, "c-other")


class Abroad(PlayerFacts, frozen=True):
    """A player whose wallet is in a currency that none of the sandbox's markets has."""

    wallet: str = "EUR"

    @property
    def currency(self) -> str:
        return self.wallet


def player(local: str, **facts: Any) -> Abroad:
    """Somebody with nothing but what is said."""
    told: dict[str, Any] = {"first_name": "Cody", "last_name": "Contract", "wallet": MARKETS[MARKET][1]} | facts
    return Abroad(local, BRAND, MARKET, birth_year=1980, registered_age=timedelta(days=900),
                  **({"cash_minor": 0} | told))  # fmt: skip


def of(players: Sequence[PlayerFacts]) -> World:
    """A world of these players alone. What is put into `players` later is there after a reset."""
    return World(datetime.now(UTC).replace(microsecond=0), {(one.brand, one.id): one for one in players})


def key(facts: PlayerFacts) -> Key:
    return Key("player", facts.brand, facts.id)


def ticket(number: int, age: timedelta, **said: Any) -> TicketFacts:
    words: dict[str, Any] = {"subject": f"Question {number}", "status": "open", "priority": "normal"} | said
    comments = words.pop("comments", (CommentFacts("Hello?", True, True, age),))
    return TicketFacts(f"{number}", age=age, updated_age=age, comments=comments, **words)


def payment(number: int, age: timedelta, state: str = "SUCCESSFUL", code: str = "SUCCESS", **said: Any) -> PaymentFacts:
    kind = said.pop("kind", "DEPOSIT")
    method = "VisaDeposit" if kind == "DEPOSIT" else "VisaWithdrawal"
    return PaymentFacts(f"{number}", kind, method, said.pop("amount_minor", 1000), state, code, age, age, **said)


def bet(number: int, age: timedelta, status: str = "settled", stake: int = 100, win: int = 0) -> RoundFacts:
    return RoundFacts(f"b{number}", "nor-auroraspins", stake, win, status, age, f"tx-{number}")


def comment(number: int, age: timedelta) -> CommentFacts:
    return CommentFacts(f"Message {number}", True, bool(number % 2), age)


def grant(local: str, status: str = "completed", amount: int = 1000) -> GrantFacts:
    return GrantFacts(f"g-{local}", "WELCOME25", status, amount, amount, amount, timedelta(days=3))


def free_bet(number: int, status: str = "FRS_ACTIVE", bet_minor: int = 10) -> FreeBetFacts:
    uuid = f"6f1d3c52-8a1e-4b07-9d1f-{number:012d}"
    return FreeBetFacts(uuid, "nor-auroraspins", 1, 0, bet_minor, status, timedelta(days=1), timedelta(days=6))


def ages(count: int) -> Sequence[timedelta]:
    """From old to new; three share each instant, as a machine's records do. A longer list only has newer ones."""
    return [timedelta(minutes=20_000 - number // 3) for number in range(count)]


def crowd(count: int, brands: Sequence[str]) -> World:
    """Many, each with a little of everything."""
    everyone = [
        msgspec.structs.replace(
            player(f"c-{n:03d}", cash_minor=n, tickets=(ticket(6000 + n, timedelta(days=1)),),
                   payments=(payment(7000 + n, timedelta(days=1), "WAITING_APPROVAL",
                                     "WAITING_WITHDRAWAL_APPROVAL", kind="WITHDRAWAL"),),
                   grants=(grant(f"{n}"),), free_bets=(free_bet(n),), rounds=(bet(n, timedelta(days=1)),)),
            brand=brands[n % len(brands)],
        )
        for n in range(count)
    ]  # fmt: skip
    return of(everyone)


def every_script(text: str) -> PlayerFacts:
    """Somebody all of whose texts are this one."""
    said = CommentFacts(text, True, True, timedelta(days=1))
    return player(
        "c-script", first_name=text, last_name=text,
        tickets=(ticket(6001, timedelta(days=1), subject=text, comments=(said,)),),
        notes=(NoteFacts(text, text, timedelta(days=1)),), segments=(text,), grants=(grant("1"),),
        instruments=(visa("i-1", random.Random(1)),), free_bets=(free_bet(1),), rounds=(bet(1, timedelta(days=1)),),
        payments=(payment(7001, timedelta(days=1)),),
    )  # fmt: skip


def in_currency(number: int, currency: str, minor: int) -> PlayerFacts:
    """Somebody all of whose amounts are this one, or nothing."""
    local, age = f"c-{currency}", timedelta(hours=2)
    number += 7000
    waiting = payment(number, age, "WAITING_APPROVAL", "WAITING_WITHDRAWAL_APPROVAL", kind="WITHDRAWAL",
                      amount_minor=abs(minor))  # fmt: skip
    return player(
        local, wallet=currency, cash_minor=minor, withdrawable_minor=minor, payments=(waiting,),
        grants=(grant(local, amount=abs(minor)),), free_bets=(free_bet(number, bet_minor=abs(minor)),),
        rounds=(bet(number, age, stake=abs(minor), win=abs(minor)),),
        limits=(LimitFacts("deposit", "month", abs(minor)),) if minor else (),
    )  # fmt: skip


def touch(number: int, channel: str, events: tuple[str, ...]) -> TouchFacts:
    return TouchFacts(f"dgTouch{number}", 7, channel, timedelta(days=1), events)


Words = Mapping[str, Mapping[str, Any]]  # how it is called -> the facts that say it
