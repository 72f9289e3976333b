"""No verb ever shows a traceback: what nobody foresaw is one sentence and a file, what a terminal cannot show is degraded, what cannot be written is named."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from tests.cli.command_line import run_tool
from tests.conftest import PROJECT_FOLDERS, REPOSITORY

from emr_pipelines.cli.terminal.terminal_encoding import _spell

# The command, one verb of which meets what nobody foresaw.
BROKEN = """
import sys
from emr_pipelines.cli import main
from emr_pipelines.cli.specs import validate
def fail(**_):
    {failure}
main.VERBS["validate"] = "__main__:fail"
sys.argv = ["emr-pipelines", "validate"]
main.main()
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    root = tmp_path / "project"
    for folder in PROJECT_FOLDERS:
        shutil.copytree(REPOSITORY / folder, root / folder, ignore=shutil.ignore_patterns("__pycache__"))
    return root


def fail_with(failure: str, folder: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY / "plugins"), **variables}
    command = [sys.executable, "-c", BROKEN.format(failure=failure).replace("**_", "")]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    ("failure", "sentence"),
    [
        (
            "raise KeyError('year')",
            "emr-pipelines failed in a way that it should not: KeyError: 'year'. The traceback is in ",
        ),
        ("open('/nowhere/at/all')", "/nowhere/at/all: No such file or directory. The traceback is in "),
        (
            "import botocore.exceptions as e; raise e.ClientError({'Error': {'Code': 'SlowDown', 'Message': 'Reduce.'}}, 'GetObject')",
            "AWS: SlowDown: Reduce. The traceback is in ",
        ),
        (
            "import botocore.exceptions as e; raise e.ProfileNotFound(profile='x')",
            "AWS: The config profile (x) could not be found. Set up AWS's credentials where this runs (`aws configure`, `aws sso login`, AWS_PROFILE, "
            "or a role of the machine), or write them into the Airflow connection. The traceback is in ",
        ),
    ],
)
def test_what_nobody_foresaw_is_a_sentence_and_a_file(project: Path, failure: str, sentence: str) -> None:
    told = fail_with(failure, project)
    assert told.returncode == 1
    assert told.stderr.startswith(sentence), told.stderr
    assert "Traceback" not in told.stdout + told.stderr
    file = Path(told.stderr.strip().removeprefix(sentence))
    assert file.parent == project / ".airflow" / "logs"
    report = file.read_text()
    assert "Traceback (most recent call last)" in report
    assert "arguments: ['validate']" in report


def test_the_file_lies_elsewhere_where_the_project_takes_none(project: Path, tmp_path: Path) -> None:
    (project / ".airflow").touch()
    for folder in (project, tmp_path):  # and where there is no project
        told = fail_with("raise KeyError('year')", folder, TMPDIR=str(tmp_path))
        file = Path(told.stderr.strip().rpartition(" is in ")[2])
        assert file.parent == tmp_path / f"emr-pipelines-{os.getuid()}"
        assert "KeyError" in file.read_text()


ASCII = {"PYTHONIOENCODING": "ascii"}
C_LOCALE = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
PLAN = ("plan", "word_clouds", "--env", "aws", "--date", "2005-01-01")


@pytest.mark.parametrize(
    ("arguments", "narrow", "exit_code"),
    [
        (PLAN, ASCII, 0),
        (PLAN, C_LOCALE, 0),
        (("run", "wörd_clouds"), ASCII, 1),
        (("local", "--help"), ASCII, 0),
        (("doctor",), C_LOCALE, 0),
    ],
)
def test_a_narrow_terminal_costs_looks_only(
    project: Path, arguments: tuple[str, ...], narrow: dict[str, str], exit_code: int
) -> None:
    told = run_tool(project, *arguments, **narrow)
    assert told.returncode == exit_code, told.stderr
    assert "Traceback" not in told.stdout + told.stderr
    assert told.stdout.isascii()


def test_json_for_a_narrow_terminal_is_json(project: Path) -> None:
    spec = project / "config" / "pipelines" / "word_clouds.yaml"
    spec.write_text(spec.read_text().replace("description: ", "description: Wörter → Bilder 語. ", 1))
    told = run_tool(project, "plan", "word_clouds", "--json", "--date", "2005-01-01", **ASCII)
    assert told.returncode == 0, told.stderr
    assert "Wörter -> Bilder 語" in json.dumps(json.loads(told.stdout), ensure_ascii=False)


@pytest.mark.parametrize("character", ["é", "語", "😀"])
def test_what_has_no_look_in_ascii_is_spelt_as_json_spells_it(character: str) -> None:
    assert json.loads(f'"{_spell(character)}"') == character


def test_a_shell_gets_paths_as_they_are(project: Path) -> None:
    moved = project.rename(project.with_name("prøject"))
    printed = run_tool(moved, "env", PYTHONIOENCODING="ascii").stdout
    homes = [line for line in printed.splitlines() if line.startswith("export AIRFLOW_HOME=")]
    assert shlex.split(homes[0])[1] == f"AIRFLOW_HOME={moved}/.airflow"


@pytest.mark.parametrize(
    ("arguments", "place"),
    [
        (
            ("render", "word_clouds", "--date", "2005-01-01", "--out", "README/bodies"),
            "--out README/bodies: README/bodies",
        ),
        (("audit", "--env", "aws", "--output", "README/report"), "--output README/report: README/report"),
        (("schema", "--write"), "config/schema"),
        (("run", "word_clouds", "--date", "2005-01-01"), ".airflow/runs"),
    ],
    ids=lambda value: value[0] if isinstance(value, tuple) else "",
)
def test_a_place_that_cannot_be_written_is_a_sentence(project: Path, arguments: tuple[str, ...], place: str) -> None:
    (project / "README").touch()  # a file where a folder would have to be
    (project / ".airflow").touch()
    shutil.rmtree(project / "config" / "schema")
    (project / "config" / "schema").touch()
    refused = run_tool(project, *arguments)
    assert refused.returncode == 1
    (line,) = refused.stderr.splitlines()
    assert re.search(rf"{re.escape(place)}\S* cannot be written: (Not a directory|File exists); ", line), line
