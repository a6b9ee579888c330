"""Scenario files from the command line to the gateway's answer."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

import gateway as root
from auth.identity import Principal
from auth.sandbox_issuer import issue
from config import sandbox_secret
from tests.conftest import calling, free_ports
from vendors.sandbox import overlays, town
from vendors.sandbox.world import build

ROOT = Path(root.__file__).parent
QUERY = (ROOT / "operations" / "where-is-my-money.graphql").read_text()
PLAYER = "player:acme:s-101"
EXAMPLE = """\
- scenario: kyc-resubmission-blocks-payout
  says: Payout waits because the passport must be uploaded again
  market: UKGC-GB
  player: s-101                    # becomes player:<brand>:s-101
  copy: default                    # the canonical player it starts from
  cashier.paymentiq: {payments: [{txTypeName: VisaWithdrawal, state: WAITING_APPROVAL, \
statusCode: WAITING_WITHDRAWAL_APPROVAL, txAmount: "120.00 EUR", age: PT26H}]}
  kyc.sumsub: {applicant: {review: {reviewStatus: completed, reviewResult: {reviewAnswer: RED, \
reviewRejectType: RETRY, rejectLabels: [LOW_QUALITY]}}, age: PT20H}}
"""
LISTED = {
    "name": "kyc-resubmission-blocks-payout",
    "player": PLAYER,
    "market": "UKGC-GB",
    "says": "Payout waits because the passport must be uploaded again",
}


@pytest.fixture
def example(tmp_path: Path) -> Path:
    file = tmp_path / "own.yaml"
    file.write_text(EXAMPLE)
    return file


def judge(answer: dict[str, Any], now: datetime) -> None:
    """The example's answer, with the ages it had at `now`."""
    assert "errors" not in answer
    player = answer["data"]["player"]
    (withdrawal,) = player["openWithdrawals"]
    assert withdrawal["amount"] == {"amount": "120.00", "currency": "EUR"}
    assert (withdrawal["vendorState"], withdrawal["method"]) == ("WAITING_APPROVAL", "VisaWithdrawal")
    assert abs(now - timedelta(hours=26) - datetime.fromisoformat(withdrawal["createdAt"])) < timedelta(minutes=1)
    diagnosis = withdrawal["diagnosis"]
    assert diagnosis["blockers"][0]["code"] == "KYC_RESUBMISSION_REQUIRED"
    assert (diagnosis["waitingOn"], diagnosis["nextStep"], diagnosis["state"]) == (
        "PLAYER", "RESUBMIT_DOCUMENT", "COMPLETE",
    )  # fmt: skip
    assert player["kyc"]["vendorStatus"] == "completed RED RETRY"
    assert abs(now - timedelta(hours=20) - datetime.fromisoformat(player["kyc"]["since"])) < timedelta(minutes=1)
    steps = {step["step"]: step["state"] for step in player["kyc"]["requirements"]}
    assert steps == {"IDENTITY": "RETRY_NEEDED", "SELFIE": "SATISFIED"}
    assert all(source["state"] == "OK" for source in player["sources"])


async def test_the_example_of_the_design_gets_its_answer(tmp_path: Path, example: Path) -> None:
    world = overlays.laid_over(build(), [example])
    async with calling(tmp_path / "var", world) as caller:
        judge(await caller.ask(QUERY, "compliance_officer", {"player": PLAYER}), datetime.now(UTC))
        told = (await caller.http.get("/sandbox/scenarios")).json()
        assert LISTED in told
        assert "player:acme:s-001" in [one["player"] for one in told]
        model = await caller.ask(QUERY, variables={"player": "player:acme:s-007"})
    blockers = model["data"]["player"]["openWithdrawals"][0]["diagnosis"]["blockers"]
    assert [blocker["code"] for blocker in blockers] == ["AWAITING_FIRST_APPROVAL"]


