"""The templates of new files: package data, in which `<<word>>` stands for a value."""

from __future__ import annotations

import re
from collections.abc import Mapping
from importlib.resources import files
from pathlib import PurePosixPath

_PLACE = re.compile(r"<<([a-z_]+)>>")
_ROOT = "templates"


def fill(template: str, values: Mapping[str, str]) -> str:
    """A template's text with its places filled in. Raises KeyError for a place without a value."""
    return _PLACE.sub(lambda place: values[place[1]], read(template).decode("utf-8"))


def read(template: str) -> bytes:
    """A template's content as it is."""
    return files(__package__).joinpath(_ROOT, *PurePosixPath(template).parts).read_bytes()
