"""Whichever CRM writes to the players, the gateway is told what reached them and what they agreed to."""

from collections.abc import Mapping
from typing import Any, ClassVar

from tests.contracts import worlds
from tests.contracts.contract import Contract
from tests.contracts.peopled import Peopled
from vendors.ports.source import System

CHANNELS = ("email", "sms", "push", "in_app", "whatsapp")  # the facts' words: those of Customer.io
EVENTS = (
    ("created",), ("drafted",), ("sent",), ("sent", "delivered"), ("sent", "delivered", "opened"),
    ("sent", "delivered", "opened", "clicked"), ("sent", "bounced"), ("dropped",), ("undeliverable",), ("failed",),
    ("sent", "delivered", "unsubscribed"), ("sent", "delivered", "spammed"), ("sent", "delivered", "converted"),
)  # fmt: skip
TOUCHES = [*((channel, ("sent",)) for channel in CHANNELS), *(("email", events) for events in EVENTS)]


class TestCrm(Contract, Peopled):
    system = System.CRM
    of_players = "profiles"
    shows_text = True
    words: ClassVar[Mapping[str, Mapping[str, Any]]] = {
        f"{channel} {events[-1]}": {"touches": (worlds.touch(n, channel, events),)}
        for n, (channel, events) in enumerate(TOUCHES)
    }
