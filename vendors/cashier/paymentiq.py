"""PaymentIQ as the cashier: Admin API v1 (PaymentIQ Admin API reference, snapshot 2023-04).

The search's JSON array is from an older copy of the reference (2017-11). To be checked against the live swagger:
`txAmount`, which that copy shows as an object and we read as "12.00 EUR"; `txTypeName`, where it shows `txTypeInt`;
and the comma that separates `states` and `idList`.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextvars import ContextVar
from datetime import UTC, datetime, timedelta

import msgspec

from vendors.cashier.paymentiq_statuses import canonical
from vendors.client import Client, Headers, Wire, each
from vendors.errors import VendorError, VendorMalformedError, VendorRejectedError
from vendors.ports.cashier import Direction, Transaction, TransactionStatus
from vendors.ports.keys import Key
from vendors.ports.money import Money
from vendors.ports.source import Source, System
from vendors.signing import basic, bearer

Clock = Callable[[], datetime]

IDS_PER_CALL = 300  # keeps the address under 8 KiB; the product itself answers up to 10 000 payments
SEARCH_LIMIT = 1000  # payments of one player in one search; the product's default is 100, its maximum 10 000
BANK_TRAVEL = timedelta(days=5)  # how long a paid withdrawal may still be on its way to the player's bank
TOKEN_MARGIN = timedelta(seconds=60)  # a token is given up this long before it expires

_OPEN = "REGISTERED,PROCESSING,REPROCESSING,WAITING_INPUT,WAITING_APPROVAL,INCONSISTENT"
_ENDED = "SUCCESSFUL,FAILED"  # FAILED too: a withdrawal whose answer was lost is FAILED there and open to us
_OVER = frozenset(
    {
        TransactionStatus.DECLINED,
        TransactionStatus.FAILED_TECHNICAL,
        TransactionStatus.CANCELLED_BY_PLAYER,
        TransactionStatus.CANCELLED_BY_OPERATOR,
        TransactionStatus.CANCELLED_BY_PSP,
        TransactionStatus.EXPIRED,
    }
)
_SUFFIXES = {"Deposit": Direction.DEPOSIT, "Withdrawal": Direction.WITHDRAWAL}


class _Id(msgspec.Struct):
    """Only a payment's number, so that an unreadable payment is still known by it."""

    id: int


class _Type(msgspec.Struct, rename="camel"):
    """Only a payment's type, e.g. VisaWithdrawal."""

    tx_type_name: str


class _Payment(_Id, rename="camel"):
    """The fields of a payment that leave the adapter. Times are `yyyy-MM-dd HH:mm:ss` in UTC."""

    merchant_id: int | str
    merchant_user_id: str
    tx_type_name: str
    state: str
    tx_amount: str  # "12.00 EUR"
    created: str
    last_updated: str | None = None
    status_code: str | None = None
    psp_service: str | None = None
    psp_ref_id: str | None = None


