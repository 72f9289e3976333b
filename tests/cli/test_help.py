"""What `emr-pipelines --help` shows."""

from __future__ import annotations

import os
import platform
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any, ClassVar

import jsonschema
import pytest
import typer
from tests.cli.command_line import run_tool
from tests.cli.json_schemas import schema_of
from tests.conftest import REPOSITORY
from typer.testing import CliRunner

from emr_pipelines.cli.lazy_verbs import LazyVerbs, first_sentence, load_verb
from emr_pipelines.cli.main import VERBS


def test_the_help_names_every_verb(tmp_path: Path) -> None:
    shown = run_tool(tmp_path, "--help").stdout
    assert [verb for verb in VERBS if not re.search(rf"^\W*{verb} ", shown, re.MULTILINE)] == []


def test_the_help_is_read_from_the_verbs_and_not_written_twice() -> None:
    for name, target in VERBS.items():
        assert (load_verb(name, target).help or "").startswith(first_sentence(target)), name
        assert first_sentence(target), name


def test_listing_the_verbs_imports_none_of_them(tmp_path: Path) -> None:
    modules = sorted({target.partition(":")[0] for target in VERBS.values()})
    script = (
        "import sys\nfrom emr_pipelines.cli.main import app\n"
        "app(['--help'], standalone_mode=False)\n"
        f"print([name for name in {modules} if name in sys.modules], file=sys.stderr)"
    )
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY / "plugins")}
    done = subprocess.run([sys.executable, "-c", script], cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert done.stderr == "[]\n"


@pytest.mark.parametrize(("written", "meant"), [("vaidate", "validate"), ("lcoal", "local")])
def test_a_misspelt_verb_is_guessed(tmp_path: Path, written: str, meant: str) -> None:
    done = run_tool(tmp_path, written)
    assert (done.returncode, f"Did you mean '{meant}'?" in done.stderr) == (2, True)


def test_the_version_is_that_of_the_distribution(tmp_path: Path) -> None:
    said = run_tool(tmp_path, "--version").stdout
    assert said.startswith(f"emr-pipelines {version('emr-pipelines')}, Python {platform.python_version()}, ")


@pytest.mark.parametrize(
    ("typed", "offered"), [("emr-pipelines va", "validate"), ("emr-pipelines local sta", "start\nstatus")]
)
def test_a_shell_completes_verbs(tmp_path: Path, typed: str, offered: str) -> None:
    words = {"_EMR_PIPELINES_COMPLETE": "complete_bash", "COMP_WORDS": typed, "COMP_CWORD": str(typed.count(" "))}
    assert run_tool(tmp_path, **words).stdout.strip() == offered


def commands() -> Iterator[tuple[str, Any]]:
    """Every verb and verb of a verb with its command."""
    for name, target in sorted(VERBS.items()):
        command = load_verb(name, target)
        inner = getattr(command, "commands", {})
        yield from ((f"{name} {one}", inner[one]) for one in inner)
        if not inner:
            yield name, command


@pytest.mark.parametrize(
    ("name", "command"), list(commands()), ids=lambda given: given if isinstance(given, str) else ""
)
def test_the_help_of_each_verb_has_an_example_that_it_takes(
    name: str, command: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for file in ("steps.json", "cluster.json"):
        (tmp_path / file).write_text("[]")
    example = re.search(r"Example: (.*)", command.help or "")
    assert example, f"{name} --help has no example"
    words = shlex.split(re.sub(r'^eval "\$\((.*)\)"$', r"\1", example[1]))
    called = ["emr-pipelines", *name.split()]
    assert words[: len(called)] == called
    # Raises a usage error for an option that is not there, or a value that it does not take.
    command.make_context(name, words[len(called) :])


@pytest.mark.parametrize(
    ("name", "command"), list(commands()), ids=lambda given: given if isinstance(given, str) else ""
)
def test_json_for_programs_has_a_documented_schema(name: str, command: Any) -> None:
    if any("--json" in parameter.opts for parameter in command.params):
        schema = schema_of([*name.split(), "--json"])
        jsonschema.Draft202012Validator.check_schema(schema)
        assert schema["title"].startswith(f"emr-pipelines {name}")


def test_ctrl_c_ends_a_verb_that_has_no_words_for_it_with_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    class Interrupted(LazyVerbs):
        targets: ClassVar = {"stop": "tests.cli.test_help:interrupted"}

    monkeypatch.setitem(sys.modules, "tests.cli.test_help", sys.modules[__name__])
    tool = typer.Typer(cls=Interrupted)
    tool.callback()(lambda: None)
    result = CliRunner().invoke(tool, ["stop"])
    assert (result.exit_code, result.stderr) == (130, "Interrupted.\n")


def interrupted() -> None:
    """What a person ends."""
    raise KeyboardInterrupt
