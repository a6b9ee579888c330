"""What the gateway says of itself, and what an action answers."""

from __future__ import annotations

from auth.acts import Result, Step, UserError
from auth.permissions import NULL, PUBLIC, P
from execution.publication import field
from resolvers.actions import PlayerPayload, TransactionPayload, player_after, transaction_after
from resolvers.approvals import approval_after
from resolvers.context import Access
from resolvers.desk_actions import TicketPayload
from resolvers.gateway import AuditEntry, Viewer
from schema.declared import Long, graph
from vendors.ports.health import Latency, RateLimit, VendorHealth


@graph.publishes(Viewer, name="Viewer", requires=PUBLIC, description="Who is asking, as the token tells.")
class ViewerType:
    id = field("The token's subject.")
    roles = field("Roles held.")
    permissions = field("Scopes that come with them.")
    brands = field("Where they hold; empty means everywhere.")
    markets = field("Where they hold; empty means everywhere.")


@graph.publishes(VendorHealth, name="VendorHealth", requires=P.VENDOR_HEALTH_READ, description="One product, lately.")
class HealthType:
    system = field("Which system it is.")
    vendor = field("The product.")
    state = field("UNKNOWN until it has been asked something.")
    error_percent = field("Failed calls among the last 20 of this process.")
    last_success_at = field("UTC.")
    last_error_at = field("UTC.")
    last_error_code = field("What went wrong then.")
    circuit = field("OPEN while an operation that kept failing is not called; the worst of its operations.")
    circuits_open = field("Operations whose circuit is not closed.")
    rate_limit = field("The limit on calls that is nearest to its end; null where none is known.")
    latency = field("What its last answers took; null until it has been asked lately.")


@graph.publishes(RateLimit, name="VendorRateLimit", requires=P.VENDOR_HEALTH_READ, description="A limit on calls.")
class RateLimitType:
    name = field("Which of the product's limits, as docs/vendors.md names it.")
    limit = field("Calls in a window.")
    window_seconds = field("How long a window is.")
    remaining = field("Calls left in this window, by this process's count and the product's own word.")
    resets_at = field("When all of them are there again if nothing more is asked. UTC.")
    throttled_until = field("The product asked for a pause until then; null if it did not. UTC.")
    source = field("PUBLISHED on the product's page, told by a HEADER, or ADAPTED to its refusals.")


@graph.publishes(Latency, name="VendorLatency", requires=P.VENDOR_HEALTH_READ, description="What answers took.")
class LatencyType:
    calls = field("How many, of the last five minutes, this process's.")
    p50_ms = field("Half took no longer. Milliseconds.")
    p95_ms = field("Of 20, 19 took no longer. Milliseconds.")
    p99_ms = field("Of 100, 99 took no longer. Milliseconds.")


@graph.publishes(Access, name="AccessExplanation", requires=P.POLICY_READ, description="Who may see a field.")
class AccessType:
    coordinate = field("Type and field.")
    scopes = field("Any of these groups of scopes, each whole.")
    on_deny = field("What everybody else sees: ERROR, NULL or CONCEAL.")
    unmask = field("The scopes, in the same way, to see it in clear; null where nothing masks it.")
    roles_allowed = field("Roles that pass.")


@graph.publishes(AuditEntry, name="AuditEntry", requires=P.AUDIT_READ, description="One record of the audit chain.")
class AuditEntryType:
    id = field("The action's id: its intent and its outcome share it.")
    sequence = field("Its place in the chain.", as_type=Long)
    stream = field("Which chain.")
    at = field("When it was written, UTC.")
    phase = field("INTENT before the vendor call, OUTCOME after it, DENIED if nothing was tried.")
    action = field("Such as withdrawal.approve.")
    actor = field("Who acted.")
    roles = field("With which roles.")
    subject = field("What was acted on.")
    player = field("Whose it was.")
    reason_code = field("Why, by code.")
    ticket_ref = field("The ticket that asked for it.")
    outcome = field("How it ended; null in an intent.")
    policy_version = field("The policy that allowed it.")
    hash = field("SHA-256 over this record and the hash before it, in hexadecimal.")


graph.connection(AuditEntry, name="AuditEntry", requires=P.AUDIT_READ)


@graph.publishes(UserError, name="UserError", requires=PUBLIC, description="Why an action did not happen.")
class UserErrorType:
    code = field("Stable code.")
    message = field("For the person who asked.")


@graph.publishes(Step, name="VendorStep", requires=PUBLIC, description="What one system did.")
class StepType:
    system = field("Which.")
    outcome = field("How it ended there.")
    reference = field("Its own id of it.")
    message = field("In words.")


@graph.publishes(
    Result, name="MutationPayload", requires=PUBLIC, abstract=True, description="What became of an action."
)
class PayloadType:
    outcome = field("INDETERMINATE: it may have happened; look before you do it again.")
    user_errors = field("Why it did not happen; empty if it did.")
    audit_id = field("Its records in the audit; null for a dry run and for what never began.")
    replayed = field("True if this was told before, for the same idempotency key.")
    dry_run = field("True if nothing was changed.")
    steps = field("System by system.")
    approval = field(
        "What waits for a second person, or was decided by him.", resolver=approval_after, requires=P.APPROVAL_READ,
        on_deny=NULL,
    )  # fmt: skip


@graph.publishes(TransactionPayload, name="TransactionPayload", requires=PUBLIC, description="An action on a payment.")
class TransactionPayloadType(PayloadType):
    transaction = field("The payment as it is now.", resolver=transaction_after)


@graph.publishes(PlayerPayload, name="PlayerPayload", requires=PUBLIC, description="An action on a player.")
class PlayerPayloadType(PayloadType):
    player = field("The player as he is now.", resolver=player_after)


@graph.publishes(TicketPayload, name="TicketPayload", requires=PUBLIC, description="An action on a ticket.")
class TicketPayloadType(PayloadType):
    ticket = field("The ticket as it is now.")
