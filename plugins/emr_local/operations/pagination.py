"""Pages of long answers. Pure."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Sequence
from typing import TypeVar

from emr_local.wire.api_errors import invalid_request

PAGE_SIZE = 50
Item = TypeVar("Item")


def take_page(
    items: Sequence[Item], marker: str | None, key: Callable[[Item], str], page_size: int = PAGE_SIZE
) -> tuple[Sequence[Item], dict[str, str]]:
    """The page after the marker, and `{"Marker": …}` for the next one if there is more.

    A marker names the last item seen, so that items which come in front meanwhile move nothing.
    """
    start = 0 if marker is None else _find_start(items, marker, key)
    page = items[start : start + page_size]
    if start + page_size >= len(items):
        return page, {}
    return page, {"Marker": base64.urlsafe_b64encode(key(page[-1]).encode()).decode()}


def _find_start(items: Sequence[Item], marker: str, key: Callable[[Item], str]) -> int:
    try:
        last_seen = base64.urlsafe_b64decode(marker.encode()).decode()
    except (binascii.Error, UnicodeDecodeError) as error:
        raise invalid_request(f"Marker '{marker}' is not valid.") from error
    for position, item in enumerate(items):
        if key(item) == last_seen:
            return position + 1
    raise invalid_request(f"Marker '{marker}' is not valid.")
