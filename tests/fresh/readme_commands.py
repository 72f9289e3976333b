"""The commands of the README and of the page of all commands, in their order: those of `sh` blocks and those in the command columns of tables. Reads text only."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
# One after the other in the same terminal: what the README has started, the second page finds.
PAGES = ("README.md", "docs/how-to/commands.md")
COLUMNS = ("Command", "Run it")
PROGRAMS = ("AWS_ACCESS_KEY_ID=any", "airflow", "emr-pipelines", "eval", "export", "make", "python")
CODE = re.compile(r"`([^`]+)`")
OPTIONAL = re.compile(r" \[([^\]]+)\]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """A command as it is written, and its line on the page."""

    text: str
    line: int

    @property
    def forms(self) -> tuple[str, ...]:
        """What can be typed: without what stands in brackets, and with all of it."""
        without, full = OPTIONAL.sub("", self.text), OPTIONAL.sub(r" \1", self.text)
        return (without,) if without == full else (without, full)


def all_commands() -> list[Command]:
    """Every command of the pages."""
    return [command for name in PAGES for command in read_commands((ROOT / name).read_text(encoding="utf-8"), name)]


def read_commands(page: str, name: str = "README.md") -> list[Command]:
    """Every command of a page. Raises ValueError for a code span in a command column that is no command and no word of one."""
    found: list[Command] = []
    language: str | None = None
    column: int | None = None
    for number, line in enumerate(page.splitlines(), start=1):
        if line.startswith("```"):
            language = line.removeprefix("```") if language is None else None
        elif language is not None:
            found += commands_of_block(line, number) if language == "sh" else ()
        elif line.startswith("|"):
            cells = [cell.strip() for cell in line.strip("|").split("|")]
            if column is None:
                column = next((place for place, title in enumerate(cells) if title in COLUMNS), -1)
            elif column >= 0:
                found += commands_of_cell(cells[column], f"{name}:{number}", number)
        else:
            column = None
    return found


def commands_of_block(line: str, number: int) -> list[Command]:
    text = re.sub(r"\s+# .*$", "", line).strip()
    return [Command(text=text, line=number)] if text else []


def commands_of_cell(cell: str, place: str, number: int) -> list[Command]:
    spans = CODE.findall(cell)
    unknown = [text for text in spans if text.split()[0] not in PROGRAMS and " " in text]
    if unknown:
        raise ValueError(f"{place}: {unknown} begins with no known program; name it in PROGRAMS")
    return [Command(text=text, line=number) for text in spans if text.split()[0] in PROGRAMS]
