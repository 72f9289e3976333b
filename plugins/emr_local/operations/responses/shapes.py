"""Small pieces of the API's answers that several of them share. Pure."""

from __future__ import annotations

from typing import Any

from emr_local.resources.records import Json


def omit_missing(**members: Any) -> dict[str, Any]:
    """The members that are not None, as AWS leaves out what it does not know."""
    return {name: value for name, value in members.items() if value is not None}


def copy_members(source: Json, *names: str) -> dict[str, Any]:
    """The members of these names that the source has."""
    return {name: source[name] for name in names if name in source}
