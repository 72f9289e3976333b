"""Each security rule finds what is wrong in `bad/<rule>.yaml` and nothing in `good/<rule>.yaml`. The listing is the list of tests."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import get_args

import pytest

from emr_pipelines.cli.audit.finding_texts import finding_text
from emr_pipelines.pipeline_spec.models.suppression import SuppressibleRule
from emr_pipelines.pipeline_spec.rules.registry import RULES as SPEC_RULES
from emr_pipelines.plan.model import Plan
from emr_pipelines.plan.security.findings import SecurityFinding
from emr_pipelines.plan.security.registry import RULES, check_security
from emr_pipelines.plan.security.suppressions import SUPPRESSION_RULES
from tests.goldens import SECURITY_FINDINGS
from tests.security.conftest import HERE, TODAY

GOOD = sorted((HERE / "good").iterdir())
IDS = {rule.id for rule in (*RULES, *SUPPRESSION_RULES)}


def findings_of_rule(plan: Plan, file: Path) -> list[SecurityFinding]:
    return [one for one in check_security(plan, today=TODAY) if one.rule == file.stem.replace("_", "-")]


@pytest.mark.parametrize("file", SECURITY_FINDINGS.cases, ids=lambda file: file.stem)
def test_a_bad_spec_is_found(file: Path, plan_of: Callable[[Path], Plan]) -> None:
    found = findings_of_rule(plan_of(file), file)
    SECURITY_FINDINGS.check(file, ".txt", "".join(f"{finding_text(one)}\n" for one in found))
    assert found
    assert all(one.message.endswith(".") and one.fix.endswith(".") for one in found)


@pytest.mark.parametrize("file", GOOD, ids=lambda file: file.stem)
def test_a_good_spec_is_left_alone(file: Path, plan_of: Callable[[Path], Plan]) -> None:
    plan = plan_of(file)
    assert findings_of_rule(plan, file) == []
    assert [one for one in check_security(plan, today=TODAY) if one.severity != "note" and not one.suppressed] == []


def test_every_rule_has_a_bad_and_a_good_spec() -> None:
    for specs in (SECURITY_FINDINGS.cases, GOOD):
        assert {file.stem.replace("_", "-") for file in specs} == IDS


def test_an_id_is_not_one_of_validate_too() -> None:
    assert IDS.isdisjoint(rule.id for rule in SPEC_RULES)


def test_the_rules_that_can_be_suppressed_are_the_registry() -> None:
    assert [rule.id for rule in RULES] == list(get_args(SuppressibleRule))
