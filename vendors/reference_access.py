"""What opens a system that keeps the reference contract (docs/contracts): one token, one secret for its webhooks."""

from __future__ import annotations

from vendors.product import Access, Secret


class ReferenceAccess(Access, frozen=True):
    """A service-wide bearer token, and the secret its webhooks are signed with, `whsec_` and base64.

    `supports` are the restrictions or actions that the system can do; None means all that its port knows.
    """

    token: Secret
    hook: Secret | None = None
    supports: tuple[str, ...] | None = None
