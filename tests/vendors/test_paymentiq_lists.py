"""PaymentIQ's lists: pages by keyset that neither lose nor repeat, and searches that are never silently short."""

from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime, timedelta

import httpx
import msgspec
import pytest

from tests.vendors.test_paymentiq import MERCHANTS, NOW, SECRET, URL, calls, cashier, paid, replying, spoilt
from vendors.cashier.paymentiq_statuses import codes_of
from vendors.errors import VendorError, VendorMalformedError, VendorRejectedError
from vendors.ports.cashier import Deposit, Direction, PaymentSearch, Transaction, TransactionStatus, Withdrawal
from vendors.ports.keys import Key
from vendors.ports.paging import Listing, Page, Position
from vendors.sandbox.facts import PaymentFacts, PlayerFacts
from vendors.sandbox.paymentiq import stage
from vendors.sandbox.world import World

PLAYER = Key("player", "acme", "l-1")


def paying(
    number: int,
    seconds: float,
    *,
    kind: str = "DEPOSIT",
    state: str = "SUCCESSFUL",
    code: str = "SUCCESS",
    psp: str = "A",
) -> PaymentFacts:
    age = timedelta(seconds=seconds)
    return PaymentFacts(str(number), kind, f"Visa{kind.capitalize()}", 1200, state, code, age, age, psp)


def standing(payments: Iterable[PaymentFacts], brand: str = "acme") -> httpx.AsyncClient:
    player = PlayerFacts("l-1", brand, "MGA-MT", "L", "List", 1990, timedelta(days=50), 0, payments=tuple(payments))
    app = stage(World(NOW, {(brand, "l-1"): player}), "id", SECRET, MERCHANTS).app
    return httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url=URL)


def good(answer: object) -> Page[Transaction]:
    assert isinstance(answer, Page), answer
    return answer


def numbers(page: Page[Transaction]) -> list[str]:
    return [payment.id.local for payment in page.items]


async def listed(wire: httpx.AsyncClient, first: int, before: Position | None = None) -> Page[Transaction]:
    listing = Listing(PLAYER, first, before)
    return good((await cashier(wire).payments_of([listing]))[listing])


async def all_pages(wire: httpx.AsyncClient, first: int) -> list[str]:
    seen: list[str] = []
    before: Position | None = None
    while True:
        page = await listed(wire, first, before)
        seen += numbers(page)
        if not page.more:
            return seen
        assert len(page.items) == first
        before = page.positions[-1]


async def found(wire: httpx.AsyncClient, search: PaymentSearch) -> Page[Transaction]:
    return good((await cashier(wire).search([search]))[search])


async def test_a_page_is_newest_first_and_holds_deposits_and_withdrawals() -> None:
    async with standing([paying(1, 30), paying(2, 10, kind="WITHDRAWAL"), paying(3, 20)]) as wire:
        page = await listed(wire, 2)
        rest = await listed(wire, 2, page.positions[-1])
    assert [(type(p), p.id.local) for p in page.items] == [(Withdrawal, "2"), (Deposit, "3")]
    assert (page.more, numbers(rest), rest.more) == (True, ["1"], False)
    assert page.positions[0] == Position(NOW - timedelta(seconds=10), "2")


