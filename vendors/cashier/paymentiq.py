"""PaymentIQ as the cashier: Admin API v1 (PaymentIQ Admin API reference, snapshot 2023-04).

The rooms beside: paymentiq_payments reads a payment, paymentiq_statuses its words, paymentiq_lists pages of them,
paymentiq_accounts what a player pays with, paymentiq_actions what may be done, paymentiq_tokens the credential.
The API documents neither a rate limit nor the PSP attempts of a payment: its log is a view of the back office.
To be checked against the live swagger: the comma that separates lists in a query.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta

import msgspec

from vendors.cashier import paymentiq_accounts as accounts
from vendors.cashier import paymentiq_actions as actions
from vendors.cashier.paymentiq_lists import merged, newest
from vendors.cashier.paymentiq_payments import SEARCH, Row, hold, is_withdrawal, malformed, number_of, read, row, second
from vendors.cashier.paymentiq_statuses import codes_of
from vendors.cashier.paymentiq_tokens import PaymentIQTokens
from vendors.client import Client, each
from vendors.errors import VendorError, VendorMalformedError, VendorRejectedError
from vendors.ports.cashier import (
    Hold,
    PaymentInstrument,
    PaymentSearch,
    Transaction,
    TransactionStatus,
    Withdrawal,
    WithdrawalAction,
    WithdrawalCommand,
)
from vendors.ports.keys import Key
from vendors.ports.paging import Listing, Page
from vendors.ports.source import System
from vendors.resilience.call import Effect

__all__ = ["PaymentIQ", "PaymentIQTokens"]

PAYMENTS = "/paymentiq/admin/v1/payments"
IDS_PER_CALL = 300  # keeps the address under 8 KiB; the product itself answers up to 10 000 payments
SEARCH_LIMIT = 1000  # payments of one player in one search; the product's default is 100, its maximum 10 000
BANK_TRAVEL = timedelta(days=5)  # how long a paid withdrawal may still be on its way to the player's bank

ON_HOLD = "WAITING_WITHDRAWAL_ON_HOLD_APPROVAL"
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


class PaymentIQ:
    """CashierPort over PaymentIQ. `merchant_ids` maps a brand to its merchantId; `clock` gives the UTC time.

    `tags` maps reason codes to tags the merchants have defined; without one an action carries only its `info`.
    """

    supports: frozenset[WithdrawalAction] = frozenset(actions.OPERATIONS)

    def __init__(
        self,
        client: Client,
        merchant_ids: Mapping[str, str],
        clock: Callable[[], datetime],
        tags: Mapping[str, str] | None = None,
    ) -> None:
        self._client, self._merchant_ids, self._clock, self._tags = client, merchant_ids, clock, tags or {}

    async def transactions(self, keys: Sequence[Key]) -> Mapping[Key, Transaction | VendorError]:
        """One call per brand and 300 ids. A number of the other direction, or none of PaymentIQ's, is absent."""
        batches = list(_batches(keys))
        answers = await each(batches, self._by_ids)
        found: dict[Key, Transaction | VendorError] = {}
        for batch, answer in answers.items():
            found.update(dict.fromkeys(batch, answer) if isinstance(answer, VendorError) else answer)
        return found

    async def open_withdrawals(self, players: Sequence[Key]) -> Mapping[Key, Sequence[Withdrawal] | VendorError]:
        """Two calls per player: what is open, and what ended within 5 days and may still be travelling or in doubt.

        A withdrawal that cannot be read makes its player's answer an error: a shorter list would read as all clear.
        """
        return await each(players, self._open_of)

    async def holds(self, players: Sequence[Key]) -> Mapping[Key, Sequence[Hold] | VendorError]:
        """One call per player. The text is the payment's `info`; a tag given with the hold is in no reply."""
        return await each(players, self._held)

    async def payments_of(self, listings: Sequence[Listing]) -> Mapping[Listing, Page[Transaction] | VendorError]:
        """One call per listing, a further one where more than ten payments share a second with the page's ends.

        Refunds, captures and voids, which PaymentIQ keeps as payments of their own, are left out.
        """
        return await each(listings, self._listed)

    async def search(
        self, searches: Sequence[PaymentSearch]
    ) -> Mapping[PaymentSearch, Page[Transaction] | VendorError]:
        """One call per search where status, PSP reference and dates decide: the product filters by these.

        It has no filter for direction, nor for what is UNKNOWN: these are sifted out of at most some 5 000 payments;
        a search that would need more is a VendorRejectedError. `created_from` is included, `created_to` is not.
        """
        return await each(searches, self._found)

    async def instruments(self, players: Sequence[Key]) -> Mapping[Key, Sequence[PaymentInstrument] | VendorError]:
        """One call per player; one account that cannot be read, or 1000 and more, is the player's error."""
        return await each(players, self._accounts_of)

    async def act(self, command: WithdrawalCommand) -> None:
        """Raises VendorConflictError if the payment's state forbids it, VendorRejectedError if not in `supports`."""
        operation, merchant_id = actions.operation_of(command), self._merchant(command.withdrawal.brand)
        reply = await self._client.ask(
            operation,
            "POST",
            f"{PAYMENTS}/{operation}/{{txId}}",
            into=actions.Reply,
            at={"txId": command.withdrawal.local},
            query={"merchantId": merchant_id},
            body=actions.body_of(command, self._tags),
            absent=(),
            effect=Effect.WRITE,
            conflict=actions.is_wrong_state,
        )
        actions.check(reply, operation, command, merchant_id)

    async def _by_ids(self, batch: tuple[Key, ...]) -> dict[Key, Transaction | VendorError]:
        numbers = list(dict.fromkeys(key.local for key in batch))
        query = {"idList": ",".join(numbers), "limit": str(len(numbers))}
        found: dict[Key, Transaction | VendorError] = {}
        lost: VendorError | None = None  # a payment without even a number: it may be any that is missing
        for raw in await self._payments(batch[0].brand, query):
            try:
                number = number_of(raw)
            except VendorMalformedError as error:
                lost = error
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

    async def _open_of(self, player: Key) -> Sequence[Withdrawal]:
        mine = {"merchantUserId": player.local, "limit": str(SEARCH_LIMIT), "descOrder": "true"}
        since = second(self._clock() - BANK_TRAVEL)
        pages = await asyncio.gather(
            self._whole(player.brand, {**mine, "states": _OPEN}),
            self._whole(player.brand, {**mine, "states": _ENDED, "txLastUpdatedDateFrom": since}),
        )
        found = {
            t.id: t for page in pages for t in (self._read(raw, player.brand) for raw in page if is_withdrawal(raw))
        }
        if any(t.player != player for t in found.values()):
            raise malformed(SEARCH, "another player's payment")
        still = [t for t in found.values() if isinstance(t, Withdrawal) and t.status not in _OVER]
        return sorted(still, key=lambda t: t.created_at, reverse=True)

    async def _held(self, player: Key) -> Sequence[Hold]:
        query = {"merchantUserId": player.local, "statuses": ON_HOLD, "limit": str(SEARCH_LIMIT)}
        merchant_id = self._merchant(player.brand)
        return [hold(raw, player, merchant_id) for raw in await self._whole(player.brand, query)]

    async def _listed(self, listing: Listing) -> Page[Transaction]:
        brand, until = listing.owner.brand, listing.before.at if listing.before else None

        async def ask(limit: int, until: datetime | None) -> Sequence[Row]:
            return await self._rows(brand, {"merchantUserId": listing.owner.local}, limit, until, listing.owner)

        return await newest(ask, listing, until, lambda payment: True)

    async def _found(self, search: PaymentSearch) -> Page[Transaction]:
        listing = Listing(Key("merchant", search.brand, self._merchant(search.brand)), search.first, search.before)
        moments = [at for at in (search.created_to, search.before.at if search.before else None) if at]

        async def part(query: Mapping[str, str]) -> Page[Transaction]:
            async def ask(limit: int, until: datetime | None) -> Sequence[Row]:
                return await self._rows(search.brand, query, limit, until)

            return await newest(ask, listing, min(moments, default=None), lambda payment: _meets(payment, search))

        return merged(await asyncio.gather(*map(part, _queries(search))), listing)

    async def _accounts_of(self, player: Key) -> Sequence[PaymentInstrument]:
        merchant_id = self._merchant(player.brand)
        query = {"merchantId": merchant_id, "merchantUserId": player.local, "limit": str(accounts.LIMIT)}
        reply = await self._client.ask(
            accounts.OPERATION, "GET", accounts.PATH, into=list[msgspec.Raw], query=query, absent=()
        )
        if len(reply or ()) >= accounts.LIMIT:
            raise malformed(accounts.OPERATION, f"{accounts.LIMIT} accounts or more: the list may be cut")
        found = {i.id: i for i in (accounts.read(raw, player, merchant_id, self._clock()) for raw in reply or ())}
        return sorted(found.values(), key=accounts.last_use, reverse=True)

    async def _rows(
        self, brand: str, query: Mapping[str, str], limit: int, until: datetime | None, owner: Key | None = None
    ) -> Sequence[Row]:
        full = {**query, "limit": str(limit), "descOrder": "true"}
        if until is not None:
            full["txDateTo"] = second(until + timedelta(seconds=1))
        merchant_id, now = self._merchant(brand), self._clock()
        return [row(raw, brand, merchant_id, now, owner) for raw in await self._payments(brand, full)]

    async def _whole(self, brand: str, query: Mapping[str, str]) -> list[msgspec.Raw]:
        reply = await self._payments(brand, query)
        if len(reply) >= SEARCH_LIMIT:
            raise malformed(SEARCH, f"{SEARCH_LIMIT} payments or more: the list may be cut")
        return reply

    async def _payments(self, brand: str, query: Mapping[str, str]) -> list[msgspec.Raw]:
        """A search that is not found is an error: read as an empty list, it would say that there is nothing."""
        full = {"merchantId": self._merchant(brand), **query}
        return await self._client.ask(SEARCH, "GET", PAYMENTS, into=list[msgspec.Raw], query=full, absent=()) or []

    def _merchant(self, brand: str) -> str:
        if brand not in self._merchant_ids:
            raise VendorRejectedError(System.CASHIER, SEARCH, "no merchant for this brand")
        return self._merchant_ids[brand]

    def _read(self, raw: msgspec.Raw, brand: str) -> Transaction:
        return read(raw, brand, self._merchant(brand), self._clock())


