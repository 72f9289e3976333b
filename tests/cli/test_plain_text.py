"""There is one console, one writer of tables and one of JSON, so that no verb can forget to print a text as it is."""

from __future__ import annotations

import ast
from collections.abc import Iterator

import pytest
from tests.conftest import REPOSITORY

from emr_pipelines.cli.infra.tables import EventPrinter, print_changes
from emr_pipelines.infra.stack import Change
from emr_pipelines.infra.stack_events import StackEvent

CLI = REPOSITORY / "plugins" / "emr_pipelines" / "cli"
# What only a module of cli/terminal may call.
WRITERS = {"Console", "Table", "Table.grid", "Text.from_markup"}


def calls() -> Iterator[tuple[str, str]]:
    for path in sorted(CLI.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call):
                yield path.relative_to(CLI).as_posix(), ast.unparse(node.func)


def test_nothing_else_makes_a_console_or_a_table() -> None:
    made = {file for file, function in calls() if function in WRITERS or function.endswith(".print_json")}
    assert made == {"terminal/console.py", "terminal/tables.py"}


def test_what_aws_says_is_printed_as_it_is(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    told = "[red]x [/] :key:"
    print_changes([Change(action="Add", resource=told, kind="AWS::S3::Bucket", replaces=False)])
    EventPrinter()(StackEvent(status="CREATE_FAILED", resource=told, kind="AWS::S3::Bucket", reason=told))
    shown = capsys.readouterr().out
    assert shown.count(told) == 3
