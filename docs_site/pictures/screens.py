"""A terminal's picture: what a command printed, with its colours, as SVG without fonts from elsewhere. Pure."""

from __future__ import annotations

import io
import re

from rich.console import Console
from rich.text import Text

FONT_FACE = re.compile(r"\s*@font-face \{.*?\}", re.DOTALL)
CONTROL = re.compile(r"\x1b\[\??(?P<count>\d*)(?P<what>[A-Za-ln-z])|(?P<line>\n)|(?P<start>\r)")
FONT = 'ui-monospace, "Fira Code", Menlo, Consolas, monospace'


def final_screen(output: str) -> list[str]:
    """The lines that stand on the terminal at the end: a live table that was drawn over counts once, as it was last. Empty lines that follow each other are one."""
    lines, row, end = [""], 0, 0
    for match in CONTROL.finditer(output):
        lines[row] += output[end : match.start()]
        end = match.end()
        if match["line"]:
            row += 1
            lines += [""] if row == len(lines) else []
        elif match["what"] == "A":
            row = max(0, row - int(match["count"] or 1))
        elif match["what"] == "K":
            lines[row] = ""
    lines[row] += output[end:]
    return [line for place, line in enumerate(lines) if line or (place and lines[place - 1])]


def picture_of(lines: list[str], *, width: int) -> str:
    """The lines as an SVG document of a terminal that is so many columns wide."""
    console = Console(record=True, file=io.StringIO(), width=width, force_terminal=True, color_system="truecolor")
    for line in lines:
        console.print(Text.from_ansi(line), soft_wrap=False, overflow="fold")
    svg = FONT_FACE.sub("", console.export_svg(title="", unique_id="screen"))
    return re.sub(r"font-family: ?[^;]+;", f"font-family: {FONT};", svg)
