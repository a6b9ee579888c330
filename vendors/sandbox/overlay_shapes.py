"""What a scenario file may say of each product: the objects of its documented replies, field by field.

Mandatory is what gives an object its meaning; the simulator fills in the rest. `age` is no field of a product: it dates
the object. Whose an object is, is settled by the scenario's `player`, so that no field that names an owner is here.

cashier.paymentiq     "search" of payments and of accounts, snapshot 2023-04, and `txTypeName`, which the adapter reads
kyc.sumsub            docs.sumsub.com/reference/get-applicant-data-via-externaluserid, /get-applicant-review-status and
                      /get-applicant-verification-steps-status, copies of 2026-09; where their tables are cut off, the
                      fields are those of replies that public integrations quote (read 2026-11)
kyc.onfido            onfido-openapi-spec, 2026-07: workflow_run, task and document; a run's tags are its owner's
pam.infigaming        its OpenAPI document of 2026-04: user/profile/get, wallet/get, game/bets/list, and the two
                      responsible-gambling reads, of which `responsibleGambling` is the user's whole reply
bonus.reference       docs/contracts/bonus.yaml, 1.1.0
aggregator.hub88      docs.hub88.io, freebet/rewards/list, copy of 2026-11
crm.customerio        docs.customer.io/files/journeys-app.json, copy of 2026-08: of the `customer` of a person's
                      attributes what is his to say; his segments, his messages
ticketing.zendesk     the Support API's OpenAPI document, copy of 2025-04: tickets, each with the list of its comments
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import msgspec

from vendors.sandbox.ages import duration, instant


class Age(str):
    """A duration before now."""


class Instant(str):
    """RFC 3339 with an offset: where the simulator has to compare it."""


def read_word(kind: type, said: object) -> object:
    """msgspec's hook for the words above; raises what it turns into an error that names the place."""
    if not isinstance(said, str):
        raise ValueError(f"Expected `str`, got `{type(said).__name__}`")
    (duration if kind is Age else instant)(said)
    return kind(said)


def documented(name: str, must: Mapping[str, Any], may: Mapping[Any, str]) -> type[msgspec.Struct]:
    """An object with the fields it must have, and those it may have by type; no others."""
    optional = [(word, kind, None) for kind, words in may.items() for word in words.split()]
    return msgspec.defstruct(name, [*must.items(), *optional], kw_only=True, forbid_unknown_fields=True)


_Text = str | None
_Number = int | None
_Object = dict[str, Any]
_Objects = list[dict[str, Any]]
Number = Annotated[int, msgspec.Meta(ge=1)]
Word = Annotated[str, msgspec.Meta(min_length=1)]
Identifier = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9._-]{1,64}$")]

_Payment = documented("Payment", {"txTypeName": str, "state": str, "txAmount": str}, {
    Age: "age",
    Number: "id",
    str: "statusCode accountHolderName amount amountBase authAmount authAmountBase blockedAccountReason bonusCode "
         "channelId created depositType fee feeBase info initiatedPspAccount ipAddr ipCity ipCountry ipRegion "
         "issuerCountry kycStatus lastUpdated maskedUserAccount merchantAuthCode merchantErrCode merchantTxId "
         "merchantUserBal merchantUserCat merchantUserCountry merchantUserEmail pspAccount pspFee pspFeeBase pspRefId "
         "pspService pspStatusCode pspTxAmount pspUserRef reversedMerchantTxId suspectedAbuseReason txAmountBase "
         "updatedBy",
    int: "initiatedPspId originTxId pspId reversedTxId txTypeInt",
    float: "pspFraudScore",
    int | str: "userPspAccountId",
    _Object: "amountAbs attributes",
})  # fmt: skip
_Account = documented("Account", {"providerType": str, "maskedAccount": str, "status": str}, {
    Age: "age",
    Number: "id",
    str: "accountUuid holder type expiryDate firstUsed lastUsed lastSuccess blockReason service verificationStatus",
    int: "noSuccessfulTx noFailedTx",
    bool: "visible",
})  # fmt: skip

_Verdict = documented("Verdict", {"reviewAnswer": str}, {
    str: "moderationComment clientComment reviewRejectType",
    list[str]: "rejectLabels buttonIds",
})  # fmt: skip
_Review = documented("Review", {"reviewStatus": str}, {
    str: "reviewId attemptId levelName createDate reviewDate startDate",
    int: "attemptCnt elapsedSincePendingMs elapsedSinceQueuedMs priority",
    _Verdict: "reviewResult",
})  # fmt: skip
_Applicant = documented("Applicant", {}, {
    Age: "age",
    Annotated[str, msgspec.Meta(pattern=r"^[0-9a-z]{24}$")]: "id",
    str: "createdAt createdBy key clientId inspectionId email phone applicantPlatform ipCountry lang type",
    _Object: "info fixedInfo agreement requiredIdDocs",
    _Objects: "metadata questionnaires notes",
    list[str]: "tags",
    _Review: "review",
})  # fmt: skip
_Step = documented("Step", {}, {
    str: "country idDocType",
    list[int]: "imageIds",
    _Verdict: "reviewResult",
    dict[str, _Verdict | None]: "imageReviewResults",  # type: ignore[valid-type]
})  # fmt: skip

