"""The one kind of console that verbs print to."""

from __future__ import annotations

from typing import Any

from rich.console import Console

# Where nobody's terminal folds lines, a table is as wide as what it holds.
_UNFOLDED = 10_000


def plain_console(**options: Any) -> Console:
    """The terminal, or what options of rich's name, as a console that prints every text as it is.

    Square brackets and colons of a spec, a path or a message of AWS's are no markup and no emoji. What is to have a style has it by `style=` or as a `Text`.
    """
    return Console(markup=False, emoji=False, **options)


def unfolded_console(**options: Any) -> Console:
    """The same, but where it is no terminal nothing is folded: programs that read lines find whole ones."""
    console = plain_console(highlight=False, **options)
    return console if console.is_terminal else plain_console(highlight=False, width=_UNFOLDED, **options)