@asynccontextmanager
async def process(*arguments: str, var: Path) -> AsyncIterator[asyncio.subprocess.Process]:
    """The command line while the block runs."""
    one = await asyncio.create_subprocess_exec(
        sys.executable, "gateway.py", *arguments, cwd=ROOT, env={**os.environ, "PLAYER_GRAPH_VAR": str(var)},
        stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    try:
        yield one
    finally:
        if one.returncode is None:
            one.kill()
        await one.communicate()


async def answering(http: httpx.AsyncClient, url: str, one: asyncio.subprocess.Process) -> None:
    async with asyncio.timeout(30):
        while one.returncode is None:
            try:
                (await http.get(url)).raise_for_status()
                return
            except httpx.TransportError:
                await asyncio.sleep(0.1)
    raise AssertionError("the process ended")


async def test_a_sandbox_of_its_own_serves_the_files_to_a_gateway_before_it(tmp_path: Path, example: Path) -> None:
    """Two more files after the option, so that a shell's wildcard reads as one list."""
    var, vendors, port = tmp_path / "var", free_ports(), free_ports(1)
    more = tmp_path / "more.yaml"
    more.write_text("{scenario: plain, says: Nothing is wrong, market: MGA-MT, player: s-102, copy: p-003}")
    files = ["--scenarios", str(example), str(more)]
    base = f"http://127.0.0.1:{vendors}"
    products = [word for key in ("kyc=sumsub", "cashier=paymentiq") for word in ("--product", key)]
    token = issue(sandbox_secret(var), Principal("agent-1", frozenset({"compliance_officer"})))
    async with (
        httpx.AsyncClient(trust_env=False) as http,
        process("sandbox", "--port-base", str(vendors), *products, *files, var=var) as sandbox,
    ):
        await answering(http, f"http://127.0.0.1:{vendors + len(town.PLACES) - 1}/__stats", sandbox)
        async with process("serve", "--port", str(port), "--vendors-base", base, *files, var=var) as gateway:
            await answering(http, f"http://127.0.0.1:{port}/readyz", gateway)
            body = {"query": QUERY, "variables": {"player": PLAYER}}
            headers = {"authorization": f"Bearer {token}"}
            address = f"http://127.0.0.1:{port}"
            judge((await http.post(f"{address}/graphql", json=body, headers=headers)).json(), datetime.now(UTC))
            told = (await http.get(f"{address}/sandbox/scenarios")).json()
            assert LISTED in told
            assert told[-1]["player"] == "player:acme:s-102"


REFUSED = [  # arguments, the end of the line on standard error
    (["sandbox", "--scenarios", "BAD"], "bad.yaml:3: kyc.sumsub.applicant: no such key: eyes"),
    (["serve", "--scenarios", "GOOD", "BAD"], "bad.yaml:3: kyc.sumsub.applicant: no such key: eyes"),
    (["sandbox", "--scenarios", "GONE"], "No such file or directory"),
    (["sandbox", "--product", "kyc=jumio"], "kyc=jumio: no such product; there is sumsub"),
    (["sandbox", "--product", "all=sumsub"],
     "all=sumsub: there is no sumsub product yet for pam, cashier, bonus, aggregator, crm, ticketing"),
]  # fmt: skip


@pytest.mark.parametrize(("arguments", "said"), REFUSED, ids=[" ".join(words) for words, _ in REFUSED])
async def test_what_cannot_be_meant_stops_the_start(
    tmp_path: Path, example: Path, arguments: list[str], said: str
) -> None:
    bad = tmp_path / "bad.yaml"
    bad.write_text("scenario: one\nsays: it\nkyc.sumsub: {applicant: {eyes: blue}}\nmarket: UKGC-GB\nplayer: x-1\n")
    files = {"BAD": str(bad), "GOOD": str(example), "GONE": str(tmp_path / "gone.yaml")}
    async with process(*(files.get(word, word) for word in arguments), var=tmp_path) as one:
        _, errors = await asyncio.wait_for(one.communicate(), 30)
    assert one.returncode == 2
    assert said in errors.decode()
    assert "Traceback" not in errors.decode()
    assert len(errors.decode().splitlines()) == 1
