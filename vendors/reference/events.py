"""What an event of the reference contract says: one envelope for every system, and the words that may stand in it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import Enum

import msgspec

from vendors.bonus.reference import STATUSES as GRANT_WORDS
from vendors.ports.bonus import GrantStatus
from vendors.ports.cashier import TransactionStatus
from vendors.ports.kyc import KycStatus
from vendors.ports.pam import AccountStatus
from vendors.ports.source import System
from vendors.ports.ticketing import TicketStatus

CREATED, STATUS_CHANGED, CHANGED = "created", "status_changed", "changed"
KINDS: Mapping[str, str] = {
    CREATED: "it is new",
    STATUS_CHANGED: "it stands elsewhere now",
    CHANGED: "something else of it, or of what is his, is another now",
}
SUBJECTS: Mapping[System, Mapping[str, type[Enum] | None]] = {  # what an event may be about, and where that may stand
    System.PAM: {"player": AccountStatus},
    System.CASHIER: {"withdrawal": TransactionStatus, "deposit": TransactionStatus, "player": None},
    System.KYC: {"kyc": KycStatus, "player": None},
    System.BONUS: {"grant": GrantStatus, "player": None},
    System.AGGREGATOR: {"game": None},
    System.CRM: {"player": None},
    System.TICKETING: {"ticket": TicketStatus, "player": None},
}
PEOPLE = ("player", "kyc")  # subjects whose id is a player's
WORDS_PATTERN = r"^[A-Za-z0-9][A-Za-z0-9 ._:/-]{0,63}$"
_WORDS, _KIND = re.compile(WORDS_PATTERN[:-1] + r"\Z"), re.compile(r"^[a-z][a-z0-9_.]{0,63}\Z")


class Person(msgspec.Struct, frozen=True):
    """A player by his id at the operator."""

    brand: str = ""
    id: str = ""


class Subject(Person, frozen=True):
    """What an event is about; of a verification the id is its player's."""

    kind: str = ""


class Envelope(msgspec.Struct, frozen=True):
    """An event as it is sent. `words` are the system's own for the status, as its records have them."""

    id: str
    kind: str
    at: str
    subject: Subject = Subject()
    player: Person | None = None
    status: str | None = None
    previous: str | None = None
    words: str | None = None


def canonical(states: type[Enum], said: str) -> str:
    """A status of the graph; UNKNOWN for a word it does not know. A bonus engine has its contract's own words."""
    known = GRANT_WORDS if states is GrantStatus else {one.value: one for one in states}
    return str(known[said].value) if said in known else "UNKNOWN"


def plain(words: str | None) -> str | None:
    """None for what may be more than a few words, and so about a person."""
    return words if words and _WORDS.match(words) else None


def is_kind(word: str) -> bool:
    """Whether it has the form of an event's kind, known or not."""
    return bool(_KIND.match(word))
