"""Whoever verifies the players, the gateway is told where each of them stands or that it cannot be told."""

from collections.abc import Mapping
from typing import Any, ClassVar

from tests.contracts.contract import Contract
from tests.contracts.peopled import Peopled
from vendors.ports.source import System

REVIEWS = (  # docs.sumsub.com/docs/applicant-statuses: status, answer, reject type
    ("init", None, None), ("pending", None, None), ("prechecked", None, None), ("queued", None, None),
    ("awaitingUser", None, None), ("awaitingService", None, None), ("onHold", None, None),
    ("completed", "GREEN", None), ("completed", "RED", "RETRY"), ("completed", "RED", "FINAL"),
)  # fmt: skip


class TestKyc(Contract, Peopled):
    system = System.KYC
    of_players = "profiles"
    words: ClassVar[Mapping[str, Mapping[str, Any]]] = {
        " ".join(filter(None, review)): {"review": (*review, ("LOW_QUALITY",) if "RED" in review else ())}
        for review in REVIEWS
    }
