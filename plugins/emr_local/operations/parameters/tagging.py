"""Tags of clusters: their form in requests and their limits. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from emr_local.resources.records import Json
from emr_local.wire.api_errors import invalid_request

_MAX_KEY = 128
_MAX_VALUE = 256


def read_tags(tags: Iterable[Json]) -> dict[str, str]:
    """A request's list of tags as a map; raises AWS's error for a key or value of the wrong length."""
    read = {}
    for tag in tags:
        key, value = tag.get("Key", ""), tag.get("Value", "")
        if not 1 <= len(key) <= _MAX_KEY:
            raise invalid_request(
                f"Invalid tag key: '{key}'. Tag keys must be between 1 and {_MAX_KEY} characters in length."
            )
        if len(value) > _MAX_VALUE:
            raise invalid_request(
                f"Invalid tag value: '{value}'. Tag values must be between 0 and {_MAX_VALUE} characters in length."
            )
        read[key] = value
    return read


def format_tags(tags: Mapping[str, str]) -> list[dict[str, str]]:
    """Tags as the API lists them."""
    return [{"Key": key, "Value": value} for key, value in sorted(tags.items())]
