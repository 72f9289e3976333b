"""A state folder whose path has blanks, as a checkout's may: what is handed to the JVM is still one option each."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.emr_local.execution.conftest import Lab


def test_steps_find_a_warm_jvm_there(
    serve_s3: Callable[..., Any], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING, logger="emr_local")
    lab = Lab(tmp_path / "it's a folder", serve_s3, warm=True)
    try:
        lab.s3.create_bucket(Bucket="data")
        lab.s3.create_bucket(Bucket="logs")
        lab.open_cluster("j-LAB")
        session = "from pyspark.sql import SparkSession\nspark = SparkSession.builder.getOrCreate()\n"
        script = lab.write("s3://data/scratch.py", session + "print(spark._jvm.System.getProperty('java.io.tmpdir'))\n")
        outcome, step = lab.run("spark-submit", script)
    finally:
        lab.executor.close()
    assert outcome.exit_code == 0, lab.log(step, "stderr")
    # A JVM of the step's own would have its files elsewhere.
    assert lab.log(step, "stdout").startswith(str(tmp_path / "it's a folder" / "jvms"))
    assert caplog.messages == []
