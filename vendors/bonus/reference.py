"""The reference contract of a bonus engine (docs/contracts/bonus.yaml, 1.1.0): a hundred players of a brand a call."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime

import msgspec

from vendors import signing
from vendors.bonus.combined import newest_first
from vendors.client import Client, Headers, Sent
from vendors.errors import VendorError, VendorMalformedError
from vendors.ports.bonus import BonusGrant, GrantStatus, Wagering
from vendors.ports.keys import Key
from vendors.ports.money import Money
from vendors.ports.source import Source, System
from vendors.resilience.call import Effect

OPERATION = "queryGrants"
PATH = "/v1/grants/query"
MOST_PLAYERS = 100


class WageringFields(msgspec.Struct, frozen=True):
    """Turnover as decimals of the grant's currency."""

    required: str
    done: str


class FreeSpinsFields(msgspec.Struct, frozen=True):
    """How many spins were given and played."""

    total: int
    used: int


class GrantFields(msgspec.Struct, frozen=True):
    """A grant as the contract writes it. `type` is not taken: no field of the graph shows it."""

    id: str
    player_id: str
    status: str
    currency: str
    granted_at: str
    campaign_code: str | None = None
    amount: str | None = None
    wagering: WageringFields | None = None
    free_spins: FreeSpinsFields | None = None
    blocks_withdrawal: bool | None = None
    expires_at: str | None = None


class EntryFields(msgspec.Struct, frozen=True):
    """One known player's grants."""

    player_id: str
    grants: tuple[GrantFields, ...]


class AnswerFields(msgspec.Struct, frozen=True):
    """Entries stay unread until each is: one that cannot be read is that player's trouble alone."""

    brand: str
    players: tuple[msgspec.Raw, ...]


class _Named(msgspec.Struct, frozen=True):
    player_id: str


STATUSES: Mapping[str, GrantStatus] = {  # the contract's words
    "pending": GrantStatus.PENDING,
    "created": GrantStatus.ACTIVE,
    "ongoing": GrantStatus.WAGERING,
    "completed": GrantStatus.COMPLETED,
    "auto_completed": GrantStatus.CONVERTED,
    "forfeited": GrantStatus.FORFEITED,
    "expired": GrantStatus.EXPIRED,
    "lost": GrantStatus.LOST,
    "reversed": GrantStatus.REVERSED,
}


def sign(token: str) -> Sent:
    """Credentials: one service-wide bearer token."""

    async def headers(method: str, path: str, body: bytes) -> Headers:
        return signing.bearer(token)

    return headers


class ReferenceBonus:
    """BonusPort over the reference contract: batches of a hundred, one brand each."""

    def __init__(self, client: Client, clock: Callable[[], datetime]) -> None:
        self._client, self._clock = client, clock

    async def grants(self, players: Sequence[Key]) -> Mapping[Key, Sequence[BonusGrant] | VendorError]:
        """Every grant of the player, newest first; a player the engine does not know is left out."""
        by_brand: dict[str, list[Key]] = defaultdict(list)
        for player in dict.fromkeys(players):
            by_brand[player.brand].append(player)
        batches = [
            keys[start : start + MOST_PLAYERS]
            for keys in by_brand.values()
            for start in range(0, len(keys), MOST_PLAYERS)
        ]
        answers: dict[Key, Sequence[BonusGrant] | VendorError] = {}
        for answer in await asyncio.gather(*map(self._batch, batches)):
            answers |= answer
        return answers

    async def _batch(self, players: Sequence[Key]) -> Mapping[Key, Sequence[BonusGrant] | VendorError]:
        try:
            return self._entries(players, await self._ask(players))
        except VendorError as error:
            return dict.fromkeys(players, error)

    async def _ask(self, players: Sequence[Key]) -> AnswerFields:
        brand = players[0].brand
        answer = await self._client.ask(
            OPERATION,
            "POST",
            PATH,
            into=AnswerFields,
            body={"player_ids": [player.local for player in players]},
            headers={"Brand": brand},
            effect=Effect.READ,
            absent=(),
        )
        if answer is None or answer.brand != brand:
            raise self._malformed("the answer is for another brand")
        return answer

    def _entries(
        self, players: Sequence[Key], answer: AnswerFields
    ) -> Mapping[Key, Sequence[BonusGrant] | VendorError]:
        asked = {player.local: player for player in players}
        found: dict[Key, Sequence[BonusGrant] | VendorError] = {}
        strangers, now = False, self._clock()
        for record in answer.players:
            player = asked.get(_player_id(record) or "")
            if player is None:
                strangers = True
                continue
            entry = self._entry(player, record, now)
            if player in found and found[player] != entry:
                entry = self._malformed("two entries of one player differ")
            found[player] = entry
        if strangers:  # somebody else stands where those may belong that are missing: they are not simply unknown
            for player in players:
                found.setdefault(player, self._malformed("an entry is nobody's who was asked for"))
        return found

    def _entry(self, player: Key, record: msgspec.Raw, now: datetime) -> Sequence[BonusGrant] | VendorError:
        try:
            grants = msgspec.json.decode(record, type=EntryFields).grants
            if any(grant.player_id != player.local for grant in grants):
                return self._malformed("a grant is another player's")
            if len({grant.id for grant in grants}) < len(grants):
                return self._malformed("two grants share an id")
            return newest_first([_canonical(player, grant, now) for grant in grants])
        except (msgspec.DecodeError, ValueError) as error:
            return self._malformed(str(error))

    def _malformed(self, detail: str) -> VendorMalformedError:
        return VendorMalformedError(self._client.system, OPERATION, detail)


def _player_id(record: msgspec.Raw) -> str | None:
    try:
        return msgspec.json.decode(record, type=_Named).player_id
    except msgspec.DecodeError:
        return None


def _canonical(player: Key, grant: GrantFields, now: datetime) -> BonusGrant:
    """Raises ValueError for an amount, an instant or an id that cannot be read."""
    spins, wagering = grant.free_spins, grant.wagering
    return BonusGrant(
        id=Key.parse(f"grant:{player.brand}:{grant.id}"),
        player=player,
        campaign_code=grant.campaign_code,
        status=STATUSES.get(grant.status, GrantStatus.UNKNOWN),
        vendor_status=grant.status,
        amount=None if grant.amount is None else Money.from_decimal(grant.amount, grant.currency),
        free_spins_total=None if spins is None else spins.total,
        free_spins_used=None if spins is None else spins.used,
        wagering=None
        if wagering is None
        else Wagering(
            Money.from_decimal(wagering.required, grant.currency), Money.from_decimal(wagering.done, grant.currency)
        ),
        blocks_withdrawal=grant.blocks_withdrawal,
        granted_at=_instant(grant.granted_at),
        expires_at=None if grant.expires_at is None else _instant(grant.expires_at),
        source=Source(System.BONUS, "Reference contract", grant.id, now),
    )


def _instant(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError("an instant has no offset")
    return moment.astimezone(UTC)