@pytest.mark.parametrize("first", [1, 2, 3, 7, 40, 500])
@pytest.mark.parametrize(
    "seconds",
    [[5] * 60, [n // 7 for n in range(60)], [0] * 25 + [1] + [2] * 34, list(range(60))],
    ids=["one-second", "sevens", "blocks", "apart"],
)
async def test_pages_neither_lose_nor_repeat_a_payment_of_the_same_second(first: int, seconds: list[int]) -> None:
    """Numbers from 970 to 1029, for text puts 1000 before 999 and the product does not."""
    async with standing(paying(970 + n, second) for n, second in enumerate(seconds)) as wire:
        seen = await all_pages(wire, first)
    assert sorted(seen, key=int) == [str(970 + n) for n in range(60)]
    ages = {str(970 + n): second for n, second in enumerate(seconds)}
    assert [ages[number] for number in seen] == sorted(seconds)


async def test_a_payment_made_between_two_pages_disturbs_neither() -> None:
    old = [paying(n, 100 + n) for n in range(1, 9)]
    async with standing(old) as wire:
        first = await listed(wire, 3)
    async with standing([*old, paying(99, 1)]) as wire:
        second = await listed(wire, 3, first.positions[-1])
    assert numbers(first) + numbers(second) == ["1", "2", "3", "4", "5", "6"]


async def test_a_page_is_one_call_and_a_listing_asked_twice_is_asked_once() -> None:
    async with standing(paying(n, n) for n in range(1, 200)) as wire:
        listing = Listing(PLAYER, 20)
        await cashier(wire).payments_of([listing, listing])
        assert await calls(wire, "searchPayments") == 1


async def test_the_vendor_may_answer_a_whole_list_in_any_order_and_twice() -> None:
    async with standing(paying(n, n) for n in range(1, 5)) as wire:
        for kind in ("reorder", "duplicate"):
            await wire.post("/__faults", json={"operation": "searchPayments", "kind": kind, "count": 1})
            assert numbers(await listed(wire, 9)) == ["1", "2", "3", "4"]


async def test_a_part_of_a_list_in_no_known_order_is_refused() -> None:
    async with standing(paying(n, n) for n in range(1, 60)) as wire:
        await wire.post("/__faults", json={"operation": "searchPayments", "kind": "reorder"})
        listing = Listing(PLAYER, 5)
        answer = (await cashier(wire).payments_of([listing]))[listing]
    assert isinstance(answer, VendorMalformedError)


async def test_more_payments_in_one_second_than_a_call_holds_are_an_error_not_a_short_list() -> None:
    async with standing(paying(n, 5) for n in range(1, 1102)) as wire:
        listing = Listing(PLAYER, 5)
        answer = (await cashier(wire).payments_of([listing]))[listing]
    assert isinstance(answer, VendorMalformedError)


@pytest.mark.parametrize(
    "change", [{"txAmount": "twelve"}, {"merchantUserId": "p-2"}, {"merchantId": 7}, {"txTypeName": "Novelty"}]
)
async def test_one_payment_amiss_makes_its_listing_an_error_and_no_other(change: dict[str, object]) -> None:
    mine, other = Listing(Key("player", "acme", "p-1"), 5), Listing(Key("player", "nowhere", "p-1"), 5)
    async with replying([spoilt(id=2), spoilt(**change)]) as wire:
        answers = await cashier(wire).payments_of([mine, other])
    assert isinstance(answers[mine], VendorMalformedError)
    assert isinstance(answers[other], VendorRejectedError)


async def test_refunds_and_voids_are_not_a_players_deposits_or_withdrawals() -> None:
    mine = Listing(Key("player", "acme", "p-1"), 5)
    async with replying([spoilt(id=2), spoilt(id=3, txTypeName="Refund"), spoilt(id=4, txTypeName="Void")]) as wire:
        assert numbers(good((await cashier(wire).payments_of([mine]))[mine])) == ["2"]


async def test_another_brands_payments_are_never_found() -> None:
    async with standing([paying(1, 1)], brand="corona") as wire:
        assert numbers(await listed(wire, 5)) == []
        assert numbers(await found(wire, PaymentSearch("acme", 5))) == []
        assert numbers(await found(wire, PaymentSearch("corona", 5))) == ["1"]


def mixed() -> Sequence[PaymentFacts]:
    """Every tenth payment a withdrawal that waits, the others deposits that went well."""
    return [
        paying(n, n, kind="WITHDRAWAL", state="WAITING_APPROVAL", code="WAITING_WITHDRAWAL_APPROVAL")
        if n % 10 == 0
        else paying(n, n)
        for n in range(1, 301)
    ]


async def test_a_status_is_filtered_by_the_vendor_in_one_call() -> None:
    async with standing(mixed()) as wire:
        page = await found(wire, PaymentSearch("acme", 3, statuses=(TransactionStatus.AWAITING_APPROVAL,)))
        assert (numbers(page), page.more) == (["10", "20", "30"], True)
        assert await calls(wire, "searchPayments") == 1


async def test_a_direction_is_sifted_out_of_as_many_calls_as_it_takes() -> None:
    async with standing(mixed()) as wire:
        search = PaymentSearch("acme", 25, direction=Direction.WITHDRAWAL)
        page = await found(wire, search)
        rest = await found(wire, msgspec.structs.replace(search, before=page.positions[-1]))
    assert numbers(page) == [str(n) for n in range(10, 251, 10)]
    assert (page.more, numbers(rest), rest.more) == (True, ["260", "270", "280", "290", "300"], False)


async def test_what_is_too_rare_to_be_sifted_out_is_an_error_not_a_short_list() -> None:
    async with standing([*(paying(n, n) for n in range(1, 6001)), paying(9999, 9999, kind="WITHDRAWAL")]) as wire:
        search = PaymentSearch("acme", 1, direction=Direction.WITHDRAWAL)
        answer = (await cashier(wire).search([search]))[search]
        assert isinstance(answer, VendorRejectedError)
        assert await calls(wire, "searchPayments") == 8


async def test_a_range_includes_its_beginning_and_excludes_its_end() -> None:
    def at(seconds: int) -> datetime:
        return NOW - timedelta(seconds=seconds)

    async with standing(paying(n, n) for n in range(1, 10)) as wire:
        page = await found(wire, PaymentSearch("acme", 9, created_from=at(6), created_to=at(3)))
    assert (numbers(page), page.more) == (["4", "5", "6"], False)


async def test_a_psp_reference_is_filtered_by_the_vendor() -> None:
    async with standing(mixed()) as wire:
        assert numbers(await found(wire, PaymentSearch("acme", 9, psp_reference="psp-17"))) == ["17"]
        assert numbers(await found(wire, PaymentSearch("acme", 9, psp_reference="psp-none"))) == []


async def test_payments_in_doubt_are_found_whatever_their_code_and_shown_once() -> None:
    doubtful = [
        paid("11", "ERR_INCONSISTENT_TRANSACTION", state="INCONSISTENT", days=1),
        paid("12", "A_CODE_OF_TOMORROW", state="INCONSISTENT", days=2),
        paid("13", "ERR_INVALID_RESPONSE", state="FAILED", days=3),
        paid("14", "ERR_DECLINED_NO_FUNDS", state="FAILED", days=4),
        paid("15", "SUCCESS", state="SUCCESSFUL", days=5),
    ]
    async with standing(doubtful) as wire:
        search = PaymentSearch("acme", 2, statuses=(TransactionStatus.INDETERMINATE,))
        page = await found(wire, search)
        rest = await found(wire, msgspec.structs.replace(search, before=page.positions[-1]))
        assert (numbers(page), page.more, numbers(rest), rest.more) == (["11", "12"], True, ["13"], False)


async def test_what_nobody_understands_can_be_searched_for() -> None:
    strange = [paying(1, 1), paying(2, 2, state="PROCESSING", code="NOVEL"), paying(3, 3, state="FAILED")]
    async with standing(strange) as wire:
        page = await found(wire, PaymentSearch("acme", 5, statuses=(TransactionStatus.UNKNOWN,)))
    assert numbers(page) == ["2", "3"]


def test_every_status_but_unknown_has_codes_to_search_by() -> None:
    assert [status for status in TransactionStatus if not codes_of((status,))] == [TransactionStatus.UNKNOWN]


async def test_trouble_stays_with_its_search() -> None:
    async with standing(mixed()) as wire:
        fault = {"operation": "searchPayments", "kind": "status", "value": 503, "key": MERCHANTS["corona"]}
        await wire.post("/__faults", json=fault)
        fine, down, nobody = (PaymentSearch(brand, 1) for brand in ("acme", "corona", "nowhere"))
        answers = await cashier(wire).search([fine, down, nobody])
    assert isinstance(answers[down], VendorError)
    assert isinstance(answers[nobody], VendorRejectedError)
    assert numbers(good(answers[fine])) == ["1"]


def pages_of(inclusive: bool) -> Callable[[httpx.Request], httpx.Response]:
    """A vendor whose `txDateTo` includes its own second, or does not: its page does not say which."""
    made = [
        spoilt(id=n, created=f"{NOW - timedelta(seconds=n // 4):%Y-%m-%d %H:%M:%S}", merchantUserId="l-1")
        for n in range(1, 41)
    ]

    def answer(request: httpx.Request) -> httpx.Response:
        if "oauth" in request.url.path:
            return httpx.Response(200, json={"access_token": "t", "expires_in": 7200})
        to, limit = request.url.params.get("txDateTo", "9"), int(request.url.params["limit"])
        rows = [p for p in made if str(p["created"]) < to or (inclusive and p["created"] == to)]
        return httpx.Response(200, json=rows[:limit])

    return answer


@pytest.mark.parametrize("inclusive", [True, False])
async def test_pages_are_the_same_whether_a_date_includes_its_own_second(inclusive: bool) -> None:
    async with httpx.AsyncClient(transport=httpx.MockTransport(pages_of(inclusive))) as wire:
        seen = await all_pages(wire, 3)
    assert sorted(map(int, seen)) == list(range(1, 41))


async def test_a_position_in_another_time_zone_is_the_same_moment() -> None:
    tokyo = NOW.astimezone(datetime.fromisoformat("2026-01-01T00:00:00+09:00").tzinfo) - timedelta(seconds=3)
    assert tokyo.tzinfo is not UTC
    async with standing(paying(n, n) for n in range(1, 6)) as wire:
        assert numbers(await listed(wire, 9, Position(tokyo, "3"))) == ["4", "5"]
