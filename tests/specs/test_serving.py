"""The gateway as a process among others: probes, headers, origins, the SDL, the metrics, the settings, the drain."""

import asyncio
import os
import re
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from prometheus_client import CollectorRegistry
from starlette.applications import Starlette

import gateway as root
from auth.identity import Principal
from auth.sandbox_issuer import issue
from config import Settings, sandbox_secret
from execution import serving
from schema.graph import schema
from tests.conftest import Caller, calling, free_ports
from vendors.sandbox import town
from vendors.sandbox.credentials import sandbox
from vendors.sandbox.world import World

ROOT = Path(root.__file__).parent


def _http(app: Starlette) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://gateway")


def _probed(drain: serving.Drain, **checks: serving.Check) -> httpx.AsyncClient:
    return _http(Starlette(routes=serving.operational(drain, checks, CollectorRegistry(), {}, check_seconds=0.2)))


async def _fine() -> None:
    return None


async def _broken() -> None:
    raise RuntimeError("password=hunter2")


async def _hangs() -> None:
    await asyncio.sleep(60)


async def test_a_gateway_that_serves_is_alive_and_ready(caller: Caller) -> None:
    assert (await caller.http.get("/healthz")).text == "ok"
    reply = await caller.http.get("/readyz")
    assert (reply.status_code, reply.json()["ready"], reply.json()["checks"]["serving"]) == (200, True, "ok")


async def test_a_check_that_fails_is_named_and_its_text_is_not_told() -> None:
    async with _probed(serving.Drain(), audit=_broken, store=_fine) as http:
        reply = await http.get("/readyz")
    assert reply.status_code == 503
    assert reply.json() == {"ready": False, "checks": {"audit": "failed", "store": "ok", "serving": "ok"}}


async def test_a_check_that_hangs_has_failed() -> None:
    async with _probed(serving.Drain(), audit=_hangs) as http:
        assert (await http.get("/readyz")).json()["checks"]["audit"] == "failed"


async def test_a_gateway_that_drains_is_alive_and_not_ready() -> None:
    drain = serving.Drain()
    drain.begin()
    async with _probed(drain, store=_fine) as http:
        reply = await http.get("/readyz")
        assert (reply.status_code, reply.json()["checks"]["serving"]) == (503, "draining")
        assert (await http.get("/healthz")).status_code == 200


async def test_a_drain_waits_for_what_was_in_flight_and_for_nothing_newer() -> None:
    drain = serving.Drain()
    with drain.holding():
        drain.begin()
        assert not drain.over
    with drain.holding():
        assert drain.over


async def test_a_drain_ends_at_its_deadline() -> None:
    drain = serving.Drain(seconds=0)
    with drain.holding():
        assert not drain.over
        drain.begin()
        assert drain.over


async def test_the_sdl_is_sent_once_and_then_known_by_its_tag(caller: Caller) -> None:
    first = await caller.http.get("/schema/staff.graphql")
    assert (first.status_code, first.text) == (200, schema.as_str())
    etag = first.headers["etag"]
    for known in (etag, f'"other", W/{etag}', "*"):
        again = await caller.http.get("/schema/staff.graphql", headers={"if-none-match": known})
        assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", etag)
    assert (await caller.http.get("/schema/staff.graphql", headers={"if-none-match": '"other"'})).status_code == 200


async def test_an_audience_that_does_not_exist_has_no_sdl(caller: Caller) -> None:
    assert (await caller.http.get("/schema/nobody.graphql")).status_code == 404


async def test_every_answer_carries_the_security_headers_and_an_answer_about_people_is_not_kept(caller: Caller) -> None:
    for path in ("/graphql?query={__typename}", "/graphql", "/healthz", "/nothing"):
        headers = (await caller.http.get(path)).headers
        assert (headers["x-content-type-options"], headers["referrer-policy"]) == ("nosniff", "no-referrer")
        assert headers["content-security-policy"] == "frame-ancestors 'none'"
    assert (await caller.http.get("/graphql?query={__typename}")).headers["cache-control"] == "no-store"


ASKS = {"origin": "https://desk.example", "access-control-request-method": "POST"}


