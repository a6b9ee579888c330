"""Who is who at Intercom: players by the external id the operator gave them, contacts by Intercom's own id.

OpenAPI document 2.15, copy of 2026-08: SearchContacts, which may not find a contact for some minutes after it was made;
CreateContact; ShowContactByExternalId. That a contact who exists is refused with 409 stands in
developers.intercom.com/docs/references/2.1/rest-api/contacts/create-contact, read 2026-11.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec
from cachetools import TTLCache

from vendors.client import Client, each
from vendors.errors import VendorConflictError, VendorError, VendorMalformedError
from vendors.external_ids import external_id, player_of
from vendors.ports.keys import Key
from vendors.ticketing.batches import attributed, in_batches, readable
from vendors.ticketing.intercom_records import ContactRecord
from vendors.ticketing.intercom_search import MAX_IDS, VERSION, Pages, any_of, search

FIND, INTRODUCE, SHOW = "SearchContacts", "CreateContact", "ShowContactByExternalId"
MOST_YOUNG, YOUNG_SECONDS = 10_000, 600


class ContactsFound(msgspec.Struct, frozen=True):
    data: tuple[msgspec.Raw, ...]
    pages: Pages | None = None

    @property
    def records(self) -> tuple[msgspec.Raw, ...]:
        return self.data


class People:
    """Remembers for ten minutes the contacts it made, whom a search may not find before."""

    def __init__(self, client: Client, clock: Callable[[], datetime]) -> None:
        self._client = client
        self._young: TTLCache[Key, ContactRecord] = TTLCache(
            MOST_YOUNG, YOUNG_SECONDS, timer=lambda: clock().timestamp()
        )

    async def contacts(self, players: Sequence[Key]) -> Mapping[Key, ContactRecord | VendorError]:
        """The players as contacts; whom Intercom does not know is left out."""
        found = await in_batches(players, self._found_by("external_id", external_id), most=MAX_IDS)
        young = {player: made for player in players if (made := self._young.get(player)) is not None}
        return {**young, **found}

    async def players(self, ids: Sequence[str]) -> Mapping[str, Key | VendorError]:
        """The players behind Intercom's ids; a contact who carries no id of ours is left out."""
        found = await in_batches(ids, self._found_by("id", str), most=MAX_IDS)
        people = {id: one if isinstance(one, VendorError) else player_of(one.external_id) for id, one in found.items()}
        return {id: player for id, player in people.items() if player is not None}

    async def introduce(self, player: Key) -> None:
        """Makes Intercom know the player, if it does not. Raises what failed, which has written no ticket."""
        known = (await self.contacts([player])).get(player) or (await each([player], self._made))[player]
        if isinstance(known, VendorError):
            known.write_may_have_happened = False
            raise known

    async def _made(self, player: Key) -> ContactRecord:
        """The new contact, or the one whom another process made so lately that no search finds him."""
        asked = external_id(player)
        body = {"role": "user", "external_id": asked}
        try:
            made = await self._client.ask(
                INTRODUCE, "POST", "/contacts", into=ContactRecord, body=body, headers=VERSION, absent=()
            )
        except VendorConflictError:
            path, at = "/contacts/find_by_external_id/{external_id}", {"external_id": asked}
            made = await self._client.ask(SHOW, "GET", path, into=ContactRecord, at=at, headers=VERSION)
            if made is None:  # an archived one, as whom nobody can open a ticket
                raise
        if made is None or made.external_id != asked:
            raise self._malformed("external_id is not the one asked for")
        self._young[player] = made
        return made

    def _found_by(self, field: str, name: Callable[[Any], str]) -> Any:
        async def read(asked: Sequence[Any]) -> Mapping[Any, ContactRecord | VendorError]:
            wanted = {name(one): one for one in asked}
            query = any_of(field, list(wanted))
            raws = await search(self._client, FIND, "/contacts/search", query, into=ContactsFound)
            people = [readable(raw, ContactRecord) for raw in raws]
            rows = [(getattr(one, field) if one else None, one) for one in people]
            return attributed(wanted, rows, self._malformed)

        return read

    def _malformed(self, detail: str) -> VendorError:
        return VendorMalformedError(self._client.system, FIND, detail)
