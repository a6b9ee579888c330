"""What InfiGaming keeps, built from the world: users, bans, comments, bets and limits, in its own field names.

Where the document is silent this room assumes: an unset limit is an empty string, an unset period or instant is left
out; what the world says of limits on deposits and withdrawals loses its period, as the product names none; a list runs
from new to old.

Of what a scenario file says: a wallet has nothing but its cash, all of it withdrawable, a bet is one of no stake at the
first game, a self-exclusion or break ends in half a year, a comment is the backoffice's, where nothing else is said.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

import msgspec

from vendors.ports.money import Money, exponent_of
from vendors.sandbox.ages import age_of, instant, verbatim
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
    laid: Mapping[str, Any] = {}  # what a scenario file says

    @property
    def profile(self) -> Mapping[str, Any]:
        """What the file says of the profile and nothing here changes."""
        return verbatim(self.laid.get("profile", {}), "comments", "registrationRecord", *self.flags)


class Store:
    """Players by userId over all brands, as one backoffice credential sees them; `clock` is the product's time."""

    def __init__(self, world: World, operator_ids: Mapping[str, str], clock: Callable[[], datetime]) -> None:
        self._now, self._operator_ids, self._clock = world.now, operator_ids, clock
        self._comment_ids = itertools.count(70001)
        self._world = world
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
        said = account.laid.get("profile", {}).get("registrationRecord", {}).get("registeredAt")
        return instant(said) if said else self._now - account.facts.registered_age

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
            **account.profile,
            "userOperatorContext": {"operatorId": self.operator_of(account)},
        }

    def row(self, account: Account) -> Fields:
        """A hit of a search, which does not carry the operatorId."""
        facts, said = account.facts, account.profile
        return {
            "operatorName": facts.brand,
            "userId": facts.id,
            "username": facts.id,
            "email": said.get("loginEmail", facts.email),
            "mobile": said.get("loginMobile", facts.phone),
            "vipLevel": said.get("vipLevel", facts.vip_level),
            "kycLevel": said.get("kycLevel", int(facts.verified_in_pam)),
            "tags": said.get("tags", list(facts.tags)),
            **account.flags,
            "lastLoginAt": (self._now - facts.last_login_age).isoformat(),
            "registeredAt": self.registered_at(account).isoformat(),
            "country": facts.country,
        }

    def bets(self, accounts: Iterable[Account]) -> list[Fields]:
        """Newest first."""
        found = [bet for account in accounts for bet in self._bets(account)]
        return sorted(found, key=lambda bet: instant(bet["createdAt"]), reverse=True)

    def wallets(self, account: Account) -> list[Fields]:
        """One in the player's currency, or those of the scenario file."""
        said = account.laid.get("wallets")
        return [wallet(account.facts)] if said is None else [_usual_wallet(one) | one for one in said]

    def exclusions(self, account: Account) -> Fields:
        """What the player has set for himself, and what it allows now."""
        periods: dict[str, Fields] = {}
        active = dict.fromkeys(("selfExclusion", "breakInPlay", "timeLimits"), False)
        laid = account.laid.get("responsibleGambling", {})
        if "responsibleGamblingConfig" in laid:
            periods = {kind: self._period(said) for kind, said in laid["responsibleGamblingConfig"].items()}
        else:
            for one in account.facts.exclusions:
                since, until = self._now - one.age, self._now + one.ends_in
                periods[one.kind] = {"startTime": since.isoformat(), "endTime": until.isoformat()}
        for kind, period in periods.items():
            if "timeZone" not in period:  # whether hours of the day hold now, the scenario file says itself
                active[kind] = instant(period["startTime"]) <= self._clock() < instant(period["endTime"])
        allowed = not any(active.values())
        return {
            "responsibleGamblingConfig": periods,
            "responsibleGamblingStatus": {
                "loginAllowed": True,
                "depositAllowed": allowed,
                "withdrawalAllowed": True,
                "gameBetAllowed": allowed,
                **{f"{kind}Active": is_active for kind, is_active in active.items()},
                **laid.get("responsibleGamblingStatus", {}),
            },
            "responsibleGamblingDeleteSchedule": laid.get("responsibleGamblingDeleteSchedule", {}),
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
        if (said := account.laid.get("responsibleGamblingConfigs")) is not None:
            configs = [dict.fromkeys(_LIMITS, "") | one for one in said]
        return {"responsibleGamblingConfigs": configs, "responsibleGamblingStatuses": []}

    def _account(self, facts: PlayerFacts) -> Account:
        laid = self._world.laid(facts, "pam.infigaming")
        said = laid.get("profile", {})
        flags = {flag: said.get(flag, ban in facts.bans) for ban, flag in _BANS.items()}
        account = Account(facts, flags, [], laid)
        if "comments" in said:
            account.comments.extend(self._laid_comment(one) for one in said["comments"])
            return account
        for note in sorted(facts.notes, key=lambda note: note.age, reverse=True):
            self.comment(account, note.body, note.author, self._now - note.age)
        return account

    def _laid_comment(self, said: Mapping[str, Any]) -> Fields:
        usual = {"commentId": str(next(self._comment_ids)), "authorUsername": "backoffice"}
        return {**usual, "createdAt": (self._now - age_of(said)).isoformat(), **verbatim(said)}

    def _period(self, said: Mapping[str, Any]) -> Fields:
        since, until = self._now - age_of(said), self._now + timedelta(days=180)
        return {"startTime": since.isoformat(), "endTime": until.isoformat(), **verbatim(said)}

    def _bets(self, account: Account) -> list[Fields]:
        said = account.laid.get("bets")
        if said is None:
            return [self._bet(account, round_) for round_ in account.facts.rounds]
        return [self._laid_bet(account, one) for one in said]

    def _laid_bet(self, account: Account, said: Mapping[str, Any]) -> Fields:
        """Of a game that the sandbox does not have, only what is said is known."""
        game = said.get("gameId", "")
        known = game if game in GAMES else next(iter(GAMES))
        round_ = RoundFacts(said["operatorBetId"], known, 0, 0, said["status"], age_of(said), said["providerBetId"])
        strange = ("providerName", "gameName", "gameCategory") if game and game != known else ()
        bet = verbatim(self._bet(account, round_), *strange) | verbatim(said)
        return bet if "updatedAt" in said else bet | {"updatedAt": bet["createdAt"]}

    def _logins(self, facts: PlayerFacts) -> list[Fields]:
        last = self._now - facts.last_login_age
        return [{"loginAt": (last - timedelta(days=days)).isoformat(), "username": facts.id} for days in (0, 2, 5)]

    def _registration(self, account: Account) -> Fields:
        facts, said = account.facts, account.laid.get("profile", {}).get("registrationRecord", {})
        return {
            "registeredAt": self.registered_at(account).isoformat(),
            "ipInfo": {"ip": "192.0.2.1", "count": 1, "country": facts.country},  # RFC 5737: for documentation
            "username": facts.id,
            "email": facts.email,
            "mobile": facts.phone,
            **said,
        }

    def _bet(self, account: Account, round_: RoundFacts) -> Fields:
        facts, at = account.facts, (self._now - round_.age).isoformat(timespec="microseconds")
        name, provider, category, _ = GAMES[round_.game]
        stake = _amount(facts, round_.stake_minor)
        return {
            "operatorBetId": round_.id,
            "providerBetId": round_.transaction,
            "roundId": round_.round_id,
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


def _usual_wallet(said: Mapping[str, Any]) -> Fields:
    nothing = Money(said["currency"], 0, exponent_of(said["currency"])).amount
    zeros = dict.fromkeys(("bonus", "turnoverThreshold", "turnover"), nothing)
    return {"currency": said["currency"], "withdrawableCash": said["cash"], **zeros}


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
