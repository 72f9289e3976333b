"""What the security rules see beyond their golden specs: other spellings, other places, and what they must leave alone."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from emr_pipelines.errors import SpecError
from emr_pipelines.pipeline_spec.loader import load_pipeline
from emr_pipelines.plan.build import build_plan
from emr_pipelines.plan.security.findings import SecurityFinding
from emr_pipelines.plan.security.registry import check_security
from tests.security.conftest import HERE, Audit

PLANS = HERE.parent / "plan"

JOB = "steps: [{name: job, spark: {script: include/job.py}}]\n"


def of_rule(findings: tuple[SecurityFinding, ...], rule: str) -> list[SecurityFinding]:
    return [one for one in findings if one.rule == rule]


def step(arguments: str, *, params: str = "{}", kind: str = "spark: {script: include/job.py}") -> str:
    return f"name: written\nparams: {params}\ncluster: {{}}\nsteps:\n  - name: job\n    {kind}\n    args: {arguments}\n"


def test_every_good_plan_of_the_project_can_be_looked_at(tmp_path: Path) -> None:
    shutil.copytree(PLANS / "project", tmp_path, dirs_exist_ok=True)
    shutil.copytree(PLANS / "good", tmp_path / "config" / "pipelines", ignore=shutil.ignore_patterns("*.*.json"))
    looked_at = 0
    for file in sorted((tmp_path / "config" / "pipelines").iterdir()):
        environment = "aws" if file.stem.startswith("aws_") else "local"
        plan = build_plan(load_pipeline(file, environment=environment, project_root=tmp_path))
        for one in check_security(plan):
            assert one.message.endswith("."), one
            assert re.fullmatch(r"config/.+:[1-9][0-9]*", one.place), one
        looked_at += 1
    assert looked_at > 30


@pytest.mark.parametrize("value", ["null", "3", "[]", "[3]", "{}", "[{}]", "[text]", "{a: [b]}"])
def test_raw_overrides_of_any_kind_can_be_looked_at(value: str, audit: Audit) -> None:
    keys = ("LogUri", "Applications", "BootstrapActions", "Configurations", "JobFlowRole", "ServiceRole")
    instances = ", ".join(f"{key}: {value}" for key in ("Ec2KeyName", "Ec2SubnetIds", "ServiceAccessSecurityGroup"))
    overrides = ", ".join(f"{key}: {value}" for key in keys)
    text = f"name: written\ncluster: {{overrides: {{{overrides}, Instances: {{{instances}}}}}}}\n{JOB}"
    try:
        found = audit(text)
    except SpecError:
        return  # validate may refuse it
    assert all(one.message for one in found)


def test_raw_keys_of_a_security_configuration_count(audit: Audit) -> None:
    raw = "{EncryptionConfiguration: {EnableAtRestEncryption: false}}"
    found = audit(f"name: written\ncluster: {{security_configuration: {{overrides: {raw}}}}}\n{JOB}")
    rules = {one.rule for one in found if one.severity == "warning"}
    assert rules == {"at-rest-s3", "at-rest-local-disk", "at-rest-ebs"}


def test_a_finding_stands_where_the_value_was_written(audit: Audit) -> None:
    found = audit(f"name: written\ncluster: {{}}\n{JOB}")
    assert [one.place for one in of_rule(found, "public-subnet")] == ["config/environments/safe.yaml:13"]


def test_the_gravest_come_first(audit: Audit) -> None:
    found = audit(f"name: written\ncluster: {{key_pair: office, instance_profile: Admin}}\n{JOB}")
    assert [one.severity for one in found] == ["error", "warning", "note"]


@pytest.mark.parametrize(
    ("role", "is_broad"),
    [
        ("AdministratorAccess", True),
        ("team-admin", True),
        ("JobAdminRole", True),
        ("S3FullAccess", True),
        ("arn:aws:iam::111122223333:instance-profile/poweruser", True),
        ("badminton-scores", False),
        ("administrative-reports", False),
        ("arn:aws:iam::111122223333:instance-profile/admin/reports", False),
    ],
)
def test_roles_are_judged_by_the_words_of_their_names(role: str, is_broad: bool, audit: Audit) -> None:
    found = audit(f'name: written\ncluster: {{instance_profile: "{role}"}}\n{JOB}')
    assert bool(of_rule(found, "broad-role")) == is_broad


def test_a_secret_is_never_repeated(audit: Audit) -> None:
    text = step('[--store, "${env.store}", --key, "${env.key_id}"]')
    found = of_rule(audit(f"# environment: leaky\n{text}"), "plan-secret")
    assert len(found) == 2
    assert not any("hunter2" in str(one) or "AKIA" in str(one) for one in found)


@pytest.mark.parametrize("name", ["--password", "--api-key", "--client_secret", "--auth-token"])
def test_an_argument_after_an_option_for_secrets_is_one(name: str, audit: Audit) -> None:
    assert len(of_rule(audit(step(f"[{name}, abc123]")), "plan-secret")) == 1
    assert of_rule(audit(step(f"[{name}, secretsmanager:sales]")), "plan-secret") == []


def test_arguments_of_bootstrap_actions_are_looked_at_too(audit: Audit) -> None:
    actions = "[{script: include/setup.sh, args: [--quiet, --token, abc123]}]"
    (found,) = of_rule(audit(f"name: written\ncluster: {{bootstrap: {actions}}}\n{JOB}"), "plan-secret")
    assert found.message.startswith(
        "BootstrapActions.0.ScriptBootstrapAction.Args.2 of the cluster looks like the secret"
    )


def test_validate_refuses_the_default_of_a_parameter_for_a_secret(audit: Audit) -> None:
    with pytest.raises(SpecError, match=r"params.db_password.default: this looks like a secret"):
        audit(step("[]", params="{db_password: {type: string, default: abc123}}"))


@pytest.mark.parametrize(
    ("kind", "arguments", "foreign"),
    [
        ("spark: {jar: s3://other/a.jar, class: Main}", "[]", ["s3://other/a.jar"]),
        ("spark: {script: include/job.py, archives: ['s3://other/env.zip#env']}", "[]", ["s3://other/env.zip#env"]),
        ("jar: {path: include/job.jar}", "[s3://other/in, s3://other/a.sh]", ["s3://other/a.sh"]),
        ("spark: {script: include/job.py}", "[--config, s3://other/settings.py]", []),
        ("command: [hdfs, dfs, -ls]", "[s3://other/in]", []),
        ("jar: {path: s3://eu-west-1.elasticmapreduce/a.jar}", "[]", []),
        ("jar: {path: s3://evil.elasticmapreduce/a.jar}", "[]", ["s3://evil.elasticmapreduce/a.jar"]),
        ("command: [spark-submit, --verbose, --jars, 's3://other/a.jar,s3://acme-emr-pipelines/b.jar']", "[s3://other/job.py, s3://other/c.py]",
         ["s3://other/a.jar", "s3://other/job.py"]),
    ],
)  # fmt: skip
def test_what_runs_is_code_and_what_is_read_is_not(kind: str, arguments: str, foreign: list[str], audit: Audit) -> None:
    text = step(arguments, kind=kind)
    found = of_rule(audit(text), "foreign-code")
    assert sorted(one.message.split(" runs ")[1].split(",")[0] for one in found) == sorted(foreign)


@pytest.mark.parametrize(
    ("pattern", "can_be_option"),
    [("^[a-z-]+$", True), ("[a-z]+", True), ("^.*$", True), ("^[a-z]+(-[a-z]+)*$", False), ("^(fast|slow)$", False)],
)
def test_patterns_that_let_a_dash_come_first(pattern: str, can_be_option: bool, audit: Audit) -> None:
    params = f'{{mode: {{type: string, default: fast, pattern: "{pattern}"}}}}'
    assert bool(of_rule(audit(step('["${params.mode}"]', params=params)), "param-option")) == can_be_option
    assert of_rule(audit(step('["--mode=${params.mode}"]', params=params)), "param-option") == []


@pytest.mark.parametrize(
    ("kind", "is_split"),
    [
        ("command: [bash, -ec, 'ls /data/${params.mode}']", True),
        ("command: [/bin/sh, -c, 'ls /data/${params.mode}']", True),
        ("command: [ls, '/data/${params.mode}']", False),
        ("spark: {script: include/job.py, conf: {spark.driver.extraJavaOptions: '-Dmode=${params.mode}'}}", True),
        ("spark: {script: include/job.py, conf: {spark.app.mode: '${params.mode}'}}", False),
    ],
)
def test_where_words_are_taken_apart(kind: str, is_split: bool, audit: Audit) -> None:
    params = '{mode: {type: string, default: fast, pattern: "^[a-z ]+$"}}'
    assert bool(of_rule(audit(step("[]", params=params, kind=kind)), "param-shell")) == is_split


def test_a_pattern_that_ends_at_a_line_takes_no_second_word(audit: Audit) -> None:
    params = '{mode: {type: string, default: fast, pattern: "^[a-z]+$"}}'
    found = audit(step("[]", params=params, kind="command: [bash, -c, 'ls ${params.mode}']"))
    assert of_rule(found, "param-shell") == []
