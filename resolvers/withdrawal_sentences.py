"""What may be said of a withdrawal, word for word: nothing that hints at a ban, a hold or a doubt is listed."""

from __future__ import annotations

from vendors.ports.cashier import TransactionStatus

ENDED = {  # what staff and what the player may be told
    TransactionStatus.CANCELLED_BY_PLAYER: ("The player cancelled it.", "You cancelled this withdrawal."),
    TransactionStatus.CANCELLED_BY_OPERATOR: ("The operator cancelled it.", "This withdrawal was cancelled."),
    TransactionStatus.CANCELLED_BY_PSP: ("The PSP cancelled it.", "This withdrawal was cancelled."),
    TransactionStatus.EXPIRED: ("It expired.", "This withdrawal expired; you may request it again."),
    TransactionStatus.FAILED_TECHNICAL: ("It failed technically.", "This withdrawal could not be completed."),
}
REVIEWED = "Your withdrawal is being reviewed by our team; we will contact you if we need anything."
_UPLOAD = "Please upload your documents, so that we can verify your account and pay."
_PAYING = "Your withdrawal is being paid out by our payment partner."
SAYS = {  # only what is listed may be said of a blocker; anything else is under review
    "BANK_PROCESSING": "Your withdrawal has been paid; banks usually credit it within three days.",
    "KYC_NOT_STARTED": _UPLOAD,
    "KYC_DOCUMENTS_MISSING": _UPLOAD,
    "KYC_RESUBMISSION_REQUIRED": "One of your documents has to be uploaded again before we can pay.",
    "BONUS_WAGERING_INCOMPLETE": "Part of your balance belongs to a bonus whose wagering is not complete yet.",
    "OPEN_ROUND": "A game round is still open; the money it holds can be withdrawn once it is finished.",
    "INSUFFICIENT_WITHDRAWABLE": "The amount is more than can be withdrawn now; you may request less.",
    "AWAITING_CASHIER": "Your withdrawal has been received and is about to be processed.",
    "AWAITING_PLAYER_INPUT": "A step on your side is missing: please finish what the payment page asks of you.",
    "PLAYER_ABANDONED": "A step on your side is missing: please finish it on the payment page, or ask us to cancel.",
    "PSP_PROCESSING": _PAYING,
    "PSP_CALLBACK_OVERDUE": _PAYING,
    "PSP_DECLINED": "The payout could not be completed; our payments team looks for another way.",
}
