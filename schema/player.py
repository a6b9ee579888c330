"""The player: one object across all systems."""

from __future__ import annotations

from auth import masks
from auth.permissions import CONCEAL, MASK, NULL, PUBLIC, SELF, P
from execution.publication import field
from resolvers.aml import AmlProfile, AmlTrigger, aml_of
from resolvers.gateway import SourceStatus, sources_of
from resolvers.lookup import external_ids_of
from resolvers.payments import instruments_of, open_withdrawals_of, payments_of
from resolvers.player import balances_of, gambling_of
from resolvers.records import crm_of, grants_of, kyc_of, rounds_of, tickets_of
from schema.declared import NodeType, graph
from vendors.ports.pam import (
    Account,
    Balance,
    Exclusion,
    Note,
    Player,
    PlayerKey,
    PlayerLimit,
    ResponsibleGambling,
)
from vendors.ports.source import System

PERSONAL, CLEAR = P.PLAYER_PII_READ | SELF, P.PLAYER_PII_UNMASK | SELF
MONEY, GAMBLING = P.BALANCE_READ | SELF, P.RG_STATUS_READ | SELF


@graph.publishes(Account, name="AccountState", requires=PUBLIC, description="What the account may do.")
class AccountType:
    status = field("Canonical status; UNKNOWN is a vendor word the gateway does not know.")
    restrictions = field("Independent blocks in force.")
    verified = field("The PAM's own verification flag; null if it does not say.")


@graph.publishes(Balance, name="Balance", requires=MONEY, description="One currency's wallet in the PAM.")
class BalanceType:
    cash = field("Real money, including what may not leave yet.")
    bonus = field("Bonus money.")
    withdrawable = field("What a withdrawal would be allowed now.")
    withheld = field("Cash that may not leave now: `cash` less `withdrawable`.")
    wagering_required = field("Turnover the active bonus asks for.")
    wagering_done = field("Turnover counted so far.")
    source = field("Where it came from.")


@graph.publishes(Exclusion, name="Exclusion", requires=GAMBLING, description="A period without play.")
class ExclusionType:
    kind = field("How the player is kept from playing.")
    active = field("Whether it is in force now.")
    since = field("From, UTC.")
    until = field("To, UTC; null if it has no end.")
    removal_at = field("When a removal that was asked for takes effect, UTC.")


@graph.publishes(PlayerLimit, name="PlayerLimit", requires=GAMBLING, description="A limit the player lives under.")
class LimitType:
    kind = field("What it counts.")
    period = field("Over which time; null where the PAM names none.")
    value = field("The most there may be.")
    removal_at = field("When a removal that was asked for takes effect, UTC.")


@graph.publishes(
    ResponsibleGambling, name="ResponsibleGambling", requires=GAMBLING,
    description="Limits and exclusions. None of them ever forbids a withdrawal.",
)  # fmt: skip
class GamblingType:
    exclusions = field("Self-exclusion and breaks.")
    limits = field("Limits; null where the PAM does not tell staff.")
    login_allowed = field("Null where the PAM does not say.")
    deposit_allowed = field("Null where the PAM does not say.")
    play_allowed = field("Null where the PAM does not say.")
    source = field("Where it came from.")


@graph.publishes(Note, name="Note", requires=P.TICKET_INTERNAL_NOTE_READ | P.AUDIT_READ, description="A staff note.")
class NoteType:
    author = field("Who wrote it, as the PAM names him.")
    body = field("Its text.")
    at = field("When, UTC.")


@graph.publishes(SourceStatus, name="SourceStatus", requires=PUBLIC, description="One system in this answer.")
class SourceStatusType:
    system = field("Which.")
    state = field("How it did; NOT_ASKED if nothing here needed it.")
    error_code = field("The code of its last failure in this answer.")


@graph.publishes(
    AmlTrigger, name="AmlTrigger", requires=P.AML_READ,
    description="A vendor's word that the operator's table reads as a hint at money laundering.",
)  # fmt: skip
class AmlTriggerType:
    code = field("What it hints at.")
    system = field("Who said it.")
    detail = field("The word, as the table has it.")
    at = field("When, UTC; null where the system gives no instant.")


