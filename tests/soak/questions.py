"""What is asked, of whom, and whether an answer is the answer to it.

Nothing in the sandbox changes by itself, so whatever a player's answer shows must be what the census showed of him:
another player's data, a torn list or a silent null cannot pass. A branch may be null where an error says so.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec

from vendors.ports.source import System

TROUBLED = (System.CASHIER, System.KYC, System.TICKETING)
Path = tuple[str | int, ...]


class Question(msgspec.Struct, frozen=True):
    """A query by what it asks of a player, how often it is asked among all, and which systems it needs."""

    name: str
    weight: int
    fields: str
    systems: frozenset[System]

    @property
    def is_healthy(self) -> bool:
        """Whether no vendor that misbehaves has a part in it."""
        return self.systems.isdisjoint(TROUBLED)

    @property
    def document(self) -> str:
        """Named, so that every document is planned once."""
        return f"query {self.name}($player: ID!) {{ player(id: $player) {{ id firstName lastName {self.fields} }} }}"


def _question(name: str, weight: int, fields: str, *systems: System) -> Question:
    return Question(name, weight, fields, frozenset(systems))


QUESTIONS = (
    _question("profile", 30, "market vipLevel account { status } balances { cash { amount currency } }", System.PAM),
    _question(
        "play", 20,
        "gameRounds(first: 5) { edges { node { id gameName status game { provider } } } }"
        " bonusGrants { campaignCode status source { vendorId } }",
        System.PAM, System.AGGREGATOR, System.BONUS,
    ),
    _question("marketing", 10, "crm { segments { name } consents { channel granted } }", System.PAM, System.CRM),
    _question(
        "money", 18,
        "openWithdrawals { id status amount { amount } } paymentInstruments { kind masked }"
        " transactions(first: 5) { edges { node { ... on Deposit { id } ... on Withdrawal { id } } } }",
        System.PAM, System.CASHIER,
    ),
    _question("identity", 10, "kyc { status vendorStatus level source { vendorId } }", System.PAM, System.KYC),
    _question(
        "desk", 10, "tickets(first: 5) { edges { node { id subject status comments { body byPlayer } } } }",
        System.PAM, System.TICKETING,
    ),
)  # fmt: skip
EVERYTHING = Question(
    "everything", 2, " ".join(one.fields for one in QUESTIONS), frozenset().union(*(one.systems for one in QUESTIONS))
)
MIX = (*QUESTIONS, EVERYTHING)


class Judge:
    """`census` is what a player's answer to EVERYTHING was, by his id, when no vendor misbehaved."""

    def __init__(self, census: Mapping[str, Mapping[str, Any]]) -> None:
        self._census = census

    def wrongs(self, question: Question, player: str, status: int, content: bytes) -> Iterator[str]:
        """What is wrong with an answer, a sentence each."""
        try:
            body = msgspec.json.decode(content)
        except msgspec.DecodeError:
            yield f"{question.name}: no JSON, status {status}"
            return
        if status != 200 or not isinstance(body, dict) or not body.keys() <= {"data", "errors"} or "data" not in body:
            yield f"{question.name}: status {status}, {content[:200]!r}"
            return
        errors = body.get("errors", [])
        yield from _misplaced(question, errors)
        told = (body["data"] or {}).get("player")
        if told is None:
            yield f"{question.name}: no player, {errors}"
            return
        excused = {tuple(error["path"]) for error in errors}
        expected = self._census[player]
        for name, value in told.items():
            yield from _differences(expected[name], value, ("player", name), excused)


def _misplaced(question: Question, errors: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """Errors that say too little, or blame a system that is well."""
    blamed = {system.value for system in question.systems & set(TROUBLED)}
    for error in errors:
        said = error.get("extensions", {})
        if not error.get("message") or not error.get("path") or not str(said.get("code")).startswith("VENDOR_"):
            yield f"{question.name}: {error}"
        elif said.get("system") not in blamed:
            yield f"{question.name}: blames {said.get('system')}, {error}"


def _differences(expected: Any, told: Any, path: Path, excused: set[Path]) -> Iterator[str]:
    if isinstance(expected, dict) and isinstance(told, dict):
        for name, value in expected.items():
            yield from _differences(value, told.get(name, ...), (*path, name), excused)
    elif isinstance(expected, list) and isinstance(told, list) and len(expected) == len(told):
        for place, (one, other) in enumerate(zip(expected, told, strict=True)):
            yield from _differences(one, other, (*path, place), excused)
    elif expected != told and not (told is None and path in excused):
        yield f"{'.'.join(map(str, path))}: {told!r} instead of {expected!r}"
