"""How often a product may be called, as its own page says and its adapter declares."""

from __future__ import annotations

import msgspec


class RateHeaders(msgspec.Struct, frozen=True):
    """Where a reply tells the limit, what is left of it, and in how many seconds it is whole again.

    With `reset_is_moment` the product names the moment instead, in Unix seconds.
    """

    limit: str
    remaining: str
    reset: str
    reset_is_moment: bool = False


class Limit(msgspec.Struct, frozen=True, kw_only=True):
    """At most `requests` in any `seconds`. Without `operations` or `methods` it counts all of the product's calls.

    `each` keeps a count of its own for every share a call may name, such as one ticket or one operator id.
    """

    name: str
    requests: int
    seconds: float
    operations: tuple[str, ...] = ()
    methods: tuple[str, ...] = ()
    each: bool = False
    headers: RateHeaders | None = None

    def covers(self, operation: str, method: str) -> bool:
        """Whether it counts such a call."""
        return (not self.operations or operation in self.operations) and (not self.methods or method in self.methods)

    @property
    def width(self) -> tuple[bool, bool, bool]:
        """Sorts the narrowest first: it is the likeliest cause of a 429 that does not tell which limit was met."""
        return (not self.each, not self.operations, not self.methods)
