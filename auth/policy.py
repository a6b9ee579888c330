"""Policy is data: who sees and does what, what one person may do alone, which reasons count, whose accounts are barred.

`policy_file` reads it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum, auto

import msgspec

from auth.duties import FourEyes, Incompatible
from auth.permissions import SELF

SELF_SCOPES = frozenset({scope for group in SELF.groups for scope in group})


class Role(StrEnum):
    """Every role a token may carry, spelt as the token spells it: `support_l1`."""

    SUPPORT_L1 = auto()
    SUPPORT_L2 = auto()
    SUPPORT_LEAD = auto()
    VIP_HOST = auto()
    PAYMENTS_AGENT = auto()
    PAYMENTS_MANAGER = auto()
    KYC_ANALYST = auto()
    AML_ANALYST = auto()
    COMPLIANCE_OFFICER = auto()
    MLRO = auto()
    RG_OFFICER = auto()
    RISK_FRAUD_ANALYST = auto()
    RISK_MANAGER = auto()
    CRM_MANAGER = auto()
    BONUS_MANAGER = auto()
    BONUS_APPROVER = auto()
    CONTENT_OPS = auto()
    PRODUCT = auto()
    MARKET_MANAGER = auto()
    FINANCE = auto()
    MANAGEMENT = auto()
    ANALYST = auto()
    DEVELOPER = auto()
    ADMINISTRATOR = auto()
    AUDITOR = auto()
    REGULATOR = auto()
    SERVICE_FRONTEND = auto()
    SERVICE_EMBED = auto()
    PLAYER = auto()


class Audience(StrEnum):
    """For whom there is a schema; STAFF is everybody whom the policy puts into no other."""

    STAFF = auto()
    EMBED = auto()
    PLAYER = auto()
    ANALYST = auto()
    SERVICE = auto()


class ReasonRule(StrEnum):
    """What an action asks of whoever takes it."""

    NONE = "NONE"
    OPTIONAL = "OPTIONAL"
    REQUIRED = "REQUIRED"
    REQUIRED_WITH_NOTE = "REQUIRED_WITH_NOTE"


class ReasonCode(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`player_safe`: the code may be named to the player. `note`: it asks for a note whatever the action asks."""

    code: str
    player_safe: bool
    note: bool


class Reasons(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What an action asks, and the codes it takes."""

    reason: ReasonRule
    codes: tuple[ReasonCode, ...]

    def problem(self, code: str | None, note: str | None) -> str | None:
        """What is wrong with a code and a note, as a sentence for the caller; None if nothing is."""
        if not code:
            missing = self.reason in (ReasonRule.REQUIRED, ReasonRule.REQUIRED_WITH_NOTE)
            return f"A reason code is required: {self._choice()}." if missing else None
        if self.reason is ReasonRule.NONE:
            return "This action takes no reason code."
        chosen = next((known for known in self.codes if known.code == code), None)
        if chosen is None:  # what was sent is not repeated: it may be anything
            return f"The reason code must be one of {self._choice()}."
        if (chosen.note or self.reason is ReasonRule.REQUIRED_WITH_NOTE) and not (note or "").strip():
            return f"The reason {chosen.code} requires a note."
        return None

    def _choice(self) -> str:
        return ", ".join(known.code for known in self.codes)


class Policy(msgspec.Struct, frozen=True):
    """What policy.yaml says. `version` is the first 12 hex digits of the file's SHA-256, for audit records."""

    version: str
    roles: Mapping[str, frozenset[str]]
    thresholds: Mapping[str, Mapping[str, Mapping[str, int]]]  # action -> role -> currency -> minor units
    reason_codes: Mapping[str, Reasons]
    own_accounts: Mapping[str, frozenset[str]]
    four_eyes: Mapping[str, FourEyes] = {}
    incompatible: Sequence[Incompatible] = ()
    audiences: Mapping[Audience, frozenset[str]] = {}

    def audience_of(self, roles: frozenset[str]) -> Audience:
        """By which schema somebody with these roles asks: an audience's own if he has none but its roles."""
        fitting = (audience for audience, members in self.audiences.items() if roles and roles <= members)
        return next(fitting, Audience.STAFF)

    def scopes_of(self, roles: frozenset[str]) -> frozenset[str]:
        """The union of what the roles carry; a role the policy does not know carries nothing."""
        return frozenset().union(*(self.roles.get(role, frozenset()) for role in roles))

    def may_alone(self, roles: frozenset[str], action: str, currency: str, amount_minor: int) -> bool:
        """Whether one person with these roles needs no second one, for an amount in minor units of an ISO 4217 code.

        No line for the action, the role or the currency means no; so does a negative amount. It does not say whether
        the person may act at all: that is the permission's to say.
        """
        lines = (self.thresholds.get(action, {}).get(role, {}) for role in roles)
        return any(0 <= amount_minor <= line[currency] for line in lines if currency in line)

    def reasons(self, action: str) -> Reasons:
        """What an action asks and takes. Raises LookupError if the policy says nothing of it."""
        try:
            return self.reason_codes[action]
        except KeyError:
            raise LookupError(f"reason_codes says nothing of {action}") from None

    def reason_problem(self, action: str, reason_code: str | None, note: str | None) -> str | None:
        """None if the reason will do, else a sentence for the caller. Raises LookupError as `reasons` does."""
        return self.reasons(action).problem(reason_code, note)

    def is_own_account(self, subject: str, player_id: str) -> bool:
        """Whether this member of staff may not act on this player: his own account, or one linked to him."""
        return player_id in self.own_accounts.get(subject, frozenset())
