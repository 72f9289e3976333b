"""The command blocks of the pages, and what the comment before each says of it: that it is run, by whom, or why it is not. Reads text only.

<!-- run -->                              every command ends with 0, in a copy of the project, in `make test`
<!-- run; ends with 1: --fail-on -->      but the one with this text, which ends with 1
<!-- run; before: cp a b -->              after this
<!-- run: slow -->                        the same in `make test-proofs`, where emr_local may run
<!-- run by make test-fresh -->           the commands are on its pages
<!-- run by tests/jobs/test_x.py -->      that test does it
<!-- not run: it needs an AWS account --> the reason
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TOP_PAGES = ("README.md", "CONTRIBUTING.md", "SECURITY.md", "AGENTS.md")
SHELLS = ("sh", "bash", "console")
# A block without a language that begins with one of these is a command block, too.
PROGRAMS = (
    "emr-pipelines",
    "make ",
    "airflow ",
    "aws ",
    "python",
    "pip ",
    "docker ",
    "git ",
    ".venv/",
    "cat ",
    "curl ",
)
BLOCK = re.compile(r"^(?P<comment><!--.*?-->\n)?```(?P<language>\w*)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)
MARKER = re.compile(r"<!-- (?P<words>.*?) -->", re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandBlock:
    """A block with commands, its place, and what its comment says."""

    page: str
    line: int
    language: str
    text: str
    marker: str

    @property
    def place(self) -> str:
        """The page and the line of the block's first command."""
        return f"{self.page}:{self.line}"

    @property
    def commands(self) -> list[str]:
        """What is typed, one after the other."""
        return list(split_commands(self.text, console=self.language == "console"))

    @property
    def is_run(self) -> bool:
        """Whether the tests of the pages run it."""
        return self.marker == "run" or self.marker.startswith(("run;", "run:"))

    @property
    def is_slow(self) -> bool:
        """Whether only `make test-proofs` does."""
        return self.marker.startswith("run: slow")

    def option(self, name: str) -> str:
        """What the comment says after this word, or nothing."""
        found = re.search(rf"; {name}: ([^;]+)", self.marker)
        return found[1].strip() if found else ""


def pages() -> list[str]:
    """Every page that people read, but for what has happened (the changelog)."""
    below = sorted(path.relative_to(ROOT).as_posix() for path in (ROOT / "docs").rglob("*.md"))
    return [*TOP_PAGES, *below]


def blocks_of(page: str) -> list[CommandBlock]:
    """The command blocks of a page."""
    text = (ROOT / page).read_text(encoding="utf-8")
    return [
        CommandBlock(
            page=page,
            line=text.count("\n", 0, match.start("text")) + 1,
            language=match["language"],
            text=match["text"],
            marker=_marker(match["comment"] or ""),
        )
        for match in BLOCK.finditer(text)
        if match["language"] in SHELLS or (not match["language"] and match["text"].startswith(PROGRAMS))
    ]


def _marker(comment: str) -> str:
    found = MARKER.match(comment)
    return " ".join(found["words"].split()) if found else ""


def split_commands(text: str, *, console: bool = False) -> Iterator[str]:
    """The commands of a block: continued lines and documents of `<<EOF` belong to theirs, comments to nothing. Of a console only what follows `$`."""
    lines = iter(text.splitlines())
    for line in lines:
        if console and not line.startswith("$ "):
            continue
        command = line.removeprefix("$ ") if console else line
        while command.endswith("\\"):
            command += "\n" + next(lines)
        if "<<EOF" in command:
            while not command.endswith("\nEOF"):
                command += "\n" + next(lines)
        command = command if "\n" in command else re.sub(r"\s+# .*$", "", command)
        if command.strip() and not command.startswith("#"):
            yield command


def shown_lines(block: CommandBlock) -> list[str]:
    """What a console block shows below its command."""
    return [line for line in block.text.splitlines() if line.strip() and not line.startswith("$ ")]