_Run = documented("Run", {}, {
    Age: "age",
    str: "status workflow_id dashboard_url",
    Instant: "created_at updated_at",
    int: "workflow_version_id",
    list[str]: "reasons",
    _Object: "output link error",
    _Text: "sdk_token",
})  # fmt: skip
_Task = documented("Task", {"task_def_id": Annotated[str, msgspec.Meta(pattern=r"^[0-9a-z_-]+$")]}, {
    Instant: "created_at updated_at",
    _Text: "task_def_version",
    _Object: "input",
    Any: "output",  # an object, a list or another value
})  # fmt: skip
_Document = documented("Document", {"type": str}, {
    Instant: "created_at", str: "id href download_href side file_type file_name issuing_country", int: "file_size",
})  # fmt: skip

_Comment = documented("Comment", {"content": str}, {
    Age: "age", Word: "commentId authorUsername", str: "username", Instant: "createdAt",
})  # fmt: skip
_Registration = documented("Registration", {}, {
    Instant: "registeredAt",
    str: "device method browser app mobile email username source clientSource",
    _Object: "ipInfo",
})  # fmt: skip
_Profile = documented("Profile", {}, {
    str: "nickname vipLevel registeredMobile registeredEmail firstName lastName dob address loginEmail loginMobile "
         "affiliateId affiliateName referrerUserId referrerUsername",
    bool: "online banWithdraw banGame banLogin locked emailVerified phoneVerified",
    int: "totalLoginCount kycLevel",
    list[str]: "tags",
    list[_Comment]: "comments",  # type: ignore[valid-type]
    _Registration: "registrationRecord",
    _Objects: "loginRecords userIdentity emailChangeHistory phoneChangeHistory",
})  # fmt: skip
_Wallet = documented("Wallet", {"currency": str, "cash": str}, {
    str: "originalCash bonus originalBonus turnoverThreshold turnover cashTurnover bonusTurnover turnoverMultiplier "
         "cashTurnoverThreshold bonusTurnoverThreshold withdrawableCash transferableBonus totalOriginalOperatorBonus "
         "totalOriginalProviderBonus totalCashWithdrawLimit totalOperatorBonusWithdrawLimit "
         "totalProviderBonusWithdrawLimit totalCashWithdrawn totalOperatorBonusTransferred totalFreeBetAmount",
    int: "totalFreeSpinCount",
    _Objects: "credits",
})  # fmt: skip
_Bet = documented("Bet", {"status": str}, {
    Age: "age",
    Word: "operatorBetId providerBetId gameId",
    str: "roundId providerRoundId providerId providerName operatorName companyOperatorId companyOperatorName "
         "retailerOperatorId retailerOperatorName systemOperatorId systemOperatorName currency settlementCurrency "
         "gameName gameCategory betAmount validBetAmount settlementBetAmount winAmount settlementWinAmount turnover "
         "odds rollbackBetAmount rollbackWinAmount updatedAt",
    int: "winCount",
    Instant: "createdAt",
})  # fmt: skip
_Period = documented("Period", {}, {Age: "age", Instant: "startTime endTime"})
_Periods = documented("Periods", {}, {
    _Period: "selfExclusion breakInPlay",
    documented("TimeLimits", {"timeZone": str, "startTime": str, "endTime": str}, {}): "timeLimits",
})  # fmt: skip
_Allowed = documented("Allowed", {}, {
    bool: "loginAllowed depositAllowed withdrawalAllowed gameBetAllowed selfExclusionActive breakInPlayActive "
          "timeLimitsActive",
    str: "timeLimitsNextInactiveTime",
})  # fmt: skip
_Removals = documented("Removals", {}, {
    str: "selfExclusionDeleteScheduleTime breakInPlayDeleteScheduleTime timeLimitsDeleteScheduleTime",
})  # fmt: skip
_Gambling = documented("Gambling", {}, {
    _Periods: "responsibleGamblingConfig",
    _Allowed: "responsibleGamblingStatus",
    _Removals: "responsibleGamblingDeleteSchedule",
})  # fmt: skip
_LIMITS = "depositLimit withdrawalLimit " + " ".join(
    f"{period}{kind}Limit" for kind in ("Play", "Loss") for period in ("daily", "weekly", "monthly")
)
_Limits = documented("Limits", {"currency": str}, {
    str: " ".join([_LIMITS, *(f"{name}DeleteScheduleTime" for name in _LIMITS.split())]),
})  # fmt: skip

