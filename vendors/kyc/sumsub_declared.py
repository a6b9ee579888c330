"""What is read of Sumsub, and what its pages leave open."""

from __future__ import annotations

from vendors.declared import Call, Declared, Document, Read, Webhooks
from vendors.kyc.sumsub import BY_ID_OPERATION, BY_ID_PATH, OPERATION, PATH, STEPS_OPERATION, STEPS_PATH
from vendors.kyc.sumsub_access import LIMITS

DECLARED = Declared(
    documents=(Document("docs.sumsub.com", "copies of 2026-09"),),
    reads=(
        Read(
            port="profiles",
            calls=(Call(OPERATION, "GET", PATH),),
            remark="there is no batch",
            fields={
                "`kyc.status`, `vendorStatus`": "`reviewStatus`, `reviewAnswer`, `reviewRejectType`",
                "`kyc.level`, `playerComment`": "`levelName`; `moderationComment`",
                "`kyc.since`": "`reviewDate` once completed, `createDate` before",
            },
        ),
        Read(
            port="requirements",
            calls=(Call(STEPS_OPERATION, "GET", STEPS_PATH),),
            remark="for players the product knows",
            fields={"`kyc.requirements.step`, `state`": "one entry a step"},
        ),
        Read(
            port="identified",
            calls=(Call(BY_ID_OPERATION, "GET", BY_ID_PATH),),
            fields={"`player(externalId:, system: KYC)`": "the applicant's id; `externalUserId` tells the player"},
        ),
    ),
    limits=LIMITS,
    webhooks=Webhooks(
        signature="HMAC-SHA256 or SHA-512 over the body, `X-Payload-Digest`; weaker is refused",
        told_apart_by="type, instant, correlation id",
        ordered_by="`createdAtMs`",
        tells="the applicant's status",
    ),
    assumptions=(
        "`createDate` is when the attempt went to review, as public replies show, and not the creation of the profile.",
        "A step that is null was not handed in; one without an answer is in review; a refused step without a reject"
        " type takes that of its images, one FINAL outweighing any RETRY.",
        "The operator gave each applicant the `externalUserId` `<brand>:<player>`.",
    ),
)
