"""What a vendor tells by itself: refused if it is not his, thanked for once it is durable, never lost, never twice."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path

import httpx
import msgspec
import pytest

from execution.hooks import MAX_BODY_BYTES
from tests.conftest import Caller, calling, free_ports
from tests.specs.test_overlays import answering, process
from vendors.sandbox.credentials import sandbox
from vendors.webhooks import mac

KYC, CASHIER = "/webhooks/kyc/sumsub", "/webhooks/cashier/paymentiq"


def applicant(number: int = 1, **changed: object) -> bytes:
    return msgspec.json.encode(
        {
            "correlationId": f"req-{number}", "externalUserId": "acme:s-004", "type": "applicantReviewed",
            "reviewStatus": "completed", "reviewResult": {"reviewAnswer": "GREEN"},
            "createdAtMs": "2026-11-20 16:00:25.032",
        } | changed
    )  # fmt: skip


def signed(body: bytes, var: Path) -> dict[str, str]:
    digest = mac(sandbox(var).kyc_hook.encode(), body).hex()
    return {"X-Payload-Digest": digest, "X-Payload-Digest-Alg": "HMAC_SHA256_HEX"}


async def send(http: httpx.AsyncClient, body: bytes, var: Path, path: str = KYC) -> httpx.Response:
    return await http.post(path, content=body, headers=signed(body, var))


def kept(var: Path, query: str = "SELECT event_id FROM events") -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(var / "events.db")) as store:
        return store.execute(query).fetchall()


async def test_an_event_is_thanked_for_and_on_disk(caller: Caller, tmp_path: Path) -> None:
    reply = await send(caller.http, applicant(), tmp_path)
    assert (reply.status_code, reply.content) == (200, b"")
    assert len(kept(tmp_path)) == 1


async def test_a_wrong_digest_is_401_and_leaves_nothing(caller: Caller, tmp_path: Path) -> None:
    headers = signed(applicant(1), tmp_path)
    reply = await caller.http.post(KYC, content=applicant(2), headers=headers)
    assert (reply.status_code, reply.content, kept(tmp_path)) == (401, b"", [])


async def test_a_repeat_is_thanked_for_again_and_kept_once(caller: Caller, tmp_path: Path) -> None:
    replies = [await send(caller.http, applicant(), tmp_path) for _ in range(3)]
    assert [reply.status_code for reply in replies] == [200, 200, 200]
    assert len(kept(tmp_path)) == 1


async def test_an_unknown_event_is_kept_and_counted(caller: Caller, tmp_path: Path) -> None:
    assert (await send(caller.http, applicant(type="applicantTeleported"), tmp_path)).status_code == 200
    assert kept(tmp_path, "SELECT kind FROM events") == [("applicantTeleported",)]
    metrics = (await caller.http.get("/metrics")).text
    counted = [line for line in metrics.splitlines() if 'outcome="UNKNOWN"' in line and "webhooks" in line]
    assert [line for line in counted if 'vendor_product="sumsub"' in line]


@pytest.mark.parametrize("path", ["/webhooks/kyc/onfido", "/webhooks/crm/sumsub", "/webhooks/kyc/SUMSUB"])
async def test_nobody_else_has_an_address(caller: Caller, tmp_path: Path, path: str) -> None:
    assert (await send(caller.http, applicant(), tmp_path, path)).status_code == 404


async def test_too_much_is_413_whether_it_says_so_or_not(caller: Caller, tmp_path: Path) -> None:
    large = b" " * (MAX_BODY_BYTES + 1)

    async def dripping() -> AsyncIterator[bytes]:
        yield large[:1000]
        yield large[1000:]

    declared = await send(caller.http, large, tmp_path)
    streamed = await caller.http.post(KYC, content=dripping(), headers=signed(large, tmp_path))
    assert (declared.status_code, streamed.status_code) == (413, 413)


async def test_a_get_is_not_an_event(caller: Caller) -> None:
    assert (await caller.http.get(KYC)).status_code == 405


async def test_paymentiq_is_told_that_it_was_understood_and_the_payment_is_read(caller: Caller, tmp_path: Path) -> None:
    told = {"txTypeId": "201", "txName": "VisaWithdrawal", "txRefId": "100001A90007", "userId": "s-004"}
    reply = await caller.http.post(CASHIER, json=told, auth=sandbox(tmp_path).cashier_hook)
    assert (reply.status_code, reply.json()) == (200, {"success": True})
    async with asyncio.timeout(10):
        while not (states := kept(tmp_path, "SELECT subject, status, seen_by FROM states")):  # noqa: ASYNC110
            await asyncio.sleep(0.02)
    assert states == [("withdrawal:acme:90007", "AWAITING_APPROVAL", "POLL")]


async def test_a_store_that_is_away_is_503_with_a_date(caller: Caller, tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "events.db")) as store:
        store.execute("DROP TABLE states")
        store.commit()
    reply = await send(caller.http, applicant(), tmp_path)
    assert (reply.status_code, reply.headers["retry-after"]) == (503, "5")


async def test_no_event_that_was_thanked_for_is_lost_over_a_sigkill(tmp_path: Path) -> None:
    """A real process, killed while a storm comes in: whatever had its 2xx is there, and handled after the restart."""
    var, port, thanked = tmp_path / "var", free_ports(1), list[int]()
    vendors = f"http://127.0.0.1:{free_ports()}"  # nobody there: an event does not need the vendor
    command = ("serve", "--vendors-base", vendors, "--port", str(port))
    async with (
        httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", trust_env=False, timeout=5) as http,
        process(*command, var=var) as one,
    ):
        await answering(http, "/healthz", one)
        enough = asyncio.Event()

        async def storm(start: int) -> None:
            for number in range(start, 10_000, 8):
                if (await send(http, applicant(number), var)).status_code == 200:
                    thanked.append(number)
                if len(thanked) >= 100:
                    enough.set()

        storms = [asyncio.create_task(storm(start)) for start in range(8)]
        async with asyncio.timeout(30):
            await enough.wait()
        one.kill()
        await asyncio.gather(*storms, return_exceptions=True)
    found = {str(row[0]).split()[0] for row in kept(var)}
    assert {f"req-{number}" for number in thanked} <= found
    async with calling(var), asyncio.timeout(10):
        while kept(var, "SELECT 1 FROM events WHERE NOT handled LIMIT 1"):  # noqa: ASYNC110
            await asyncio.sleep(0.02)
