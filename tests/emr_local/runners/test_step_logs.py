"""Why a step failed, as FailureDetails say it: what its program said, never what Spark logs on its way."""

from __future__ import annotations

from pathlib import Path

import pytest

from emr_local.runners.step_logs import StepLogs

NATIVE = "26/11/30 10:24:49 WARN NativeCodeLoader: Unable to load native-hadoop library for your platform... using builtin-java classes where applicable"


@pytest.mark.parametrize(
    ("stderr", "message"),
    [
        ([NATIVE], "The step's process ended with exit code 3."),
        (
            [NATIVE, "Setting default log level to WARN.", "26/11/30 10:24:50 INFO SparkContext: Starting"],
            "The step's process ended with exit code 3.",
        ),
        (["the year is missing", NATIVE], "the year is missing"),
        ([NATIVE, "ValueError: no such year", NATIVE], "ValueError: no such year"),
        (["26/11/30 10:24:50 ERROR Job: the disk is full"], "26/11/30 10:24:50 ERROR Job: the disk is full"),
        ([], "The step's process ended with exit code 3."),
    ],
)
def test_a_line_that_spark_logged_explains_no_failure(tmp_path: Path, stderr: list[str], message: str) -> None:
    logs = StepLogs(tmp_path)
    for line in stderr:
        logs.complain(line)
    assert logs.explain(3, None).message == message