_Grant = documented("Grant", {"status": str}, {
    Age: "age",
    Identifier: "id",
    str: "type currency granted_at",
    _Text: "campaign_code amount expires_at",
    documented("Wagering", {"required": str, "done": str}, {}) | None: "wagering",
    documented("FreeSpins", {"total": int, "used": int}, {}) | None: "free_spins",
    bool | None: "blocks_withdrawal",
})  # fmt: skip

_Reward = documented("Reward", {"status": str}, {
    Age: "age",
    str: "reward_uuid start_time end_time game_code prepaid_uuid currency",
    int: "game_id bet_count bet_value",
    _Text: "campaign_uuid sub_partner_id operator_reference",
})  # fmt: skip

_Segment = documented("Segment", {"name": str}, {Number: "id", str: "description"})
_Message = documented("Message", {"type": str}, {
    Age: "age",
    Word: "id",
    str: "deduplicate_id recipient subject",
    int: "created",
    _Text: "failure_message",
    _Number: "campaign_id action_id newsletter_id content_id broadcast_id",
    dict[str, int | None]: "metrics",
    bool: "forgotten",
})  # fmt: skip

_TicketComment = documented("TicketComment", {"body": Word}, {
    Age: "age",
    bool: "public",
    Number: "author_id",
    Instant: "created_at",
    str: "html_body plain_body",
    _Object: "via metadata",
    _Objects: "attachments",
})  # fmt: skip
_Ticket = documented("Ticket", {"subject": str, "status": str}, {
    Age: "age",
    Number: "id",
    _Text: "priority external_id type due_at recipient",
    str: "raw_subject description url",
    Instant: "created_at updated_at",
    bool: "is_public has_incidents allow_attachments allow_channelback from_messaging_channel",
    _Number: "assignee_id brand_id custom_status_id forum_topic_id group_id organization_id problem_id submitter_id "
             "ticket_form_id",
    list[str]: "tags",
    list[int]: "collaborator_ids email_cc_ids follower_ids followup_ids sharing_agreement_ids",
    _Objects: "custom_fields",
    _Object | None: "satisfaction_rating via",
    list[_TicketComment]: "comments",  # type: ignore[valid-type]
})  # fmt: skip

SHAPES: Mapping[str, type[msgspec.Struct]] = {
    "pam.infigaming": documented("PAM", {}, {
        _Profile: "profile",
        list[_Wallet]: "wallets",  # type: ignore[valid-type]
        _Gambling: "responsibleGambling",
        list[_Limits]: "responsibleGamblingConfigs",  # type: ignore[valid-type]
        list[_Bet]: "bets",  # type: ignore[valid-type]
    }),
    "cashier.paymentiq": documented("Cashier", {}, {
        list[_Payment]: "payments",  # type: ignore[valid-type]
        list[_Account]: "accounts",  # type: ignore[valid-type]
    }),
    "kyc.sumsub": documented("KYC", {}, {
        _Applicant | None: "applicant",  # null: the vendor has never seen the player
        dict[str, _Step | None]: "requiredIdDocsStatus",  # type: ignore[valid-type]
    }),
    "kyc.onfido": documented("Onfido", {}, {
        _Run | None: "run",  # null: the vendor has never seen the player
        list[_Task]: "tasks",  # type: ignore[valid-type]
        list[_Document]: "documents",  # type: ignore[valid-type]
    }),
    "bonus.reference": documented("Bonus", {"grants": list[_Grant]}, {}),  # type: ignore[valid-type]
    "aggregator.hub88": documented("Aggregator", {"rewards": list[_Reward]}, {}),  # type: ignore[valid-type]
    "crm.customerio": documented("CRM", {}, {
        dict[str, str]: "attributes",
        bool: "unsubscribed",
        list[_Segment]: "segments",  # type: ignore[valid-type]
        list[_Message]: "messages",  # type: ignore[valid-type]
    }),
    "ticketing.zendesk": documented("Desk", {"tickets": list[_Ticket]}, {}),  # type: ignore[valid-type]
}  # fmt: skip
HEAD = documented("Scenario", {"scenario": Word, "says": Word, "market": str, "player": Identifier}, {
    str: "copy brand",
})  # fmt: skip

# Fields that the documents have and a scenario may not say: whose the object is.
OWNERS = frozenset({
    "merchantId", "merchantUserId", "externalUserId", "userId", "operatorId", "userOperatorContext", "player_id",
    "user", "customer_id", "requester_id", "customer_user_id", "applicant_id", "workflow_run_id",
})  # fmt: skip
IDENTITIES: Mapping[tuple[str, str], str] = {  # by what each object of a list is known; numbers are numbers
    ("cashier.paymentiq", "payments"): "id",
    ("cashier.paymentiq", "accounts"): "id",
    ("pam.infigaming", "bets"): "operatorBetId",
    ("bonus.reference", "grants"): "id",
    ("aggregator.hub88", "rewards"): "reward_uuid",
    ("crm.customerio", "messages"): "id",
    ("ticketing.zendesk", "tickets"): "id",
}
