"""What is read of Hub88: games, and the free spins that the same account gives."""

from __future__ import annotations

from vendors.aggregator.hub88 import GAMES, PATH, ROUND
from vendors.aggregator.hub88_access import LIMITS
from vendors.aggregator.hub88_catalogues import KEPT_SECONDS
from vendors.bonus import hub88_freebets as freebets
from vendors.declared import Call, Declared, Document, Read

DECLARED = Declared(
    documents=(Document("docs.hub88.io", "copies of 2026-11"),),
    reads=(
        Read(
            port="games",
            calls=(Call(GAMES, "POST", f"{PATH}/game/list"),),
            keys="the whole catalogue of a brand",
            pages=f"one reply, kept for {KEPT_SECONDS:.0f} s",
            fields={"`game`; `gameRounds.game.provider`, `rtp`": "`product`, `rtp`, by the bet's `gameId`"},
            absent={"a game's jackpot": "null: Hub88 removed the field (api-changelog, 2025-06)"},
        ),
        Read(
            port="round_links",
            calls=(Call(ROUND, "POST", f"{PATH}/game/round"),),
            fields={"`gameRounds.detailsLink`": "the address of Hub88's own page; 404 is null"},
        ),
    ),
    limits=LIMITS,
    absent={
        "details of a game round": "the PAM's bet list is the list; Hub88 adds only the address of its own page",
        "webhooks for what the graph follows": "none: records are old by their age",
    },
    assumptions=(
        "Games: the fields are those that Hub88's public test suite checks. A 404 of `game/round` is a round without"
        " details.",
    ),
)

FREEBETS = Declared(
    documents=(Document("docs.hub88.io", "copies of 2026-11"),),
    notes="Served on the aggregator's address, by its account, beside the engine that stands for the bonus system.",
    reads=(
        Read(
            port="grants",
            calls=(Call(freebets.OPERATION, "POST", freebets.PATH),),
            pages=f"a cursor, {freebets.PAGE_LIMIT} rewards a page, {freebets.MOST_PAGES} pages",
            fields={"`bonusGrants`, free spins": "the reward; its start stands for the instant of the grant"},
            absent={"`wagering`, `blocksWithdrawal`, used free spins": "null"},
        ),
    ),
    assumptions=(
        "Instants without a zone are UTC; paging stands under `pagination`, as Hub88's public test suite has it; an"
        " unknown user and one without rewards look alike.",
    ),
)
