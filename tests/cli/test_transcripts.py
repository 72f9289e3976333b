"""What verbs print at a terminal of 60, 80 and 120 columns and into a pipe. Every file of `transcripts/` is a command; `make goldens` writes what they print."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from shutil import copy, copytree

import pytest
import yaml
from tests.goldens import TRANSCRIPTS
from typer.testing import CliRunner, Result

from emr_pipelines.cli.main import app
from emr_pipelines.errors import EmrPipelinesError

PLAN_TESTS = Path(__file__).parents[1] / "plan"
BROKEN = "name: broken\nschedule: '@yeerly'\ncluster: {primary: {instances: [m5.xlarge]}}\nsteps:\n  - {name: clean, comand: [echo, hi]}\n"
WIDTHS = {".60.txt": "60", ".80.txt": "80", ".120.txt": "120", ".piped.txt": ""}
COLOUR = re.compile(r"\x1b\[(?:[0-9;]*;)?(?:3[0-9]|4[0-9]|9[0-7]|38;[0-9;]+)m")

Run = Callable[..., Result]


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small project with three of the pipelines of the plan's goldens and a broken spec."""
    root = tmp_path_factory.mktemp("transcripts") / "project"
    copytree(PLAN_TESTS / "project", root)
    (root / "config" / "pipelines").mkdir()
    for name in ("word_clouds", "branches", "existing_by_name"):
        copy(PLAN_TESTS / "good" / f"{name}.yaml", root / "config" / "pipelines")
    (root / "config" / "broken.yaml").write_text(BROKEN)
    return root


@pytest.fixture
def run(project: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs a command of a transcript in the project, as `main` does."""
    monkeypatch.chdir(project)
    for name in ("EMR_PIPELINES_ENV", "FORCE_COLOR", "NO_COLOR"):
        monkeypatch.delenv(name, raising=False)
    return lambda arguments, **variables: CliRunner(env=variables).invoke(app, arguments)


@pytest.mark.parametrize("ending", WIDTHS)
@pytest.mark.parametrize("case", TRANSCRIPTS.cases, ids=lambda case: case.stem)
def test_a_verb_prints_its_transcript(case: Path, ending: str, run: Run, project: Path) -> None:
    command = yaml.safe_load(case.read_text())
    result = run(command["arguments"], COLUMNS=WIDTHS[ending])
    assert exit_code(result) == command.get("exit_code", 0)
    TRANSCRIPTS.check(case, ending, said(result).replace(str(project), "<project>"))


@pytest.mark.parametrize("case", TRANSCRIPTS.cases, ids=lambda case: case.stem)
def test_without_colours_nothing_is_coloured(case: Path, run: Run) -> None:
    result = run(yaml.safe_load(case.read_text())["arguments"], FORCE_COLOR="1", NO_COLOR="1", COLUMNS="80")
    assert COLOUR.findall(said(result)) == []


@pytest.mark.parametrize("case", TRANSCRIPTS.cases, ids=lambda case: case.stem)
def test_no_line_is_wider_than_the_terminal_but_for_what_is_to_be_copied(case: Path) -> None:
    for ending, width in WIDTHS.items():
        for line in TRANSCRIPTS.file(case, ending).read_text().splitlines() if width else ():
            is_drawn = line.startswith(("│", "┃", "╭", "┏"))
            assert len(line) <= int(width) or not is_drawn, line


def exit_code(result: Result) -> int:
    """As `main` ends: 1 for an error that is a sentence."""
    assert result.exception is None or isinstance(result.exception, SystemExit | EmrPipelinesError), result.exception
    return result.exit_code


def said(result: Result) -> str:
    """All that a person sees, with the sentence that `main` prints for an error."""
    error = result.exception if isinstance(result.exception, EmrPipelinesError) else None
    return result.output + (f"{error}\n" if error else "")
