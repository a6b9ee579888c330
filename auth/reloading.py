"""A policy that is changed while the gateway runs: taken over when it is whole, else the last good one stays."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from auth.policy import Policy
from auth.policy_file import BadPolicy, load

LOOK_SECONDS = 2.0
log = logging.getLogger("player_graph.policy")
Adopt = Callable[[Policy], Awaitable[None]]
State = tuple[int, int] | None  # (modified at, bytes); None: there is none to be read


@asynccontextmanager
async def reloading(path: Path, adopt: Adopt) -> AsyncIterator[None]:
    """While the block runs, a file that changes is read and adopted; what is wrong with one is logged, once."""
    watching = asyncio.create_task(_watch(path, adopt, _state(path)), name="policy-reload")
    try:
        yield
    finally:
        watching.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await watching


async def _watch(path: Path, adopt: Adopt, known: State) -> None:
    while True:
        await asyncio.sleep(LOOK_SECONDS)
        if (state := _state(path)) == known:
            continue
        known = state
        try:
            policy = await asyncio.to_thread(load, path)
            await adopt(policy)
        except (BadPolicy, OSError) as error:
            log.error("the policy stays as it was: %s", error)  # the sentence is the whole story
        else:
            log.warning("policy %s is in force", policy.version)


def _state(path: Path) -> State:
    try:
        told = path.stat()
    except OSError:
        return None
    return told.st_mtime_ns, told.st_size
