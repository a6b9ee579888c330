"""A profile of InfiGaming's and what it says of the player (`/v1/backoffice/user/profile/get`, document of 2026-04).

The document leaves the order of `loginRecords` and `comments` open. Comments are sorted here. Of the logins the first
page is asked; where it is a part of them that runs from old to new, the last login stands elsewhere and is not known.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import msgspec

from vendors.pam.infigaming_replies import Call, Instant
from vendors.ports.keys import Key
from vendors.ports.pam import Account, AccountStatus, Note, Player, RestrictionScope
from vendors.ports.source import Source

PROFILE: Call = ("getUserProfile", "POST", "/v1/backoffice/user/profile/get")
LOGINS_ASKED = 2  # one is the last login, the second tells which way the list runs


class _IpInfo(msgspec.Struct, rename="camel"):
    country: str | None = None


class _Registration(msgspec.Struct, rename="camel"):
    registered_at: Instant | None = None
    ip_info: _IpInfo | None = None
    username: str | None = None


class _Login(msgspec.Struct, rename="camel"):
    login_at: Instant


class _Comment(msgspec.Struct, rename="camel"):
    """A note without its author is still a note."""

    content: str
    created_at: Instant
    author_username: str = ""


class _Operator(msgspec.Struct, rename="camel"):
    operator_id: str


class Profile(msgspec.Struct, rename="camel", kw_only=True):
    """Who it is, whose it is and what it may do must be said: a missing ban is not read as no ban."""

    user_id: str
    user_operator_context: _Operator
    ban_login: bool
    ban_game: bool
    ban_withdraw: bool
    locked: bool
    kyc_level: int | None = None
    vip_level: str | None = None
    first_name: str | None = None
    last_name: str | None = None
    dob: datetime | None = None
    login_email: str | None = None
    registered_email: str | None = None
    login_mobile: str | None = None
    registered_mobile: str | None = None
    email_verified: bool | None = None
    phone_verified: bool | None = None
    registration_record: _Registration | None = None
    login_records: list[_Login] | None = None
    total_login_count: int | None = None
    tags: list[str] | None = None
    comments: list[_Comment] | None = None

    @property
    def country(self) -> str | None:
        """ISO 3166-1 alpha-2 code of the country the player registered from."""
        record = self.registration_record
        return record.ip_info.country if record and record.ip_info else None


def player_of(profile: Profile, brand: str, market: str | None, source: Source) -> Player:
    """The record of a profile whose owner is known to be `brand`."""
    registration = profile.registration_record or _Registration()
    return Player(
        id=Key("player", brand, profile.user_id),
        market=market,
        username=registration.username or None,
        first_name=profile.first_name or None,
        last_name=profile.last_name or None,
        date_of_birth=profile.dob.date() if profile.dob else None,
        email=profile.login_email or profile.registered_email or None,
        phone=profile.login_mobile or profile.registered_mobile or None,
        email_verified=profile.email_verified,
        phone_verified=profile.phone_verified,
        registered_at=registration.registered_at,
        last_login_at=_last_login(profile),
        vip_level=profile.vip_level or None,
        tags=tuple(profile.tags or ()),
        notes=_notes(profile.comments or ()),
        account=_account(profile),
        source=source,
    )


def _account(profile: Profile) -> Account:
    """`locked` outranks the bans in the status and leaves them as they are; kycLevel 1 and above is verified."""
    flags = {
        RestrictionScope.LOGIN: profile.ban_login,
        RestrictionScope.ALL_PLAY: profile.ban_game,
        RestrictionScope.WITHDRAWAL: profile.ban_withdraw,
    }
    restrictions = [scope for scope, banned in flags.items() if banned]
    status = AccountStatus.RESTRICTED if restrictions else AccountStatus.ACTIVE
    verified = None if profile.kyc_level is None else profile.kyc_level >= 1
    return Account(AccountStatus.LOCKED if profile.locked else status, restrictions, verified)


def _last_login(profile: Profile) -> datetime | None:
    moments = [login.login_at for login in profile.login_records or []]
    if not moments:
        return None
    cut = (profile.total_login_count or 0) > len(moments)
    return None if cut and moments[0] < moments[-1] else max(moments)


def _notes(comments: Sequence[_Comment]) -> Sequence[Note]:
    ordered = sorted(comments, key=lambda comment: comment.created_at, reverse=True)
    return tuple(Note(comment.author_username, comment.content, comment.created_at) for comment in ordered)
