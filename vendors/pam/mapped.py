"""Any PAM over a mapping file: what it says is read by expressions, and judged like every other vendor's answer.

An operation that the file leaves out is refused before any call. Each entry of a reply is recognised by its own id:
what belongs to nobody who was asked for makes the silent keys doubtful. A brand is proven where the file says by what.
"""

from __future__ import annotations

import asyncio
import re
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec

from vendors.client import each
from vendors.errors import VendorError, VendorRejectedError
from vendors.pam.mapped_calls import ABSENT, Asked, Calls, found, word_in
from vendors.pam.mapping import CRITERIA, Mapped, Read, Write
from vendors.pam.mapping_fields import owners
from vendors.ports.keys import Key
from vendors.ports.paging import Listing, Page, Position, page_of
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
    RoundStatus,
)
from vendors.ports.source import Source, System
from vendors.reference.shapes import Frame, read
from vendors.resilience.call import Effect

_BLANK = re.compile(r"\{(id|audit_id|body)\}")
_ID = re.compile(r"(?!\.+\Z)[A-Za-z0-9._-]{1,64}")
_OVER = (RoundStatus.SETTLED, RoundStatus.ROLLED_BACK)
_NO_READ, _NO_WRITE = "the mapping names no such read", "the mapping names no such write"


