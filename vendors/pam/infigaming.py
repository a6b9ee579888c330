"""InfiGaming as the PAM, after its OpenAPI document of 2026-04: no batches, one call or two a player.

The document declares no security scheme; its login answers with a token, taken here to be an RFC 6750 bearer
token that the client's `sign` adds. It declares no error replies either: 404 is taken to mean an unknown user.

One credential sees every operator. A profile says whose it is, and a bet does; wallets, responsible gambling and the
hits of a search do not: for these the caller vouches. A write reads the profile first, as it would take any user's id.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

import msgspec

from vendors.client import Client, each
from vendors.errors import VendorError, VendorRejectedError
from vendors.pam.infigaming_games import BETS, PENDING, Ask, Bets, Rounds, everything, newest, rounds_of
from vendors.pam.infigaming_limits import EXCLUSIONS, LIMITS, Exclusions, Limits, gambling_of
from vendors.pam.infigaming_profile import LOGINS_ASKED, PROFILE, Profile, player_of
from vendors.pam.infigaming_replies import Call, check_whole, malformed, readable
from vendors.pam.infigaming_search import USERS, Users, hits_of, of_operator, query_of
from vendors.pam.infigaming_wallets import WALLETS, Wallets, balances_of
from vendors.ports.keys import Key
from vendors.ports.paging import Listing, Page
from vendors.ports.pam import (
    Balance,
    GameRound,
    NewNote,
    Player,
    PlayerHits,
    PlayerSearch,
    ResponsibleGambling,
    Restrict,
    RestrictionScope,
)
from vendors.ports.source import Source, System
from vendors.resilience.call import Effect

UPDATE: Call = ("updateUser", "POST", "/v1/backoffice/user/update")
COMMENT: Call = ("addUserComment", "POST", "/v1/backoffice/user/comments/add")
_BANS: Mapping[RestrictionScope, str] = {
    RestrictionScope.LOGIN: "banLogin",
    RestrictionScope.WITHDRAWAL: "banWithdraw",
    RestrictionScope.ALL_PLAY: "banGame",
}


class _Done(msgspec.Struct):
    """An update answers with an object of no fields."""


class _Commented(msgspec.Struct, rename="camel"):
    comment_id: str


class InfiGaming:
    """PamPort over InfiGaming.

    `operator_ids` maps a brand to its operatorId; `markets` maps an ISO 3166-1 alpha-2 country to a market;
    `clock` gives the UTC instant of a read. The product names no market: it is that of the country the player
    registered from, None if that country has none.
    """

    supports: frozenset[RestrictionScope] = frozenset(_BANS)

    def __init__(
        self,
        client: Client,
        operator_ids: Mapping[str, str],
        clock: Callable[[], datetime],
        markets: Mapping[str, str],
    ) -> None:
        self._client, self._operator_ids, self._clock, self._markets = client, operator_ids, clock, markets

    async def players(self, keys: Sequence[Key]) -> Mapping[Key, Player | VendorError]:
        """Profiles, one call a player; a player of another brand is as absent as an unknown one."""
        return await each(keys, self._player)

    async def identified(self, ids: Sequence[str]) -> Mapping[str, Key | VendorError]:
        """One profile an id, which names the operator; a user of an operator of no brand here is left out."""
        return await each(ids, self._behind)

    async def balances(self, keys: Sequence[Key]) -> Mapping[Key, Sequence[Balance] | VendorError]:
        """Wallets, one call a player."""
        return await each(keys, self._balances)

    async def responsible_gambling(self, keys: Sequence[Key]) -> Mapping[Key, ResponsibleGambling | VendorError]:
        """Two calls a player at once: exclusions, and the limits of each currency."""
        return await each(keys, self._gambling)

    async def rounds(self, listings: Sequence[Listing]) -> Mapping[Listing, Page[GameRound] | VendorError]:
        """One call a listing and 100 bets, a further one where many share a second with the page's ends."""
        return await each(listings, lambda listing: newest(self._bets(listing.owner, None), listing))

    async def open_rounds(self, keys: Sequence[Key]) -> Mapping[Key, Sequence[GameRound] | VendorError]:
        """Bets with the status `pending`, one call a player and 100 of them; more than some 1000 are an error.

        Not from the product's list of unpaid bets, which leaves out the game vendor's own id of a bet.
        """
        return await each(keys, lambda key: everything(self._bets(key, PENDING)))

    async def search(self, searches: Sequence[PlayerSearch]) -> Mapping[PlayerSearch, PlayerHits | VendorError]:
        """One call a search. A hit is proven to be of the brand only by its profile, which the caller reads.

        VendorRejectedError for a brand without an operator, for no criterion, and for a tag.
        """
        return await each(searches, self._search)

    async def restrict(self, command: Restrict) -> None:
        """Two calls: the profile, then the bans. The product has no place for the audit id; the bans are read back.

        Raises VendorRejectedError for a scope not in `supports`, for none, and where the brand has no such player.
        """
        if not command.scopes or not self.supports.issuperset(command.scopes):
            raise VendorRejectedError(System.PAM, UPDATE[0], "a restriction that the product has no ban for")
        await self._prove(command.player, UPDATE)
        bans = {_BANS[scope]: True for scope in command.scopes}
        body = {"userId": command.player.local, **bans}
        await self._client.ask(*UPDATE, into=_Done, body=body, absent=(), effect=Effect.WRITE)

    async def add_note(self, note: NewNote) -> None:
        """Two calls: the profile, then the comment, which ends in `[audit:<audit id>]` on a line of its own.

        Raises VendorRejectedError where the brand has no such player.
        """
        await self._prove(note.player, COMMENT)
        content = f"{note.body}\n[audit:{note.audit_id}]"
        body = {"userId": note.player.local, "content": content}
        await self._client.ask(*COMMENT, into=_Commented, body=body, absent=(), effect=Effect.WRITE)

    async def _player(self, key: Key) -> Player | None:
        profile = await self._profile(key)
        if profile is None:
            return None
        market = self._markets.get(profile.country or "")
        return readable(PROFILE, lambda: player_of(profile, key.brand, market, self._source(key)))

    async def _behind(self, user_id: str) -> Key | None:
        profile = await self._user(user_id)
        owner = profile.user_operator_context.operator_id if profile else None
        brand = next((brand for brand, operator_id in self._operator_ids.items() if operator_id == owner), None)
        return readable(PROFILE, lambda: Key.parse(f"player:{brand}:{user_id}")) if brand else None

    async def _balances(self, key: Key) -> Sequence[Balance] | None:
        if key.brand not in self._operator_ids:
            return None
        reply = await self._client.ask(*WALLETS, into=Wallets, body={"userId": key.local}, effect=Effect.READ)
        return None if reply is None else readable(WALLETS, lambda: balances_of(reply, self._source(key)))

    async def _gambling(self, key: Key) -> ResponsibleGambling | None:
        if key.brand not in self._operator_ids:
            return None
        body = {"userId": key.local}
        said, limits = await asyncio.gather(
            self._client.ask(*EXCLUSIONS, into=Exclusions, body=body, effect=Effect.READ),
            self._client.ask(*LIMITS, into=Limits, body=body, effect=Effect.READ),
        )
        if said is None or limits is None:
            return None
        return readable(LIMITS, lambda: gambling_of(said, limits, self._source(key)))

    def _bets(self, player: Key, status: str | None) -> Ask:
        """Asks for bets of `player`, of every status or one."""
        operator_id = self._operator_ids.get(player.brand)

        async def ask(limit: int, until: datetime | None) -> Rounds | None:
            if operator_id is None:
                return None
            wanted = {"userId": player.local, "status": status, "endTime": until, "page": 1, "pageSize": limit}
            body = {name: value for name, value in wanted.items() if value is not None} | of_operator(operator_id)
            reply = await self._client.ask(*BETS, into=Bets, body=body, effect=Effect.READ)
            if reply is None:
                return None
            check_whole(BETS, len(reply.bets), reply, 1, limit)
            return readable(BETS, lambda: rounds_of(reply, player, operator_id, status, self._source(player)))

        return ask

    async def _search(self, search: PlayerSearch) -> PlayerHits | None:
        query = query_of(search, self._operator_ids.get(search.brand))
        reply = await self._client.ask(*USERS, into=Users, body=query, effect=Effect.READ)
        return None if reply is None else hits_of(reply, search)

    async def _prove(self, player: Key, write: Call) -> None:
        """Raises unless the brand owns the player. Nothing has been written then, whatever the error."""
        try:
            profile = await self._profile(player)
        except VendorError as error:
            error.write_may_have_happened = False
            raise
        if profile is None:
            raise VendorRejectedError(System.PAM, write[0], "no such player of this brand")

    async def _profile(self, key: Key) -> Profile | None:
        """The profile if the key's brand owns it."""
        operator_id = self._operator_ids.get(key.brand)
        profile = await self._user(key.local) if operator_id is not None else None
        return profile if profile and profile.user_operator_context.operator_id == operator_id else None

    async def _user(self, user_id: str) -> Profile | None:
        """The profile of whatever operator. An answer about somebody else is malformed."""
        body = {"userId": user_id, "loginPage": 1, "loginPageSize": LOGINS_ASKED}
        profile = await self._client.ask(*PROFILE, into=Profile, body=body, effect=Effect.READ)
        if profile is not None and profile.user_id != user_id:
            raise malformed(PROFILE, "the answer is about another user")
        return profile

    def _source(self, key: Key) -> Source:
        return Source(System.PAM, "InfiGaming", key.local, self._clock())
