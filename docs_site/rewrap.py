"""`make format` for the pages: prose in lines of at most 100 characters. Changes line breaks and nothing else; blocks, tables, headings and comments stay as they are."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[1]
TOP_PAGES = ("README.md", "CONTRIBUTING.md", "SECURITY.md", "AGENTS.md")
WIDTH = 100
KEPT = "\0"  # a blank at which no line is broken
ITEM = re.compile(r"^(\s*)([-*+]|\d+\.)(\s+)")
AS_IT_STANDS = ("|", "#", "<", "---")
LONGEST_CODE = 70
# At a line's beginning these would begin a list, a heading, a quote or a table.
BEGINS_SOMETHING = re.compile(r" (?=([-+*#>|]|\d+[.)])(\s|$))")


def rewrap(text: str) -> str:
    """The page with its prose wrapped anew."""
    return "\n".join(_lines(text.split("\n")))


def _lines(lines: list[str]) -> Iterator[str]:
    paragraph: list[str] = []
    indents = ("", "")
    in_block = in_comment = False
    for line in lines:
        stripped = line.strip()
        fence = stripped.startswith("```")
        in_comment = in_comment or stripped.startswith("<!--")
        if fence or in_block or in_comment or not stripped or stripped.startswith(AS_IT_STANDS):
            yield from _wrapped(paragraph, indents)
            paragraph = []
            in_block ^= fence
            in_comment = in_comment and "-->" not in stripped
            yield line
        elif item := ITEM.match(line):
            yield from _wrapped(paragraph, indents)
            paragraph, indents = [line[item.end() :]], (item[0], " " * len(item[0]))
        else:
            if not paragraph:
                indents = (line[: len(line) - len(line.lstrip())],) * 2
            paragraph.append(stripped)
    yield from _wrapped(paragraph, indents)


def _wrapped(paragraph: list[str], indents: tuple[str, str]) -> Iterator[str]:
    first, rest = indents
    line, empty = first, True
    for word in _unbroken(" ".join(paragraph)).split():
        if not empty and len(line) + 1 + len(word) > WIDTH:
            yield line.replace(KEPT, " ")
            line, empty = rest, True
        line, empty = line + ("" if empty else " ") + word, False
    if not empty:
        yield line.replace(KEPT, " ")


def _unbroken(text: str) -> str:
    """The text with blanks kept in short code, in links' addresses, and before what would begin something else."""
    text = re.sub(r"`[^`]+`", lambda code: _kept(code[0]) if len(code[0]) <= LONGEST_CODE else code[0], text)
    text = re.sub(r"\]\([^)]*\)", lambda link: _kept(link[0]), text)
    return BEGINS_SOMETHING.sub(KEPT, text)


def _kept(text: str) -> str:
    return text.replace(" ", KEPT)


def main() -> None:
    """Wrap every page."""
    for page in [*(PROJECT / name for name in TOP_PAGES), *sorted((PROJECT / "docs").rglob("*.md"))]:
        text = page.read_text(encoding="utf-8")
        if (wrapped := rewrap(text)) != text:
            page.write_text(wrapped, encoding="utf-8")
            sys.stdout.write(f"wrapped {page.relative_to(PROJECT)}\n")


if __name__ == "__main__":
    main()
