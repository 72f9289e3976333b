"""The difference between two plans as lines with +, - and ~. Reads the report and nothing else."""

from __future__ import annotations

import json
import shlex
from collections import Counter
from collections.abc import Mapping
from typing import Any

from rich.text import Text

from emr_pipelines.cli.plan.layout import Shown, heading, value_text
from emr_pipelines.cli.plan.report import PlanReport
from emr_pipelines.plan.differences.json_diff import ChangeKind
from emr_pipelines.plan.differences.plan_difference import PlanChange
from emr_pipelines.plan.kinds.argv import command_line

_SIGNS: Mapping[ChangeKind, tuple[str, str]] = {
    "added": ("+", "green"),
    "removed": ("-", "red"),
    "changed": ("~", "yellow"),
}


def show_difference(report: PlanReport) -> list[Shown]:
    """What is added, removed and changed, with a count of each."""
    found = report.difference
    if found is None:
        return []
    if not found.changes:
        return [heading(f"No difference to {found.against}")]
    counts = Counter(change.kind for change in found.changes)
    told = ", ".join(f"{counts[kind]} {kind}" for kind in _SIGNS if counts[kind])
    return [heading(f"Difference to {found.against}: {told}"), *map(_line, found.changes)]


def _line(change: PlanChange) -> Text:
    sign, style = _SIGNS[change.kind]
    what = " ".join(part for part in (change.part, change.name, change.path) if part)
    values = _values(change)
    return Text(f"{sign} {what}{': ' if values else ''}{values}", style=style)


def _values(change: PlanChange) -> str:
    if change.part == "code":
        return ""
    if change.part == "step" and not change.path:
        return shlex.join(command_line((change.new or change.old)["request"]))
    return " → ".join(_text(value) for value in (change.old, change.new) if value not in (None, "", [], {}))


def _text(value: Any) -> str:
    """A value on one line; a text that would look like something else, or like nothing, stands in quotes."""
    text = value_text(value)
    return text if text.strip() == text and "\n" not in text and "→" not in text else json.dumps(text)
