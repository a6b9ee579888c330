"""What is read of PaymentIQ and done in it, and what its reference leaves open."""

from __future__ import annotations

from vendors.cashier import paymentiq_accounts as accounts
from vendors.cashier import paymentiq_lists as lists
from vendors.cashier.paymentiq import BANK_TRAVEL, IDS_PER_CALL, PAYMENTS, SEARCH_LIMIT
from vendors.cashier.paymentiq_actions import OPERATIONS
from vendors.cashier.paymentiq_payments import SEARCH
from vendors.declared import Call, Declared, Document, Idempotency, Read, Webhooks, Write
from vendors.ports.cashier import WithdrawalAction

_PAYMENTS = Call(SEARCH, "GET", PAYMENTS)


def _act(action: WithdrawalAction, mutation: str, remark: str) -> Write:
    name = OPERATIONS[action]
    return Write(
        port="act", mutation=mutation, calls=(Call(name, "POST", f"{PAYMENTS}/{name}/{{txId}}"),), remark=remark,
        idempotency=Idempotency.STATE_GUARD, read_back="`info` of the payment, which only `Player.aml` reads yet",
    )  # fmt: skip


DECLARED = Declared(
    documents=(Document("Admin API v1 reference", "snapshot 2023-04"),),
    credential=(Call("token", "POST", "/paymentiq/oauth/token"),),
    reads=(
        Read(
            port="transactions",
            calls=(_PAYMENTS,),
            keys=IDS_PER_CALL,
            remark="by `idList`, of one brand; the address stays under 8 KiB, the product answers 10 000",
            fields={"`transaction`": "as in `openWithdrawals`"},
        ),
        Read(
            port="open_withdrawals",
            calls=(_PAYMENTS,),
            pages=f"{SEARCH_LIMIT} payments",
            remark="by `merchantUserId`, two calls a player: what is open, and what has ended",
            fields={
                "`openWithdrawals.id`, `amount`, `method`, `createdAt`": "`id`, `txAmount`, `txTypeName`, `created`;"
                f" what is open, and what ended within {BANK_TRAVEL.days} days",
                "`openWithdrawals.status`": 'own table of `state` and `statusCode` (page "Transaction States And Status'
                ' Codes"); a code not in it is UNKNOWN',
                "`openWithdrawals.vendorState`, `vendorStatusCode`": "`state`, `statusCode`, verbatim",
            },
            absent={"`openWithdrawals.version`": "a digest of `state`, `statusCode` and `lastUpdated`"},
        ),
        Read(
            port="holds",
            calls=(_PAYMENTS,),
            pages=f"{SEARCH_LIMIT} payments",
            fields={"`aml`": "`info`, the text left with a hold"},
            absent={"a tag given with a hold": "it is in no reply"},
        ),
        Read(
            port="payments_of",
            calls=(_PAYMENTS,),
            pages=f"the page and {lists.OVERLAP}, {lists.LIMIT} at most",
            fields={"`transactions`": "as in `openWithdrawals`; refunds, captures and voids are left out"},
        ),
        Read(
            port="search",
            calls=(_PAYMENTS,),
            pages=f"{lists.CALLS} calls, some 5 000 payments",
            remark="by status, PSP reference, dates; none by direction: it is sifted",
            fields={"`withdrawalQueue`": "the same"},
        ),
        Read(
            port="instruments",
            calls=(Call(accounts.OPERATION, "GET", accounts.PATH),),
            pages=f"{accounts.LIMIT} accounts",
            fields={
                "`paymentInstruments` (all five fields)": "`providerType`, `maskedAccount`, `status`,"
                " `verificationStatus`, `lastUsed`; NEW is UNKNOWN"
            },
        ),
    ),
    writes=(
        _act(
            WithdrawalAction.APPROVE,
            "approveWithdrawal",
            "payment, profile, wallets, applicant, grants and pending bets are read again first",
        ),
        _act(WithdrawalAction.DENY, "denyWithdrawal", "the payment is read again first"),
        _act(WithdrawalAction.HOLD, "holdWithdrawal", "the same"),
        Write(
            port="act",
            mutation="releaseWithdrawal",
            calls=(),
            remark="the back office lifts a hold, the Admin API documents nothing for it: refused with"
            " UNSUPPORTED_BY_VENDOR, without a call",
        ),
    ),
    webhooks=Webhooks(
        signature="none: Basic or bearer of the merchant's configuration",
        told_apart_by="nothing: a repeat looks like news",
        ordered_by="nothing",
        tells="that something happened to a payment, which is read again",
    ),
    absent={"PSP attempts of a payment": "PaymentIQ documents no log in its API; the graph has no field for them"},
    assumptions=(
        "A comma separates lists in a query (`idList`, `states`, `statuses`).",
        "The search answers with a JSON array, as the reference of 2017-11 shows; the page of 2023-04 shows one"
        " object.",
        '`txAmount` reads "12.00 EUR"; `txTypeName` is there, where both copies show `txTypeInt`; times without a zone'
        " are UTC.",
        "Whether `txDateTo` includes its own second, and what `descOrder` sorts by: a cut list must run from new to"
        " old by creation, or it is refused.",
        "No page gives the HTTP status of a refusal: the text of `errorMessage` decides.",
        "The accounts page explains none of its words.",
    ),
)
