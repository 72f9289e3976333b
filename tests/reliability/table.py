"""The table of docs/explanation/reliability.md, made from the `fault` markers of the tests. Runs no test and invents nothing: what no test claims is not in it.

`python -m tests.reliability.table` rewrites the page; with `--check` it only says whether the page is current.
"""

from __future__ import annotations

import contextlib
import io
import re
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import NamedTuple

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
PAGE = REPOSITORY / "docs" / "explanation" / "reliability.md"
COMMAND = "python -m tests.reliability.table"
BEGIN, END = "<!-- faults: begin -->", "<!-- faults: end -->"
HEAD = ("| Id | What happens | What you may rely on | Tests | Real kill |", "| --- | --- | --- | --- | --- |")
_ID = re.compile(r"F[0-9]{2}")


class Claim(NamedTuple):
    """What one test shows; claims in order are rows in order."""

    id: str
    kills: bool
    what_happens: str
    promise: str
    file: str
    function: str


@dataclass(slots=True)
class ClaimCollector:
    """A pytest plugin that reads the markers of what pytest has collected."""

    claims: set[Claim]

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Pytest calls this when it knows all tests."""
        for item in session.items:
            for marker in item.iter_markers("fault"):
                self.claims.add(_claim(item, marker))


def _claim(item: pytest.Item, marker: pytest.Mark) -> Claim:
    if len(marker.args) != 3 or marker.kwargs or not _ID.fullmatch(str(marker.args[0])):
        raise pytest.UsageError(
            f'{item.nodeid}: write @pytest.mark.fault("F01", "what happens", "what one may rely on")'
        )
    id_, what_happens, promise = marker.args
    return Claim(
        id=id_,
        kills=item.get_closest_marker("kill") is not None,
        what_happens=what_happens,
        promise=promise,
        file=item.path.relative_to(REPOSITORY).as_posix(),
        function=item.nodeid.rpartition("::")[2].partition("[")[0],
    )


def collect_claims() -> list[Claim]:
    """Every claim of every test, in the order of the table. Raises RuntimeError with pytest's words when a test cannot be loaded."""
    collector, said = ClaimCollector(set()), io.StringIO()
    arguments = ["--collect-only", "-q", "-p", "no:cacheprovider", str(REPOSITORY / "tests")]
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
        code = pytest.main(["--rootdir", str(REPOSITORY), *arguments], plugins=[collector])
    if code != pytest.ExitCode.OK:
        raise RuntimeError(f"The tests could not be collected:\n{said.getvalue()[-4000:]}")
    return sorted(collector.claims)


def render_table(claims: Iterable[Claim]) -> str:
    """One row for each thing that may happen; tests that show the same share a row."""
    rows = groupby(sorted(claims), key=lambda claim: claim[:4])
    return "\n".join([*HEAD, *(_row(list(group)) for _, group in rows)])


def _row(claims: list[Claim]) -> str:
    first = claims[0]
    files = [(file, len(list(group))) for file, group in groupby(claims, key=lambda claim: claim.file)]
    tests = ", ".join(_link(file, count) for file, count in files)
    cells = (first.id, first.what_happens, first.promise, tests, "yes" if first.kills else "")
    return f"| {' | '.join(_cell(text) for text in cells)} |"


def _link(file: str, count: int) -> str:
    times = f" ({count} tests)" if count > 1 else ""
    return f"[{Path(file).stem.removeprefix('test_')}](../../{file}){times}"


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def replace_between(page: str, begin: str, end: str, text: str) -> str:
    """The page with this text between two of its comments. Raises ValueError when they are not there."""
    before, found, rest = page.partition(begin)
    _, found_end, after = rest.partition(end)
    if not found or not found_end:
        raise ValueError(f"The page needs the lines {begin} and {end}; the table goes between them")
    return f"{before}{begin}\n{text}\n{end}{after}"


def main(arguments: list[str]) -> str | None:
    """Rewrite the page, or check it; returns what is wrong."""
    page = PAGE.read_text(encoding="utf-8")
    wanted = replace_between(page, BEGIN, END, render_table(collect_claims()))
    if arguments == ["--check"]:
        return None if page == wanted else f"{PAGE.relative_to(REPOSITORY)} is not current: run `{COMMAND}`"
    PAGE.write_text(wanted, encoding="utf-8")
    return None


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