@pytest.fixture
async def embedded(world: World, tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    """A gateway that one foreign desk may call and frame."""
    desk = ("https://desk.example",)
    settings = Settings(var=tmp_path, cors_origins=desk, frame_ancestors=desk)
    async with root.gateway(settings, world) as app, _http(app) as http:
        yield http


async def test_an_origin_that_is_configured_may_ask_and_frame(embedded: httpx.AsyncClient) -> None:
    headers = {**ASKS, "access-control-request-headers": "authorization,content-type"}
    reply = await embedded.options("/graphql", headers=headers)
    assert (reply.status_code, reply.headers["access-control-allow-origin"]) == (200, "https://desk.example")
    assert "access-control-allow-credentials" not in reply.headers
    assert reply.headers["content-security-policy"] == "frame-ancestors https://desk.example"


async def test_another_origin_may_not(embedded: httpx.AsyncClient, caller: Caller) -> None:
    evil = {**ASKS, "origin": "https://evil.example"}
    assert "access-control-allow-origin" not in (await embedded.options("/graphql", headers=evil)).headers
    assert "access-control-allow-origin" not in (await caller.http.options("/graphql", headers=ASKS)).headers


async def _count(caller: Caller, kind: str, outcome: str) -> float:
    text = (await caller.http.get("/metrics")).text
    labels = f'graphql_operation_type="{kind}",outcome="{outcome}"'
    found = re.search(rf"^player_graph_operations_total\{{{labels}\}} (\S+)$", text, re.MULTILINE)
    return float(found[1]) if found else 0.0


@pytest.mark.parametrize(
    ("query", "kind", "outcome"),
    [
        ("{ __typename }", "query", "OK"),
        ("{ __schema { queryType { name } } }", "query", "OK"),
        ('query Ada { player(id: "nonsense") { id } }', "query", "BAD_ID"),
        ("{", "unknown", "GRAPHQL_PARSE_FAILED"),
    ],
)
async def test_an_operation_is_counted_by_type_and_outcome(caller: Caller, query: str, kind: str, outcome: str) -> None:
    before = await _count(caller, kind, outcome)
    await caller.ask(query)
    assert await _count(caller, kind, outcome) == before + 1


async def test_the_metrics_name_no_person_no_id_and_no_client_s_words(caller: Caller) -> None:
    await caller.ask('query Adas_secret { mine: player(id: "player:acme:s-001") { email } }')
    text = (await caller.http.get("/metrics")).text
    assert "player_graph_operation_duration_seconds_bucket" in text
    assert not [word for word in ("Adas_secret", "mine", "s-001", "agent-1", "@") if word in text]


async def _cli(*arguments: str, **environment: str) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable, "gateway.py", *arguments, cwd=ROOT, env={**os.environ, **environment},
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip


BAD_SETTINGS = [
    ({"PLAYER_GRAPH_DRAIN_SECONDS": "soon"}, "drain_seconds"),
    ({"PLAYER_GRAPH_CORS_ORIGINS": "https://desk.example,*"}, "cors_origins"),
    ({"PLAYER_GRAPH_VENDORS_BASE": "ftp://hunter2"}, "vendors_base"),
    ({"PLAYER_GRAPH_DRAIN_SECOND": "5"}, "PLAYER_GRAPH_DRAIN_SECOND"),
]


@pytest.mark.parametrize(("environment", "key"), BAD_SETTINGS)
async def test_a_bad_setting_stops_the_start_and_is_named(environment: dict[str, str], key: str) -> None:
    process = await _cli("serve", **environment)
    _, errors = await asyncio.wait_for(process.communicate(), 30)
    assert process.returncode == 2
    assert [line for line in errors.decode().splitlines() if line.startswith(key)]
    assert "Traceback" not in errors.decode()
    assert "hunter2" not in errors.decode()


class Running:
    """A real gateway process before a sandbox that this test may make slow."""

    def __init__(self, process: asyncio.subprocess.Process, port: int, vendors: int, token: str) -> None:
        self.process, self.port, self.vendors = process, port, vendors
        self.address = f"http://127.0.0.1:{port}"
        self._headers = {"authorization": f"Bearer {token}"}

    async def slow_answer(self, http: httpx.AsyncClient, seconds: float) -> asyncio.Task[httpx.Response]:
        """A query that the PAM has begun to answer, and will finish in so many seconds."""
        base = f"http://127.0.0.1:{self.vendors}"
        fault: dict[str, Any] = {"operation": "*", "kind": "latency", "value": seconds}
        (await http.post(f"{base}/__faults", json=fault)).raise_for_status()
        body = {"query": '{ player(id: "player:acme:s-001") { id } }'}
        post = http.post(f"{self.address}/graphql", json=body, headers=self._headers, timeout=20)
        asked = asyncio.create_task(post)
        async with asyncio.timeout(10):
            while not (await http.get(f"{base}/__stats")).json():  # noqa: ASYNC110  # another process
                await asyncio.sleep(0.02)
        return asked


@pytest.fixture
async def running(world: World, tmp_path: Path) -> AsyncIterator[Running]:
    vendors = free_ports()
    token = issue(sandbox_secret(tmp_path), Principal("agent-1", frozenset({"support_l1"})))
    async with town.standing(vendors, world, sandbox(tmp_path)):
        port = free_ports(1)
        arguments = ["serve", "--port", str(port), "--vendors-base", f"http://127.0.0.1:{vendors}"]
        process = await _cli(*arguments, PLAYER_GRAPH_VAR=str(tmp_path), PLAYER_GRAPH_VENDOR_TIMEOUT_SECONDS="10")
        try:
            await asyncio.wait_for(_until_ready(f"http://127.0.0.1:{port}", process), 30)
            yield Running(process, port, vendors, token)
        finally:
            if process.returncode is None:
                process.kill()
            await process.communicate()


async def _until_ready(address: str, process: asyncio.subprocess.Process) -> None:
    async with httpx.AsyncClient(trust_env=False) as http:
        while process.returncode is None:
            try:
                (await http.get(f"{address}/readyz")).raise_for_status()
                return
            except httpx.TransportError:
                await asyncio.sleep(0.1)
    raise AssertionError("the gateway did not start")


async def test_at_sigterm_what_is_in_flight_is_answered_and_the_process_ends_well(running: Running) -> None:
    async with httpx.AsyncClient(trust_env=False) as http:
        asked = await running.slow_answer(http, 1.5)
        running.process.send_signal(signal.SIGTERM)
        await asyncio.sleep(0.3)
        ready = await http.get(f"{running.address}/readyz")
        assert (ready.status_code, ready.json()["checks"]["serving"]) == (503, "draining")
        assert not asked.done()
        answer = await asked
    assert (answer.status_code, answer.json()) == (200, {"data": {"player": {"id": "player:acme:s-001"}}})
    _, errors = await asyncio.wait_for(running.process.communicate(), 10)
    assert (running.process.returncode, errors) == (0, b"")


async def test_ctrl_c_ends_quietly(running: Running) -> None:
    running.process.send_signal(signal.SIGINT)
    _, errors = await asyncio.wait_for(running.process.communicate(), 10)
    assert (running.process.returncode, errors) == (0, b"")


async def test_a_second_signal_does_not_wait(running: Running) -> None:
    async with httpx.AsyncClient(trust_env=False) as http:
        asked = await running.slow_answer(http, 8)
        running.process.send_signal(signal.SIGINT)
        await asyncio.sleep(0.3)
        running.process.send_signal(signal.SIGINT)
        await asyncio.wait_for(running.process.communicate(), 5)
        assert running.process.returncode == 0
        asked.cancel()
        await asyncio.gather(asked, return_exceptions=True)


async def test_a_first_start_before_vendors_that_already_run_makes_its_own_folder(world: World, tmp_path: Path) -> None:
    async with root.gateway(Settings(var=tmp_path / "var"), world):
        assert (tmp_path / "var" / "audit.db").exists()


async def test_the_console_opens_with_the_question_that_everybody_may_ask(world: World, tmp_path: Path) -> None:
    async with calling(tmp_path, world) as one:
        names = [ready["name"] for ready in (await one.http.get("/console/config")).json()["operations"]]
    assert (names[0], names[1:3]) == ("Where is my money", ["Aml hints", "Bonus and wagering"])
