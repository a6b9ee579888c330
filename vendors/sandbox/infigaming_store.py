"""What InfiGaming keeps, built from the world: users, bans, comments, bets and limits, in its own field names.

Where the document is silent this room assumes: an unset limit is an empty string, an unset period or instant is left
out; what the world says of limits on deposits and withdrawals loses its period, as the product names none; a list runs
from new to old.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

import msgspec

from vendors.ports.money import Money, exponent_of
from vendors.sandbox.facts import GAMES, PlayerFacts, RoundFacts
from vendors.sandbox.world import World

Fields = dict[str, Any]

_BANS = {"login": "banLogin", "game": "banGame", "withdraw": "banWithdraw", "locked": "locked"}
_STATUSES = {"open": "pending", "settled": "end", "rolled back": "end"}  # any other word is shown as it is
_AMOUNTS = {"deposit": "depositLimit", "withdraw": "withdrawalLimit"}
_PERIODS = {"day": "daily", "week": "weekly", "month": "monthly"}
_LIMITS = (*_AMOUNTS.values(), *(f"{period}{kind}Limit" for kind in ("Play", "Loss") for period in _PERIODS.values()))


class Account(msgspec.Struct):
    """A player and what has been written since."""

    facts: PlayerFacts
    flags: dict[str, bool]
    comments: list[Fields]


class Store:
    """Players by userId over all brands, as one backoffice credential sees them; `clock` is the product's time."""

    def __init__(self, world: World, operator_ids: Mapping[str, str], clock: Callable[[], datetime]) -> None:
        self._now, self._operator_ids, self._clock = world.now, operator_ids, clock
        self._comment_ids = itertools.count(70001)
        known = [facts for facts in world.players.values() if facts.brand in operator_ids]
        self.accounts = {facts.id: self._account(facts) for facts in known}

    def comment(self, account: Account, content: str, author: str, at: datetime | None = None) -> str:
        """Adds a staff comment, now if `at` is not given; its id."""
        comment_id = str(next(self._comment_ids))
        created_at = (at or self._clock()).isoformat()
        said = {"commentId": comment_id, "authorUsername": author, "content": content, "createdAt": created_at}
        account.comments.insert(0, said)
        return comment_id

    def operator_of(self, account: Account) -> str:
        return self._operator_ids[account.facts.brand]

    def registered_at(self, account: Account) -> datetime:
        return self._now - account.facts.registered_age

    def profile(self, account: Account, login_page: int, login_page_size: int) -> Fields:
        """Who the player is, whose, and what the account may not do."""
        facts, logins = account.facts, self._logins(account.facts)
        return {
            **_person(facts),
            **account.flags,
            "kycLevel": int(facts.verified_in_pam),
            "vipLevel": facts.vip_level,
            "tags": list(facts.tags),
            "comments": account.comments,
            "registrationRecord": self._registration(account),
            "loginRecords": logins[(login_page - 1) * login_page_size : login_page * login_page_size],
            "totalLoginCount": len(logins),
            "loginPage": login_page,
            "loginPageSize": login_page_size,
            "userOperatorContext": {"operatorId": self.operator_of(account)},
        }

    def row(self, account: Account) -> Fields:
        """A hit of a search, which does not carry the operatorId."""
        facts = account.facts
        return {
            "operatorName": facts.brand,
            "userId": facts.id,
            "username": facts.id,
            "email": facts.email,
            "mobile": facts.phone,
            "vipLevel": facts.vip_level,
            "kycLevel": int(facts.verified_in_pam),
            "tags": list(facts.tags),
            **account.flags,
            "lastLoginAt": (self._now - facts.last_login_age).isoformat(),
            "registeredAt": self.registered_at(account).isoformat(),
            "country": facts.country,
        }

    def bets(self, accounts: Iterable[Account]) -> list[Fields]:
        """Newest first."""
        found = [self._bet(account, round_) for account in accounts for round_ in account.facts.rounds]
        return sorted(found, key=lambda bet: bet["createdAt"], reverse=True)

    def exclusions(self, account: Account) -> Fields:
        """What the player has set for himself, and what it allows now."""
        periods: dict[str, Fields] = {}
        active = dict.fromkeys(("selfExclusion", "breakInPlay", "timeLimits"), False)
        for one in account.facts.exclusions:
            since, until = self._now - one.age, self._now + one.ends_in
            periods[one.kind] = {"startTime": since.isoformat(), "endTime": until.isoformat()}
            active[one.kind] = since <= self._clock() < until
        allowed = not any(active.values())
        return {
            "responsibleGamblingConfig": periods,
            "responsibleGamblingStatus": {
                "loginAllowed": True,
                "depositAllowed": allowed,
                "withdrawalAllowed": True,
                "gameBetAllowed": allowed,
                **{f"{kind}Active": is_active for kind, is_active in active.items()},
            },
            "responsibleGamblingDeleteSchedule": {},
        }

    def limits(self, account: Account) -> Fields:
        """The limits of the one currency a player has; none without limits."""
        facts, config = account.facts, dict[str, Any](dict.fromkeys(_LIMITS, ""))
        for limit in facts.limits:
            name = _AMOUNTS.get(limit.kind) or f"{_PERIODS[limit.period]}{limit.kind.capitalize()}Limit"
            config[name] = _amount(facts, limit.amount_minor)
            if limit.removal_in is not None:
                config[f"{name}DeleteScheduleTime"] = (self._now + limit.removal_in).isoformat()
        configs = [{"currency": facts.currency, **config}] if facts.limits else []
        return {"responsibleGamblingConfigs": configs, "responsibleGamblingStatuses": []}

    def _account(self, facts: PlayerFacts) -> Account:
        account = Account(facts, {flag: ban in facts.bans for ban, flag in _BANS.items()}, [])
        for note in sorted(facts.notes, key=lambda note: note.age, reverse=True):
            self.comment(account, note.body, note.author, self._now - note.age)
        return account

    def _logins(self, facts: PlayerFacts) -> list[Fields]:
        last = self._now - facts.last_login_age
        return [{"loginAt": (last - timedelta(days=days)).isoformat(), "username": facts.id} for days in (0, 2, 5)]

    def _registration(self, account: Account) -> Fields:
        facts = account.facts
        return {
            "registeredAt": self.registered_at(account).isoformat(),
            "ipInfo": {"ip": "192.0.2.1", "count": 1, "country": facts.country},  # RFC 5737: for documentation
            "username": facts.id,
            "email": facts.email,
            "mobile": facts.phone,
        }

    def _bet(self, account: Account, round_: RoundFacts) -> Fields:
        facts, at = account.facts, (self._now - round_.age).isoformat(timespec="microseconds")
        name, provider, category, _ = GAMES[round_.game]
        stake = _amount(facts, round_.stake_minor)
        return {
            "operatorBetId": round_.id,
            "providerBetId": round_.transaction,
            "roundId": f"r-{round_.id}",
            "providerName": provider,
            "operatorId": self.operator_of(account),
            "currency": facts.currency,
            "status": _STATUSES.get(round_.status, round_.status),
            "userId": facts.id,
            "gameId": round_.game,
            "gameName": name,
            "gameCategory": category,
            "betAmount": stake,
            "winAmount": _amount(facts, round_.win_minor),
            "rollbackBetAmount": stake if round_.status == "rolled back" else _amount(facts, 0),
            "createdAt": at,
            "updatedAt": at,
        }


def wallet(facts: PlayerFacts) -> Fields:
    """The wallet in the player's currency; amounts are decimal strings in its major unit."""
    done, required = facts.wagering or (0, 0)
    withdrawable = facts.cash_minor if facts.withdrawable_minor is None else facts.withdrawable_minor
    return {
        "currency": facts.currency,
        "cash": _amount(facts, facts.cash_minor),
        "bonus": _amount(facts, facts.bonus_minor),
        "withdrawableCash": _amount(facts, withdrawable),
        "turnoverThreshold": _amount(facts, required),
        "turnover": _amount(facts, done),
    }


def _person(facts: PlayerFacts) -> Fields:
    return {
        "userId": facts.id,
        "nickname": facts.first_name,
        "firstName": facts.first_name,
        "lastName": facts.last_name,
        "dob": f"{facts.birth_year}-01-01T00:00:00Z",
        "registeredEmail": facts.email,
        "registeredMobile": facts.phone,
        "loginEmail": facts.email,
        "loginMobile": facts.phone,
        "address": "1 Example Street",
        "emailVerified": True,
        "phoneVerified": True,
    }


def _amount(facts: PlayerFacts, minor: int) -> str:
    return Money(facts.currency, minor, exponent_of(facts.currency)).amount