class PaymentIQ:
    """CashierPort over PaymentIQ. `merchant_ids` maps a brand to its merchantId; `clock` gives the UTC time."""

    def __init__(self, client: Client, merchant_ids: Mapping[str, str], clock: Clock) -> None:
        self._client, self._merchant_ids, self._clock = client, merchant_ids, clock

    async def transactions(self, keys: Sequence[Key]) -> Mapping[Key, Transaction | VendorError]:
        """One call per brand and 300 ids. A number of the other direction, or none of PaymentIQ's, is absent."""
        batches = list(_batches(keys))
        answers = await each(batches, self._by_ids)
        found: dict[Key, Transaction | VendorError] = {}
        for batch, answer in answers.items():
            found.update(dict.fromkeys(batch, answer) if isinstance(answer, VendorError) else answer)
        return found

    async def open_withdrawals(self, players: Sequence[Key]) -> Mapping[Key, Sequence[Transaction] | VendorError]:
        """Two calls per player: what is open, and what ended within 5 days and may still be travelling or in doubt.

        A withdrawal that cannot be read makes its player's answer an error: a shorter list would read as all clear.
        """
        return await each(players, self._of_player)

    async def _by_ids(self, batch: tuple[Key, ...]) -> dict[Key, Transaction | VendorError]:
        numbers = list(dict.fromkeys(key.local for key in batch))
        query = {"idList": ",".join(numbers), "limit": str(len(numbers))}
        found: dict[Key, Transaction | VendorError] = {}
        lost: VendorError | None = None  # a payment without even a number: it may be any that is missing
        for raw in await self._search(batch[0].brand, query):
            try:
                number = str(msgspec.json.decode(raw, type=_Id).id)
            except msgspec.DecodeError as error:
                lost = self._malformed(error)
                continue
            found.update(self._answers(raw, number, batch))
        return {**dict.fromkeys(batch, lost), **found} if lost else found

    def _answers(
        self, raw: msgspec.Raw, number: str, batch: Sequence[Key]
    ) -> Iterator[tuple[Key, Transaction | VendorError]]:
        asked = [key for key in batch if key.local == number]
        try:
            transaction = self._read(raw, batch[0].brand)
        except VendorMalformedError as error:
            yield from ((key, error) for key in asked)
        else:
            yield from ((key, transaction) for key in asked if key == transaction.id)

    async def _of_player(self, player: Key) -> Sequence[Transaction]:
        since = f"{self._clock() - BANK_TRAVEL:%Y-%m-%d %H:%M:%S}"
        pages = await asyncio.gather(
            self._search(player.brand, _of(player, _OPEN)),
            self._search(player.brand, {**_of(player, _ENDED), "txLastUpdatedDateFrom": since}),
        )
        raws = [raw for page in pages for raw in page]
        read = {t.id: t for t in (self._read(raw, player.brand) for raw in raws if self._is_withdrawal(raw))}
        if any(t.player != player for t in read.values()):
            raise self._malformed("another player's payment")
        return sorted((t for t in read.values() if t.status not in _OVER), key=lambda t: t.created_at, reverse=True)

    async def _search(self, brand: str, query: Mapping[str, str]) -> list[msgspec.Raw]:
        if brand not in self._merchant_ids:
            raise VendorRejectedError(System.CASHIER, "searchPayments", "no merchant for this brand")
        full = {"merchantId": self._merchant_ids[brand], **query}
        path = "/paymentiq/admin/v1/payments"
        reply = await self._client.ask("searchPayments", "GET", path, into=list[msgspec.Raw], query=full) or []
        if "idList" not in query and len(reply) >= SEARCH_LIMIT:
            raise self._malformed(f"{SEARCH_LIMIT} payments or more: the list may be cut")
        return reply

    def _is_withdrawal(self, raw: msgspec.Raw) -> bool:
        try:
            return msgspec.json.decode(raw, type=_Type).tx_type_name.endswith("Withdrawal")
        except msgspec.DecodeError as error:
            raise self._malformed(error) from error

    def _read(self, raw: msgspec.Raw, brand: str) -> Transaction:
        try:
            payment = msgspec.json.decode(raw, type=_Payment)
            if str(payment.merchant_id) != self._merchant_ids[brand]:
                raise ValueError("another merchant's payment")
            return _transaction(payment, brand, self._clock())
        except (msgspec.DecodeError, ValueError) as error:
            raise self._malformed(error) from error

    def _malformed(self, reason: object) -> VendorMalformedError:
        return VendorMalformedError(System.CASHIER, "searchPayments", str(reason))


class _Token(msgspec.Struct):
    """RFC 6749 section 5.1; `expires_in` is in seconds (PaymentIQ: 7200)."""

    access_token: str
    expires_in: int


