"""Seven systems without a socket: every read answers records made up from its own return type.

What a key answers, or how it fails, is a function of (seed, system, operation, key) alone, so two executors that ask in
different orders are told the same.
"""

import asyncio
import inspect
import random
import types
import typing
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from enum import Enum
from typing import Any

import msgspec

from cache.reads import Ports
from vendors import errors
from vendors.ports.aggregator import AggregatorPort
from vendors.ports.bonus import BonusPort
from vendors.ports.cashier import CashierPort, Deposit, Transaction, Withdrawal
from vendors.ports.crm import CrmPort
from vendors.ports.keys import Key
from vendors.ports.kyc import KycPort
from vendors.ports.pam import PamPort
from vendors.ports.source import System
from vendors.ports.ticketing import TicketingPort

PORTS: dict[str, tuple[System, Any]] = {
    "pam": (System.PAM, PamPort), "cashier": (System.CASHIER, CashierPort), "kyc": (System.KYC, KycPort),
    "bonus": (System.BONUS, BonusPort), "aggregator": (System.AGGREGATOR, AggregatorPort),
    "crm": (System.CRM, CrmPort), "ticketing": (System.TICKETING, TicketingPort),
}  # fmt: skip
FAILURES = [
    errors.VendorDownError, errors.VendorTimeoutError, errors.VendorBusyError, errors.VendorMalformedError,
    errors.VendorRejectedError,
]  # fmt: skip
NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)
WORDS = [
    "Sam",
    'Åsa "Q" \\ Öberg',
    "ada.ash@mail.example",
    "+44 7700 900123",
    "",
    "x" * 40,
    "\u2028 \t \U0001f3b0",
    "OK",
]
MARKETS = ["UKGC-GB", "MGA-MT", "SGA-SE"]


class Invention:
    """What the systems do at the moment. `unsound`: how often a field of a record holds what its type forbids."""

    def __init__(self, seed: int = 0, *, failing: float = 0.0, missing: float = 0.0, unsound: float = 0.0) -> None:
        self.seed, self.failing, self.missing, self.unsound = seed, failing, missing, unsound
        self.items, self.latency_turns = (0, 4), 0
        self.pages: int | None = None  # items of a page, if it asks for so many
        self.memory: dict[object, Any] | None = None  # answers made before, where making them must cost nothing

    def ports(self) -> Ports:
        ports: Any = {name: _System(self, system, port) for name, (system, port) in PORTS.items()}
        return Ports(**ports)


class _System:
    def __init__(self, invention: Invention, system: System, port: Any) -> None:
        self._invention, self._system = invention, system
        self._answers = {}
        for name, method in inspect.getmembers(port, inspect.isfunction):
            returned = typing.get_type_hints(method).get("return")
            if typing.get_origin(returned) is not None:
                self._answers[name] = typing.get_args(typing.get_args(returned)[1])[0]

    def __getattr__(self, operation: str) -> Any:
        async def read(keys: Sequence[Any]) -> dict[Any, Any]:
            turns = random.Random(f"{self._invention.seed}{operation}").randint(0, self._invention.latency_turns)
            for _ in range(turns):
                await asyncio.sleep(0)
            found = {key: self._answer(operation, key) for key in keys}
            return {key: answer for key, answer in found.items() if answer is not None}

        if operation.startswith("_") or operation not in self._answers:
            raise AttributeError(operation)
        return read

    def _answer(self, operation: str, key: Any) -> Any:
        memory = self._invention.memory
        if memory is None:
            return self._made(operation, key)
        known = (self._system, operation, key)
        if known not in memory:
            memory[known] = self._made(operation, key)
        return memory[known]

    def _made(self, operation: str, key: Any) -> Any:
        one = self._invention
        dice = random.Random(f"{one.seed}|{self._system.value}|{operation}|{key!r}")
        if dice.random() < one.failing:
            kind = random.Random(f"{one.seed}{self._system.value}").choice(FAILURES)  # `sources` tells a system's last
            return kind(self._system, operation)
        if dice.random() < one.missing:
            return None
        return _Maker(dice, key, one).made(self._answers[operation], "")


class _Maker:
    """Makes one answer for one key."""

    def __init__(self, dice: random.Random, key: Any, invention: Invention) -> None:
        self._dice, self._key, self._invention = dice, key, invention
        self._owner = key if isinstance(key, Key) else getattr(key, "owner", None) or getattr(key, "player", None)
        self._brand = self._owner.brand if self._owner else getattr(key, "brand", "acme")

    def made(self, hint: Any, name: str) -> Any:
        origin, arguments = typing.get_origin(hint), typing.get_args(hint)
        if origin in (typing.Union, types.UnionType):
            inner = next(a for a in arguments if a is not type(None))
            return None if type(None) in arguments and self._dice.random() < 0.25 else self.made(inner, name)
        if isinstance(origin, type) and issubclass(origin, msgspec.Struct):
            return self._record(origin, {f.name: f.type for f in msgspec.structs.fields(hint)}, name)
        if origin is not None:
            few, many = self._invention.items
            if name == "items" and self._invention.pages:
                few = many = min(self._invention.pages, self._key.first)
            return [self.made(arguments[0], name) for _ in range(self._dice.randint(few, many))]
        if hint is Transaction:
            kind = getattr(self._owner, "kind", None)
            hint = Withdrawal if kind == "withdrawal" else Deposit if kind == "deposit" else None
            hint = hint or self._dice.choice([Withdrawal, Deposit])
        if isinstance(hint, type) and issubclass(hint, Enum):
            return self._dice.choice(list(hint))
        if hint is Key:
            return self._own_key(name)
        if isinstance(hint, type) and issubclass(hint, msgspec.Struct):
            return self._record(hint, typing.get_type_hints(hint), hint.__name__.lower())
        return self._plain(hint, name)

    def _record(self, record: Any, hints: dict[str, Any], kind: str) -> Any:
        values = {
            f.name: self.made(hints[f.name], kind if f.name == "id" else f.name) for f in msgspec.structs.fields(record)
        }
        if "items" in values and "positions" in values:
            values["positions"] = [self._position(hints["positions"]) for _ in values["items"]]
        if record.__name__ in ("Money",):
            values |= {"currency": "EUR", "exponent": 2}
        for field in values:
            if (
                field not in ("id", "player", "market", "items", "positions", "keys")
                and self._dice.random() < self._invention.unsound
            ):
                values[field] = self._dice.choice([None, 17, "text", 1.5, NOW])
        return record(**values)

    def _position(self, hint: Any) -> Any:
        return self._record(typing.get_args(hint)[0], typing.get_type_hints(typing.get_args(hint)[0]), "")

    def _own_key(self, name: str) -> Key:
        if isinstance(self._key, Key) and self._key.kind in (name, "deposit", "withdrawal") and name != "player":
            return self._key
        if name == "player" and self._owner and self._owner.kind == "player":
            return self._owner
        kinds = {"paymentinstrument": "instrument", "bonusgrant": "grant", "gameround": "round", "keys": "player"}
        return Key(kinds.get(name, name), self._brand, f"p-{self._dice.randint(1, 6):03d}")

    def _plain(self, hint: Any, name: str) -> Any:
        dice = self._dice
        if name == "market":
            return dice.choice(MARKETS)
        if hint is bool:
            return dice.random() < 0.5
        if hint is int:
            return dice.randint(0, 100_000)
        if hint is date:
            return date(1985, 4, dice.randint(1, 28))
        if hint is datetime:
            return NOW - timedelta(seconds=dice.randint(0, 10**6), microseconds=dice.choice([0, 0, 123]))
        return dice.choice(WORDS)
