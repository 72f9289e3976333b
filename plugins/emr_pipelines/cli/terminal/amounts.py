"""Times, durations, sizes and counts as people read them. Pure."""

from __future__ import annotations

import datetime as dt

_MINUTE, _HOUR = 60, 3600


def moment(when: dt.datetime | None) -> str:
    """A time in UTC, to the second; nothing for none."""
    return "" if when is None else f"{when.astimezone(dt.UTC):%Y-%m-%d %H:%M:%S} UTC"


def clock(when: dt.datetime | None) -> str:
    """The time of day in UTC; nothing for none."""
    return "" if when is None else f"{when.astimezone(dt.UTC):%H:%M:%S}"


def took(start: dt.datetime | None, end: dt.datetime | None) -> str:
    """How long it took: `4.2 s`, `3m 20s`, `2h 05m`; nothing where a time is missing."""
    if start is None or end is None:
        return ""
    seconds = max(0.0, (end - start).total_seconds())
    if seconds < _MINUTE:
        return f"{seconds:.1f} s"
    if seconds < _HOUR:
        return f"{seconds // _MINUTE:.0f}m {seconds % _MINUTE:02.0f}s"
    return f"{seconds // _HOUR:.0f}h {seconds % _HOUR // _MINUTE:02.0f}m"


def amount(value: object) -> str:
    """A counter; of a list how long it is, as its entries may be many."""
    if isinstance(value, list):
        return f"{len(value):,}" if len(value) != 1 else str(value[0])
    return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else str(value)


def plural(count: int, noun: str) -> str:
    """`1 file`, `2 files`."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"
