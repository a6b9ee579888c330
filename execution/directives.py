"""Directives of the published schema that say who may see a field and which system fills it."""

from __future__ import annotations

from enum import Enum

import strawberry
from strawberry.schema_directive import Location


@strawberry.enum(description="What a caller without the scopes sees instead of the value.")
class DenyMode(Enum):
    """ERROR is not here: the federation directive @requiresScopes says it."""

    NULL = "NULL"
    CONCEAL = "CONCEAL"


@strawberry.enum(description="How a masked value is made of the true one.")
class MaskStrategy(Enum):
    """Named after the functions that mask."""

    EMAIL = "EMAIL"
    PHONE = "PHONE"
    NAME = "NAME"
    ADDRESS = "ADDRESS"
    DATE_OF_BIRTH = "DATE_OF_BIRTH"
    PAN = "PAN"
    IBAN = "IBAN"
    NATIONAL_ID = "NATIONAL_ID"
    IP = "IP"
    FULL = "FULL"


@strawberry.federation.schema_directive(
    locations=[Location.FIELD_DEFINITION], name="onDeny", compose=True, import_url="https://player-graph.example/access/v1.0"
)  # fmt: skip
class OnDeny:
    """What a caller without the scopes sees instead of the value."""

    do: DenyMode
    scopes: list[list[str]]


@strawberry.federation.schema_directive(
    locations=[Location.FIELD_DEFINITION], name="mask", compose=True, import_url="https://player-graph.example/access/v1.0"
)  # fmt: skip
class Masked:
    """The value is masked unless the caller holds the scopes of `unmask`, too."""

    strategy: MaskStrategy
    unmask: list[list[str]]


@strawberry.federation.schema_directive(
    locations=[Location.FIELD_DEFINITION], name="vendor", compose=True, import_url="https://player-graph.example/vendor/v1.0"
)  # fmt: skip
class FilledBy:
    """Which system fills the field."""

    system: str


@strawberry.federation.schema_directive(
    locations=[Location.FIELD_DEFINITION], name="audited", compose=True, import_url="https://player-graph.example/audit/v1.0"
)  # fmt: skip
class Audited:
    """The action under which a mutation stands in the audit: its intent before the vendor call, its outcome after."""

    action: str
