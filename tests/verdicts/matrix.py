"""What must become of a run, by how it was started and what happened to it. The table of docs/explanation/reliability.md and the tests are both made from it. Runs nothing.

`python -m tests.verdicts.matrix` rewrites the page; with `--check` it only says whether the page is current.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass

from tests.reliability.table import PAGE, REPOSITORY, replace_between

BEGIN, END = "<!-- verdicts: begin -->", "<!-- verdicts: end -->"
COMMAND = "python -m tests.verdicts.matrix"


@dataclass(frozen=True, slots=True)
class Outcome:
    """The run's state (None: no run is made), how many clusters it had, and whether its output is published."""

    verdict: str | None
    clusters: int
    published: bool

    def __str__(self) -> str:
        """The outcome as a cell of the table."""
        if self.verdict is None:
            return "no run"
        clusters = {0: "no cluster", 1: "1 cluster"}.get(self.clusters, f"{self.clusters} clusters")
        return f"{self.verdict}, {clusters}, {'published' if self.published else 'not published'}"


WELL = Outcome("success", 1, True)
FAILED = Outcome("failed", 1, False)
REFUSED = Outcome("failed", 0, False)
NO_RUN = Outcome(None, 0, False)

# How a run starts.
WAYS = {
    "scheduled": "by its schedule, catchup off",
    "catchup": "by its schedule, catchup on",
    "form": "trigger form as it opens: the date is now",
    "undated": "trigger form with its date removed",
    "rest": "REST API with a date",
    "cli": "`airflow dags trigger`",
    "dags_test": "`airflow dags test`",
    "backfill": "backfill",
}
# What happens to it.
EVENTS = {
    "well": "nothing",
    "step_fails": "its first step fails",
    "marked_failed": "marked as failed while its first step runs",
    "marked_success": "marked as success while its first step runs",
    "task_marked_success": "its first step's waiting task marked as success while it runs",
    "cleared_alone": "its first step cleared without what follows, and failing then",
    "cleared": "its first step cleared with what follows",
    "outside": "its date is outside of the schedule, `year` is not set",
    "outside_year": "its date is outside of the schedule, `year` is set",
    "no_input": "its input is missing",
}
# Those that only a person brings about while the run's process goes on; `airflow dags test` is one process of its own, in which nobody clears.
_NOT_IN_ONE_PROCESS = frozenset({"marked_failed", "marked_success", "task_marked_success", "cleared_alone", "cleared"})
_DATED_BY_HAND = frozenset({"form", "rest", "cli", "dags_test"})
_OUTCOMES = {
    "well": WELL,
    "step_fails": FAILED,
    "marked_failed": FAILED,
    "marked_success": FAILED,
    "task_marked_success": FAILED,
    "cleared_alone": Outcome("failed", 2, True),
    "cleared": Outcome("success", 2, True),
    "outside": REFUSED,
    "outside_year": WELL,
    "no_input": REFUSED,
}


def outcome(way: str, event: str) -> Outcome | None:
    """What must become of it; None where the two do not go together."""
    if way == "dags_test" and event in _NOT_IN_ONE_PROCESS:
        return None
    if event in ("outside", "outside_year") and way not in _DATED_BY_HAND:
        # The schedule and a backfill make no run there; a run without a date has no year but the one that is set.
        return {"undated": REFUSED if event == "outside" else WELL}.get(way, NO_RUN if event == "outside" else None)
    return _OUTCOMES[event]


def cells() -> Iterator[tuple[str, str, Outcome]]:
    """Every way with every event that goes with it."""
    for way in WAYS:
        for event in EVENTS:
            expected = outcome(way, event)
            if expected is not None:
                yield way, event, expected


def render_table() -> str:
    """A row for each event; ways with the same outcome share a cell."""
    lines = ["| What happens to the run | How it was started | What becomes of it |", "| --- | --- | --- |"]
    for event, words in EVENTS.items():
        by_outcome: dict[str, list[str]] = {}
        for way, happens, expected in cells():
            if happens == event:
                by_outcome.setdefault(str(expected), []).append(WAYS[way])
        for becomes, ways in by_outcome.items():
            lines.append(f"| {words} | {_words_of(ways)} | {becomes} |")
    return "\n".join(lines)


def _words_of(ways: list[str]) -> str:
    others = [words for words in WAYS.values() if words not in ways]
    match others:
        case []:
            return "in any way"
        case [other]:
            return f"in any way but {other}"
        case _:
            return "; ".join(ways)


def main(arguments: list[str]) -> str | None:
    """Rewrite the page, or check it; returns what is wrong."""
    page = PAGE.read_text(encoding="utf-8")
    wanted = replace_between(page, BEGIN, END, render_table())
    if arguments == ["--check"]:
        return None if page == wanted else f"{PAGE.relative_to(REPOSITORY)} is not current: run `{COMMAND}`"
    PAGE.write_text(wanted, encoding="utf-8")
    return None


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
