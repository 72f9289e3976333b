"""`make test-fresh` runs what the README says, no more and no less; and the machine that it runs on is as bare as it claims."""

from __future__ import annotations

import shutil
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fresh.expectations import EXPECTED, LeftOut, Run, Server
from tests.fresh.fresh_machine import FreshMachine
from tests.fresh.readme_commands import all_commands, read_commands
from tests.fresh.terminal import Finished, Terminal, end_processes_in
from tests.fresh.verdicts import faults_of

PAGE = """
```sh
make demo    # the first
```

| For | Command |
| --- | --- |
| two | `emr-pipelines gc [--older-than 7d] [--dry-run]`, or `airflow dags list` in `dags/` |

```python
make no sense
```

| Goal | Run it | Word |
| --- | --- | --- |
| three | `make ui` | `make nothing` |
"""


def test_commands_are_those_of_shell_blocks_and_command_columns_in_the_order_of_the_page():
    found = read_commands(PAGE)
    assert [(command.text, command.line) for command in found] == [
        ("make demo", 3),
        ("emr-pipelines gc [--older-than 7d] [--dry-run]", 8),
        ("airflow dags list", 8),
        ("make ui", 16),
    ]
    assert found[1].forms == ("emr-pipelines gc", "emr-pipelines gc --older-than 7d --dry-run")
    assert found[2].forms == ("airflow dags list",)


def test_a_command_of_an_unknown_program_is_not_passed_over():
    with pytest.raises(ValueError, match=r"README\.md:4: \['spark-submit job\.py'\]"):
        read_commands("| Command |\n| --- |\n| `make ui` |\n| `spark-submit job.py` |\n")


def test_every_command_of_the_readme_has_an_entry_and_every_entry_is_on_the_page():
    texts = [command.text for command in all_commands()]
    assert len(texts) > 20
    assert texts[0] == "make demo"  # it makes the environment of all others
    assert len(texts) == len(set(texts))
    assert set(texts) == EXPECTED.keys()


def test_every_form_of_a_command_is_run():
    for command in all_commands():
        expected = EXPECTED[command.text]
        if isinstance(expected, tuple):
            assert {run.form or command.forms[0] for run in expected} == set(command.forms)


def test_servers_are_stopped_later_on_the_page_and_one_command_only_is_left_out():
    texts = [command.text for command in all_commands()]
    servers = {text: expected for text, expected in EXPECTED.items() if isinstance(expected, Server)}
    assert servers.keys() == {"make ui", "python -m emr_local --port 5566 --state-dir .emr_local"}
    assert all(texts.index(server.until) > texts.index(text) for text, server in servers.items())
    assert [text for text, expected in EXPECTED.items() if isinstance(expected, LeftOut)] == ["make test"]


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FreshMachine:
    monkeypatch.setenv("AWS_PROFILE", "mine")
    monkeypatch.setenv("AIRFLOW_HOME", "mine")
    monkeypatch.setenv("JAVA_HOME", "mine")
    machine = FreshMachine(tmp_path)
    machine.project.mkdir(parents=True)
    machine.lay_out_commands(None)
    return machine


def test_the_fresh_machine_has_neither_java_nor_settings_of_the_caller(machine: FreshMachine) -> None:
    environment = machine.environment()
    assert [shutil.which(name, path=environment["PATH"]) for name in ("java", "python", "uv", "aws")] == [None] * 4
    assert all(shutil.which(name, path=environment["PATH"]) for name in ("python3", "make", "bash", "git"))
    assert "mine" not in environment.values()
    assert not any(name.startswith(("PYTHON", "AIRFLOW", "JAVA")) for name in environment)
    assert list(Path(environment["HOME"]).iterdir()) == []
    assert " " in str(machine.project)


def test_a_terminal_keeps_what_a_command_exports(machine: FreshMachine, tmp_path: Path) -> None:
    terminal = Terminal(machine.project, machine.environment(), tmp_path)
    assert terminal.run('export A="1\n2" B=3; false').exit_code == 1
    assert terminal.run('read word; echo "$A $B $word"', typed_in="yes\n").output == "1\n2 3 yes\n"


@pytest.fixture
def interruptible() -> Iterator[None]:
    """What pytest starts can be interrupted, also where pytest itself runs in the background of a shell."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("interruptible")
def test_what_runs_in_another_terminal_is_ended_and_found(machine: FreshMachine, tmp_path: Path) -> None:
    terminal = Terminal(machine.project, machine.environment(), tmp_path)
    assert terminal.start("sleep 60", tmp_path / "log").interrupt() == []

    started = terminal.start("touch begun; sleep 60", tmp_path / "log")
    deadline = time.monotonic() + 20
    while not (machine.project / "begun").exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert end_processes_in(machine.project) != []
    assert started.wait().exit_code == -signal.SIGKILL
    assert end_processes_in(machine.project) == []


@pytest.mark.parametrize(
    ("run", "output", "exit_code", "faults"),
    [
        (Run(says=("a b",)), "a\n  b", 0, []),
        (Run(says=("a b",), exit_code=1), "a", 0, ["ended with 0 instead of 1", "does not say 'a b'"]),
        (Run(), "Traceback (most recent call last)", 0, ["shows a traceback"]),
        (Run(), "", None, ["did not end within 2 s"]),
        (Run(makes=("*.png",)), "", 0, ["new.png is no picture"]),
        (Run(makes=("old",)), "", 0, ["made no new old"]),
    ],
)
def test_what_is_not_as_promised_is_said(
    run: Run, output: str, exit_code: int | None, faults: list[str], tmp_path: Path
) -> None:
    (tmp_path / "new.png").write_text("no picture")
    (tmp_path / "old").touch()
    now = (tmp_path / "old").stat().st_mtime
    since = now + 1 if run.makes == ("old",) else now
    assert faults_of(run, Finished(exit_code=exit_code, output=output, seconds=2), tmp_path, since) == faults
