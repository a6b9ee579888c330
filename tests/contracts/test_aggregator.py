"""Whichever aggregator brings the games, the gateway is told each title and round as it is or not at all."""

from tests.contracts.contract import Contract
from vendors.ports.source import System


class TestAggregator(Contract):
    system = System.AGGREGATOR
