"""What is shown of the ends of logs."""

from __future__ import annotations

from emr_pipelines.cli.terminal.log_tails import telling_tails


def test_a_plan_of_spark_does_not_bury_the_rest() -> None:
    ((_, lines),) = telling_tails({"stderr": ["short", "x" * 4006]})
    assert lines[0] == "short"
    assert lines[1] == "x" * 400 + " … (3,606 characters more in the log)"


def test_the_traceback_comes_before_other_logs() -> None:
    trace = ["Traceback (most recent call last):", "ValueError: no"]
    assert telling_tails({"stderr": ["before", *trace], "stdout": ["x"]}) == [("The traceback in stderr:", trace)]
