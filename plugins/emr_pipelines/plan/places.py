"""Where in the files of a person a value stands that EMR refuses only at run time. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable

_SHORTEST = 3


def place_of(message: str, places: Iterable[tuple[str, str]], default: str) -> str:
    """The place (`file:line`) of the longest value that the message holds as a whole word, else the default.

    Values of less than three characters name no place: nearly every message holds a 1 somewhere.
    """
    named = [(value, place) for value, place in places if len(value) >= _SHORTEST and _holds(message, value)]
    return max(named, key=lambda item: len(item[0]), default=("", default))[1]


def _holds(message: str, value: str) -> bool:
    """Whether the value stands in the message by itself: `m5.xlarge` is not in `m5.xlarge2`, but a sentence may end after it."""
    return re.search(rf"(?<![\w.-]){re.escape(value)}(?![\w-]|\.\w)", message) is not None
