"""What can go wrong with a vendor.

VendorError
  VendorDownError        refused, unreachable or 5xx
  VendorTimeoutError     no answer in time; a write may or may not have happened
  VendorBusyError        429: the product asks us to slow down
  VendorAuthError        the product refuses our credential
  VendorMalformedError   an answer that cannot be read: the product changed, or the adapter is wrong
  VendorRejectedError    4xx: we asked for something the product will not do
  VendorConflictError    409/422 on state: the object is no longer what we thought it was
"""

from __future__ import annotations

from typing import ClassVar

from vendors.ports.source import System


class VendorError(Exception):
    """One vendor's failure for one key. `detail` is for the log only and never leaves the process.

    `was_asked` is False where the gateway itself said no and did not call the vendor.
    """

    code: ClassVar[str] = "VENDOR_UNAVAILABLE"
    sentence: ClassVar[str] = "cannot be reached"
    write_may_have_happened: bool = False
    was_asked: bool = True

    def __init__(self, system: System, operation: str, detail: str = "") -> None:
        super().__init__(f"{system.value} {operation}: {detail}" if detail else f"{system.value} {operation}")
        self.system, self.operation, self.detail = system, operation, detail

    @property
    def public_message(self) -> str:
        """A sentence for the caller: the system and what happened, no host, no id, no vendor text."""
        return f"{self.system.value} {self.sentence}."


class VendorDownError(VendorError):
    """Refused, unreachable, or 5xx. After a 5xx a write may have happened; the client says which."""

    def __init__(self, system: System, operation: str, detail: str = "", *, answered: bool = False) -> None:
        super().__init__(system, operation, detail)
        self.write_may_have_happened = answered


class VendorTimeoutError(VendorError):
    """No answer in time; a write may or may not have happened, unless it was never `sent`."""

    code = "VENDOR_TIMEOUT"
    sentence = "did not answer in time"

    def __init__(self, system: System, operation: str, detail: str = "", *, sent: bool = True) -> None:
        super().__init__(system, operation, detail)
        self.write_may_have_happened = sent


class VendorBusyError(VendorError):
    """429. `retry_after_seconds` is None where the product does not say (Customer.io)."""

    code = "VENDOR_RATE_LIMITED"
    sentence = "is limiting our requests"

    def __init__(
        self, system: System, operation: str, detail: str = "", *, retry_after_seconds: float | None = None
    ) -> None:
        super().__init__(system, operation, detail)
        self.retry_after_seconds = retry_after_seconds


class VendorAuthError(VendorError):
    """401 or 403: our credential, never the caller's."""

    code = "VENDOR_AUTH_FAILED"
    sentence = "refused the gateway's credential"


class VendorMalformedError(VendorError):
    """An answer that cannot be read; after a write it may have happened."""

    code = "VENDOR_BAD_RESPONSE"
    sentence = "sent an answer that cannot be read"
    write_may_have_happened = True


class VendorRejectedError(VendorError):
    """Any other 4xx."""

    code = "VENDOR_REJECTED"
    sentence = "refused the request"


class VendorConflictError(VendorRejectedError):
    """The object's state forbids what was asked."""

    code = "VENDOR_CONFLICT"
    sentence = "refused: the object has changed its state"
