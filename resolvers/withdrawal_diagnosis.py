"""Why a withdrawal has not arrived: a table of rules over records, in order, every blocker kept.

Steps and service levels: approval 24 h, KYC at the vendor 4 h, callback 1 h, capture 24 h; 30 min for the cashier to
take up what it has registered, and for a player to finish what a payment page asks. A source that did not answer makes
the diagnosis PARTIAL_SOURCES: unknown is never shown as clear.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta

from resolvers.withdrawal_facts import SOURCE_UNAVAILABLE, Blocker, Diagnosis, DiagnosisState, Facts, WaitingOn
from resolvers.withdrawal_sentences import ENDED, REVIEWED, SAYS
from vendors.errors import VendorError
from vendors.ports.bonus import GrantStatus
from vendors.ports.cashier import Transaction, TransactionStatus
from vendors.ports.kyc import KycProfile, KycStatus
from vendors.ports.pam import AccountStatus, Balance, Player, RestrictionScope
from vendors.ports.source import System

KYC_VENDOR_SLA = timedelta(hours=4)
CALLBACK_SLA = timedelta(hours=1)
APPROVAL_SLA = timedelta(hours=24)
START_TIME = timedelta(minutes=30)  # a method's time-out, after which a player counts as gone
CAPTURE_SLA = timedelta(hours=24)  # captures run at least daily
BANK_TIME = timedelta(days=3)


Rule = Callable[[Facts], Iterator[Blocker]]


def _state(payment: Transaction) -> list[str]:
    """The cashier's own words, as evidence; a decline's code may name a fraud rule, which is not for everybody."""
    if payment.status is TransactionStatus.DECLINED:
        return [f"CASHIER {payment.vendor_state}"]
    return [f"CASHIER {payment.vendor_state} {payment.vendor_status_code or ''}".rstrip()]


def _bank(facts: Facts) -> Iterator[Blocker]:
    paid = facts.withdrawal
    if paid.status is TransactionStatus.SUCCEEDED:
        due = paid.updated_at + BANK_TIME
        step = "WAIT" if facts.now < due else "CHASE_PSP"
        yield Blocker("BANK_PROCESSING", "The payout has left; the bank is crediting it.", WaitingOn.BANK, "PAYMENTS",
                      step, due, evidence=_state(paid))  # fmt: skip


def _inconsistent(facts: Facts) -> Iterator[Blocker]:
    if facts.withdrawal.status is TransactionStatus.INDETERMINATE:
        yield Blocker("PSP_INCONSISTENT", "Cashier and PSP disagree whether it was paid: reconcile, never retry.",
                      WaitingOn.OPERATOR_TEAM, "PAYMENTS", "RECONCILE", evidence=_state(facts.withdrawal))  # fmt: skip
    if facts.withdrawal.status is TransactionStatus.UNKNOWN:
        yield Blocker("PLATFORM_ERROR", "The cashier reports a state the gateway does not know.",
                      WaitingOn.OPERATOR_TEAM, "PAYMENTS", "RECONCILE", evidence=_state(facts.withdrawal))  # fmt: skip


def _account(facts: Facts) -> Iterator[Blocker]:
    if isinstance(facts.player, Player) and facts.player.account.status is AccountStatus.UNKNOWN:
        yield Blocker("PLATFORM_ERROR", "The PAM reports an account status the gateway does not know.",
                      WaitingOn.OPERATOR_TEAM, "ENGINEERING", "NONE")  # fmt: skip
    if isinstance(facts.player, Player) and facts.player.account.status is AccountStatus.LOCKED:
        yield Blocker("ACCOUNT_SUSPENDED", "The account is locked.", WaitingOn.OPERATOR_TEAM, "COMPLIANCE", "NONE")
    if isinstance(facts.player, Player) and RestrictionScope.WITHDRAWAL in facts.player.account.restrictions:
        yield Blocker("ACCOUNT_WITHDRAWAL_BLOCKED", "Withdrawals are blocked on the account.",
                      WaitingOn.OPERATOR_TEAM, "COMPLIANCE", "NONE")  # fmt: skip


_KYC = {
    KycStatus.DOCUMENTS_REQUESTED: (
        "KYC_DOCUMENTS_MISSING", "Documents have not been uploaded.", WaitingOn.PLAYER, "UPLOAD_DOCUMENT"),
    KycStatus.AWAITING_PLAYER: (
        "KYC_DOCUMENTS_MISSING", "The KYC vendor waits for the player.", WaitingOn.PLAYER, "UPLOAD_DOCUMENT"),
    KycStatus.RESUBMISSION_REQUIRED: (
        "KYC_RESUBMISSION_REQUIRED", "A document must be uploaded again.", WaitingOn.PLAYER, "RESUBMIT_DOCUMENT"),
    KycStatus.AWAITING_OPERATOR: (
        "KYC_IN_REVIEW", "The KYC team has to review.", WaitingOn.OPERATOR_TEAM, "REVIEW_KYC"),
    KycStatus.REJECTED: (
        "KYC_REJECTED_FINAL", "Verification was refused for good.", WaitingOn.OPERATOR_TEAM, "REVIEW_KYC"),
    KycStatus.IN_PROGRESS: (
        "KYC_IN_REVIEW", "The KYC vendor is reviewing.", WaitingOn.VENDOR, "WAIT"),
    KycStatus.AWAITING_VENDOR: (
        "KYC_IN_REVIEW", "The KYC vendor is reviewing.", WaitingOn.VENDOR, "WAIT"),
    KycStatus.UNKNOWN: (
        "KYC_IN_REVIEW", "The KYC vendor's status is not known here.", WaitingOn.OPERATOR_TEAM, "REVIEW_KYC"),
}  # fmt: skip


def _unverified_in_pam(player: Player | VendorError | None) -> bool:
    return isinstance(player, Player) and player.account.verified is False


def _kyc(facts: Facts) -> Iterator[Blocker]:
    profile = facts.kyc
    if profile is None:
        yield Blocker("KYC_NOT_STARTED", "Verification was never started.", WaitingOn.PLAYER, "KYC", "UPLOAD_DOCUMENT")
    elif isinstance(profile, KycProfile) and profile.status in _KYC:
        code, summary, waiting_on, step = _KYC[profile.status]
        due = profile.since + KYC_VENDOR_SLA if profile.since and waiting_on is WaitingOn.VENDOR else None
        if due and facts.now > due:
            code, summary, step = "KYC_VENDOR_DELAY", "The KYC vendor is past its service level.", "REVIEW_KYC"
        owner = "COMPLIANCE" if profile.status is KycStatus.REJECTED else "KYC"
        yield Blocker(code, summary, waiting_on, owner, step, due, evidence=[f"KYC {profile.vendor_status}"])
    elif isinstance(profile, KycProfile) and _unverified_in_pam(facts.player):
        yield Blocker("KYC_IN_REVIEW", "Verified at the KYC vendor, but the PAM has not learnt it.",
                      WaitingOn.OPERATOR_TEAM, "ENGINEERING", "REVIEW_KYC")  # fmt: skip


def _funds(facts: Facts) -> Iterator[Blocker]:
    if facts.balances is None or isinstance(facts.balances, VendorError):
        return
    asked = facts.withdrawal.amount
    wallets = [balance for balance in facts.balances if balance.withdrawable.currency == asked.currency]
    if not wallets:
        yield Blocker("PLATFORM_ERROR", f"The PAM names no wallet in {asked.currency}.", WaitingOn.OPERATOR_TEAM,
                      "ENGINEERING", "NONE")  # fmt: skip
    short = [balance for balance in wallets if balance.withdrawable < asked]
    reasons = [*_wagering(facts, short=bool(short)), *(_open_rounds(facts) if short else ())]
    yield from reasons
    unknown = any(isinstance(source, VendorError) for source in (facts.grants, facts.open_rounds))
    if short and not reasons and not unknown:  # with a source missing nobody is told that he asked for too much
        yield _short(short[0])


def _short(balance: Balance) -> Blocker:
    may = balance.withdrawable
    return Blocker("INSUFFICIENT_WITHDRAWABLE", f"Only {may.amount} {may.currency} may be withdrawn.",
                   WaitingOn.PLAYER, "PAYMENTS", "REDUCE_AMOUNT")  # fmt: skip


def _wagering(facts: Facts, *, short: bool) -> Iterator[Blocker]:
    """Bonuses that hold money: by the engine's own word, or by what is left to wager where the wallet is short.

    An unknown status counts as one that still holds money.
    """
    for grant in facts.grants if isinstance(facts.grants, Sequence) else ():
        left = grant.wagering.remaining if grant.wagering else None
        owed = left is not None and left.amount_minor > 0 and left.currency == facts.withdrawal.amount.currency
        if grant.status in _HOLDS_MONEY and (grant.blocks_withdrawal is True or (short and owed)):
            summary = f"{left.amount} {left.currency} still to be wagered." if left else "A bonus holds money back."
            yield Blocker("BONUS_WAGERING_INCOMPLETE", summary, WaitingOn.PLAYER, "BONUS", "COMPLETE_WAGERING",
                          grant.expires_at, evidence=[f"{grant.id}: {grant.vendor_status}"])  # fmt: skip


def _open_rounds(facts: Facts) -> Iterator[Blocker]:
    for bet in facts.open_rounds if isinstance(facts.open_rounds, Sequence) else ():
        yield Blocker("OPEN_ROUND", f"A round of {bet.game_name or bet.game_code} is still open.", WaitingOn.PLAYER,
                      "CONTENT_OPS", "WAIT", evidence=[f"{bet.id}: {bet.vendor_status}"])  # fmt: skip


_HOLDS_MONEY = {GrantStatus.ACTIVE, GrantStatus.WAGERING, GrantStatus.SUSPENDED, GrantStatus.UNKNOWN}


def _sources(facts: Facts) -> Iterator[Blocker]:
    """Before approval, not last: with a source missing nobody is told to approve."""
    if missing := _missing(facts):
        names = " and ".join(system.value for system in missing)
        yield Blocker(SOURCE_UNAVAILABLE, f"No answer from {names}: not everything is known.", WaitingOn.NOBODY,
                      "ENGINEERING", "WAIT")  # fmt: skip


def _missing(facts: Facts) -> list[System]:
    """Systems that failed, or that know nothing where they must know something; KYC and the engine may know nobody.

    A withdrawal that a cache shows for a cashier that failed may have moved on since.
    """
    pam = any(answer is None or isinstance(answer, VendorError) for answer in (facts.player, facts.balances))
    pam = pam or facts.open_rounds is None or isinstance(facts.open_rounds, VendorError)
    kyc, bonus = isinstance(facts.kyc, VendorError), isinstance(facts.grants, VendorError)
    return [System.PAM] * pam + _stale(facts) + [System.KYC] * kyc + [System.BONUS] * bonus


def _stale(facts: Facts) -> list[System]:
    return [System.CASHIER] if facts.withdrawal.source.stale else []


def _request(facts: Facts) -> Iterator[Blocker]:
    """Registered, and not yet on its way: the cashier's turn, or the player's on a payment page."""
    begun = facts.withdrawal
    due = begun.updated_at + START_TIME
    row = _STARTS.get((begun.status, facts.now > due))
    if row:
        yield Blocker(*row, due, evidence=_state(begun))


_STARTS = {  # (status, whether its time is over)
    (TransactionStatus.INITIATED, False): (
        "AWAITING_CASHIER", "The cashier has registered it and sent nothing yet.", WaitingOn.VENDOR, "PAYMENTS",
        "WAIT"),
    (TransactionStatus.INITIATED, True): (
        "PLATFORM_ERROR", "The cashier has registered it and not taken it up in time.", WaitingOn.OPERATOR_TEAM,
        "PAYMENTS", "RECONCILE"),
    (TransactionStatus.AWAITING_PLAYER, False): (
        "AWAITING_PLAYER_INPUT", "The player has to finish what the payment page asks.", WaitingOn.PLAYER, "PAYMENTS",
        "INFORM_PLAYER"),
    (TransactionStatus.AWAITING_PLAYER, True): (
        "PLAYER_ABANDONED", "The player left the payment page before it was finished.", WaitingOn.PLAYER, "PAYMENTS",
        "INFORM_PLAYER"),
}  # fmt: skip


def _approval(facts: Facts) -> Iterator[Blocker]:
    waiting = facts.withdrawal
    if waiting.status is TransactionStatus.AWAITING_APPROVAL:
        due = waiting.created_at + APPROVAL_SLA
        yield Blocker("AWAITING_FIRST_APPROVAL", "A payments agent must approve.", WaitingOn.OPERATOR_TEAM,
                      "PAYMENTS", "APPROVE_WITHDRAWAL", due, False, _state(waiting))  # fmt: skip
    if waiting.status is TransactionStatus.ON_HOLD:
        yield Blocker("MANUALLY_ON_HOLD", "An agent put the withdrawal on hold.", WaitingOn.OPERATOR_TEAM, "PAYMENTS",
                      "RELEASE_HOLD", None, True, _state(waiting))  # fmt: skip
    if waiting.status is TransactionStatus.SCHEDULED:
        yield Blocker("AUTO_APPROVAL_TIMER", "It will be approved automatically.", WaitingOn.NOBODY, "PAYMENTS", "WAIT",
                      None, False, _state(waiting))  # fmt: skip


def _psp(facts: Facts) -> Iterator[Blocker]:
    sent = facts.withdrawal
    due = sent.updated_at + _REPORTS[sent.status] if sent.status in _REPORTS else None
    if due and facts.now > due:
        yield Blocker("PSP_CALLBACK_OVERDUE", "The PSP accepted it and has not reported back.", WaitingOn.PSP,
                      "PAYMENTS", "CHASE_PSP", due, evidence=_state(sent))  # fmt: skip
    elif sent.status is TransactionStatus.AUTHORISED:
        yield Blocker("PSP_PROCESSING", "The PSP has authorised it and pays when it is captured.", WaitingOn.PSP,
                      "PAYMENTS", "WAIT", due, evidence=_state(sent))  # fmt: skip
    elif sent.status in (TransactionStatus.PROCESSING, TransactionStatus.AWAITING_CALLBACK):
        yield Blocker("PSP_PROCESSING", "The PSP is paying.", WaitingOn.PSP, "PAYMENTS", "WAIT", evidence=_state(sent))
    if sent.status is TransactionStatus.DECLINED:
        yield Blocker("PSP_DECLINED", "The PSP declined the payout.", WaitingOn.OPERATOR_TEAM, "PAYMENTS", "CHASE_PSP",
                      evidence=_state(sent))  # fmt: skip


_REPORTS = {  # by when the PSP must have said more
    TransactionStatus.AWAITING_CALLBACK: CALLBACK_SLA,
    TransactionStatus.AUTHORISED: CAPTURE_SLA,
}


# (what was checked, its rule, whether it still matters once the payout has left the operator or has ended)
RULES: Sequence[tuple[str, Rule, bool]] = (
    ("bank", _bank, True),
    ("consistency", _inconsistent, True),
    ("account", _account, False),
    ("verification", _kyc, False),
    ("withdrawable funds", _funds, False),
    ("sources", _sources, False),
    ("request", _request, False),
    ("approval", _approval, False),
    ("payout", _psp, True),
)
_LEFT = {
    TransactionStatus.SUCCEEDED, TransactionStatus.INDETERMINATE, TransactionStatus.PROCESSING,
    TransactionStatus.AWAITING_CALLBACK, TransactionStatus.AUTHORISED, TransactionStatus.DECLINED,
}  # fmt: skip


def diagnose(facts: Facts) -> Diagnosis:
    """All blockers in order, the first being why the money has not arrived."""
    gone = facts.withdrawal.status in _LEFT or facts.withdrawal.status in ENDED
    found = [(name, list(rule(facts))) for name, rule, after in RULES if after or not gone]
    blockers = [blocker for _, hits in found for blocker in hits]
    missing = _stale(facts) if gone else _missing(facts)
    first = blockers[0] if blockers else _ended(facts.withdrawal)
    ended = ENDED.get(facts.withdrawal.status)
    return Diagnosis(
        DiagnosisState.PARTIAL_SOURCES if missing else DiagnosisState.COMPLETE,
        first.summary,
        first.waiting_on,
        first.owner_team,
        first.next_step,
        first.due_at,
        ended[1] if ended else SAYS.get(first.code, REVIEWED),
        blockers,
        [] if missing else [name for name, hits in found if not hits],
        missing,
    )


def _ended(withdrawal: Transaction) -> Blocker:
    """What stands in the headline when nothing blocks: how it ended. Whatever has not ended has a blocker."""
    return Blocker("NONE", ENDED[withdrawal.status][0], WaitingOn.NOBODY, "SUPPORT", "INFORM_PLAYER")
