"""What a call is taken to do at the vendor where its adapter says nothing of it."""

import httpx
import pytest

from vendors.client import Client
from vendors.errors import VendorDownError
from vendors.ports.source import System
from vendors.resilience.call import Effect
from vendors.resilience.policy import Policy, RetryPolicy

POLICY = Policy(retry=RetryPolicy(attempts=3, pause_seconds=0.001))


async def made(method: str, effect: Effect | None = None) -> int:
    """How often a product that always fails has been asked."""
    asked: list[str] = []

    def fail(request: httpx.Request) -> httpx.Response:
        asked.append(request.method)
        return httpx.Response(503)

    async def sign(method: str, path: str, body: bytes) -> dict[str, str]:
        return {}

    async with httpx.AsyncClient(transport=httpx.MockTransport(fail)) as wire:
        client = Client(System.KYC, "http://vendor", wire, sign, policy=POLICY)
        with pytest.raises(VendorDownError):
            await client.ask("any", method, "/any", into=dict, effect=effect)
    return len(asked)


@pytest.mark.parametrize("method", ["GET", "HEAD"])
async def test_a_safe_method_is_a_read_and_is_repeated(method: str) -> None:
    assert await made(method) == 3


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
async def test_any_other_method_is_a_write_whose_author_forgot_to_say_so(method: str) -> None:
    assert await made(method) == 1


async def test_a_read_by_post_says_that_it_reads() -> None:
    assert await made("POST", Effect.READ) == 3
