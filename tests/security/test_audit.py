"""`emr-pipelines audit` as a user and a CI server meet it."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import jsonschema
import pytest
from typer.testing import CliRunner, Result

from emr_pipelines.cli.audit.finding_texts import rule_table
from emr_pipelines.cli.main import app
from emr_pipelines.plan.security.registry import RULES
from tests.cli.json_schemas import check_output
from tests.security.conftest import HERE

REPOSITORY = HERE.parents[1]
JOB = "steps: [{name: job, spark: {script: include/job.py}}]\n"
SCHEMA = json.loads((HERE / "sarif-schema-2.1.0.json").read_text(encoding="utf-8"))


@pytest.fixture
def pipelines(project: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with a pipeline that is as safe as can be, one with a warning and an error, and one with an accepted warning."""
    texts = {
        "calm": f"name: calm\ncluster: {{}}\n{JOB}",
        "open": f"name: open\ncluster:\n  key_pair: office\n  instance_profile: Admin\n{JOB}",
        "old": f"name: old\nsuppress: [{{rule: key-pair, reason: <Until> the move & then no more.}}]\ncluster: {{key_pair: office}}\n{JOB}",
    }
    folder = project / "config" / "pipelines"
    for name, text in texts.items():
        (folder / f"{name}.yaml").write_text(text)
    monkeypatch.chdir(project)
    monkeypatch.setenv("EMR_PIPELINES_ENV", "safe")
    return folder


def audit(*arguments: str) -> Result:
    result = CliRunner().invoke(app, ["audit", *arguments])
    check_output(["audit", *arguments], result.stdout)
    return result


def sarif_of(*arguments: str) -> dict[str, Any]:
    report = json.loads(audit("--format", "sarif", *arguments).stdout)
    jsonschema.Draft4Validator(SCHEMA).validate(report)
    return report["runs"][0]


@pytest.mark.usefixtures("pipelines")
@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["calm"], 0),
        (["calm", "--fail-on", "warning"], 0),
        (["calm", "--fail-on", "note"], 1),
        (["old", "--fail-on", "warning"], 0),
        (["open"], 1),
        ([], 1),
        (["--fail-on", "never"], 2),
    ],
)
def test_the_exit_code_is_for_what_nobody_has_accepted(arguments: list[str], code: int) -> None:
    assert audit(*arguments).exit_code == code


@pytest.mark.usefixtures("pipelines")
def test_a_finding_of_several_pipelines_is_told_once() -> None:
    output = audit().stdout
    assert output.count(": note: public-subnet: ") == 1
    assert "    In calm, old, open.\n" in output
    assert "config/pipelines/open.yaml:4: error: broad-role: The instance profile 'Admin' is by its name" in output
    assert "    Accepted: <Until> the move & then no more.\n" in output
    assert re.search(r"^config/pipelines/old.yaml:3: warning, suppressed: key-pair: ", output, re.MULTILINE)
    assert output.endswith("safe: 1 error, 1 warning, 1 note, 1 suppressed\n")


def test_a_suppression_of_the_environment_that_nothing_needs_is_told_with_all_pipelines(pipelines: Path) -> None:
    with (pipelines.parent / "environments" / "safe.yaml").open("a") as text:
        text.write("suppress: [{rule: log-uri, reason: We keep no logs.}]\n")
    assert "suppression-unused: The suppression of 'log-uri' is not needed" in audit().stdout
    assert "suppression-unused" not in audit("calm").stdout


@pytest.mark.usefixtures("pipelines")
def test_json_holds_everything() -> None:
    report = json.loads(audit("open", "--format", "json").stdout)
    assert report["environment"] == "safe"
    (finding,) = [one for one in report["findings"]["open"] if one["rule"] == "broad-role"]
    assert (finding["severity"], finding["place"], finding["suppressed"]) == (
        "error",
        "config/pipelines/open.yaml:4",
        False,
    )
    assert set(finding["equivalents"]) == {"checkov", "cdk_nag", "cfn_nag", "prowler", "security_hub"}


