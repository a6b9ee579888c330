"""Hints at money laundering: vendor words that the operator's table gives a meaning; other words are not shown."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from datetime import datetime

import msgspec

from resolvers.aml_words import AmlTriggerCode, AmlWord, Where
from resolvers.context import Context
from resolvers.withdrawal_facts import DiagnosisState
from vendors.errors import VendorError
from vendors.ports.cashier import Hold
from vendors.ports.kyc import KycProfile
from vendors.ports.pam import Player, PlayerKey
from vendors.ports.source import System


class AmlTrigger(msgspec.Struct, frozen=True):
    """One hint. `detail` is the table's word, never the vendor's whole text; `at` is None where it has no date."""

    code: AmlTriggerCode
    system: System
    detail: str
    at: datetime | None


class AmlProfile(msgspec.Struct, frozen=True):
    """All hints the systems give. No hint is no clearance, least of all with a source missing."""

    state: DiagnosisState
    triggers: Sequence[AmlTrigger]
    unavailable: Sequence[System]


async def aml_of(players: Sequence[PlayerKey], ctx: Context) -> Sequence[AmlProfile]:
    """Joins what PAM, KYC vendor and cashier say; the text of a hold is read for this field alone."""
    keys, reads = [player.id for player in players], ctx.reads
    answers = await asyncio.gather(reads.players.load(keys), reads.kyc.load(keys), reads.holds.load(keys))
    return [profile_of(*said, ctx.aml_words) for said in zip(*answers, strict=True)]


def profile_of(
    player: Player | VendorError | None,
    kyc: KycProfile | VendorError | None,
    holds: Sequence[Hold] | VendorError | None,
    words: Sequence[AmlWord],
) -> AmlProfile:
    """The hints, the newest first and the undated last."""
    said = [*_told(player, kyc, holds)]
    triggers = [
        AmlTrigger(line.means, system, line.word, at)
        for system, where, word, at in said
        for line in words
        if line.fits(where, word)
    ]
    dated = sorted((hint for hint in triggers if hint.at), key=lambda hint: str(hint.at), reverse=True)
    missing = [system for system, answer in _sources(player, kyc, holds) if isinstance(answer, VendorError)]
    state = DiagnosisState.PARTIAL_SOURCES if missing else DiagnosisState.COMPLETE
    return AmlProfile(state, [*dated, *(hint for hint in triggers if not hint.at)], missing)


def _sources(player: object, kyc: object, holds: object) -> Sequence[tuple[System, object]]:
    return (System.PAM, player), (System.KYC, kyc), (System.CASHIER, holds)


def _told(
    player: Player | VendorError | None,
    kyc: KycProfile | VendorError | None,
    holds: Sequence[Hold] | VendorError | None,
) -> Iterator[tuple[System, Where, str, datetime | None]]:
    """Every word there is to hold against the table."""
    if isinstance(player, Player):
        yield from ((System.PAM, Where.PAM_BAN, ban.value, None) for ban in player.account.restrictions)
        yield from ((System.PAM, Where.PAM_TAG, tag, None) for tag in player.tags)
    if isinstance(kyc, KycProfile):
        yield from ((System.KYC, Where.KYC_LABEL, label.code, kyc.since) for label in kyc.labels)
    if holds is not None and not isinstance(holds, VendorError):
        yield from ((System.CASHIER, Where.HOLD_TEXT, hold.text, hold.since) for hold in holds if hold.text)
