"""An enum of the program as an enum of the schema: the same values, described by its docstring."""

from __future__ import annotations

import inspect
from enum import Enum

import strawberry


def published_enum(enum: type[Enum]) -> type[Enum]:
    """The enum itself, published once."""
    if not hasattr(enum, "__strawberry_definition__"):
        strawberry.enum(enum, description=inspect.getdoc(enum))
    return enum
