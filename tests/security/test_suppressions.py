"""Suppressions: what they accept, for how long, and where they are written."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Callable
from pathlib import Path

import pytest

from emr_pipelines.errors import SpecError
from emr_pipelines.pipeline_spec.loader import check_pipeline
from emr_pipelines.plan.model import Plan
from emr_pipelines.plan.security.registry import check_security
from emr_pipelines.plan.security.suppressions import find_unused_in_environment
from tests.security.conftest import Audit

SPEC = "name: written\n{suppress}cluster: {{key_pair: office}}\nsteps: [{{name: job, spark: {{script: include/job.py}}}}]\n"
OFFICE = "suppress: [{rule: key-pair, reason: The office needs it.%s}]\n"


def test_a_suppressed_finding_stays_and_says_why(audit: Audit) -> None:
    (finding,) = [one for one in audit(SPEC.format(suppress=OFFICE % "")) if one.rule == "key-pair"]
    assert (finding.suppressed, finding.reason) == (True, "The office needs it.")


def test_an_expired_suppression_accepts_nothing(audit: Audit) -> None:
    found = audit(SPEC.format(suppress=OFFICE % ", until: 2026-05-31"))
    assert {one.rule: one.suppressed for one in found if one.severity == "warning"} == {
        "key-pair": False,
        "suppression-expired": False,
    }


def test_without_a_date_no_suppression_has_ended(plan_of: Callable[[Path], Plan], tmp_path: Path) -> None:
    file = tmp_path / "written.yaml"
    file.write_text(SPEC.format(suppress=OFFICE % ", until: 2000-01-01"))
    assert [one.rule for one in check_security(plan_of(file)) if not one.suppressed] == ["public-subnet"]


def test_the_environment_accepts_for_all_its_pipelines(
    project: Path, plan_of: Callable[[Path], Plan], tmp_path: Path
) -> None:
    environment = project / "config" / "environments" / "safe.yaml"
    with environment.open("a") as text:
        text.write("suppress:\n  - {rule: key-pair, reason: All offices need it.}\n")
    file = tmp_path / "written.yaml"
    file.write_text(SPEC.format(suppress=""))
    plan = plan_of(file)
    found = check_security(plan, today=dt.date(2026, 6, 1))
    assert {one.rule: one.reason for one in found if one.suppressed} == {"key-pair": "All offices need it."}
    assert list(find_unused_in_environment([plan], found)) == []

    file.write_text(SPEC.format(suppress="").replace("key_pair: office", ""))
    plan = plan_of(file)
    assert [one.rule for one in check_security(plan)] == ["public-subnet"]
    (unused,) = find_unused_in_environment([plan, dataclasses.replace(plan, name="second")], check_security(plan))
    assert (unused.rule, unused.place) == ("suppression-unused", "config/environments/safe.yaml:28")


@pytest.mark.parametrize(
    ("suppress", "message"),
    [
        ("{rule: key-pear, reason: It is there.}", "Did you mean 'key-pair'?"),
        ("{rule: suppression-unused, reason: It is there.}", "is not one of security-configuration-missing, "),
        ("{rule: key-pair}", "the key 'reason' is missing"),
        ("{rule: key-pair, reason: ''}", "Write a sentence that says why the finding is accepted."),
        ("{rule: key-pair, reason: '  '}", "Write a sentence that says why the finding is accepted."),
        ("{rule: key-pair, reason: It is there., until: next year}", "is not a date of the form YYYY-MM-DD"),
    ],
)
@pytest.mark.parametrize("in_environment", [True, False])
def test_validate_refuses_what_accepts_nothing(
    suppress: str, message: str, in_environment: bool, project: Path
) -> None:
    own, shared = ("", suppress) if in_environment else (f"suppress: [{suppress}]\n", "")
    file = project / "config" / "pipelines" / "written.yaml"
    file.write_text(SPEC.format(suppress=own))
    if shared:
        with (project / "config" / "environments" / "safe.yaml").open("a") as text:
            text.write(f"suppress: [{shared}]\n")
    problems = check_pipeline(file, environment="safe", project_root=project)
    assert len(problems) == 1
    assert message in str(SpecError(problems))
    assert problems[0].file.startswith("config/environments/" if in_environment else "config/pipelines/")
