"""InfiGaming as the PAM, after its OpenAPI document of 2026-04: one call a profile, two a wallet, no batch.

The document declares no security scheme; its login answers with a token, taken here to be an RFC 6750 bearer
token that the client's `sign` adds. It declares no error replies either: 404 is taken to mean an unknown user.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Annotated, TypeVar

import msgspec

from vendors.client import Client, each
from vendors.errors import VendorError, VendorMalformedError
from vendors.ports.keys import Key
from vendors.ports.money import Money
from vendors.ports.pam import Account, AccountStatus, Balance, Player, RestrictionScope
from vendors.ports.source import Source, System

T = TypeVar("T")
_PROFILE = ("getUserProfile", "POST", "/v1/backoffice/user/profile/get")
_WALLETS = ("getWallets", "POST", "/v1/backoffice/wallet/get")
_Instant = Annotated[datetime, msgspec.Meta(tz=True)]


class _IpInfo(msgspec.Struct, rename="camel"):
    country: str | None = None


class _Registration(msgspec.Struct, rename="camel"):
    registered_at: _Instant | None = None
    ip_info: _IpInfo | None = None
    username: str | None = None


class _Operator(msgspec.Struct, rename="camel"):
    operator_id: str


class _Profile(msgspec.Struct, rename="camel", kw_only=True):
    """Who it is, whose it is and what it may do must be said: a missing ban is not read as no ban."""

    user_id: str
    user_operator_context: _Operator
    ban_login: bool
    ban_game: bool
    ban_withdraw: bool
    locked: bool
    kyc_level: int | None = None
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


class _Wallet(msgspec.Struct, rename="camel"):
    """One currency; amounts are decimal strings in its major unit, thresholds sums over cash and bonus."""

    currency: str
    cash: str
    bonus: str
    withdrawable_cash: str
    turnover_threshold: str | None = None
    turnover: str | None = None


class _Wallets(msgspec.Struct, rename="camel"):
    wallets: list[_Wallet]


class InfiGaming:
    """PamPort over InfiGaming. One credential sees every operator, so each read checks whose player it is.

    `operator_ids` maps a brand to its operatorId; `markets` maps an ISO 3166-1 alpha-2 country to a market;
    `clock` gives the UTC instant of a read. The product names no market: it is that of the country the player
    registered from, None if that country has none.
    """

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

    async def balances(self, keys: Sequence[Key]) -> Mapping[Key, Sequence[Balance] | VendorError]:
        """Wallets, two calls a player: a wallet does not say whose it is, so the profile is read before it."""
        return await each(keys, self._balances)

    async def _player(self, key: Key) -> Player | None:
        profile = await self._profile(key)
        return None if profile is None else _readable(_PROFILE[0], lambda: self._to_player(key, profile))

    async def _balances(self, key: Key) -> Sequence[Balance] | None:
        if await self._profile(key) is None:
            return None
        reply = await self._client.ask(*_WALLETS, into=_Wallets, body={"userId": key.local})
        if reply is None:
            return None
        source = self._source(key.local)
        return _readable(_WALLETS[0], lambda: [_to_balance(wallet, source) for wallet in reply.wallets])

    async def _profile(self, key: Key) -> _Profile | None:
        """The profile if the key's brand owns it. An answer about somebody else is malformed."""
        operator_id = self._operator_ids.get(key.brand)
        if operator_id is None:
            return None
        profile = await self._client.ask(*_PROFILE, into=_Profile, body={"userId": key.local})
        if profile is None or profile.user_operator_context.operator_id != operator_id:
            return None
        if profile.user_id != key.local:
            raise VendorMalformedError(System.PAM, _PROFILE[0], "the answer is about another user")
        return profile

    def _to_player(self, key: Key, profile: _Profile) -> Player:
        registration = profile.registration_record or _Registration()
        country = registration.ip_info.country if registration.ip_info else None
        return Player(
            id=Key("player", key.brand, profile.user_id),
            market=self._markets.get(country or ""),
            username=registration.username or None,
            first_name=profile.first_name or None,
            last_name=profile.last_name or None,
            date_of_birth=profile.dob.date() if profile.dob else None,
            email=profile.login_email or profile.registered_email or None,
            phone=profile.login_mobile or profile.registered_mobile or None,
            email_verified=profile.email_verified,
            phone_verified=profile.phone_verified,
            registered_at=registration.registered_at,
            account=_to_account(profile),
            source=self._source(profile.user_id),
        )

    def _source(self, user_id: str) -> Source:
        return Source(System.PAM, "InfiGaming", user_id, self._clock())


def _to_account(profile: _Profile) -> Account:
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


def _to_balance(wallet: _Wallet, source: Source) -> Balance:
    def money(text: str) -> Money:
        return Money.from_decimal(text, wallet.currency)

    return Balance(
        cash=money(wallet.cash),
        bonus=money(wallet.bonus),
        withdrawable=money(wallet.withdrawable_cash),
        wagering_required=money(wallet.turnover_threshold) if wallet.turnover_threshold else None,
        wagering_done=money(wallet.turnover) if wallet.turnover else None,
        source=source,
    )


def _readable(operation: str, mapping: Callable[[], T]) -> T:
    """What `mapping` makes of a decoded reply; a value that it cannot read makes the reply malformed."""
    try:
        return mapping()
    except ValueError as error:
        raise VendorMalformedError(System.PAM, operation, str(error)) from error
