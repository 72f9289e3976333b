"""Durations as people write them in specs. Pure."""

from __future__ import annotations

# Long, since idleness ends a forgotten cluster much earlier: this is for a cluster that a hanging step keeps busy.
DEFAULT_MAX_LIFETIME = "7d"
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


def seconds_of(duration: str) -> int:
    """The seconds of a duration such as 90s, 15m, 2h or 1d; its form is checked by the model."""
    return int(duration[:-1]) * _SECONDS[duration[-1]]
