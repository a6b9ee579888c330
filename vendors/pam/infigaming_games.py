"""Bets of InfiGaming's as rounds, newest first (`/v1/backoffice/game/bets/list`, document of 2026-04).

`status` is a free string there; the comment beside it in the product's own definition names two words, `pending` and
`end` (repository infigaming-com/meepo-api, game/service/v1/game.proto, April 2026). What they leave open decides here:

- No word tells of a rollback, amounts do: a bet whose whole stake went back is ROLLED_BACK.
- `endTime` is taken to bound `createdAt`; whether it includes its own instant is not said. A walk asks one second
  further and drops what it knows, so either reading gives the same list.
- The order is not said. A reply that is part of a list must run from new to old, or it is refused.
- No page size has a stated maximum: 100 is taken to be allowed. A reply must hold as many bets as its `total` and the
  page size say, or it is refused.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from datetime import datetime, timedelta

import msgspec

from vendors.pam.infigaming_replies import Call, Instant, Paged, malformed
from vendors.ports.keys import Key
from vendors.ports.money import Money
from vendors.ports.paging import Listing, Page, Position, page_of
from vendors.ports.pam import GameRound, RoundStatus
from vendors.ports.source import Source

BETS: Call = ("listBets", "POST", "/v1/backoffice/game/bets/list")
PENDING = "pending"
STATUSES: Mapping[str, RoundStatus] = {PENDING: RoundStatus.OPEN, "end": RoundStatus.SETTLED}
LIMIT = 100  # bets in one call
OVERLAP = 10  # asked for beyond the page, for those that share a second with its ends
CALLS = 10  # a walk that is not done by then is refused


class Bet(msgspec.Struct, rename="camel", kw_only=True):
    """A bet; amounts are decimal strings in the major unit of `currency`."""

    operator_bet_id: str
    operator_id: str
    user_id: str
    round_id: str
    game_id: str
    status: str
    currency: str
    bet_amount: str
    win_amount: str
    created_at: Instant
    updated_at: Instant
    provider_bet_id: str | None = None
    provider_name: str | None = None
    game_name: str | None = None
    rollback_bet_amount: str | None = None


class Bets(Paged, rename="camel"):
    """One page of the bets that were asked for."""

    bets: list[Bet]


class Rounds(msgspec.Struct, frozen=True):
    """What a reply held, and how many rounds there are in all up to the instant asked for."""

    rounds: Sequence[GameRound]
    total: int


Ask = Callable[[int, datetime | None], Awaitable[Rounds | None]]  # (limit, instant it may reach up to)


def rounds_of(reply: Bets, player: Key, operator_id: str, status: str | None, source: Source) -> Rounds:
    """Raises VendorMalformedError for a bet that was not asked for, ValueError for an amount or an id that is none."""
    for bet in reply.bets:
        if (bet.user_id, bet.operator_id) != (player.local, operator_id) or status not in (None, bet.status):
            raise malformed(BETS, "a bet that was not asked for")
    return Rounds([_round(bet, player, source) for bet in reply.bets], reply.total)


async def newest(ask: Ask, listing: Listing) -> Page[GameRound] | None:
    """The first page of rounds beyond `listing.before`; None where the product knows no such player.

    Raises VendorMalformedError where the walk would go on for too long: never a shorter list.
    """
    size = min(listing.first + 1 + OVERLAP, LIMIT)
    async for seen, last in _walk(ask, size, listing.before.at if listing.before else None):
        certain = [at for at in seen if last is None or at.at > last]
        page = page_of([seen[at] for at in certain], certain, listing)
        if last is None or page.more:
            return page
    return None


async def everything(ask: Ask) -> Sequence[GameRound] | None:
    """All rounds, newest first; None where the product knows no such player.

    Raises VendorMalformedError where there are more than a walk can read.
    """
    async for seen, last in _walk(ask, LIMIT, None):
        if last is None:
            return [seen[at] for at in sorted(seen, reverse=True)]
    return None


async def _walk(
    ask: Ask, size: int, until: datetime | None
) -> AsyncIterator[tuple[Mapping[Position, GameRound], datetime | None]]:
    """All that was seen so far, and after which instant it is complete: None once it is the whole list."""
    seen = dict[Position, GameRound]()
    for _ in range(CALLS):
        reply = await ask(size, until + timedelta(seconds=1) if until else None)
        if reply is None:
            return
        known = len(seen)
        seen.update((Position(one.started_at, one.id.local), one) for one in reply.rounds)
        if len({one.id for one in reply.rounds}) >= reply.total:
            yield seen, None
            return
        last = _last(reply.rounds)
        yield seen, last
        if len(seen) == known and size == LIMIT:
            raise malformed(BETS, "more bets in one second than a call answers: the list may be cut")
        size, until = min(size * 4, LIMIT), last
    raise malformed(BETS, f"not whole within {CALLS} calls: the list may be cut")


def _last(rounds: Sequence[GameRound]) -> datetime:
    moments = [one.started_at for one in rounds]
    if not moments or moments != sorted(moments, reverse=True):
        raise malformed(BETS, "a part of a list that is empty or not in order of creation")
    return moments[-1]


def _round(bet: Bet, player: Key, source: Source) -> GameRound:
    stake = Money.from_decimal(bet.bet_amount, bet.currency)
    return GameRound(
        id=Key.parse(f"round:{player.brand}:{bet.operator_bet_id}"),
        player=player,
        round_id=bet.round_id,
        provider_transaction=bet.provider_bet_id or None,
        game_code=bet.game_id,
        game_name=bet.game_name or None,
        provider=bet.provider_name or None,
        status=_status(bet, stake),
        vendor_status=bet.status,
        stake=stake,
        win=Money.from_decimal(bet.win_amount, bet.currency),
        started_at=bet.created_at,
        updated_at=bet.updated_at,
        source=source,
    )


def _status(bet: Bet, stake: Money) -> RoundStatus:
    status = STATUSES.get(bet.status, RoundStatus.UNKNOWN)
    if status is RoundStatus.SETTLED and bet.rollback_bet_amount and stake.amount_minor:
        back = Money.from_decimal(bet.rollback_bet_amount, bet.currency)
        return RoundStatus.ROLLED_BACK if back == stake else status
    return status
