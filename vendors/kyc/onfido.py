"""Onfido (Entrust) v3.6, read by the tag its workflow runs carry. OpenAPI document onfido-openapi-spec, 2026-07:

GET /workflow_runs   a person's runs: `tags` and `applicant_id` filter; `status`, `reasons`, `customer_user_id`
and what `onfido_tasks` reads of one run, for its steps.

An applicant carries no id of the operator's, a run does: `customer_user_id`, by which nobody can search, and `tags`, by
which one can. So every run is created with the player's external id as both, and a run that was found by its tag is
believed only if its `customer_user_id` says the same. The newest run tells where the player stands.

Not possible: a read of several players at once. A player costs a call, and one more for each full page of his runs;
his steps cost a call for his runs, one for the list of tasks, one a step and one for the documents.

Assumed, as the document leaves it open: a page that is not the last holds ten runs or more; what is behind the last
holds none; the newest run is the one created last. The reasons of a run are the operator's own words, for staff.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime

import msgspec

from vendors.client import Client, each
from vendors.errors import VendorError, VendorMalformedError
from vendors.external_ids import external_id, player_of
from vendors.kyc.onfido_tasks import Word, steps
from vendors.ports.keys import Key
from vendors.ports.kyc import Applicant, KycProfile, KycRequirement, KycStatus, RejectLabel
from vendors.ports.source import Source, System

RUNS = "list_workflow_runs"
MOST_PAGES, SMALLEST_PAGE = 10, 10  # of one player's runs
_APPLICANT_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")

# `review` waits for the operator's analyst, `awaiting_client_input` for the operator's own system. An abandoned run is
# over and its player has to begin anew. `error` says nothing of the player, so it is UNKNOWN like a word not listed.
STATUSES: Mapping[str, KycStatus] = {
    "processing": KycStatus.IN_PROGRESS,
    "awaiting_input": KycStatus.AWAITING_PLAYER,
    "awaiting_client_input": KycStatus.AWAITING_OPERATOR,
    "approved": KycStatus.APPROVED,
    "declined": KycStatus.REJECTED,
    "review": KycStatus.AWAITING_OPERATOR,
    "abandoned": KycStatus.DOCUMENTS_REQUESTED,
}


class Run(msgspec.Struct, frozen=True):
    """What the gateway takes of a workflow run; its output, which may hold personal data, is never decoded."""

    id: Word
    applicant_id: Word
    status: str
    created_at: datetime
    workflow_id: str | None = None
    customer_user_id: str | None = None
    updated_at: datetime | None = None
    reasons: tuple[str, ...] | None = None
    dashboard_url: str | None = None


def status_of(word: str) -> KycStatus:
    """What a run's status means; UNKNOWN for one the document does not explain."""
    return STATUSES.get(word, KycStatus.UNKNOWN)


class Onfido:
    """KycPort over Onfido Studio's workflow runs."""

    def __init__(self, client: Client, clock: Callable[[], datetime]) -> None:
        self._client, self._clock = client, clock

    async def profiles(self, players: Sequence[Key]) -> Mapping[Key, KycProfile | VendorError]:
        """Verification profiles; a player without a run is left out."""
        return await each(players, self._profile)

    async def identified(self, ids: Sequence[str]) -> Mapping[str, Key | VendorError]:
        """One call an applicant id; what is no UUID is none, and Onfido need not refuse it."""
        return await each([one for one in ids if _APPLICANT_ID.fullmatch(one)], self._behind)

    async def requirements(
        self, applicants: Sequence[Applicant]
    ) -> Mapping[Applicant, Sequence[KycRequirement] | VendorError]:
        """The tasks of each applicant's newest run; an applicant without a run of this player's is left out."""
        return await each(applicants, self._steps)

    async def _profile(self, player: Key) -> KycProfile | None:
        tag = external_id(player)
        runs = [run for run in await self._runs({"tags": tag}) if run.customer_user_id == tag]
        if not runs:
            return None
        return _canonical(player, max(runs, key=_created), len(runs), self._clock())

    async def _behind(self, applicant_id: str) -> Key | None:
        """Whose an applicant is: every run of his has to say the same."""
        owners = {run.customer_user_id for run in await self._of_applicant(applicant_id)}
        return player_of(owners.pop()) if len(owners) == 1 else None

    async def _steps(self, applicant: Applicant) -> Sequence[KycRequirement] | None:
        own, runs = external_id(applicant.player), await self._of_applicant(applicant.vendor_id)
        newest = max((run for run in runs if run.customer_user_id == own), key=_created, default=None)
        return None if newest is None else await steps(self._client, newest.id, applicant.vendor_id)

    async def _of_applicant(self, applicant_id: str) -> list[Run]:
        runs = await self._runs({"applicant_id": applicant_id})
        if any(run.applicant_id != applicant_id for run in runs):
            raise VendorMalformedError(self._client.system, RUNS, "applicant_id is not the one asked for")
        return runs

    async def _runs(self, query: Mapping[str, str]) -> list[Run]:
        found: dict[str, Run] = {}
        for page in range(1, MOST_PAGES + 1):
            asked = {**query, "page": str(page)}
            runs = await self._client.ask(RUNS, "GET", "/v3.6/workflow_runs", into=list[Run], query=asked, absent=())
            found.update({run.id: run for run in runs or ()})
            if not runs or len(runs) < SMALLEST_PAGE:
                return list(found.values())
        raise VendorMalformedError(self._client.system, RUNS, f"more than {MOST_PAGES} pages of one player")


def _created(run: Run) -> datetime:
    return _utc(run.created_at)


def _utc(moment: datetime) -> datetime:
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)


def _canonical(player: Key, run: Run, attempt: int, now: datetime) -> KycProfile:
    return KycProfile(
        player=player,
        status=status_of(run.status),
        vendor_status=run.status,
        level=run.workflow_id,
        labels=tuple(RejectLabel(reason, player_safe=False) for reason in run.reasons or ()),
        player_comment=None,
        staff_comment=None,
        since=_utc(run.updated_at or run.created_at),
        attempt=attempt,
        source=Source(System.KYC, "Onfido", run.applicant_id, now, deep_link=run.dashboard_url),
    )
