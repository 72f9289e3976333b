"""How a page that is made from the code is written: its head, its tables. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

COMMAND = "python -m docs_site.generate"
CODE = re.compile(r"(``.*?``|`[^`]*`)")
NOTICE = f"<!-- Made by `{COMMAND}`, which `make docs` runs. Edit what it is made from. -->"


def page(title: str, *parts: str) -> str:
    """A whole page; empty parts are left out."""
    return "\n\n".join([f"# {title}", NOTICE, *(part.strip("\n") for part in parts if part)]) + "\n"


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table, or nothing where there are no rows."""
    lines = [f"| {' | '.join(cell(text) for text in row)} |" for row in rows]
    if not lines:
        return ""
    return "\n".join([f"| {' | '.join(head)} |", f"|{' --- |' * len(head)}", *lines])


def cell(text: str) -> str:
    """A text as a cell takes it: in one line, its bars kept, and nothing of it HTML."""
    line = " ".join(text.split()).replace("|", "\\|")
    return "".join(part if part.startswith("`") else part.replace("<", "&lt;") for part in CODE.split(line))


def code(text: str) -> str:
    """A text as code; a line break in it is shown as a space."""
    return f"`` {text} ``" if "`" in text else f"`{text}`"


def wrapped(text: str, width: int = 100) -> str:
    """A paragraph in lines of this width; no word is broken, and no span of code."""
    lines = [""]
    for word in _words(text):
        joined = f"{lines[-1]} {word}".strip()
        lines = [*lines[:-1], joined] if len(joined) <= width else [*lines, word]
    return "\n".join(lines)


def _words(text: str) -> list[str]:
    words: list[str] = []
    for part in text.split():
        if words and words[-1].count("`") % 2:
            words[-1] += f" {part}"
        else:
            words.append(part)
    return words
