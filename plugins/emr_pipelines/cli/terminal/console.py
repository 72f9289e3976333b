"""The one kind of console that verbs print to."""

from __future__ import annotations

import os
import sys
from typing import Any

from rich.console import Console

_PIPED_WIDTH = 10_000


def plain_console(**options: Any) -> Console:
    """The terminal, or what options of rich's name, as a console that prints every text as it is.

    Square brackets and colons of a spec, a path or a message of AWS's are no markup and no emoji. What is to have a style has it by `style=` or as a `Text`.
    """
    file = options.get("file") or (sys.stderr if options.get("stderr") else sys.stdout)
    if not file.isatty() and not os.environ.get("COLUMNS"):
        # What reads a pipe or a file looks for whole addresses; nothing there is too narrow.
        options.setdefault("width", _PIPED_WIDTH)
    options.setdefault("highlight", False)  # no colours by chance: numbers and parts of addresses are no news
    return Console(markup=False, emoji=False, **options)
