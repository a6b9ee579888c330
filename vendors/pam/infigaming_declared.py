"""What is read of InfiGaming and written to it, and what its document leaves open."""

from __future__ import annotations

from vendors.declared import Call, Declared, Document, Idempotency, Read, Write
from vendors.pam.infigaming import COMMENT, UPDATE
from vendors.pam.infigaming_games import BETS, LIMIT
from vendors.pam.infigaming_limits import EXCLUSIONS, LIMITS
from vendors.pam.infigaming_profile import PROFILE
from vendors.pam.infigaming_search import USERS
from vendors.pam.infigaming_wallets import WALLETS

_PROFILE, _BETS = Call(*PROFILE), Call(*BETS)

DECLARED = Declared(
    documents=(Document("OpenAPI document (infigaming-com/meepo-api)", "2026-04"),),
    reads=(
        Read(
            port="players",
            calls=(_PROFILE,),
            remark="the profile's operator tells the brand",
            fields={
                "`player.id`": "the id asked for, once the profile's operator is the brand's",
                "`firstName`, `vipLevel`": "`firstName`, `vipLevel`",
                "`account.status`, `restrictions`": "`banLogin`, `banGame`, `banWithdraw`, `locked`; a missing flag"
                " makes the answer unreadable",
                "`account.verified`": "`kycLevel` 1 and above",
                "`notes.author`, `body`, `at`": "`comments`, sorted here, as their order is not documented",
            },
            absent={
                "`market`": "`registrationRecord.ipInfo.country`, mapped by configuration. Weak evidence, null if"
                " unmapped"
            },
        ),
        Read(
            port="identified",
            calls=(_PROFILE,),
            fields={
                "`player(externalId:)`, `system:` PAM, CASHIER, BONUS, AGGREGATOR": "the PAM's user id; the profile's"
                " operator tells the brand"
            },
        ),
        Read(
            port="balances",
            calls=(Call(*WALLETS),),
            fields={
                "`balances.cash`, `bonus`, `withdrawable`": "`cash`, `bonus`, `withdrawableCash`, one entry a currency"
            },
        ),
        Read(
            port="responsible_gambling",
            calls=(Call(*EXCLUSIONS),),
            fields={
                "`responsibleGambling.exclusions`, `playAllowed`": "periods, active flags, `gameBetAllowed`",
            },
        ),
        Read(
            port="responsible_gambling",
            calls=(Call(*LIMITS),),
            fields={"`limits`": "value, kind and the removal that waits"},
            absent={"`limits.period` of deposits and withdrawals": "null"},
        ),
        Read(
            port="rounds",
            calls=(_BETS,),
            pages=f"at most {LIMIT} bets a call; page, size and total",
            fields={
                "`gameRounds.gameName`, `status`, `stake`, `win`, `startedAt`": "`gameName`, `status`, `betAmount`,"
                " `winAmount`, `createdAt`",
            },
            absent={
                "`gameRounds` taken back": "an ended bet with its whole stake in `rollbackBetAmount` is ROLLED_BACK"
            },
        ),
        Read(
            port="open_rounds",
            calls=(_BETS,),
            pages=f"{LIMIT} bets a call",
            remark="`status` pending: the product's own list of unpaid bets leaves out the game vendor's id",
            fields={"`openWithdrawals.diagnosis`: an open round": "the player's bets that have not ended"},
        ),
        Read(
            port="search",
            calls=(Call(*USERS),),
            pages="page, size, total",
            remark="a search by tag is refused, as the product's own proto calls that filter not available",
            fields={"`searchPlayers`": "the hits, and a profile of each, which proves its brand"},
        ),
    ),
    writes=(
        Write(
            port="restrict",
            mutation="restrictAccount",
            calls=(Call(*UPDATE),),
            first=(_PROFILE,),
            idempotency=Idempotency.STATE_GUARD,
            read_back="nowhere; the bans themselves are read back",
            remark="`banLogin`, `banGame`, `banWithdraw`; bans not named are not sent. A profile read proves the brand"
            " first. DEPOSIT: NONE, refused with UNSUPPORTED_BY_VENDOR",
        ),
        Write(
            port="add_note",
            mutation="addPlayerNote",
            calls=(Call(*COMMENT),),
            first=(_PROFILE,),
            read_back="the note's last line `[audit:<id>]`",
            remark="a profile read proves the brand first",
        ),
    ),
    absent={
        "a block on deposits": "the update has no such ban",
        "webhooks for what the graph follows": "none: records are old by their age",
    },
    assumptions=(
        "It declares no security scheme: the login's token is taken to be an RFC 6750 bearer token.",
        "It declares no error replies: 404 is taken to mean an unknown user. The product's own proto"
        " (user/service/v1/error_reason.proto, 2026-04) gives USER_NOT_FOUND no status beside a default of 500; that"
        " would read here as a PAM that is down.",
        "Bets: `endTime` is taken to bound `createdAt`, and one second more is asked for, as nobody says whether it"
        " includes its own instant. The order is not stated: a part of a list must run from new to old, or it is"
        f" refused. {LIMIT} a page is taken to be allowed.",
        "The words of a bet's status, `pending` and `end`, stand only in the product's own proto (2026-04). No word"
        " tells of a bet taken back.",
        "Neither comments nor logins have a stated order. Where the first page of logins is a part that runs from old"
        " to new, the last login is not known: null.",
        'A limit that is an empty string is not set; "0" is a limit of nothing.',
        "Whether `registrationEndTime` of a search includes its own instant.",
        "Wallets, exclusions, limits and the hits of a search do not say whose they are: the brand is proved by the"
        " profile or by the scope record.",
    ),
)
