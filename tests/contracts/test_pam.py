"""Whoever verifies the players, the gateway is told where each of them stands or that it cannot be told."""

from tests.contracts.contract import Contract
from vendors.ports.source import System


class TestPam(Contract):
    system = System.PAM