class MappedPam:
    """PamPort over a mapping. `vendor` is what its records say they come from."""

    def __init__(self, calls: Calls, mapped: Mapped, vendor: str, clock: Callable[[], datetime]) -> None:
        self._calls, self._mapped, self._vendor, self._clock = calls, mapped, vendor, clock
        self.supports: frozenset[RestrictionScope] = frozenset(mapped.restrict.scopes if mapped.restrict else ())

    async def players(self, keys: Sequence[Key]) -> Mapping[Key, Player | VendorError]:
        """Profiles, as many a call as the file says."""
        return await self._ones("players", Player, keys)

    async def identified(self, ids: Sequence[str]) -> Mapping[str, Key | VendorError]:
        """The profile of each id in every brand; an error unless all could say. What cannot be an id is nobody's."""
        people = [id for id in dict.fromkeys(ids) if _ID.fullmatch(id)]
        asked = [Key("player", brand, id) for brand in self._mapped.brands for id in people]
        known: defaultdict[str, list[Key | VendorError]] = defaultdict(list)
        for key, answer in (await self.players(asked)).items():
            known[key.local].append(answer if isinstance(answer, VendorError) else key)
        return {id: self._one_of(several) for id, several in known.items()}

    def _one_of(self, several: Sequence[Key | VendorError]) -> Key | VendorError:
        doubt = next((one for one in several if isinstance(one, VendorError)), None)
        if doubt or len(several) == 1:
            return doubt or several[0]
        return self._calls.malformed("players", "two brands know the same id")

    async def balances(self, keys: Sequence[Key]) -> Mapping[Key, Sequence[Balance] | VendorError]:
        """Wallets."""
        return await self._several("balances", Balance, keys)

    async def responsible_gambling(self, keys: Sequence[Key]) -> Mapping[Key, ResponsibleGambling | VendorError]:
        """Exclusions and limits."""
        return await self._ones("responsible_gambling", ResponsibleGambling, keys)

    async def open_rounds(self, keys: Sequence[Key]) -> Mapping[Key, Sequence[GameRound] | VendorError]:
        """Bets that are not settled, also where the PAM's read tells of others."""
        told = await self._several("open_rounds", GameRound, keys)
        return {
            key: bets if isinstance(bets, VendorError) else [bet for bet in bets if bet.status not in _OVER]
            for key, bets in told.items()
        }

    async def rounds(self, listings: Sequence[Listing]) -> Mapping[Listing, Page[GameRound] | VendorError]:
        """One call a listing, of what is no newer than where it goes on."""
        return await each(listings, self._listed)

    async def search(self, searches: Sequence[PlayerSearch]) -> Mapping[PlayerSearch, PlayerHits | VendorError]:
        """One call a search. VendorRejectedError for a criterion that the file does not name."""
        return await each(searches, self._search)

    async def restrict(self, command: Restrict) -> None:
        """Sets blocks. Raises VendorRejectedError for a scope not in `supports`, and for none."""
        write = self._mapped.restrict
        if write is None or not command.scopes or not self.supports.issuperset(command.scopes):
            raise self._calls.refused("restrict", "a restriction that the mapping does not name")
        words = {"id": command.player.local, "audit_id": command.audit_id}
        parts = [write.body, *(write.scopes[scope] for scope in command.scopes)]
        await self._write("restrict", write, command.player, words, parts)

    async def add_note(self, note: NewNote) -> None:
        """Adds a note. Raises VendorRejectedError where the mapping names no such write."""
        if (write := self._mapped.add_note) is None:
            raise self._calls.refused("add_note", _NO_WRITE)
        words = {"id": note.player.local, "audit_id": note.audit_id, "body": note.body}
        await self._write("add_note", write, note.player, words, [write.body])

    async def _ones(self, name: str, kind: Any, keys: Sequence[Key]) -> Mapping[Key, Any]:
        """One record a key; two that differ are an error."""
        answers = await self._several(name, kind, keys)
        return {
            key: answer
            if isinstance(answer, VendorError)
            else answer[0]
            if all(one == answer[0] for one in answer)
            else self._calls.malformed(name, "two answers to one id differ")
            for key, answer in answers.items()
            if isinstance(answer, VendorError) or answer
        }

    async def _several(self, name: str, kind: Any, keys: Sequence[Key]) -> Mapping[Key, Any]:
        """The records of each key; a key that no entry is of is left out."""
        wanted, by_brand = dict.fromkeys(keys), defaultdict[str, list[Key]](list)
        if (operation := self._mapped.reads.get(name)) is None:
            return {key: self._calls.refused(name, _NO_READ) for key in wanted}
        for key in wanted:
            if key.brand in self._mapped.brands:
                by_brand[key.brand].append(key)
        size, answers = operation.most, dict[Key, Any]()
        batches = [group[at : at + size] for group in by_brand.values() for at in range(0, len(group), size)]
        for answer in await asyncio.gather(*(self._batch(operation, kind, batch) for batch in batches)):
            answers |= answer
        return answers

    async def _batch(self, operation: Read, kind: Any, keys: Sequence[Key]) -> Mapping[Key, Any]:
        try:
            entries = await self._calls.entries(operation, keys[0].brand, [key.local for key in keys], {})
        except VendorError as error:
            return dict.fromkeys(keys, error)
        by_id, answers, strangers = {key.local: key for key in keys}, dict[Key, Any](), False
        now = self._clock()
        for entry in entries or ():
            key = by_id.get(word_in(operation.id, entry))
            if key is None:
                strangers = True
            elif self._is_others(key, entry):
                continue
            elif not isinstance(before := answers.setdefault(key, []), VendorError):
                told = self._records(operation, kind, key, entry, now)
                answers[key] = told if isinstance(told, VendorError) else _without_repeats([*before, *told])
        if strangers:
            missing = self._calls.malformed(operation.name, "an answer about somebody who was not asked for")
            return {**dict.fromkeys(keys, missing), **answers}
        return answers

    def _records(self, operation: Read, kind: Any, key: Key, entry: Any, now: datetime) -> Sequence[Any] | VendorError:
        try:
            if kind is Player and self._mapped.brand_is and not word_in(self._mapped.brand_is, entry):
                raise ValueError("it does not say of which brand it is")
            parts = [entry] if operation.each is None else operation.each(entry) or []
            return [self._record(operation, kind, key, part, now) for part in parts]
        except (ValueError, TypeError, ArithmeticError, msgspec.ValidationError) as error:
            return self._calls.malformed(operation.name, str(error))

    def _record(self, operation: Read, kind: Any, key: Key, part: Any, now: datetime) -> Any:
        told = operation.translate(part) | dict.fromkeys(owners(kind), key.local)
        frame = Frame(key.brand, lambda vendor_id, link: Source(System.PAM, self._vendor, key.local, now))
        return read(told, kind, frame)

    def _is_others(self, key: Key, entry: Any) -> bool:
        """Whether the entry says that it is of another brand, where the file says by what."""
        word = word_in(self._mapped.brand_is, entry)
        return bool(word) and word != self._mapped.brands[key.brand]

    async def _listed(self, listing: Listing) -> Page[GameRound] | None:
        operation, key = self._mapped.reads.get("rounds"), listing.owner
        if operation is None or operation.listing is None:
            raise self._calls.refused("rounds", _NO_READ)
        if key.brand not in self._mapped.brands:
            return None
        how = operation.listing
        query = {how.limit: str(how.most)}
        if listing.before:  # a second further, so that it does not matter whether the PAM includes the instant
            query[how.until] = how.written(listing.before.at + timedelta(seconds=1))
        entries = await self._calls.entries(operation, key.brand, [key.local], query)
        return None if entries is None else self._page(operation, listing, entries, full=len(entries) >= how.most)

    def _page(self, operation: Read, listing: Listing, entries: Sequence[Any], *, full: bool) -> Page[GameRound]:
        """Of a full page the bets of its last instant are left to the next one: not all of them may be on it."""
        rounds: list[GameRound] = []
        now = self._clock()
        for entry in entries:
            told = self._records(operation, GameRound, listing.owner, entry, now)
            if isinstance(told, VendorError):
                raise told
            if word_in(operation.id, entry) != listing.owner.local or self._is_others(listing.owner, entry):
                raise self._calls.malformed("rounds", "somebody else's bet")
            rounds.extend(told)
        rounds, moments = _without_repeats(rounds), [one.started_at for one in rounds]
        if full and moments != sorted(moments, reverse=True):
            raise self._calls.malformed("rounds", "a part of a list that does not run from new to old")
        certain = [one for one in rounds if not full or one.started_at > moments[-1]]
        positions = [Position(one.started_at, one.id.local) for one in certain]
        page = page_of(certain, positions, listing, more=full)
        if page.more and not page.items:
            raise self._calls.malformed("rounds", "more bets of one instant than a page holds")
        return page

    async def _search(self, search: PlayerSearch) -> PlayerHits | None:
        how, said = self._mapped.search, msgspec.structs.asdict(search)
        wanted = {name: said[name] for name in CRITERIA if said[name] is not None}
        if how is None or not wanted or not how.criteria.keys() >= wanted.keys():
            raise self._calls.refused("search", "a criterion that the mapping does not name")
        if search.brand not in self._mapped.brands:
            return None
        told = {how.criteria[name]: msgspec.to_builtins(value) for name, value in wanted.items()}
        body = {**told, how.limit: search.first, how.page: search.page}
        reply = await self._calls.ask(
            Asked(name="search", method="POST", path=how.path, brand=search.brand, id="", body=body)
        )
        names, total = (None, None) if reply is ABSENT else (found(how.items, reply), found(how.total, reply))
        if not isinstance(names, list) or not isinstance(total, int):
            raise self._calls.malformed("search", "there are no hits in it where the mapping says")
        try:
            keys = (Key.parse(f"player:{search.brand}:{name}") for name in names)
            return PlayerHits(tuple(dict.fromkeys(keys)), total)
        except ValueError as error:
            raise self._calls.malformed("search", str(error)) from error

    async def _write(
        self, name: str, write: Write, player: Key, words: Mapping[str, str], parts: Sequence[Any]
    ) -> None:
        if player.brand not in self._mapped.brands:
            raise self._calls.refused(name, "the brand is none of the mapping's")
        if not self._mapped.calls_say_brand:
            await self._prove(name, player)
        body: dict[str, Any] = {}
        for part in parts:
            body |= filled(part, words)
        headers = {write.idempotency_header: words["audit_id"]} if write.idempotency_header else {}
        asked = Asked(
            name=name, method=write.method, path=write.path, brand=player.brand, id=player.local, body=body,
            effect=Effect.IDEMPOTENT_WRITE if headers else Effect.WRITE, headers=headers,
        )  # fmt: skip
        if await self._calls.ask(asked) is ABSENT:
            raise VendorRejectedError(System.PAM, name, "no such player of this brand")

    async def _prove(self, name: str, player: Key) -> None:
        """Raises unless the player's profile is of the brand. Nothing has been written then, whatever the error."""
        known = (await self.players([player])).get(player)
        if isinstance(known, VendorError):
            known.write_may_have_happened = False
            raise known
        if known is None:
            raise VendorRejectedError(System.PAM, name, "no such player of this brand")


def _without_repeats(records: Sequence[Any]) -> list[Any]:
    """What a PAM tells twice is one thing."""
    kept: list[Any] = []
    for one in records:
        if one not in kept:
            kept.append(one)
    return kept


def filled(body: Any, words: Mapping[str, str]) -> Any:
    """The body with `{id}`, `{audit_id}` and `{body}` in its texts filled in, each once and none within another."""
    if isinstance(body, dict):
        return {name: filled(part, words) for name, part in body.items()}
    if isinstance(body, list):
        return [filled(part, words) for part in body]
    if isinstance(body, str):
        return _BLANK.sub(lambda blank: words.get(blank[1], blank[0]), body)
    return body
