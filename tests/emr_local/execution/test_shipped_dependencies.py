"""What a step ships is what runs: a Python in an archive, a wheel in its py_files, YARN's own names of the lists."""

from __future__ import annotations

import io
import sys
import tarfile
import zipfile

import pytest

from emr_local.runners.spark.shipped_python import choose_python, exported

WORKERS = """
import sys
from pyspark.sql import SparkSession
import os
spark = SparkSession.builder.getOrCreate()
def who(_):
    import os
    return os.environ.get("SHIPPED", "none")
print(os.environ.get("SHIPPED", "none"), *spark.sparkContext.parallelize([1, 2], 2).map(who).collect())
"""
ARCHIVE = "s3://data/code/env.tar.gz#environment"


def pack(lab, uri, **programs):
    """An archive with bin/<name> for each program: a shell script's lines, or the target of a link."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        for name, content in programs.items():
            entry = tarfile.TarInfo(f"bin/{name}")
            if content.startswith("/"):
                entry.type, entry.linkname = tarfile.SYMTYPE, content
                archive.addfile(entry)
            else:
                entry.mode, entry.size = 0o755, len(content)
                archive.addfile(entry, io.BytesIO(content.encode()))
    bucket, _, key = uri.removeprefix("s3://").partition("/")
    lab.s3.put_object(Bucket=bucket, Key=key, Body=buffer.getvalue())


@pytest.fixture(scope="module")
def script(lab):
    pack(
        lab,
        "s3://data/code/env.tar.gz",
        python=f'#!/bin/sh\nSHIPPED=yes exec {sys.executable} "$@"\n',
        linked=sys.executable,
        gone="/usr/bin/python3.0",
    )
    return lab.write("s3://data/code/who.py", WORKERS)


IN_CLUSTER = "spark.yarn.appMasterEnv.PYSPARK_PYTHON"
IN_CLUSTER_DRIVER = "spark.yarn.appMasterEnv.PYSPARK_DRIVER_PYTHON"
SHIPPED = "./environment/bin/python"


@pytest.mark.parametrize(
    ("asked", "node", "in_cluster", "chosen"),
    [
        ({IN_CLUSTER: SHIPPED}, {}, True, (SHIPPED, SHIPPED)),
        ({IN_CLUSTER: SHIPPED}, {}, False, (None, None)),
        ({"spark.pyspark.python": "environment/bin/python3"}, {}, True, ("environment/bin/python3",) * 2),
        ({"spark.pyspark.python": SHIPPED, "spark.pyspark.driver.python": "python3"}, {}, False, (None, SHIPPED)),
        ({"spark.pyspark.driver.python": SHIPPED}, {}, True, (SHIPPED, None)),
        ({IN_CLUSTER_DRIVER: "/usr/bin/python3", IN_CLUSTER: SHIPPED}, {}, True, (None, SHIPPED)),
        ({}, {"PYSPARK_PYTHON": SHIPPED}, True, (SHIPPED, SHIPPED)),
        ({IN_CLUSTER: "/usr/bin/python3.11"}, {"PYSPARK_PYTHON": SHIPPED}, True, (None, None)),
        ({}, {"PYSPARK_PYTHON": SHIPPED, "PYSPARK_DRIVER_PYTHON": "python3"}, False, (None, SHIPPED)),
        ({"spark.pyspark.python": "python3.11"}, {}, True, (None, None)),
        ({}, {}, True, (None, None)),
    ],
)
def test_the_python_is_chosen_as_spark_and_yarn_choose(asked, node, in_cluster, chosen):
    found = choose_python(asked, node, in_cluster=in_cluster)
    assert (found.driver, found.workers) == chosen
    assert bool(found) == (chosen != (None, None))


def test_what_spark_env_exports_is_read():
    export = {"Classification": "export", "Properties": {"PYSPARK_PYTHON": SHIPPED}}
    other = {"Classification": "export", "Properties": {"PYSPARK_PYTHON": "/other"}}
    of_spark = {"Classification": "spark-env", "Configurations": [export]}
    of_yarn = {"Classification": "yarn-env", "Configurations": [other]}
    assert exported([of_spark, of_yarn]) == {"PYSPARK_PYTHON": SHIPPED}


YARNS_NAME = pytest.param("--conf=spark.yarn.dist.archives=", marks=pytest.mark.slow)


@pytest.mark.parametrize("option", ["--archives=", YARNS_NAME])
def test_the_python_of_an_archive_runs_the_driver_and_the_functions(lab, script, option):
    options = ("--deploy-mode", "cluster", f"{option}{ARCHIVE}", "--conf", f"{IN_CLUSTER}={SHIPPED}")
    outcome, step = lab.run("spark-submit", *options, script)
    assert outcome.exit_code == 0, lab.log(step, "stderr")
    assert lab.log(step, "stdout").strip() == "yes yes yes"
    assert "no effect" not in lab.log(step, "controller")


@pytest.mark.parametrize(
    ("mode", "python", "words"),
    [
        ("cluster", "./elsewhere/bin/python", "error=2, No such file or directory"),
        ("cluster", "./environment/bin/gone", "It is a link to /usr/bin/python3.0, which this machine does not have"),
        (
            "client",
            SHIPPED,
            "In deploy mode client the driver runs on the primary node, where archives are not unpacked",
        ),
    ],
)
def test_a_shipped_python_that_cannot_run_fails_the_step(lab, script, mode, python, words):
    options = ("--deploy-mode", mode, "--archives", ARCHIVE, "--conf", f"spark.pyspark.python={python}")
    outcome, step = lab.run("spark-submit", *options, script)
    assert outcome.exit_code != 0
    assert words in lab.log(step, "stderr")
    assert f'java.io.IOException: Cannot run program "{python}"' in lab.log(step, "stderr")


@pytest.mark.slow
def test_an_archive_may_link_to_the_python_of_the_nodes(lab, script):
    python = SHIPPED.replace("bin/python", "bin/linked")
    options = ("--deploy-mode", "cluster", "--archives", ARCHIVE, "--conf", f"{IN_CLUSTER}={python}")
    outcome, step = lab.run("spark-submit", *options, script)
    assert outcome.exit_code == 0, lab.log(step, "stderr")


OWN_JVM = pytest.param(("--conf", "spark.driver.extraJavaOptions=-Dx=y"), marks=pytest.mark.slow)


@pytest.mark.parametrize("options", [(), OWN_JVM])
def test_a_wheel_reaches_the_driver_and_the_executors(lab, options):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as wheel:
        wheel.writestr("loud/__init__.py", "def shout(word):\n    return word.upper()\n")
        wheel.writestr("loud-1.0.dist-info/METADATA", "Name: loud\n")
    lab.s3.put_object(Bucket="data", Key="code/loud-1.0-py3-none-any.whl", Body=buffer.getvalue())
    text = """
        from pyspark.sql import SparkSession
        import os
        import loud
        spark = SparkSession.builder.getOrCreate()
        def shout(word):
            import loud, os
            return loud.shout(word) + os.environ["PYTHONPATH"].rpartition(":")[2]
        print(loud.shout("a"), spark.sparkContext.parallelize(["b"]).map(shout).collect())
        """
    script = lab.write("s3://data/code/loud_job.py", text)
    given = ("--py-files", "s3://data/code/loud-1.0-py3-none-any.whl", "--conf", "spark.executorEnv.PYTHONPATH=/own")
    outcome, step = lab.run("spark-submit", "--deploy-mode", "cluster", *given, *options, script)
    assert outcome.exit_code == 0, lab.log(step, "stderr")
    assert lab.log(step, "stdout").strip() == "A ['B/own']"
