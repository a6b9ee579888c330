"""What is read of Onfido, and what its documents leave open."""

from __future__ import annotations

from vendors.declared import Call, Declared, Document, Read, Webhooks
from vendors.kyc.onfido import MOST_PAGES, RUNS
from vendors.kyc.onfido_tasks import DOCUMENTS, MOST_STEPS, TASK, TASKS, TASKS_PATH

_RUNS = Call(RUNS, "GET", "/v3.6/workflow_runs")

DECLARED = Declared(
    documents=(
        Document("OpenAPI document v3.6 (onfido-openapi-spec)", "2026-07"),
        Document("documentation.onfido.com, for signatures", "read 2026-11"),
    ),
    notes=(
        "Applicants carry no id of the operator's: every workflow run is created with the player's external id"
        " (`<brand>:<id>`) as `customer_user_id` and as one of its `tags`. Runs and checks know nothing of each other,"
        " so checks are not read."
    ),
    reads=(
        Read(
            port="profiles",
            calls=(_RUNS,),
            pages=f"one more call for a full page of his runs, {MOST_PAGES} pages",
            remark="by `tags`: the newest run whose `customer_user_id` agrees; there is no batch",
            fields={
                "`kyc.status`, `vendorStatus`": "`status`; `error` and words not in the document are UNKNOWN",
                "`kyc.level`, `since`, `attempt`": "`workflow_id`; `updated_at`; the number of runs",
                "`kyc` labels": "`reasons`, none of which may be told to the player",
            },
            absent={"`kyc.playerComment`, `staffComment`": "null"},
        ),
        Read(
            port="requirements",
            calls=(
                _RUNS,
                Call(TASKS, "GET", TASKS_PATH),
                Call(TASK, "GET", TASKS_PATH + "/{task_id}"),
                Call(DOCUMENTS, "GET", "/v3.6/documents"),
            ),
            remark="runs by `applicant_id`, the tasks of the newest, each step a call of its own,"
            f" {MOST_STEPS} at most; uploads",
            fields={
                "`kyc.requirements`": "the last task of a kind: profile and uploads by whether they are done, document"
                " and face by their report's `status`, `result`, `sub_result`; any other task is no step, for it may be"
                " about a list of persons, known faces or devices",
            },
        ),
        Read(
            port="identified",
            calls=(_RUNS,),
            remark="by `applicant_id`",
            fields={"`player(externalId:, system: KYC)`": "the applicant's id; all his runs have to name one player"},
        ),
    ),
    throttled="no limit is in the document: an installation that has been told one sets `policy.limiter`",
    webhooks=Webhooks(
        signature="HMAC-SHA256 over the body, `X-SHA2-Signature`",
        told_apart_by="action, object and instant; nothing without an instant",
        ordered_by="the run's `completed_at_iso8601`, or its `updated_at`",
        tells="`workflow_run.completed` moves a case; events of tasks, checks and reports name no player and are kept",
    ),
)
