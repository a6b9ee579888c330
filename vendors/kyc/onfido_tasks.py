"""The tasks of an Onfido workflow run as the steps of a verification. OpenAPI document onfido-openapi-spec, 2026-07:

GET /workflow_runs/{id}/tasks       the tasks that were started: `id`, `task_def_id`, dates, and not how they ended
GET /workflow_runs/{id}/tasks/{id}  one task with its `input` and `output`, whose fields are the task's own
GET /documents                      what an applicant uploaded: `type` and `issuing_country`

Checks and their reports are no source: runs and checks know nothing of each other
(documentation.onfido.com/getting-started/classic-to-studio-migration, read 2026-11).

The document names no task. Those here, a report's `status`, `result` and `sub_result` in its output and `document_ids`
in its input are as in the payloads that Onfido's own client is tested with (onfido/onfido-python, 2024-12); the face's
names as integrations quote them. A player may see his steps, so they are only the tasks that begin with a name known to
be harmless: what is about lists of persons, known faces or devices is no step, nor is what nobody has looked at.

Assumed: a task without output is not done yet; of several tasks of one kind the last tells where the player stands.
The document does not say what a `consider` without `sub_result` means for him, so it waits for the operator. A
`suspected` document is FAILED, and that word itself stands among the labels that no player is told.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Annotated, TypeVar

import msgspec

from vendors.client import Client, each
from vendors.countries import alpha_2
from vendors.errors import VendorError, VendorMalformedError
from vendors.ports.kyc import KycDocument, KycRequirement, RejectLabel, RequirementState

T = TypeVar("T")
TASKS, TASK, DOCUMENTS = "list_tasks", "find_task", "list_documents"
TASKS_PATH = "/v3.6/workflow_runs/{workflow_run_id}/tasks"
MOST_STEPS = 20  # each costs a call
HANDED_IN = ("profile_data", "upload_")  # what the player does himself
REPORTS = ("document_check", "face_check", "facial_similarity", "proof_of_address")
Word = Annotated[str, msgspec.Meta(pattern=r"\A[\w-]+\Z")]

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


class TaskItem(msgspec.Struct, frozen=True):
    id: Word
    task_def_id: str
    created_at: datetime | None = None


class Task(msgspec.Struct, frozen=True):
    """A task as it is told; of what went in and came out, which is personal, only `Used` and `Outcome` are decoded."""

    id: str
    task_def_id: str
    input: msgspec.Raw = msgspec.Raw(b"null")
    output: msgspec.Raw = msgspec.Raw(b"null")

    @property
    def is_done(self) -> bool:
        return bytes(self.output) != b"null"


class Outcome(msgspec.Struct, frozen=True):
    """How a report ended."""

    status: str | None = None
    result: str | None = None
    sub_result: str | None = None


class DocumentId(msgspec.Struct, frozen=True):
    id: str


class Used(msgspec.Struct, frozen=True):
    """Which documents a report is about."""

    document_ids: tuple[DocumentId, ...] = ()


class Document(msgspec.Struct, frozen=True):
    """A document's kind and country; never its file or name."""

    id: str
    type: str | None = None
    issuing_country: str | None = None


class Documents(msgspec.Struct, frozen=True):
    documents: tuple[Document, ...]


async def steps(client: Client, run_id: str, applicant_id: str) -> Sequence[KycRequirement]:
    """The steps of one run in the order they were first started. Raises VendorError, also where one cannot be read."""
    at = {"workflow_run_id": run_id}
    items = shown(await client.ask(TASKS, "GET", TASKS_PATH, into=list[TaskItem], at=at, absent=()) or [])
    if len(items) > MOST_STEPS:
        raise VendorMalformedError(client.system, TASKS, f"more than {MOST_STEPS} kinds of steps")

    async def read(item: TaskItem) -> Task | None:
        path, there = TASKS_PATH + "/{task_id}", {**at, "task_id": item.id}
        task = await client.ask(TASK, "GET", path, into=Task, at=there, absent=())
        if task is None or (task.id, task.task_def_id) != (item.id, item.task_def_id):
            raise VendorMalformedError(client.system, TASK, "not the task asked for")
        return task

    tasks = [_or_raise(task) for task in (await each(items, read)).values()]
    documents = await _documents(client, applicant_id) if any(_used(task) for task in tasks) else {}
    return [_requirement(task, documents) for task in tasks]


def shown(items: Sequence[TaskItem]) -> list[TaskItem]:
    """The last task of every kind that is a step."""
    never = datetime.min.replace(tzinfo=UTC)
    inline = sorted(items, key=lambda item: item.created_at or never)
    return list(
        {item.task_def_id: item for item in inline if item.task_def_id.startswith(HANDED_IN + REPORTS)}.values()
    )


async def _documents(client: Client, applicant_id: str) -> Mapping[str, Document]:
    query = {"applicant_id": applicant_id}
    found = await client.ask(DOCUMENTS, "GET", "/v3.6/documents", into=Documents, query=query, absent=())
    return {document.id: document for document in (found.documents if found else ())}


def _requirement(task: Task, documents: Mapping[str, Document]) -> KycRequirement:
    if task.task_def_id.startswith(HANDED_IN):
        state = RequirementState.SATISFIED if task.is_done else RequirementState.NOT_SUBMITTED
        return KycRequirement(task.task_def_id, state, None, ())
    outcome = _read(task.output, Outcome) or Outcome()
    state = _state(task, outcome)
    labels = (RejectLabel(outcome.sub_result, player_safe=False),) if outcome.sub_result in _LABELLED else ()
    told = dict.fromkeys((one.type, one.issuing_country) for key in _used(task) if (one := documents.get(key)))
    words = " ".join(word for word in (outcome.status, outcome.result) if word)
    about = tuple(KycDocument(kind, alpha_2(country), state, labels) for kind, country in told if kind)
    return KycRequirement(task.task_def_id, state, words or None, about)


def _state(task: Task, outcome: Outcome) -> RequirementState:
    if not task.is_done:
        return RequirementState.IN_REVIEW
    return _STATES.get((outcome.status, outcome.result, outcome.sub_result), RequirementState.UNKNOWN)


def _used(task: Task) -> Sequence[str]:
    if not task.task_def_id.startswith(REPORTS):
        return ()
    return [document.id for document in (_read(task.input, Used) or Used()).document_ids]


def _read(told: msgspec.Raw, into: type[T]) -> T | None:
    """None where the task's own fields are others."""
    try:
        return msgspec.json.decode(told, type=into)
    except msgspec.DecodeError:
        return None


def _or_raise(task: Task | VendorError) -> Task:
    if isinstance(task, VendorError):
        raise task
    return task
