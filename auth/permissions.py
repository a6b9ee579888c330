"""What a caller may do, as an or of ands of scopes, and the four ways to say no.

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


SELF = scope("self")
"""What marks a field as the player's own: a PLAYER token carries this scope alone, so a player sees of himself exactly
the fields that say `requires=... | SELF`, and no scope of a member of staff."""


SIGNED_IN = scope("signed.in")
"""Anybody with a token, whatever his roles: the gateway grants it, no policy names it."""


def _spelt_once(permissions: type[P]) -> type[P]:
    """Gives every declared name its rule: `PLAYER_PII_READ` asks for the scope `player.pii.read`."""
    for name in permissions.__annotations__:
        setattr(permissions, name, scope(name.lower().replace("_", ".")))
    return permissions


@_spelt_once
class P:
    """Every permission the graph asks for; policy.yaml may name no other."""

    # the player and the account
    PLAYER_READ: Rule
    PLAYER_SEARCH: Rule
    PLAYER_PII_READ: Rule
    PLAYER_PII_UNMASK: Rule
    PLAYER_CONTACT_UPDATE: Rule
    ACCOUNT_STATUS_UPDATE: Rule
    ACCOUNT_CLOSE: Rule
    ACCOUNT_REOPEN: Rule
    SESSION_TERMINATE: Rule
    ACCOUNT_NOTE_WRITE: Rule
    # money in the wallet
    BALANCE_READ: Rule
    BALANCE_ADJUST: Rule
    LEDGER_READ: Rule
    # payments
    PAYMENT_READ: Rule
    PAYMENT_PSP_DETAIL_READ: Rule
    PAYMENT_INSTRUMENT_READ: Rule
    PAYMENT_INSTRUMENT_UPDATE: Rule
    WITHDRAWAL_REVIEW: Rule
    WITHDRAWAL_APPROVE: Rule
    WITHDRAWAL_APPROVE_HIGH: Rule
    WITHDRAWAL_CANCEL: Rule
    PAYMENT_REFUND: Rule
    PAYMENT_RECONCILE: Rule
    PAYOUT_ROUTING_UPDATE: Rule
    PAYMENT_ANALYTICS_READ: Rule
    PAYMENT_METHOD_CONFIG: Rule
    # verification and compliance
    KYC_STATUS_READ: Rule
    KYC_DETAIL_READ: Rule
    KYC_DOCUMENT_READ: Rule
    KYC_REQUEST_DOCUMENT: Rule
    KYC_DECIDE: Rule
    KYC_OVERRIDE: Rule
    AML_READ: Rule
    AML_WRITE: Rule
    SAR_READ: Rule
    SAR_WRITE: Rule
    # responsible gambling
    RG_STATUS_READ: Rule
    RG_DETAIL_READ: Rule
    RG_LIMIT_TIGHTEN: Rule
    RG_LIMIT_RELAX: Rule
    RG_EXCLUDE: Rule
    RG_EXCLUSION_REVOKE: Rule
    RG_INTERACTION_WRITE: Rule
    RG_CONFIG: Rule
    # risk and fraud
    RISK_READ: Rule
    RISK_DETAIL_READ: Rule
    RISK_ACTION: Rule
    # bonuses
    BONUS_READ: Rule
    BONUS_RULES_READ: Rule
    BONUS_DRAFT: Rule
    BONUS_APPROVE: Rule
    BONUS_PAUSE: Rule
    BONUS_GRANT: Rule
    BONUS_GRANT_HIGH: Rule
    BONUS_FORFEIT: Rule
    BONUS_RESTRICT_PLAYER: Rule
    # games
    GAME_READ: Rule
    GAME_ROUND_READ: Rule
    GAME_AVAILABILITY_UPDATE: Rule
    PROVIDER_AVAILABILITY_UPDATE: Rule
    ROUND_VOID: Rule
    # contact and consent
    CRM_READ: Rule
    CRM_CONSENT_READ: Rule
    CRM_CONSENT_UPDATE: Rule
    CRM_SUPPRESS: Rule
    SEGMENT_READ: Rule
    # tickets
    TICKET_READ: Rule
    TICKET_REPLY: Rule
    TICKET_INTERNAL_NOTE_READ: Rule
    TICKET_UPDATE: Rule
    TICKET_ESCALATE: Rule
    # markets and operations
    MARKET_READ: Rule
    MARKET_UPDATE: Rule
    OPS_DASHBOARD_READ: Rule
    INCIDENT_MANAGE: Rule
    # four eyes and evidence
    APPROVAL_READ: Rule
    APPROVAL_DECIDE: Rule
    AUDIT_READ: Rule
    AUDIT_VERIFY: Rule
    AUDIT_EXPORT: Rule
    ACCESS_LOG_READ: Rule
    DATA_EXPORT: Rule
    # the gateway itself
    VENDOR_RAW_READ: Rule
    VENDOR_HEALTH_READ: Rule
    VENDOR_EXPLAIN: Rule
    POLICY_READ: Rule
    POLICY_ADMIN: Rule
    BREAK_GLASS: Rule


KNOWN_SCOPES = frozenset(
    name for rule in (SELF, *map(vars(P).__getitem__, P.__annotations__)) for (name,) in rule.groups
)


class Denial(msgspec.Struct, frozen=True):
    """What stands in a denied field: an error, nothing, a masked value of the same type, or no sign of a denial."""

    name: str
    mask: Callable[[str], str] | None = None


ERROR = Denial("ERROR")
NULL = Denial("NULL")
CONCEAL = Denial("CONCEAL")
"""For what the law forbids to hint at. It answers like NULL for now: the benign twins that make such a null say nothing
are not built yet."""


def MASK(strategy: Callable[[str], str]) -> Denial:
    """A masked value in place of the true one."""
    return Denial("MASK", strategy)
