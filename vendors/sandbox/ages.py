"""Ages of what a scenario file says: ISO 8601 durations before the world's now."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

_DURATION = re.compile(
    r"P(?!$)(?:(?P<weeks>\d+)W)?(?:(?P<days>\d+)D)?"
    r"(?:T(?=\d)(?:(?P<hours>\d+)H)?(?:(?P<minutes>\d+)M)?(?:(?P<seconds>\d+)S)?)?",
    re.ASCII,
)
LONGEST = timedelta(days=36_525)  # a century: whoever is older is not in the sandbox


def duration(text: str) -> timedelta:
    """Weeks to seconds, such as P1DT2H. Raises ValueError, also on years and months: their length is no constant."""
    found = _DURATION.fullmatch(text)
    if found is None:
        raise ValueError(f"{text!r} is no ISO 8601 duration in weeks, days, hours, minutes and seconds, like PT26H")
    try:
        length = timedelta(**{unit: int(number) for unit, number in found.groupdict("0").items()})
    except OverflowError:
        length = timedelta.max
    if length > LONGEST:
        raise ValueError(f"{text!r} is more than a century")
    return length


def age_of(said: Mapping[str, Any], default: timedelta = timedelta()) -> timedelta:
    """The age an object gives itself."""
    return duration(said["age"]) if "age" in said else default


def verbatim(said: Mapping[str, Any], *others: str) -> dict[str, Any]:
    """The object as it was written, without its age, which is no field of the product, and without `others`."""
    return {name: value for name, value in said.items() if name not in ("age", *others)}


def instant(text: str) -> datetime:
    """RFC 3339 with an offset. Raises ValueError."""
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(f"{text!r} has no offset")
    return moment
