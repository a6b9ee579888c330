"""What the gateway saw of a status: an entry a step, for payments, verifications and tickets."""

from __future__ import annotations

from auth.permissions import NULL, SELF, P
from execution.publication import field
from resolvers.status_timelines import KycStatusEvent, TicketStatusEvent, TransactionStatusEvent
from schema.declared import graph

BY, ACTION = "Whose doing it was; null for the first entry.", "The action it was, if it went through this gateway."


class SeenType:
    """What every entry has."""

    at = field("Since when, by the vendor's clock, UTC.")
    status = field("Canonical status; UNKNOWN is a word the gateway does not know.")
    previous = field("What it was before, as far as known.")
    evidence = field("What the entry rests on.")
    first_seen_at = field("When the gateway first knew, UTC.")
    seen_by = field("How it came to know.")
    gap_before = field("Whether states between this entry and the one before may have gone unseen.")


@graph.publishes(
    TransactionStatusEvent, name="TransactionStatusEvent", requires=P.PAYMENT_READ | SELF,
    description="A step of a payment, as seen.",
)  # fmt: skip
class TransactionStepType(SeenType):
    vendor_status = field("The cashier's own state.")
    by = field(BY, requires=P.PAYMENT_PSP_DETAIL_READ, on_deny=NULL)
    audit_id = field(ACTION, requires=P.AUDIT_READ, on_deny=NULL)


@graph.publishes(
    KycStatusEvent, name="KycStatusEvent", requires=P.KYC_DETAIL_READ, description="A step of a verification, as seen."
)
class KycStepType(SeenType):
    vendor_status = field("The vendor's own words.", requires=P.KYC_STATUS_READ, on_deny=NULL)
    by = field(BY)


@graph.publishes(
    TicketStatusEvent, name="TicketStatusEvent", requires=P.TICKET_READ, description="A step of a ticket, as seen."
)
class TicketStepType(SeenType):
    vendor_status = field("The desk's own word.")
    by = field(BY)
    audit_id = field(ACTION, requires=P.AUDIT_READ, on_deny=NULL)
