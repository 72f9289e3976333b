"""The dated table of releases, and the rules that read it."""

from __future__ import annotations

import datetime as dt
import gzip
import json
from collections.abc import Callable
from importlib.resources import files

import pytest

from emr_pipelines.errors import Problem
from emr_pipelines.pipeline_spec.catalog.releases import (
    find_release,
    newest_releases,
    read_release_table,
    releases_with,
)
from emr_pipelines.pipeline_spec.loader import LoadedSpec
from tests.spec.conftest import PARTS

_, STEPS = PARTS
Check = Callable[..., list[Problem]]
SetDay = Callable[[str], None]
CLUSTER = "cluster: {primary: {instances: [m5.xlarge]}, release: %s, applications: [%s]}\n"
OF_INTEREST = ("emr-5.3", "emr-6.", "emr-7.", "emr-spark-")


def rules_of(problems: list[Problem]) -> list[str]:
    return [problem.rule for problem in problems]


def test_every_label_that_emr_lists_is_in_the_table() -> None:
    content = files("moto").joinpath("emr", "resources", "release-labels-us-east-1.json.gz").read_bytes()
    listed = {
        label
        for label in json.loads(gzip.decompress(content))
        if label.startswith(OF_INTEREST)
        and not label.startswith("emr-5.3.")
        and label.count("-") <= label.count("spark") + 1
    }
    assert {release.label for release in read_release_table().releases} == listed


def test_releases_are_ordered_and_their_dates_fit() -> None:
    table = read_release_table()
    for line in {release.line for release in table.releases}:
        labels = [release.label for release in table.releases if release.line == line]
        assert labels == sorted(
            labels, key=lambda label: [int(n) for n in label.rsplit("-", 1)[1].split(".")], reverse=True
        )
    for release in table.releases:
        assert (release.released or dt.date.min) < release.standard_support_until < release.end_of_life, release.label
        assert "Spark" in release.applications, release.label
        assert release.pyspark_python is None or release.pyspark_python in release.python, release.label


@pytest.mark.parametrize(
    ("label", "spark", "hadoop", "python", "pyspark", "java", "until"),
    [
        ("emr-spark-8.1.0", "4.1.1-amzn-0", "3.4.2-amzn-3", ("3.11", "3.13"), None, "17", "2029-09-07"),
        ("emr-7.14.0", "3.5.8-amzn-0", "3.4.2-amzn-2", ("3.9", "3.11"), None, "17", "2028-09-08"),
        ("emr-7.13.0", "3.5.6-amzn-2", "3.4.2-amzn-0", ("3.9", "3.11"), "3.11", "17", "2028-04-20"),
        ("emr-7.0.0", "3.5.0-amzn-0", "3.3.6-amzn-2", ("3.9",), "3.9", "17", "2027-08-31"),
        ("emr-6.15.0", "3.4.1-amzn-2", "3.3.6-amzn-1", ("2.7", "3.7"), "3.7", "8", "2026-08-31"),
        ("emr-5.36.2", "2.4.8-amzn-2", "2.10.1-amzn-4", ("2.7", "3.7"), None, "8", "2026-08-31"),
    ],
)
def test_what_is_known_of_a_release(
    label: str, spark: str, hadoop: str, python: tuple[str, ...], pyspark: str | None, java: str, until: str
) -> None:
    release = find_release(label)
    assert release is not None
    assert (release.spark, release.hadoop, release.python, release.pyspark_python, release.java) == (
        spark, hadoop, python, pyspark, java,
    )  # fmt: skip
    assert release.standard_support_until == dt.date.fromisoformat(until)


@pytest.mark.parametrize(
    ("application", "newest"),
    [
        ("Spark", ["emr-spark-8.1.0", "emr-7.14.0", "emr-6.15.0", "emr-5.36.2"]),
        ("JupyterHub", ["emr-7.14.0", "emr-6.15.0", "emr-5.36.2"]),
        ("MXNet", ["emr-7.2.0", "emr-6.15.0", "emr-5.36.2"]),
        ("Sqoop", ["emr-7.4.0", "emr-6.15.0", "emr-5.36.2"]),
        ("PrestoSQL", ["emr-6.3.1"]),
        ("Mahout", ["emr-5.36.2"]),
        ("AmazonCloudWatchAgent", ["emr-spark-8.1.0", "emr-7.14.0"]),
    ],
)
def test_the_newest_releases_that_have_an_application(application: str, newest: list[str]) -> None:
    assert [release.label for release in releases_with(application)] == newest


def test_a_supported_release_has_no_findings(check: Check) -> None:
    for release in newest_releases():
        if release.is_supported(dt.date(2026, 12, 1)):
            assert check(CLUSTER % (release.label, "Spark") + STEPS) == []


