"""Each bad spec prints exactly the problems of its golden file."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from emr_pipelines.pipeline_spec.rules.registry import RULES
from tests.goldens import BAD_SPECS
from tests.spec.small_project import options_in, validate

# Their specs are made on the fly in test_loader and code_files/test_rules: they need another folder, 257 steps, a file that no linter reads, a link out of here.
RULES_TESTED_ELSEWHERE = {"file-name", "step-count", "code-syntax-unsure", "package-link"}


@pytest.mark.parametrize("spec", BAD_SPECS.cases, ids=lambda spec: spec.name)
def test_problems_of_bad_spec(spec: Path) -> None:
    result = validate(os.path.relpath(spec), *options_in(spec))
    BAD_SPECS.check(spec, ".txt", result.output)
    assert result.exit_code == 1


def test_every_rule_is_broken_by_some_bad_spec() -> None:
    broken = {
        problem["rule"]
        for spec in BAD_SPECS.cases
        for problem in json.loads(validate(os.path.relpath(spec), *options_in(spec), "--json").output)["problems"]
    }
    assert {rule.id for rule in RULES} - broken == RULES_TESTED_ELSEWHERE


def test_rule_ids_are_unique() -> None:
    assert len({rule.id for rule in RULES}) == len(RULES)
