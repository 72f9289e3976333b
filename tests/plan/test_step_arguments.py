"""How people see what a step runs."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from emr_pipelines.plan.kinds.argv import command_line
from emr_pipelines.plan.model import Plan


def test_a_jar_of_its_own_is_part_of_the_command_line(plan_of: Callable[[str], Plan]) -> None:
    own, shared, place, _ = (command_line(step.request) for step in plan_of("jars").steps)
    assert own[:3] == ["${code.prefix}/include/jars/report.jar", "org.example.Report", "s3://example-local/data/sales"]
    assert shared == ["s3://example-tools/small/clean.jar"]
    assert place[:3] == ["hadoop", "fs", "-put"]


def test_a_copy_needs_no_marker_unless_the_spec_asks_for_one(plan_of: Callable[[str], Plan]) -> None:
    markers = {step.name: step.output.success_marker for step in plan_of("copies").steps if step.output}
    assert markers == {"report": True, "lines": True, "keep": False, "keep_marked": True}


def test_globs_of_a_streaming_step_are_looked_at_before_a_cluster_is_paid_for(
    plan_text: Callable[[str], Plan],
) -> None:
    plan = plan_text(
        "cluster: {}\nsteps:\n"
        "  - {name: load, command: [hdfs, dfs, -put, x, /x]}\n"
        '  - {name: logs, streaming: {mapper: cat}, inputs: {a: "s3://logs/2017/02/*/*/*", b: "hdfs:///x"}, after: [load], output: text, on_empty: skip}\n'
    )
    logs = plan.steps[1]
    assert (logs.external_inputs, logs.on_empty) == (("s3://logs/2017/02/*/*/*",), "skip")
    assert not plan.cluster.replaceable


@pytest.mark.parametrize("words", ["[include/scripts/load.sh, a]", "[bash, include/scripts/load.sh, a]"])
def test_a_script_of_a_command_is_fetched_and_started_by_emr(plan_text: Callable[[str], Plan], words: str) -> None:
    (step,) = plan_text(f"cluster: {{}}\nsteps:\n  - {{name: load, command: {words}, args: [b]}}\n").steps
    assert step.request["HadoopJarStep"] == {
        "Jar": "s3://us-east-1.elasticmapreduce/libs/script-runner/script-runner.jar",
        "Args": ["${code.prefix}/include/scripts/load.sh", "a", "b"],
    }


def test_a_script_that_is_an_argument_of_another_program_stays_one(plan_text: Callable[[str], Plan]) -> None:
    command = "[bash, -c, 'aws s3 cp $0 -', include/scripts/load.sh]"
    (step,) = plan_text(f"cluster: {{}}\nsteps:\n  - {{name: load, command: {command}}}\n").steps
    assert step.request["HadoopJarStep"] == {
        "Jar": "command-runner.jar",
        "Args": ["bash", "-c", "aws s3 cp $0 -", "${code.prefix}/include/scripts/load.sh"],
    }
