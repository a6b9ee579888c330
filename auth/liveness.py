"""Whether the process that began something still lives: it holds a lock that the system takes away with it.

For processes on one host, as SQLite has them. A process that was killed is known to be dead at once, without a clock.
"""

from __future__ import annotations

import contextlib
import fcntl
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def living(folder: Path) -> Iterator[str]:
    """This process's name, under which others find it alive while the block runs."""
    folder.mkdir(parents=True, exist_ok=True)
    name = uuid.uuid4().hex
    with (folder / name).open("wb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        try:
            yield name
        finally:
            (folder / name).unlink(missing_ok=True)


def is_alive(folder: Path, name: str) -> bool:
    """Whether that process still holds its lock; the file of one that does not is removed."""
    if not name.isalnum():
        return False
    try:
        with (folder / name).open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    with contextlib.suppress(OSError):
        (folder / name).unlink()
    return False
