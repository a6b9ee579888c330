"""Hub88's Freebets API: the free spins a user was given. Pages of docs.hub88.io, copies of 2026-11:

/developer-docs/operator-api-reference/freebets-api  rewards/list, the statuses FRS_*, amounts times 100 000
/developer-docs/hub88-apis/pagination                cursors; a page has 50 to 100 rewards; no next_cursor: the end
/api-changelog/august-2025                           rewards/list was added

The fields of a reward are those that Hub88's public test suite checks (repository coingaming/hub88-automationtests,
read 2026-11); there the paging fields stand under `pagination`. Three things are not kept by the product: when a
reward was given (its start stands in, if it has one), how many spins were used, and whether it blocks a withdrawal.
Instants carry no zone; UTC is assumed. An unknown user has no rewards: the product does not tell the two apart.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime

import msgspec

from vendors.bonus.combined import newest_first
from vendors.client import Client, each
from vendors.errors import VendorError, VendorMalformedError
from vendors.ports.bonus import BonusGrant, GrantStatus
from vendors.ports.keys import Key
from vendors.ports.money import Money
from vendors.ports.source import Source, System
from vendors.resilience.call import Effect

OPERATION = "rewardsList"
PATH = "/operator/generic/v2/freebet/rewards/list"
SCALE_DIGITS = 5  # amounts are times 100 000
PAGE_LIMIT, MOST_PAGES = 100, 20


class Reward(msgspec.Struct, frozen=True):
    """What the gateway takes of a reward. `bet_value` is a spin's worth, or all of a bonus that has no count."""

    reward_uuid: str
    user: str
    status: str
    currency: str
    game_code: str
    campaign_uuid: str | None = None
    bet_value: int | None = None
    bet_count: int | None = None
    start_time: str | None = None
    end_time: str | None = None


class _Cursors(msgspec.Struct, frozen=True):
    next_cursor: str | None = None


class _Page(msgspec.Struct, frozen=True):
    rewards: tuple[Reward, ...]
    pagination: _Cursors


# FRS_FAILED is left out on purpose: the supplier never gave the spins, and no canonical status says so. It shows as
# UNKNOWN with the word beside.
_STATUSES: Mapping[str, GrantStatus] = {
    "FRS_NEW": GrantStatus.PENDING,
    "FRS_ACTIVE": GrantStatus.ACTIVE,
    "FRS_FINISHED": GrantStatus.COMPLETED,
    "FRS_EXPIRED": GrantStatus.EXPIRED,
    "FRS_CANCELLED": GrantStatus.REVERSED,
}


class Hub88Freebets:
    """BonusPort over Hub88's rewards: free spins alone, one user a call, page by page."""

    def __init__(self, client: Client, operator_ids: Mapping[str, int], clock: Callable[[], datetime]) -> None:
        """`operator_ids` by brand; a brand that is not in it has no free spins here."""
        self._client, self._operator_ids, self._clock = client, operator_ids, clock

    async def grants(self, players: Sequence[Key]) -> Mapping[Key, Sequence[BonusGrant] | VendorError]:
        """Every reward of the user, newest first; the whole list or an error."""
        return await each([player for player in players if player.brand in self._operator_ids], self._grants)

    async def _grants(self, player: Key) -> Sequence[BonusGrant]:
        rewards = await self._rewards(player)
        if any(reward.user != player.local for reward in rewards):
            raise self._malformed("a reward is another user's")
        try:
            found = [_canonical(player, reward, self._clock()) for reward in rewards]
        except ValueError as error:
            raise self._malformed("an instant or an id cannot be read") from error
        return newest_first(found)

    async def _rewards(self, player: Key) -> Sequence[Reward]:
        """All pages. A reward met twice, as the list moved between two pages, counts once."""
        found: dict[str, Reward] = {}
        cursors: list[str | None] = [None]
        for _ in range(MOST_PAGES):
            page = await self._page(player, cursors[-1])
            found |= {reward.reward_uuid: reward for reward in page.rewards}
            if page.pagination.next_cursor is None:
                return list(found.values())
            if page.pagination.next_cursor in cursors:
                raise self._malformed("a cursor leads in a circle")
            cursors.append(page.pagination.next_cursor)
        raise self._malformed(f"more than {MOST_PAGES} pages of rewards")

    async def _page(self, player: Key, cursor: str | None) -> _Page:
        paging: dict[str, object] = {"limit": PAGE_LIMIT} if cursor is None else {"limit": PAGE_LIMIT, "cursor": cursor}
        body = {"operator_id": self._operator_ids[player.brand], "user": player.local, "pagination": paging}
        page = await self._client.ask(OPERATION, "POST", PATH, into=_Page, body=body, absent=(), effect=Effect.READ)
        if page is None:
            raise self._malformed("no page")
        return page

    def _malformed(self, detail: str) -> VendorMalformedError:
        return VendorMalformedError(self._client.system, OPERATION, detail)


def _canonical(player: Key, reward: Reward, now: datetime) -> BonusGrant:
    return BonusGrant(
        id=Key.parse(f"grant:{player.brand}:{reward.reward_uuid}"),
        player=player,
        campaign_code=reward.campaign_uuid,
        status=_STATUSES.get(reward.status, GrantStatus.UNKNOWN),
        vendor_status=reward.status,
        amount=_worth(reward),
        free_spins_total=reward.bet_count,
        free_spins_used=None,
        wagering=None,
        blocks_withdrawal=None,
        granted_at=_instant(reward.start_time),
        expires_at=_instant(reward.end_time),
        source=Source(System.BONUS, "Hub88 Freebets", reward.reward_uuid, now),
    )


def _worth(reward: Reward) -> Money | None:
    """All spins together. Hub88's own example has spins of 1.005 EUR: what a minor unit cannot hold keeps 5 digits."""
    if reward.bet_value is None:
        return None
    scaled = reward.bet_value * (reward.bet_count or 1)
    try:
        return Money.from_scaled(scaled, 10**SCALE_DIGITS, reward.currency)
    except ValueError:
        return Money(reward.currency, scaled, SCALE_DIGITS)


def _instant(text: str | None) -> datetime | None:
    if text is None:
        return None
    moment = datetime.fromisoformat(text)  # ValueError: the caller calls the list malformed
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
