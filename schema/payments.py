"""Payments: deposits and withdrawals, what a player pays with, and why money has not arrived."""

from __future__ import annotations

from auth import masks
from auth.permissions import MASK, NULL, SELF, P
from execution.publication import field
from resolvers.payments import diagnosis_of, failure_of, payment_owner_of, status_code_of
from resolvers.status_timelines import payment_timeline_of
from resolvers.withdrawal_facts import Blocker, Diagnosis
from schema import timelines  # noqa: F401  # declares its types
from schema.declared import NodeType, graph
from vendors.ports.cashier import Deposit, PaymentInstrument, Transaction, Withdrawal
from vendors.ports.source import System

READ = P.PAYMENT_READ | SELF
PSP = P.PAYMENT_PSP_DETAIL_READ


@graph.publishes(Blocker, name="WithdrawalBlocker", requires=READ, description="One reason the money waits.")
class BlockerType:
    code = field("Stable code.", requires=P.PAYMENT_READ, on_deny=NULL)
    summary = field("For staff.", requires=P.PAYMENT_READ, on_deny=NULL)
    waiting_on = field("Who has to move.")
    owner_team = field("Which team owns the next step.", requires=P.PAYMENT_READ, on_deny=NULL)
    next_step = field("Stable code of what to do.", requires=P.PAYMENT_READ, on_deny=NULL)
    due_at = field("When the owner's service level ends, UTC.")
    forbids_approval = field("True if approving now would be wrong.", requires=P.PAYMENT_READ, on_deny=NULL)
    evidence = field("The records it rests on, in the systems' own words.", requires=P.PAYMENT_READ, on_deny=NULL)


@graph.publishes(Diagnosis, name="WithdrawalDiagnosis", requires=READ, description="Where the money is.")
class DiagnosisType:
    state = field("PARTIAL_SOURCES if a system that matters did not answer.")
    headline = field("For staff, one sentence.", requires=P.PAYMENT_READ, on_deny=NULL)
    waiting_on = field("Who has to move first.")
    owner_team = field("Which team owns it.", requires=P.PAYMENT_READ, on_deny=NULL)
    next_step = field("Stable code of what to do.", requires=P.PAYMENT_READ, on_deny=NULL)
    expected_by = field("When it should be done, UTC; null if nobody can promise.")
    player_message = field("May be read to the player as it stands.")
    blockers = field("Every reason, in order; the first is why the money has not arrived.", requires=P.PAYMENT_READ, on_deny=NULL)  # fmt: skip  # noqa: E501
    checks_passed = field("What was looked at and ruled out.", requires=P.PAYMENT_READ, on_deny=NULL)
    unavailable = field("Systems that did not answer.", requires=P.PAYMENT_READ, on_deny=NULL)


@graph.publishes(
    Transaction,
    name="Transaction",
    requires=READ,
    abstract=True,
    description="Money into a player's wallet or out of it.",
)
class TransactionType(NodeType):
    player = field("Whose payment it is.", resolver=payment_owner_of, requires=P.PLAYER_READ, on_deny=NULL)
    direction = field("Into the wallet or out of it.")
    amount = field("As requested.")
    status = field("Canonical status; INDETERMINATE must never be retried blindly.")
    vendor_state = field("The cashier's own state.")
    vendor_status_code = field(
        "The cashier's own status code.", resolver=status_code_of, requires=P.PAYMENT_READ, on_deny=NULL
    )
    failure = field(
        "Who caused it, if something failed or hangs.", resolver=failure_of, requires=P.PAYMENT_READ, on_deny=NULL
    )
    method = field("The cashier's name of the method.")
    psp = field("Who pays.", requires=PSP, on_deny=NULL)
    psp_reference = field("To quote to the PSP.", requires=PSP, on_deny=NULL)
    created_at = field("Requested, UTC.")
    updated_at = field("Last changed, UTC.")
    version = field("Pass it as `expectedVersion` to act on what you saw.")
    status_timeline = field(
        "Where it stood and since when, oldest first.", resolver=payment_timeline_of, on_deny=NULL,
        vendor=System.GATEWAY,
    )  # fmt: skip
    source = field("Where it came from.")


@graph.publishes(Deposit, name="Deposit", requires=READ, description="Money into the wallet.")
class DepositType(TransactionType):
    """Nothing beyond what every payment has."""


@graph.publishes(Withdrawal, name="Withdrawal", requires=READ, description="Money out of the wallet.")
class WithdrawalType(TransactionType):
    diagnosis = field(
        "Why it has not arrived, and who moves next.",
        resolver=diagnosis_of,
        requires=P.PLAYER_READ & P.BALANCE_READ & P.KYC_STATUS_READ & P.BONUS_READ | SELF,  # it tells what these say
        on_deny=NULL,
        vendor=System.GATEWAY,
    )


@graph.publishes(
    PaymentInstrument, name="PaymentInstrument", requires=P.PAYMENT_INSTRUMENT_READ | SELF,
    description="A card or account a player pays with.",
)  # fmt: skip
class InstrumentType(NodeType):
    kind = field("The cashier's name of its kind.")
    masked = field("All the cashier gives of its number.")
    holder = field(
        "The name on it.", requires=P.PLAYER_PII_READ | SELF, on_deny=NULL, unmask=P.PLAYER_PII_UNMASK | SELF,
        masked=MASK(masks.name),
    )  # fmt: skip
    expiry = field("As the cashier writes it.")
    status = field("Whether the cashier lets it be used; UNKNOWN is a word the gateway does not know.")
    vendor_status = field("The cashier's own word for it.")
    verification = field("Whether it is proven to be the player's.")
    vendor_verification = field("The cashier's own word for it.")
    block_reason = field("Why it is blocked, in the cashier's words.", requires=P.RISK_READ, on_deny=NULL)
    first_used_at = field("First use, UTC.")
    last_used_at = field("Last use, UTC.")
    last_success_at = field("Last use that succeeded, UTC.")
    success_count = field("How often it succeeded.", requires=P.PAYMENT_INSTRUMENT_READ, on_deny=NULL)
    failure_count = field("How often it failed.", requires=P.PAYMENT_INSTRUMENT_READ, on_deny=NULL)
    source = field("Where it came from.")


graph.connection(Transaction, name="Transaction", requires=READ)
