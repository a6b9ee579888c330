"""When two requests are the same one, and what its caller is told again."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence

import msgspec

from auth.acts import Act, ActionContext, MutationOutcome, Result, UserError
from auth.audit_chain import AuditRecord, Phase
from auth.identity import Principal

MOST_KEY, TICKET_REF = 255, re.compile(r"[A-Za-z0-9:._#/-]{1,64}")


def request_key(who: Principal, act: Act) -> tuple[str, str, str]:
    """What makes a request findable again: who, what, and the client's key, which may be anything and so is hashed."""
    return who.subject, act.action, hashed(act.context.idempotency_key)


def hashed(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def digest_of(act: Act) -> str:
    """What makes two requests the same: subject and input with everything of the context but the key."""
    context = msgspec.structs.replace(act.context, idempotency_key="")
    asked = {"subject": act.subject, "input": act.input, "context": context}
    return hashlib.sha256(msgspec.json.encode(asked, order="sorted")).hexdigest()


def retold(known: Sequence[AuditRecord], digest: str) -> Result:
    """What was told the first time; an intent without an outcome is a crash that nobody has looked at yet."""
    last = known[-1]
    if last.details.get("digest") != digest:
        return DUPLICATE
    if last.phase is Phase.INTENT:
        doubt = UserError("VENDOR_ERROR", "The gateway stopped while it acted; whether it happened is not known yet.")
        return Result(MutationOutcome.INDETERMINATE, [doubt], last.audit_id, replayed=True)
    return replay(msgspec.convert(last.details["result"], Result))


def malformed_context(context: ActionContext) -> Result | None:
    """What is wrong with what every action carries; None if nothing is."""
    if not context.idempotency_key.strip() or len(context.idempotency_key) > MOST_KEY:
        return refusal("INVALID_INPUT", f"idempotencyKey must have 1 to {MOST_KEY} characters.")
    if context.ticket_ref is not None and not TICKET_REF.fullmatch(context.ticket_ref):
        return refusal("INVALID_INPUT", "ticketRef must be a ticket's number or id.")
    return None


def refusal(code: str, message: str) -> Result:
    return Result(MutationOutcome.REJECTED_BY_POLICY, [UserError(code, message)])


def replay(result: Result) -> Result:
    return msgspec.structs.replace(result, replayed=True)


DUPLICATE = refusal("DUPLICATE_REQUEST", "This idempotencyKey was used with another input.")
