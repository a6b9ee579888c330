"""Responsible gambling at InfiGaming: exclusions hang on the user, limits on each currency's wallet.

Operations `/v1/backoffice/user/responsible-gambling/config/get` and
`/v1/backoffice/wallet/responsible-gambling/configs/list`, document of 2026-04. Neither reply says whose it is.

- The document names a day, week or month for limits on play and loss; deposits and withdrawals have one limit each, of
  no named period, and so has the record.
- It does not say how an unset limit looks: an empty string is taken for none, "0" for a limit of nothing.
- `timeLimits` (hours of the day) is no period without play and has no record; `gameBetAllowed` includes its effect.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

from vendors.pam.infigaming_replies import Call, Instant, one_a_currency
from vendors.ports.money import Money
from vendors.ports.pam import Exclusion, ExclusionKind, LimitKind, LimitPeriod, PlayerLimit, ResponsibleGambling
from vendors.ports.source import Source

EXCLUSIONS: Call = (
    "getUserResponsibleGamblingConfig",
    "POST",
    "/v1/backoffice/user/responsible-gambling/config/get",
)
LIMITS: Call = (
    "listWalletResponsibleGamblingConfigs",
    "POST",
    "/v1/backoffice/wallet/responsible-gambling/configs/list",
)


class _Period(msgspec.Struct, rename="camel"):
    start_time: Instant | None = None
    end_time: Instant | None = None


class _Config(msgspec.Struct, rename="camel"):
    self_exclusion: _Period | None = None
    break_in_play: _Period | None = None


class _Status(msgspec.Struct, rename="camel"):
    """Where it is there it says everything: a missing flag is not read as all clear."""

    login_allowed: bool
    deposit_allowed: bool
    game_bet_allowed: bool
    self_exclusion_active: bool
    break_in_play_active: bool


class _Removals(msgspec.Struct, rename="camel"):
    self_exclusion_delete_schedule_time: Instant | None = None
    break_in_play_delete_schedule_time: Instant | None = None


class Exclusions(msgspec.Struct, rename="camel"):
    """What the user has set for himself, and what it allows now. The product sends null for what is not set."""

    responsible_gambling_config: _Config | None = None
    responsible_gambling_status: _Status | None = None
    responsible_gambling_delete_schedule: _Removals | None = None


class _Limits(msgspec.Struct, rename="camel"):
    """One currency; amounts are decimal strings in its major unit."""

    currency: str
    deposit_limit: str | None = None
    withdrawal_limit: str | None = None
    daily_play_limit: str | None = None
    weekly_play_limit: str | None = None
    monthly_play_limit: str | None = None
    daily_loss_limit: str | None = None
    weekly_loss_limit: str | None = None
    monthly_loss_limit: str | None = None
    deposit_limit_delete_schedule_time: Instant | None = None
    withdrawal_limit_delete_schedule_time: Instant | None = None
    daily_play_limit_delete_schedule_time: Instant | None = None
    weekly_play_limit_delete_schedule_time: Instant | None = None
    monthly_play_limit_delete_schedule_time: Instant | None = None
    daily_loss_limit_delete_schedule_time: Instant | None = None
    weekly_loss_limit_delete_schedule_time: Instant | None = None
    monthly_loss_limit_delete_schedule_time: Instant | None = None


class Limits(msgspec.Struct, rename="camel"):
    """A user's limits in every currency."""

    responsible_gambling_configs: list[_Limits]


_NAMED: dict[str, tuple[LimitKind, LimitPeriod | None]] = {
    "deposit_limit": (LimitKind.DEPOSIT, None),
    "withdrawal_limit": (LimitKind.WITHDRAWAL, None),
    "daily_play_limit": (LimitKind.WAGER, LimitPeriod.DAY),
    "weekly_play_limit": (LimitKind.WAGER, LimitPeriod.WEEK),
    "monthly_play_limit": (LimitKind.WAGER, LimitPeriod.MONTH),
    "daily_loss_limit": (LimitKind.LOSS, LimitPeriod.DAY),
    "weekly_loss_limit": (LimitKind.LOSS, LimitPeriod.WEEK),
    "monthly_loss_limit": (LimitKind.LOSS, LimitPeriod.MONTH),
}


def gambling_of(said: Exclusions, limits: Limits, source: Source) -> ResponsibleGambling:
    """Both replies as one record. Raises ValueError for an amount that is none, or an exclusion of no known state."""
    status = said.responsible_gambling_status
    return ResponsibleGambling(
        exclusions=_exclusions(said, status),
        limits=tuple(limit for one in one_a_currency(limits.responsible_gambling_configs) for limit in _limits(one)),
        login_allowed=status.login_allowed if status else None,
        deposit_allowed=status.deposit_allowed if status else None,
        play_allowed=status.game_bet_allowed if status else None,
        source=source,
    )


def _exclusions(said: Exclusions, status: _Status | None) -> Sequence[Exclusion]:
    config = said.responsible_gambling_config or _Config()
    if status is None:
        if config.self_exclusion or config.break_in_play:
            raise ValueError("an exclusion that is neither said to be active nor not")
        return ()
    removals = said.responsible_gambling_delete_schedule or _Removals()
    excluded, paused = ExclusionKind.SELF_EXCLUSION, ExclusionKind.TIME_OUT
    both = [
        (
            excluded,
            config.self_exclusion or _Period(),
            status.self_exclusion_active,
            removals.self_exclusion_delete_schedule_time,
        ),
        (
            paused,
            config.break_in_play or _Period(),
            status.break_in_play_active,
            removals.break_in_play_delete_schedule_time,
        ),
    ]
    return tuple(
        Exclusion(kind, active, period.start_time, period.end_time, removal_at)
        for kind, period, active, removal_at in both
        if active or period != _Period()
    )


def _limits(limits: _Limits) -> Iterator[PlayerLimit]:
    for name, (kind, period) in _NAMED.items():
        if amount := getattr(limits, name):
            removal_at = getattr(limits, f"{name}_delete_schedule_time")
            yield PlayerLimit(kind, period, Money.from_decimal(amount, limits.currency), removal_at)
