"""Four eyes: what waits for a second person."""

from __future__ import annotations

from auth.approvals import Signature
from auth.permissions import P
from execution.publication import field
from resolvers.approvals import ApprovalPayload, ApprovalRequest
from schema.declared import NodeType, graph
from schema.operations import PayloadType

READ = P.APPROVAL_READ


@graph.publishes(Signature, name="ApprovalStep", requires=READ, description="One person's decision.")
class SignatureType:
    by = field("Who.")
    at = field("When, UTC.")
    decision = field("What.")


@graph.publishes(ApprovalRequest, name="ApprovalRequest", requires=READ, description="A mutation saved for a second person.")  # fmt: skip  # noqa: E501
class ApprovalType(NodeType):
    action = field("Such as withdrawal.approve.")
    status = field("APPROVED: signed, and not known yet whether it was done. STALE: its subject changed meanwhile.")
    policy_version = field("The policy by which it was saved; decisions follow the policy of their moment.")
    requested_by = field("Who asked; never who decides.")
    requested_at = field("When, UTC.")
    expires_at = field("Until when somebody may decide, UTC.")
    reason_code = field("Why, by code.")
    note = field("Why, in the words of whoever asked; forgotten when it is closed.")
    ticket_ref = field("The ticket that asked for it.")
    player_id = field("Whose it is: `player:<brand>:<id>`.")
    subject_id = field("What would be acted on.")
    subject_version = field("The version it is bound to.")
    input = field("What would be done, as canonical JSON without free text.")
    preview = field("What the systems would do, as the dry run found when it was asked for.")
    amount = field("How much.")
    required_approvals = field("How many signatures its amount wants.")
    approver_roles = field("Whose signatures are still missing.")
    steps = field("Who has decided so far.")
    execution = field("How it ended once it was run.")
    executed_at = field("When, UTC.")
    can_decide = field("Whether you may decide it now.")
    denial = field("Why not.")


@graph.publishes(ApprovalPayload, name="ApprovalPayload", requires=P.APPROVAL_DECIDE, description="A decision.")
class ApprovalPayloadType(PayloadType):
    """Nothing beyond what every action answers."""


graph.connection(ApprovalRequest, name="Approval", requires=READ)
