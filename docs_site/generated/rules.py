"""The page of everything that `validate` and `audit` check, by id, each with a message as it is printed. The messages come from the specs of the tests that break each rule."""

from __future__ import annotations

import inspect
import json
import os
from collections.abc import Iterator
from pathlib import Path

from tests.goldens import BAD_SPECS
from tests.spec.small_project import options_in, validate

from docs_site.generated.markdown import code, page, table, wrapped
from emr_pipelines.cli.audit.finding_texts import rule_table
from emr_pipelines.pipeline_spec.context import Rule
from emr_pipelines.pipeline_spec.rules.registry import RULES

LONGEST = 220
INTRODUCTION = (
    "`emr-pipelines validate` checks these before anything runs; so do `plan`, `run` and the DAG. It prints all "
    "problems at once, each as `file:line:column: place: message`, with what to do below. `--json` has the id as `rule`. "
    "An id stays the same for ever."
)


def rules_page() -> str:
    """Every rule of `validate` with an example, and the table of `audit`."""
    messages = dict(reversed(list(_messages())))
    errors = [rule for rule in RULES if rule.severity == "error"]
    warnings = [rule for rule in RULES if rule.severity == "warning"]
    return page(
        "Rules and messages",
        wrapped(INTRODUCTION),
        "## Errors of validate",
        _table(errors, messages),
        "## Warnings of validate",
        wrapped("A spec with warnings is valid: they are printed and change no exit code."),
        _table(warnings, messages),
        "## Findings of audit",
        wrapped("What each means, and how one is accepted: [Security](../explanation/security.md)."),
        rule_table(),
    )


def _table(rules: list[Rule], messages: dict[str, str]) -> str:
    rows = ((f"`{rule.id}`", _meaning(rule), code(messages[rule.id]) if rule.id in messages else "") for rule in rules)
    return table(("Rule", "Checks", "A message of it"), rows)


def _meaning(rule: Rule) -> str:
    return (inspect.getdoc(rule.check) or "").split("\n\n")[0]


def _messages() -> Iterator[tuple[str, str]]:
    """Rules with messages that they give, in the order of the specs."""
    for spec in sorted(BAD_SPECS.cases):
        found = json.loads(validate(os.path.relpath(spec), *options_in(spec), "--json").output)
        for problem in found["problems"]:
            text = f"{problem['message']}. {problem['fix']}".strip()
            if len(text) <= LONGEST and str(Path.cwd()) not in text:
                yield problem["rule"], text
