"""What a caller may do, as an or of ands of scopes, and the three ways to say no.

A scope is its permission's name in lower case with dots: `player.pii.read`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

import msgspec


class Rule(msgspec.Struct, frozen=True):
    """Or of ands: allowed if every scope of at least one group is granted."""

    groups: frozenset[frozenset[str]]

    def __or__(self, other: Rule) -> Rule:
        return Rule(_minimal(self.groups | other.groups))

    def __and__(self, other: Rule) -> Rule:
        return Rule(_minimal(mine | theirs for mine in self.groups for theirs in other.groups))

    def allows(self, granted: frozenset[str]) -> bool:
        """Whether a caller with these scopes passes."""
        return any(group <= granted for group in self.groups)

    def implies(self, other: Rule) -> bool:
        """Whether everybody this rule lets in would pass the other too."""
        return all(any(theirs <= mine for theirs in other.groups) for mine in self.groups)

    @property
    def scopes(self) -> list[list[str]]:
        """The groups as sorted lists: the argument of `@requiresScopes`."""
        return sorted(sorted(group) for group in self.groups)


def _minimal(groups: Iterable[frozenset[str]]) -> frozenset[frozenset[str]]:
    """Without the groups that are supersets of another."""
    every = frozenset(groups)
    return frozenset(group for group in every if not any(other < group for other in every))


def scope(*names: str) -> Rule:
    """One scope, or any of several."""
    return Rule(frozenset(frozenset({name}) for name in names))


PUBLIC = Rule(frozenset({frozenset()}))


class P:
    """Every permission the graph asks for; policy.yaml may name no other."""

    PLAYER_READ = scope("player.read")
    PLAYER_PII_READ = scope("player.pii.read")
    PLAYER_PII_UNMASK = scope("player.pii.unmask")
    BALANCE_READ = scope("balance.read")
    PAYMENT_READ = scope("payment.read")
    PAYMENT_PSP_DETAIL_READ = scope("payment.psp.detail.read")
    KYC_STATUS_READ = scope("kyc.status.read")
    KYC_DETAIL_READ = scope("kyc.detail.read")
    AML_READ = scope("aml.read")


KNOWN_SCOPES = frozenset(
    name for rule in vars(P).values() if isinstance(rule, Rule) for group in rule.groups for name in group
)


class Denial(msgspec.Struct, frozen=True):
    """What stands in a denied field: an error, nothing, or a masked value of the same type."""

    name: str
    mask: Callable[[str], str] | None = None


ERROR = Denial("ERROR")
NULL = Denial("NULL")


def MASK(strategy: Callable[[str], str]) -> Denial:
    """A masked value in place of the true one."""
    return Denial("MASK", strategy)
