"""What the execution asks of a rule and of a denial; auth has both."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol


class Rule(Protocol):
    """What this package needs to know of a permission rule."""

    @property
    def scopes(self) -> list[list[str]]: ...
    def allows(self, granted: frozenset[str]) -> bool: ...
    def implies(self, other: Any) -> bool: ...
    def __and__(self, other: Any) -> Any: ...


class Denial(Protocol):
    """What stands in a denied field."""

    @property
    def name(self) -> str: ...
    @property
    def mask(self) -> Callable[[str], str] | None: ...
