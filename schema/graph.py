"""The published graph: every type, field, rule and denial, in reading order from the leaves to the query.

A field a vendor fills is nullable; what stands in the same record as its object is not. Amounts are minor units.
"""

from __future__ import annotations

from typing import NewType

import strawberry
from strawberry.schema.config import StrawberryConfig

from auth import masks
from auth.permissions import ERROR, MASK, NULL, PUBLIC, P
from execution.publication import Publication, field
from resolvers.player import (
    Root,
    balances_of,
    diagnosis_of,
    kyc_of,
    open_withdrawals_of,
    player_of,
    transaction_of,
)
from resolvers.withdrawal_diagnosis import Blocker, Diagnosis
from vendors.ports.cashier import Transaction
from vendors.ports.keys import Key
from vendors.ports.kyc import KycProfile, RejectLabel
from vendors.ports.money import Money
from vendors.ports.pam import Account, Balance, Player
from vendors.ports.source import Source

_Long = NewType("_Long", int)
_CONFIG = StrawberryConfig(
    disable_field_suggestions=True,
    scalar_map={
        _Long: strawberry.scalar(
            name="BigInt", description="A 64-bit integer, as a JSON number.", serialize=int, parse_value=int
        ),
        Key: strawberry.scalar(name="PlayerGraphId", description="A typed id.", serialize=str, parse_value=Key.parse),
    },
)
_graph = Publication(PUBLIC, ERROR, {Key: strawberry.ID})


@_graph.publishes(Source, name="Provenance", requires=PUBLIC, description="Where an object came from, how fresh it is.")
class SourceType:
    system = field("The system that answered.")
    vendor = field("The product behind it, such as paymentiq.")
    vendor_id = field("The object's key there: quote it to the vendor.")
    fetched_at = field("When it was read, UTC.")
    stale = field("True if a cache answered for a vendor that could not.")
    deep_link = field("The object in the vendor's own panel.")


@_graph.publishes(Money, name="Money", requires=PUBLIC, description="An amount; currencies are never summed.")
class MoneyType:
    amount_minor = field("Minor units of `currency`.", as_type=_Long)
    currency = field("ISO 4217.")
    exponent = field("Digits after the point: 2 for EUR, 0 for JPY.")
    amount = field("The same amount as a decimal string.")


@_graph.publishes(Account, name="AccountState", requires=PUBLIC, description="What the account may do.")
class AccountType:
    status = field("Canonical status; UNKNOWN is a vendor word the gateway does not know.")
    restrictions = field("Independent blocks in force.")
    verified = field("The PAM's own verification flag; null if it does not say.")


@_graph.publishes(Balance, name="Balance", requires=P.BALANCE_READ, description="One currency's wallet in the PAM.")
class BalanceType:
    cash = field("Real money, including what may not leave yet.")
    bonus = field("Bonus money.")
    withdrawable = field("What a withdrawal would be allowed now.")
    wagering_required = field("Turnover the active bonus asks for.")
    wagering_done = field("Turnover counted so far.")
    source = field("Where it came from.")


@_graph.publishes(RejectLabel, name="RejectLabel", requires=P.KYC_DETAIL_READ, description="A vendor's reason code.")
class RejectLabelType:
    code = field("The vendor's code, verbatim.")
    player_safe = field("False if it hints at fraud or compliance suspicion.")


@_graph.publishes(KycProfile, name="KycProfile", requires=P.KYC_STATUS_READ, description="Identity verification.")
class KycType:
    status = field("Canonical status; UNKNOWN is never clear.")
    vendor_status = field("The vendor's own words, to quote to the vendor.")
    level = field("The verification level asked for.")
    player_comment = field("The vendor's text for the player.")
    staff_comment = field("The vendor's text for staff; may be confidential.", requires=P.AML_READ, on_deny=NULL)
    since = field("Since when this status holds, UTC.")
    attempt = field("How often the player has submitted.")
    source = field("Where it came from.")


