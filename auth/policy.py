"""Policy is data: roles and their scopes, read from policy.yaml and checked against every permission of the graph."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import msgspec

from auth.permissions import KNOWN_SCOPES

POLICY_FILE = Path(__file__).with_name("policy.yaml")


class Policy(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Role name in lower case -> the scopes it carries."""

    roles: Mapping[str, frozenset[str]]

    def scopes_of(self, roles: frozenset[str]) -> frozenset[str]:
        """The union of what the roles carry; a role the policy does not know carries nothing."""
        return frozenset().union(*(self.roles.get(role, frozenset()) for role in roles))


def load(path: Path = POLICY_FILE) -> Policy:
    """Raises ValueError naming the role and the scope that no permission has."""
    policy = msgspec.yaml.decode(path.read_bytes(), type=Policy)
    for role, scopes in policy.roles.items():
        if unknown := sorted(scopes - KNOWN_SCOPES):
            raise ValueError(f"{path.name}: roles.{role}: no such permission: {', '.join(unknown)}")
    return policy
