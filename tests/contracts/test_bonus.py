"""Whichever engine grants the bonuses, the gateway is told each with its wagering, or that it cannot be told."""

from collections.abc import Mapping
from typing import Any, ClassVar

from tests.contracts import worlds
from tests.contracts.contract import Contract
from tests.contracts.peopled import Peopled
from vendors.ports.source import System

GRANTS = (  # docs/contracts/bonus.yaml
    "pending", "created", "ongoing", "completed", "auto_completed", "forfeited", "expired", "lost", "reversed",
)  # fmt: skip
FREE_BETS = ("FRS_NEW", "FRS_ACTIVE", "FRS_FINISHED", "FRS_EXPIRED", "FRS_CANCELLED")  # docs.hub88.io, freebets-api


class TestBonus(Contract, Peopled):
    system = System.BONUS
    of_players = "grants"
    has_money = True
    words: ClassVar[Mapping[str, Mapping[str, Any]]] = {
        **{status: {"grants": (worlds.grant(status, status),)} for status in GRANTS},
        **{status: {"free_bets": (worlds.free_bet(n, status),)} for n, status in enumerate(FREE_BETS)},
    }
