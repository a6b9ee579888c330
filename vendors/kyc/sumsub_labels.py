"""Which of Sumsub's reject labels may be shown to the player."""

from __future__ import annotations

from collections.abc import Iterable

from vendors.ports.kyc import RejectLabel

# Everything else is concealed: the fraud and compliance families, and any label Sumsub adds after 2026-09.
_PLAYER_SAFE = frozenset(
    {
        "AGE_REQUIREMENT_MISMATCH",
        "BAD_FACE_MATCHING",
        "DOCUMENT_PAGE_MISSING",
        "DUPLICATE",
        "EXPIRATION_DATE",
        "ID_INVALID",
        "LOW_QUALITY",
        "NOT_DOCUMENT",
        "PROBLEMATIC_APPLICANT_DATA",
        "REGULATIONS_VIOLATIONS",
        "SCREENSHOTS",
        "SELFIE_MISMATCH",
        "SPAM",
        "UNSATISFACTORY_PHOTOS",
        "WRONG_USER_REGION",
    }
)


def labels(codes: Iterable[str]) -> tuple[RejectLabel, ...]:
    """The labels in Sumsub's order, each once."""
    return tuple(RejectLabel(code, code in _PLAYER_SAFE) for code in dict.fromkeys(codes))