@_graph.publishes(Blocker, name="WithdrawalBlocker", requires=P.PAYMENT_READ, description="One reason the money waits.")
class BlockerType:
    code = field("Stable code.")
    summary = field("For staff.")
    waiting_on = field("Who has to move.")
    owner_team = field("Which team owns the next step.")
    next_step = field("Stable code of what to do.")
    due_at = field("When the owner's service level ends, UTC.")
    forbids_approval = field("True if approving now would be wrong.")


@_graph.publishes(Diagnosis, name="WithdrawalDiagnosis", requires=P.PAYMENT_READ, description="Where the money is.")
class DiagnosisType:
    state = field("PARTIAL_SOURCES if a system that matters did not answer.")
    headline = field("For staff, one sentence.")
    waiting_on = field("Who has to move first.")
    owner_team = field("Which team owns it.")
    next_step = field("Stable code of what to do.")
    expected_by = field("When it should be done, UTC; null if nobody can promise.")
    player_message = field("May be read to the player as it stands.")
    blockers = field("Every reason, in order; the first is why the money has not arrived.")
    checks_passed = field("What was looked at and ruled out.")
    unavailable = field("Systems that did not answer.")


@_graph.publishes(Transaction, name="Transaction", requires=P.PAYMENT_READ, description="A deposit or withdrawal.")
class TransactionType:
    id = field("`withdrawal:<brand>:<id>` or `deposit:<brand>:<id>`.")
    direction = field("Into the wallet or out of it.")
    amount = field("As requested.")
    status = field("Canonical status; INDETERMINATE must never be retried blindly.")
    vendor_state = field("The cashier's own state.")
    vendor_status_code = field("The cashier's own status code.")
    failure = field("Who caused it, if something failed or hangs.")
    method = field("The cashier's name of the method.")
    psp = field("Who pays.", requires=P.PAYMENT_PSP_DETAIL_READ, on_deny=NULL)
    psp_reference = field("To quote to the PSP.", requires=P.PAYMENT_PSP_DETAIL_READ, on_deny=NULL)
    created_at = field("Requested, UTC.")
    updated_at = field("Last changed, UTC.")
    diagnosis = field(
        "Why it has not arrived, and who moves next.",
        resolver=diagnosis_of,
        requires=P.PLAYER_READ & P.BALANCE_READ & P.KYC_STATUS_READ,  # it tells what these records say
        on_deny=NULL,
    )
    source = field("Where it came from.")


@_graph.publishes(Player, name="Player", requires=P.PLAYER_READ, description="A player, across all systems.")
class PlayerType:
    id = field("`player:<brand>:<id of the PAM>`.")
    market = field("Brand x regulator x country, such as UKGC-GB.")
    username = field("Login name.", requires=P.PLAYER_PII_UNMASK, on_deny=MASK(masks.name))
    first_name = field("Given name.", requires=P.PLAYER_PII_UNMASK, on_deny=MASK(masks.name))
    last_name = field("Family name.", requires=P.PLAYER_PII_UNMASK, on_deny=MASK(masks.name))
    date_of_birth = field("Date of birth.", requires=P.PLAYER_PII_UNMASK, on_deny=NULL)
    email = field("Primary address.", requires=P.PLAYER_PII_UNMASK, on_deny=MASK(masks.email))
    phone = field("Primary number.", requires=P.PLAYER_PII_UNMASK, on_deny=MASK(masks.phone))
    email_verified = field("Whether the PAM saw the address confirmed.")
    phone_verified = field("Whether the PAM saw the number confirmed.")
    registered_at = field("When the account was opened, UTC.")
    account = field("What the account may do.")
    balances = field("Wallets, one entry a currency.", resolver=balances_of, on_deny=NULL)
    kyc = field("Identity verification.", resolver=kyc_of, on_deny=NULL)
    open_withdrawals = field("Money that has not arrived.", resolver=open_withdrawals_of, on_deny=NULL)
    source = field("Where it came from.")


@_graph.publishes(Root, name="Query", requires=PUBLIC, description="Start here.")
class QueryType:
    player = field("One player; null if unknown or outside your brands and markets.", resolver=player_of)
    transaction = field("One payment by its id.", resolver=transaction_of)


publication = _graph
schema = strawberry.federation.Schema(query=QueryType, config=_CONFIG, federation_version="2.9")
