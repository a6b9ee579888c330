"""What an action is: as asked, as found, as done, and what its caller is told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import Enum
from typing import Annotated, Any

import msgspec
from typing_extensions import Doc


class MutationOutcome(Enum):
    """How an action ended. INDETERMINATE: it may have happened; it is never repeated before somebody has looked."""

    EXECUTED = "EXECUTED"
    PENDING_APPROVAL = "PENDING_APPROVAL"
    REJECTED_BY_POLICY = "REJECTED_BY_POLICY"
    REJECTED_BY_VENDOR = "REJECTED_BY_VENDOR"
    NOOP = "NOOP"
    PARTIAL = "PARTIAL"
    INDETERMINATE = "INDETERMINATE"


class UserError(msgspec.Struct, frozen=True):
    """Why an action did not happen: a stable code and a sentence for the person who asked."""

    code: str
    message: str


class Step(msgspec.Struct, frozen=True):
    """What one system did. `reference` is the system's own id of it."""

    system: str
    outcome: MutationOutcome
    reference: str | None = None
    message: str | None = None


class Result(msgspec.Struct, frozen=True):
    """What the caller is told. `audit_id` is None for a dry run, which leaves no trace; `replayed`: told before."""

    outcome: MutationOutcome
    user_errors: Sequence[UserError] = ()
    audit_id: str | None = None
    replayed: bool = False
    dry_run: bool = False
    steps: Sequence[Step] = ()
    approval: str | None = None  # the id of the approval that it waits for


class ActionContext(msgspec.Struct, frozen=True):
    """What every action carries beside its own input."""

    idempotency_key: Annotated[str, Doc("Chosen by the client: the same key and input give the same result for 24 h.")]
    reason_code: Annotated[str | None, Doc("One of the action's reason codes, where its rule asks for one.")] = None
    note: Annotated[str | None, Doc("Why, in the agent's words; the audit keeps its digest.")] = None
    ticket_ref: Annotated[str | None, Doc("The ticket that asked for it.")] = None
    expected_version: Annotated[str | None, Doc("`version` of the object the agent looked at.")] = None
    dry_run: Annotated[bool, Doc("Check everything and change nothing.")] = False


class Act(msgspec.Struct, frozen=True):
    """An action as asked. `input` is what makes two requests the same; `details` is what the audit may keep of it."""

    action: str
    subject: str
    player: str
    context: ActionContext
    input: Any
    details: Mapping[str, Any] = msgspec.field(default_factory=dict)
    exclusive: bool = False  # no action on this subject while another is under way or in doubt

    @property
    def shown(self) -> str:
        """The input as a second person may see it, in canonical JSON: what the audit keeps too, and no free text."""
        return msgspec.json.encode({"subject": self.subject, **self.details}, order="sorted").decode()


class Finding(msgspec.Struct, frozen=True):
    """What the preconditions found: `errors`, or nothing wrong; `noop` if all is as asked already."""

    errors: Sequence[UserError] = ()
    noop: bool = False
    version: str | None = None
    amount: tuple[str, int] | None = None  # (ISO 4217, minor units): what a threshold is compared with
    steps: Sequence[Step] = ()  # what would be done
