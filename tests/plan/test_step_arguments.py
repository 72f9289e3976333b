"""How people see what a step runs."""

from __future__ import annotations

from collections.abc import Callable

from emr_pipelines.plan.model import Plan
from emr_pipelines.plan.requests.arguments import command_line


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