@graph.publishes(
    AmlProfile, name="AmlProfile", requires=P.AML_READ,
    description="What the systems hint at. No connected product keeps an AML case.",
)  # fmt: skip
class AmlType:
    state = field("PARTIAL_SOURCES if a system that might hint did not answer.")
    triggers = field("Hints, newest first.")
    unavailable = field("Systems that did not answer.")


@graph.publishes(
    Player, name="Player", requires=P.PLAYER_READ | SELF, key=PlayerKey, description="A player, across all systems."
)
class PlayerType(NodeType):
    market = field("Regulator and country, such as UKGC-GB; null if the PAM names no market.")
    username = field("Login name.", requires=PERSONAL, on_deny=NULL, unmask=CLEAR, masked=MASK(masks.name))
    first_name = field("Given name.", requires=PERSONAL, on_deny=NULL, unmask=CLEAR, masked=MASK(masks.name))
    last_name = field("Family name.", requires=PERSONAL, on_deny=NULL, unmask=CLEAR, masked=MASK(masks.name))
    date_of_birth = field("Date of birth.", requires=P.PLAYER_PII_READ & P.PLAYER_PII_UNMASK | SELF, on_deny=NULL)
    email = field("Primary address.", requires=PERSONAL, on_deny=NULL, unmask=CLEAR, masked=MASK(masks.email))
    phone = field("Primary number.", requires=PERSONAL, on_deny=NULL, unmask=CLEAR, masked=MASK(masks.phone))
    email_verified = field("Whether the PAM saw the address confirmed.")
    phone_verified = field("Whether the PAM saw the number confirmed.")
    registered_at = field("When the account was opened, UTC.")
    last_login_at = field("Last login, UTC.")
    vip_level = field("The PAM's level.")
    tags = field("The PAM's tags.", requires=P.PLAYER_READ, on_deny=NULL)
    notes = field("Staff notes, newest first.", requires=P.PLAYER_READ, on_deny=NULL)
    account = field("What the account may do.")
    version = field("Pass it as `expectedVersion` to act on what you saw.")
    external_ids = field("The player in the other systems.", resolver=external_ids_of, requires=P.PLAYER_READ, on_deny=NULL)  # fmt: skip  # noqa: E501
    balances = field("Wallets, one entry a currency.", resolver=balances_of, on_deny=NULL, vendor=System.PAM)
    responsible_gambling = field("Limits and exclusions.", resolver=gambling_of, on_deny=NULL, vendor=System.PAM)
    transactions = field("Deposits and withdrawals, newest first.", resolver=payments_of, on_deny=NULL, vendor=System.CASHIER)  # fmt: skip  # noqa: E501
    open_withdrawals = field("Money that has not arrived.", resolver=open_withdrawals_of, on_deny=NULL, vendor=System.CASHIER)  # fmt: skip  # noqa: E501
    payment_instruments = field("What he pays with.", resolver=instruments_of, on_deny=NULL, vendor=System.CASHIER)
    aml = field(
        "Hints at money laundering; no hint is no clearance.", resolver=aml_of, requires=P.AML_READ, on_deny=CONCEAL,
    )  # fmt: skip
    kyc = field("Identity verification.", resolver=kyc_of, on_deny=NULL, vendor=System.KYC)
    bonus_grants = field("Bonuses, newest first.", resolver=grants_of, on_deny=NULL, vendor=System.BONUS)
    game_rounds = field("Bets, newest first.", resolver=rounds_of, on_deny=NULL, vendor=System.PAM)
    crm = field("The player as marketing sees him.", resolver=crm_of, on_deny=NULL, vendor=System.CRM)
    tickets = field("Tickets he asked for, newest first.", resolver=tickets_of, on_deny=NULL, vendor=System.TICKETING)
    sources = field("How every system did in this answer.", resolver=sources_of, requires=P.PLAYER_READ, on_deny=NULL)
    source = field("Where it came from.")


graph.connection(Player, name="Player", requires=P.PLAYER_READ)
