"""The one kind of console that verbs print to."""

from __future__ import annotations

from typing import Any

from rich.console import Console


def plain_console(**options: Any) -> Console:
    """The terminal, or what options of rich's name, as a console that prints every text as it is.

    Square brackets and colons of a spec, a path or a message of AWS's are no markup and no emoji. What is to have a style has it by `style=` or as a `Text`.
    """
    return Console(markup=False, emoji=False, **options)
