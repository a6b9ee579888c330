"""The steps of a Sumsub level: what the player was asked for and what became of it.

docs.sumsub.com/reference/get-applicant-verification-steps-status, copy of 2026-09, whose field tables and examples are
cut off; the fields are those of its earlier edition's example, as public integrations quote it (read 2026-11). A reply
maps a step's identifier to its record. What these leave open, and what is assumed here:

- A step with null instead of a record has not been handed in. Sumsub's own mobile SDK allows the null.
- A refused step may carry no `reviewRejectType`; the example has it on the refused image alone. The refused images
  decide then, and one FINAL outweighs any number of RETRY.
- A record without an answer counts as in review: a step may wait for the review of another one.
- A record holds one document; its images are the document's sides. Beyond that the images only add labels.
- The document's country is ISO 3166-1 alpha-3; what is none, such as a word for a stateless person, is left out.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from vendors.countries import alpha_2
from vendors.kyc.sumsub_labels import labels
from vendors.ports.kyc import KycDocument, KycRequirement, RequirementState


class Verdict(msgspec.Struct, frozen=True, rename="camel"):
    """The answer to a step or to one image. Its comments are not decoded: the port has no place for them."""

    review_answer: str | None = None
    review_reject_type: str | None = None
    reject_labels: tuple[str, ...] | None = None


class Step(msgspec.Struct, frozen=True, rename="camel"):
    """What the gateway takes of a step: no picture, number or name. The images' ids are dropped with the mapping."""

    review_result: Verdict | None = None
    id_doc_type: str | None = None
    country: str | None = None
    image_review_results: dict[str, Verdict | None] | None = None

    @property
    def verdict(self) -> Verdict:
        return self.review_result or Verdict()

    @property
    def images(self) -> tuple[Verdict, ...]:
        return tuple(verdict for verdict in (self.image_review_results or {}).values() if verdict)


Steps = dict[str, Step | None]

_STATES: Mapping[tuple[str | None, str | None], RequirementState] = {  # (reviewAnswer, reviewRejectType)
    (None, None): RequirementState.IN_REVIEW,
    ("GREEN", None): RequirementState.SATISFIED,
    ("RED", "RETRY"): RequirementState.RETRY_NEEDED,
    ("RED", "FINAL"): RequirementState.FAILED,
}


def canonical(steps: Steps) -> tuple[KycRequirement, ...]:
    """The steps in Sumsub's order and words."""
    return tuple(_requirement(name, step) for name, step in steps.items())


def _requirement(name: str, step: Step | None) -> KycRequirement:
    if step is None:
        return KycRequirement(name, RequirementState.NOT_SUBMITTED, None, ())
    state = _state(step)
    codes = [code for verdict in (step.verdict, *step.images) for code in verdict.reject_labels or ()]
    kind, country = step.id_doc_type, alpha_2(step.country)
    document = KycDocument(kind, country, state, labels(codes)) if kind else None
    words = " ".join(word for word in (step.verdict.review_answer, step.verdict.review_reject_type) if word)
    return KycRequirement(name, state, words or None, (document,) if document else ())


def _state(step: Step) -> RequirementState:
    answer, reject_type = step.verdict.review_answer, step.verdict.review_reject_type
    if answer == "RED" and reject_type is None:
        reject_type = _reject_type(step.images)
    return _STATES.get((answer, reject_type), RequirementState.UNKNOWN)


def _reject_type(images: tuple[Verdict, ...]) -> str | None:
    """FINAL if any refused image is; RETRY if all are; None where they do not say, or say a word nobody knows."""
    types = {image.review_reject_type for image in images if image.review_answer == "RED"}
    return "FINAL" if "FINAL" in types else "RETRY" if types == {"RETRY"} else None
