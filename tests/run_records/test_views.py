"""How runs look on terminals of several widths, and where nobody folds lines. Fixed data, so that the texts are goldens."""

from __future__ import annotations

import datetime as dt
import io
from pathlib import Path

import pytest

from emr_pipelines.cli.runs.list_command import print_list
from emr_pipelines.cli.runs.status_view import status_view
from emr_pipelines.cli.terminal.console import plain_console
from emr_pipelines.run_records.pipeline_list import ListedPipeline
from tests.goldens import RUN_VIEWS
from tests.run_records.fixed_runs import NOW, read_report

WIDTHS = (60, 80, 120)


def shown(file: Path, width: int) -> str:
    text = io.StringIO()
    console = plain_console(
        file=text, force_terminal=True, no_color=True, color_system=None, width=width, highlight=False
    )
    console.print(status_view(read_report(file), now=NOW), soft_wrap=True)
    return "\n".join(line.rstrip() for line in text.getvalue().splitlines()) + "\n"


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("case", RUN_VIEWS.cases, ids=lambda case: case.stem)
def test_the_status_of_a_run(case: Path, width: int) -> None:
    RUN_VIEWS.check(case, f".{width}.txt", shown(case, width))


@pytest.mark.parametrize("case", RUN_VIEWS.cases, ids=lambda case: case.stem)
def test_the_table_fits_the_narrowest_terminal(case: Path) -> None:
    """What is longer is an address or a sentence, which the terminal wraps and nobody breaks."""
    lines = shown(case, 60).splitlines()
    start = next(number for number, line in enumerate(lines) if line.strip().startswith("Step "))
    table = lines[start : lines.index("", start) if "" in lines[start:] else None]
    assert max(map(len, table)) <= 60


def test_the_list_fits_the_narrowest_terminal() -> None:
    text = io.StringIO()
    began = dt.datetime(2005, 1, 1, 6, 0, 7, tzinfo=dt.UTC)
    listed = [
        ListedPipeline(
            name="word_clouds",
            description="",
            schedule="@yearly",
            next_run="2027-01-01 00:00",
            run_id="manual__1",
            date="2005-01-01",
            state="success",
            began=began,
            clusters=("j-3H6EATEWWRWS",),
        ),
        ListedPipeline(name="by_hand", description="", schedule=None, next_run="manual runs only"),
    ]
    console = plain_console(file=text, force_terminal=True, color_system=None, width=60)
    print_list(console, listed)
    lines = text.getvalue().splitlines()
    assert max(map(len, lines)) <= 60
    assert "word_clouds has the live cluster j-3H6EATEWWRWS" in lines
    assert "never ran" in text.getvalue()
