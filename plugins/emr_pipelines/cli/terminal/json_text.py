"""The one writer of JSON for people and programs."""

from __future__ import annotations

import json
import sys
from typing import Any


def json_text(data: Any) -> str:
    """Indented, with every character as itself."""
    return json.dumps(data, indent=2, ensure_ascii=False)


def print_json(data: Any) -> None:
    """Print it as one document, the same on a terminal and elsewhere."""
    # Not by click, which takes a stream of ASCII for a mistake and sends it UTF-8.
    sys.stdout.write(f"{json_text(data)}\n")
    sys.stdout.flush()
