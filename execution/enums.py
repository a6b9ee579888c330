"""An enum of the program as an enum of the schema: the same values, described by its docstring."""

from __future__ import annotations

import inspect
from enum import Enum

import strawberry


def published_enum(enum: type[Enum], name: str | None = None) -> type[Enum]:
    """The enum itself, published once, under its own name unless the first to publish it gives another."""
    if not hasattr(enum, "__strawberry_definition__"):
        strawberry.enum(enum, name=name, description=inspect.getdoc(enum))
    return enum
