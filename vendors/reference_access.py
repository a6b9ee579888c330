"""What opens a system that keeps its reference contract (docs/contracts): one token, one secret for its webhooks."""

from __future__ import annotations

from vendors.product import Access, Secret


class ReferenceAccess(Access, frozen=True):
    """A service-wide bearer token, and the secret its webhooks are signed with."""

    token: Secret
    hook: Secret | None = None