class PaymentIQTokens:
    """OAuth2 client credentials for the Admin API (PaymentIQ's page on OAuth 2.0, snapshot 2023-04).

    Give `sign` and `renew` to the Client that searches. Trouble at the token endpoint is the VendorError of that call.
    """

    def __init__(self, base_url: str, wire: Wire, client_id: str, client_secret: str, clock: Clock) -> None:
        async def identify(method: str, path: str, body: bytes) -> Headers:
            return basic(client_id, client_secret)

        self._client = Client(System.CASHIER, base_url, wire, identify)
        self._clock, self._lock = clock, asyncio.Lock()
        self._token, self._until = "", datetime.min.replace(tzinfo=UTC)
        self._used: ContextVar[str] = ContextVar("paymentiq_token", default="")

    async def sign(self, method: str, path: str, body: bytes) -> Headers:
        """The bearer header; however many calls wait for a token, one of them fetches it."""
        async with self._lock:
            if not self._token or self._clock() >= self._until:
                await self._fetch()
            self._used.set(self._token)
            return bearer(self._token)

    def renew(self) -> None:
        """Drop the token this call was refused with; one that another call has fetched since stays."""
        if self._used.get() == self._token:
            self._token = ""

    async def _fetch(self) -> None:
        path, query = "/paymentiq/oauth/token", {"grant_type": "client_credentials"}
        token = await self._client.ask("token", "POST", path, into=_Token, query=query, absent=())
        if token is None or not token.access_token:
            raise VendorMalformedError(System.CASHIER, "token", "no token in the reply")
        self._token = token.access_token
        self._until = self._clock() + timedelta(seconds=token.expires_in) - TOKEN_MARGIN


def _batches(keys: Sequence[Key]) -> Iterator[tuple[Key, ...]]:
    """Keys of one brand each, at most 300 together; what cannot be a payment's number (int64) is not asked for."""
    brands: dict[str, list[Key]] = defaultdict(list)
    for key in dict.fromkeys(keys):
        if key.kind in ("deposit", "withdrawal") and key.local.isdecimal() and len(key.local) <= 18:
            brands[key.brand].append(key)
    for same in brands.values():
        for start in range(0, len(same), IDS_PER_CALL):
            yield tuple(same[start : start + IDS_PER_CALL])


def _of(player: Key, states: str) -> Mapping[str, str]:
    return {"merchantUserId": player.local, "states": states, "limit": str(SEARCH_LIMIT), "descOrder": "true"}


def _transaction(payment: _Payment, brand: str, now: datetime) -> Transaction:
    """Raises ValueError where a field does not mean what the page says."""
    direction = _direction(payment.tx_type_name)
    status, failure = canonical(payment.state, payment.status_code, direction)
    return Transaction(
        id=Key(direction.value.lower(), brand, str(payment.id)),
        player=Key.parse(f"player:{brand}:{payment.merchant_user_id}"),
        direction=direction,
        amount=_money(payment.tx_amount),
        status=status,
        vendor_state=payment.state,
        vendor_status_code=payment.status_code,
        failure=failure,
        method=payment.tx_type_name,
        psp=payment.psp_service,
        psp_reference=payment.psp_ref_id,
        created_at=_instant(payment.created),
        updated_at=_instant(payment.last_updated or payment.created),
        source=Source(System.CASHIER, "PaymentIQ", str(payment.id), now),
    )


def _direction(tx_type_name: str) -> Direction:
    for suffix, direction in _SUFFIXES.items():
        if tx_type_name.endswith(suffix):
            return direction
    raise ValueError("neither a deposit nor a withdrawal")


def _money(text: str) -> Money:
    """From "12.00 EUR". The sign is dropped: PaymentIQ's debits may carry one, and the direction says it already."""
    amount, currency = text.split(" ")
    return Money.from_decimal(amount.removeprefix("-"), currency)


def _instant(text: str) -> datetime:
    return datetime.strptime(text, "%Y-%m-%d %H:%M:%S").replace(tzinfo=UTC)