def test_support_is_judged_on_the_day_of_the_check(
    check: Check, load: Callable[..., LoadedSpec], today: SetDay
) -> None:
    spec = CLUSTER % ("emr-7.13.0", "Spark") + STEPS
    today("2028-04-20")
    assert check(spec) == []
    today("2028-04-21")
    (problem,) = check(spec)
    assert (problem.rule, problem.severity) == ("release-support", "warning")
    assert problem.message == "AWS ended the standard support of emr-7.13.0 on 2028-04-20"
    assert problem.fix == "Use emr-7.14.0, the newest of its line, which is supported until 2028-09-08."
    assert len(load(spec).warnings) == 1
    today("2035-01-01")
    (problem,) = check(spec)
    assert "since its end of life on 2029-04-21 AWS may remove it" in problem.message
    assert "holds none that is supported: look for a newer one" in problem.fix


def test_a_release_that_only_gets_security_fixes_is_told_as_such(check: Check, today: SetDay) -> None:
    spec = CLUSTER % ("emr-6.15.0", "Spark") + STEPS
    (problem,) = check(spec)
    assert problem.message == (
        "AWS ended the standard support of emr-6.15.0 on 2026-08-31; until 2027-06-30 it only gets critical security fixes, "
        "as far as possible"
    )
    today("2027-07-01")
    (problem,) = check(spec)
    assert problem.message == "AWS ended the standard support of emr-6.15.0 on 2026-08-31"


def test_a_digest_does_not_depend_on_the_day(load: Callable[..., LoadedSpec], today: SetDay) -> None:
    spec = CLUSTER % ("emr-7.13.0", "Spark") + STEPS
    before = load(spec).digest
    today("2035-01-01")
    assert load(spec).digest == before


def test_nothing_is_said_of_a_running_cluster(check: Check) -> None:
    assert check("cluster: {name: shared}\n" + STEPS) == []


@pytest.mark.parametrize(
    ("applications", "found"),
    [
        ("Spark, Livy, JupyterEnterpriseGateway", []),
        ("Spark, JupyterHub", []),
        ("Spark, JupyterEnterpriseGateway", ["notebook-applications"]),
        ("JupyterEnterpriseGateway, Livy", ["notebook-applications"]),
    ],
)
def test_notebooks_need_livy_and_spark(check: Check, applications: str, found: list[str]) -> None:
    assert rules_of(check(CLUSTER % ("emr-7.13.0", applications) + STEPS)) == found


PYTHON_JOB = "steps:\n  - {name: clean, spark: {script: include/jobs/clean.py%s}}\n"
WITH_PIP3 = (
    "cluster: {primary: {instances: [m5.xlarge]}, release: %s, bootstrap: [include/bootstrap/install_wheels.sh]}\n"
)


@pytest.mark.parametrize(
    ("release", "job", "found"),
    [
        ("emr-7.13.0", PYTHON_JOB % "", ["bootstrap-python"] * 2),
        ("emr-7.14.0", PYTHON_JOB % "", ["bootstrap-python"] * 2),
        ("emr-spark-8.0.0", PYTHON_JOB % "", ["bootstrap-python"] * 2),
        ("emr-7.12.0", PYTHON_JOB % "", []),
        ("emr-7.13.0", PYTHON_JOB % ", conf: {spark.pyspark.python: /usr/bin/python3}", []),
        ("emr-7.13.0", STEPS, []),
    ],
)
def test_pip3_does_not_install_for_every_pyspark(check: Check, release: str, job: str, found: list[str]) -> None:
    assert rules_of(check(WITH_PIP3 % release + job)) == found


WITH_WHEEL = 'steps:\n  - {name: clean, spark: {script: include/jobs/clean.py, py_files: ["s3://logs/%s"]}}\n'


@pytest.mark.parametrize(
    ("cluster", "steps", "found"),
    [
        ("core: {instances: [m6g.xlarge, m5.xlarge], on_demand: 1}", WITH_WHEEL % "a.whl", ["mixed-architectures"]),
        ("core: {instances: [m6g.xlarge, m5.xlarge], on_demand: 1}", WITH_WHEEL % "a.zip", []),
        ("core: {instances: [m6g.xlarge, r7g.xlarge], on_demand: 1}", WITH_WHEEL % "a.whl", []),
        (
            "core: {instances: [m6g.xlarge], on_demand: 1}, task: {instances: [m5.xlarge], spot: 1}",
            WITH_WHEEL % "a.whl",
            ["mixed-architectures"],
        ),
        ("overrides: {CustomAmiId: ami-1}, core: {instances: [m5.xlarge], on_demand: 1}", STEPS, []),
        (
            "overrides: {CustomAmiId: ami-1}, core: {instances: [m6g.xlarge], on_demand: 1}",
            STEPS,
            ["custom-ami-architecture"],
        ),
        (
            "core: {instances: [m6g.xlarge, m5.xlarge], on_demand: 1, custom_ami: ami-0123456789abcdef0}",
            STEPS,
            ["custom-ami-architecture"],
        ),
        (
            "core: {instances: [m6g.xlarge, {type: m5.xlarge, custom_ami: ami-0123456789abcdef0}], on_demand: 1, custom_ami: ami-0123456789abcdef1}",
            STEPS,
            [],
        ),
    ],
)
def test_architectures(check: Check, cluster: str, steps: str, found: list[str]) -> None:
    problems = check(f"cluster: {{primary: {{instances: [m5.xlarge]}}, {cluster}}}\n{steps}")
    assert [rule for rule in rules_of(problems) if "architecture" in rule] == found
