"""The reports of an Onfido check as the steps of a verification. OpenAPI document onfido-openapi-spec, 2026-07.

Reports about lists of persons, known faces and devices are what a player must not sense, so they are no steps: whatever
they found, the run's status and its reasons tell staff. `sub_result` refines a document report; the document does not
say what a `consider` without one means for the player, so it waits for the operator. A `suspected` document is FAILED,
and that word itself stands among the labels that no player is told.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

import msgspec

from vendors.countries import alpha_2
from vendors.ports.kyc import KycDocument, KycRequirement, RejectLabel, RequirementState

CONCEALED = ("watchlist", "known_faces", "device_intelligence")

_STATES: Mapping[tuple[str | None, str | None, str | None], RequirementState] = {  # (status, result, sub_result)
    ("awaiting_data", None, None): RequirementState.NOT_SUBMITTED,
    ("awaiting_approval", None, None): RequirementState.IN_REVIEW,
    ("complete", "clear", None): RequirementState.SATISFIED,
    ("complete", "clear", "clear"): RequirementState.SATISFIED,
    ("complete", "unidentified", None): RequirementState.RETRY_NEEDED,
    ("complete", "consider", "rejected"): RequirementState.RETRY_NEEDED,
    ("complete", "consider", "suspected"): RequirementState.FAILED,
    ("complete", "consider", "caution"): RequirementState.IN_REVIEW,
    ("complete", "consider", None): RequirementState.IN_REVIEW,
}
_LABELLED = frozenset({"suspected", "caution"})


class Check(msgspec.Struct, frozen=True):
    id: str
    created_at: datetime | None = None


class Checks(msgspec.Struct, frozen=True):
    checks: tuple[Check, ...]


class ReportDocument(msgspec.Struct, frozen=True):
    id: str


class Report(msgspec.Struct, frozen=True):
    """What the gateway takes of a report: its breakdown and properties, which hold what was read, are not decoded."""

    name: str
    status: str | None = None
    result: str | None = None
    sub_result: str | None = None
    documents: tuple[ReportDocument, ...] | None = None


class Reports(msgspec.Struct, frozen=True):
    reports: tuple[Report, ...]


class Document(msgspec.Struct, frozen=True):
    """A document's kind and country; never its file or name."""

    id: str
    type: str | None = None
    issuing_country: str | None = None


class Documents(msgspec.Struct, frozen=True):
    documents: tuple[Document, ...]


def newest(checks: Checks | None) -> Check | None:
    """The check that was made last; None where there is none."""
    never = datetime.min.replace(tzinfo=UTC)
    return max(checks.checks, key=lambda check: check.created_at or never) if checks and checks.checks else None


def requirements(reports: Reports | None, documents: Documents | None) -> tuple[KycRequirement, ...]:
    """A step a report, in Onfido's order and words."""
    kept = {document.id: document for document in (documents.documents if documents else ())}
    told = [report for report in (reports.reports if reports else ()) if not report.name.startswith(CONCEALED)]
    return tuple(_requirement(report, kept) for report in told)


def _requirement(report: Report, documents: Mapping[str, Document]) -> KycRequirement:
    state = _STATES.get((report.status, report.result, report.sub_result), RequirementState.UNKNOWN)
    used = [documents[one.id] for one in report.documents or () if one.id in documents]
    shown = tuple(
        KycDocument(kind, alpha_2(country), state, _labels(report))
        for kind, country in dict.fromkeys((one.type, one.issuing_country) for one in used)
        if kind
    )
    words = " ".join(word for word in (report.status, report.result) if word)
    return KycRequirement(report.name, state, words or None, shown)


def _labels(report: Report) -> Sequence[RejectLabel]:
    word = report.sub_result
    return (RejectLabel(word, player_safe=False),) if word in _LABELLED else ()