def _batches(keys: Sequence[Key]) -> Iterator[tuple[Key, ...]]:
    """Keys of one brand each, at most 300 together; what cannot be a payment's number (int64) is not asked for."""
    brands: dict[str, list[Key]] = defaultdict(list)
    for key in dict.fromkeys(keys):
        if key.kind in ("deposit", "withdrawal") and actions.is_number(key.local):
            brands[key.brand].append(key)
    for same in brands.values():
        for start in range(0, len(same), IDS_PER_CALL):
            yield tuple(same[start : start + IDS_PER_CALL])


def _queries(search: PaymentSearch) -> list[Mapping[str, str]]:
    """The questions whose answers together hold all that is searched for, and as little else as the filters allow."""
    common: dict[str, str] = {}
    if search.psp_reference is not None:
        common["pspRefId"] = search.psp_reference
    if search.created_from is not None:  # a second earlier: nobody says whether a date includes its own
        common["txDateFrom"] = second(search.created_from - timedelta(seconds=1))
    if not search.statuses or TransactionStatus.UNKNOWN in search.statuses:
        return [common]
    queries: list[Mapping[str, str]] = [{**common, "statuses": ",".join(codes_of(search.statuses))}]
    if TransactionStatus.INDETERMINATE in search.statuses:  # whatever its code
        queries.append({**common, "states": "INCONSISTENT"})
    return queries


def _meets(payment: Transaction, search: PaymentSearch) -> bool:
    return (
        search.direction in (None, payment.direction)
        and (not search.statuses or payment.status in search.statuses)
        and (search.psp_reference in (None, payment.psp_reference))
        and (search.created_from is None or payment.created_at >= search.created_from)
        and (search.created_to is None or payment.created_at < search.created_to)
    )