@pytest.mark.usefixtures("pipelines")
def test_sarif_fits_its_schema_and_points_at_lines() -> None:
    run = sarif_of()
    results = {(one["ruleId"], *one["properties"]["pipelines"]): one for one in run["results"]}
    broad = results["broad-role", "open"]
    assert broad["level"] == "error"
    assert broad["locations"][0]["physicalLocation"] == {
        "artifactLocation": {"uri": "config/pipelines/open.yaml", "uriBaseId": "%SRCROOT%"},
        "region": {"startLine": 4},
    }
    assert broad["suppressions"] == []
    assert results["key-pair", "old"]["suppressions"][0]["justification"] == "<Until> the move & then no more."
    assert all(run["tool"]["driver"]["rules"][one["ruleIndex"]]["id"] == one["ruleId"] for one in run["results"])


def test_sarif_knows_a_finding_again_when_lines_move(pipelines: Path) -> None:
    before = {one["ruleId"]: one["partialFingerprints"] for one in sarif_of("open")["results"]}
    file = pipelines / "open.yaml"
    file.write_text(f"# one\n# two\n{file.read_text()}")
    after = {one["ruleId"]: one["partialFingerprints"] for one in sarif_of("open")["results"]}
    assert before == after


@pytest.mark.usefixtures("pipelines")
@pytest.mark.parametrize(
    ("options", "failed"),
    [([], {"broad-role"}), (["--fail-on", "warning"], {"broad-role", "key-pair"})],
)
def test_junit_fails_what_fails_the_command(options: list[str], failed: set[str]) -> None:
    root = ElementTree.fromstring(audit("--format", "junit", *options).stdout.encode())
    suites = {suite.get("name"): suite for suite in root}
    assert set(suites) == {"calm", "old", "open", "environment safe"}
    assert {case.get("name") for case in suites["open"] if case.find("failure") is not None} == failed
    assert suites["open"].get("failures") == str(len(failed))
    assert [case.get("name") for case in suites["old"] if case.find("skipped") is not None] == ["key-pair"]
    assert suites["old"].find("testcase/skipped").get("message") == "<Until> the move & then no more."
    assert int(suites["calm"].get("tests")) == len(RULES) + 2


@pytest.mark.usefixtures("pipelines")
def test_a_report_can_go_to_a_file(tmp_path: Path) -> None:
    file = tmp_path / "findings.sarif"
    assert audit("open", "--format", "sarif", "--output", str(file)).exit_code == 1
    jsonschema.Draft4Validator(SCHEMA).validate(json.loads(file.read_text()))
    refused = audit("open", "--output", str(tmp_path / "none" / "findings.sarif"))
    assert "cannot be written: " in str(refused.exception)


def test_text_that_xml_cannot_hold_is_replaced(pipelines: Path) -> None:
    (pipelines / "open.yaml").write_text(f'name: open\ncluster: {{key_pair: "a\\uFFFEb"}}\n{JOB}')
    ElementTree.fromstring(audit("open", "--format", "junit").stdout.encode())


@pytest.mark.parametrize("environment", ["aws", "local"])
def test_the_samples_have_no_finding_above_note(environment: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(REPOSITORY)
    result = audit("--env", environment, "--fail-on", "warning")
    assert (result.exit_code, result.stdout.splitlines()[-1].startswith(f"{environment}: 0 errors, 0 warnings,")) == (
        0,
        True,
    )


def test_the_documentation_has_the_table_of_the_registry() -> None:
    assert rule_table() in (REPOSITORY / "docs" / "explanation" / "security.md").read_text(encoding="utf-8")
    assert audit("--rules").stdout == f"{rule_table()}\n"


def test_audit_imports_neither_airflow_nor_boto3() -> None:
    code = (
        "import sys\n"
        "from emr_pipelines.cli.main import main\n"
        "sys.argv = ['emr-pipelines', 'audit', '--env', 'aws']\n"
        "try:\n    main()\nexcept SystemExit as end:\n    assert not end.code, end.code\n"
        "print([name for name in ('airflow', 'boto3', 'botocore') if name in sys.modules])\n"
    )
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY / "plugins")}
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, cwd=REPOSITORY, env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"
