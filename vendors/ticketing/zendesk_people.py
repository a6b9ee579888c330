"""Who is who at Zendesk: players by the external id the operator gave them, users by Zendesk's own id.

OpenAPI document, copy of 2025-04: ShowManyUsers (at most 100 ids) and CreateOrUpdateUser, which says that the search
for an external id does not heed its case and rewrites the id in the case it was asked in. Zendesk so cannot hold two
players whose ids differ in case alone; of two such keys asked at once neither is answered.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from cachetools import TTLCache

from vendors.client import Client
from vendors.errors import VendorError, VendorMalformedError
from vendors.external_ids import external_id, player_of
from vendors.ports.keys import Key
from vendors.resilience.call import Effect
from vendors.ticketing.batches import attributed, in_batches, readable
from vendors.ticketing.zendesk_records import UserRecord, UserReply, UsersReply

SHOW_MANY, CREATE_OR_UPDATE = "ShowManyUsers", "CreateOrUpdateUser"
USERS = "/api/v2/users/"
MAX_IDS = 100  # users/show_many and tickets/show_many, OpenAPI document of 2025-04
LINKS_KEPT, LINK_SECONDS = 100_000, 24 * 3600


class People:
    """Remembers for a day which user a player is; an external id moved to another user is noticed no sooner."""

    def __init__(self, client: Client, clock: Callable[[], datetime]) -> None:
        self._client = client
        self._links: TTLCache[Key, int] = TTLCache(LINKS_KEPT, LINK_SECONDS, timer=lambda: clock().timestamp())

    async def ids(self, players: Sequence[Key]) -> Mapping[Key, int | VendorError]:
        """Zendesk's ids of the players; whom Zendesk does not know is left out."""
        known = {player: link for player in players if (link := self._links.get(player)) is not None}
        found = await in_batches([player for player in players if player not in known], self._look_up, most=MAX_IDS)
        self._links.update({player: link for player, link in found.items() if isinstance(link, int)})
        return {**found, **known}

    async def players(self, user_ids: Sequence[int]) -> Mapping[int, Key | VendorError]:
        """The players behind Zendesk's ids; a user who carries no id of ours is left out."""
        users = await in_batches(user_ids, self._named, most=MAX_IDS)
        players = {
            number: user if isinstance(user, VendorError) else player_of(user.external_id)
            for number, user in users.items()
        }
        return {number: player for number, player in players.items() if player is not None}

    def forget(self, player: Key) -> None:
        self._links.pop(player, None)

    async def introduce(self, player: Key) -> int:
        """Makes Zendesk know the player. A name is mandatory there; his external id is the one that reveals least."""
        asked = external_id(player)
        user = {"external_id": asked, "name": asked, "role": "end-user", "skip_verify_email": True}
        reply = await self._client.ask(
            CREATE_OR_UPDATE, "POST", USERS + "create_or_update", into=UserReply, body={"user": user}, absent=(),
            effect=Effect.WRITE,
        )  # fmt: skip
        if reply is None or (reply.user.external_id or "").casefold() != asked.casefold():
            raise self._malformed(CREATE_OR_UPDATE)("external_id is not the one asked for")
        self._links[player] = reply.user.id
        return reply.user.id

    async def _look_up(self, players: Sequence[Key]) -> Mapping[Key, int | VendorError]:
        asked = {external_id(player).casefold(): player for player in players}
        users = await self._show_many({"external_ids": ",".join(map(external_id, asked.values()))})
        rows = [(user.external_id.casefold() if user and user.external_id else None, user) for user in users]
        found = attributed(asked, rows, self._malformed(SHOW_MANY))
        answers = {key: user.id if isinstance(user, UserRecord) else user for key, user in found.items()}
        return answers if len(asked) == len(players) else self._without_twins(players, answers)

    def _without_twins(
        self, players: Sequence[Key], answers: Mapping[Key, int | VendorError]
    ) -> Mapping[Key, int | VendorError]:
        names = [external_id(player).casefold() for player in players]
        twins = [player for player, name in zip(players, names, strict=True) if names.count(name) > 1]
        return {**answers, **dict.fromkeys(twins, self._malformed(SHOW_MANY)("two ids differ in case alone"))}

    async def _named(self, user_ids: Sequence[int]) -> Mapping[int, UserRecord | VendorError]:
        users = await self._show_many({"ids": ",".join(map(str, user_ids))})
        rows = [(str(user.id) if user else None, user) for user in users]
        return attributed({str(number): number for number in user_ids}, rows, self._malformed(SHOW_MANY))

    async def _show_many(self, query: Mapping[str, str]) -> Sequence[UserRecord | None]:
        reply = await self._client.ask(SHOW_MANY, "GET", USERS + "show_many", into=UsersReply, query=query, absent=())
        return [readable(raw, UserRecord) for raw in reply.users] if reply else []

    def _malformed(self, operation: str) -> Callable[[str], VendorError]:
        return lambda detail: VendorMalformedError(self._client.system, operation, detail)
