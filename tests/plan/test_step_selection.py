"""Some steps of a plan on their own: the literal outputs of the others, values that are fixed, and a cluster that does not belong to a single run."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from emr_pipelines.errors import EmrPipelinesError
from emr_pipelines.pipeline_spec.notation.placeholders import references_in
from emr_pipelines.plan.model import Plan
from emr_pipelines.plan.runs.run_binding import bind_request, bind_run, values_of_run
from emr_pipelines.plan.runs.run_scope import RunScope, output_origins, whole_run
from emr_pipelines.plan.runs.step_selection import (
    StepSelection,
    choose_steps,
    cluster_artifacts,
    cluster_key_of,
    narrow,
    outside_outputs,
    parse_selection,
)
from emr_pipelines.plan.task_ids import task_ids

BuildPlan = Callable[[str], Plan]
CLUSTER = "cluster: {primary: {instances: [m5.xlarge]}}"
DIAMOND = f"""
schedule: "@yearly"
start_date: 2001-01-01
params: {{size: {{type: integer, default: 3}}, top: {{type: integer, default: 9}}}}
{CLUSTER}
steps:
  - {{name: read, command: [cat, "s3://in/${{run.year}}"], output: text}}
  - {{name: left, command: [head, "-${{params.size}}", "${{steps.read.output}}"], output: text, on_failure: terminate_cluster}}
  - {{name: right, command: [tail, "${{steps.read.output}}"], output: text, publish: "s3://out/${{run.month}}/${{run.date}}"}}
  - {{name: join, command: [paste, "${{steps.left.output}}", "${{steps.right.output}}", "-${{params.top}}", "$${{HOME}}"]}}
"""
OUTPUT = "s3://b/runs/p/${odd}/read/attempt=1"


def select(plan: Plan, *steps: str, outputs: dict[str, str] | None = None, **more: Any) -> RunScope:
    selection = StepSelection(
        steps=steps,
        outputs=outputs or {},
        year=2005,
        date="2004-03-02",
        cluster_key=more.pop("key", "aaaabbbbcccc"),
        keeps_cluster=True,
    )
    return narrow(plan, parse_selection({**selection.to_json(), **more}))


def arguments(scope: RunScope, step: str) -> list[str]:
    """A step's arguments as EMR would get them, in a run whose own date is another one than the selection's."""
    values = values_of_run(scope.plan, run_id="r", date=dt.date(1999, 9, 9), params={}, code_prefix="s3://b/code/1")
    bodies = bind_run(scope.plan, values, cluster_id="j-1").add_job_flow_steps
    names = [one.name for one in scope.plan.steps]
    found: list[str] = bodies[names.index(step)]["Steps"][0]["HadoopJarStep"]["Args"]
    return found


def test_one_step_or_it_and_all_that_come_after_it(plan_text: BuildPlan) -> None:
    plan = plan_text(DIAMOND)
    assert choose_steps(plan, "left", onward=False) == ("left",)
    assert choose_steps(plan, "left", onward=True) == ("left", "join")
    assert choose_steps(plan, "read", onward=True) == ("read", "left", "right", "join")
    assert outside_outputs(plan, ("left", "join")) == ("read", "right")
    assert outside_outputs(plan, ("read", "left", "right", "join")) == ()


def test_an_unknown_step_is_guessed(plan_text: BuildPlan) -> None:
    with pytest.raises(EmrPipelinesError, match=r"no step 'lfet'\. Did you mean 'left'\?"):
        choose_steps(plan_text(DIAMOND), "lfet", onward=False)


def test_the_outputs_of_others_and_the_values_become_literals_and_nothing_else_changes(plan_text: BuildPlan) -> None:
    scope = select(plan_text(DIAMOND), "left", "join", outputs={"read": OUTPUT, "right": "s3://b/right"})
    assert [(step.name, step.upstream) for step in scope.plan.steps] == [("left", ()), ("join", ("left",))]
    assert arguments(scope, "left") == ["head", "-3", OUTPUT]
    own = arguments(scope, "join")
    assert own[1].endswith("/r/left/attempt=1")
    assert own[2:] == ["s3://b/right", "-9", "${HOME}"]


def test_dates_are_those_of_the_selection_and_airflow_sees_no_schedule(plan_text: BuildPlan) -> None:
    plan = select(plan_text(DIAMOND), "read", "right", outputs={}).plan
    assert (plan.schedule, plan.start_date, plan.end_date) == (None, None, None)
    assert plan.steps[0].external_inputs == ()
    assert plan.steps[0].request["HadoopJarStep"]["Args"] == ["cat", "s3://in/2005"]
    assert plan.steps[1].output is not None
    assert plan.steps[1].output.publish == "s3://out/03/2004-03-02"


def test_a_legacy_script_gets_the_output_as_it_names_it(plan_of: Callable[[str], Plan]) -> None:
    plan = plan_of("legacy")
    chosen = next(step.name for step in plan.steps if "output_uri}" in str(step.request))
    outputs = {name: f"s3://b/output/runs/legacy/r1/{name}/attempt=1" for name in outside_outputs(plan, (chosen,))}
    request = select(plan, chosen, outputs=outputs).plan.steps[0].request
    assert set(outputs.values()) & {f"s3://b/output/{argument}" for argument in request["HadoopJarStep"]["Args"]}
    assert not [one for one in references_in(request) if one.root == "steps" and one.parts[1] != chosen]


def test_the_waiting_cluster_is_found_by_every_such_run_and_a_failing_step_leaves_it(plan_text: BuildPlan) -> None:
    plan = plan_text(DIAMOND)
    one, other = select(plan, "left", outputs={"read": OUTPUT}), select(plan, "right", outputs={"read": OUTPUT})
    edited = select(plan_text(DIAMOND.replace("paste", "echo")), "left", outputs={"read": OUTPUT})
    assert one.plan.cluster.request == other.plan.cluster.request == edited.plan.cluster.request
    assert one.plan.spec_digest != edited.plan.spec_digest
    assert {reference.parts[-1] for reference in references_in(one.plan.cluster.request)} == {"expires_at"}
    assert one.plan.steps[0].request["ActionOnFailure"] == "CONTINUE"
    assert task_ids(one)[-2:] == ("leave_cluster", "verdict")
    assert task_ids(replace(one, keeps_cluster=False))[-2:] == ("terminate_cluster", "verdict")


def key_of(plan: Plan, contents: dict[str, bytes] | None = None) -> str | None:
    return cluster_key_of(plan, ("left",), contents or {})


def test_an_edited_step_finds_the_same_cluster_and_an_edited_cluster_another_one(plan_text: BuildPlan) -> None:
    plan = plan_text(DIAMOND)
    assert plan.spec_digest != plan_text(DIAMOND.replace("head", "grep")).spec_digest
    assert key_of(plan) == key_of(plan_text(DIAMOND.replace("head", "grep")))
    assert key_of(plan) != key_of(plan_text(DIAMOND.replace("m5.xlarge", "m5.2xlarge")))
    assert key_of(plan, {"boot.sh": b"1"}) != key_of(plan, {"boot.sh": b"2"}), "a bootstrap action was edited"


def test_only_the_code_of_the_steps_and_the_cluster_is_uploaded(plan_of: Callable[[str], Plan]) -> None:
    plan = plan_of("word_clouds")
    scope = select(plan, "count_words", outputs={"preprocess_titles": OUTPUT})
    targets = {one.target for one in scope.plan.artifacts}
    assert "include/books/report/main.py" in targets
    assert "include/jobs/report.py" not in targets, "render_clouds's"
    assert set(cluster_artifacts(plan)) <= set(scope.plan.artifacts)


HDFS = f"""
{CLUSTER}
steps:
  - {{name: load, command: [hdfs, dfs, -put, a.csv, /a.csv]}}
  - {{name: count, command: [hdfs, dfs, -count, /a.csv], after: [load], output: text}}
  - {{name: tell, command: [cat, "${{steps.count.output}}"]}}
  - {{name: beside, command: [hdfs, dfs, -put, b.csv, /b.csv]}}
"""


def test_a_step_that_reads_what_another_left_on_hdfs_cannot_run_without_it(plan_text: BuildPlan) -> None:
    plan = plan_text(HDFS)
    with pytest.raises(EmrPipelinesError, match=r"count cannot run without load.*--from-step load"):
        choose_steps(plan, "count", onward=False)
    assert choose_steps(plan, "tell", onward=False) == ("tell",), "it reads S3 only"
    assert choose_steps(plan, "load", onward=True) == ("load", "count", "tell")
    assert choose_steps(plan, "beside", onward=False) == ("beside",), "it does not come after load"


def test_steps_that_use_hdfs_find_it_empty(plan_text: BuildPlan) -> None:
    plan = plan_text(HDFS)
    assert cluster_key_of(plan, ("load", "count", "tell"), {}) is None
    assert cluster_key_of(plan, ("tell",), {}) is not None
    own = select(plan, "load", "count", "tell", key=None, keeps_cluster=False)
    assert own.plan.cluster.request == plan.cluster.request, "a cluster of its own"
    assert own.ends_cluster
    assert select(plan, "tell", outputs={"count": OUTPUT}).plan.cluster.replaceable


def test_a_long_running_cluster_keeps_its_hdfs_and_is_used_as_always(plan_text: BuildPlan) -> None:
    plan = plan_text(HDFS.replace(CLUSTER, "cluster: {id: j-1}"))
    assert choose_steps(plan, "count", onward=False) == ("count",)
    assert cluster_key_of(plan, ("count",), {}) is None
    assert not select(plan, "count", key=None).ends_cluster


def test_an_output_comes_from_the_values_of_its_own_step_and_of_those_before_it(plan_text: BuildPlan) -> None:
    origins = output_origins(plan_text(DIAMOND))
    assert {name: set(origin.values) for name, origin in origins.items()} == {
        "read": {"run.year"},
        "left": {"run.year", "params.size"},
        "right": {"run.year"},
    }
    edited = output_origins(plan_text(DIAMOND.replace("paste", "echo, '${params.size}', '${run.month}'")))
    assert edited == origins, "an edit of the last step changes no earlier output"
    changed = output_origins(plan_text(DIAMOND.replace("[cat,", "[tac,")))
    assert all(changed[name].definition != origins[name].definition for name in origins)


def test_a_narrowed_run_records_its_outputs_under_the_same_values_as_a_whole_one(plan_text: BuildPlan) -> None:
    plan = plan_text(DIAMOND)
    values = values_of_run(plan, run_id="r", date=dt.date(2005, 1, 1), params={"size": 7}, code_prefix="s3://b/code/1")
    whole = bind_request(dict(whole_run(plan).origins["left"].values), values)
    assert whole == {"run.year": "2005", "params.size": "7"}
    later = replace(values, year=1999, logical_date=dt.date(1999, 9, 9))
    alone = select(plan, "left", outputs={"read": OUTPUT}).origins["left"].values
    assert bind_request(dict(alone), later) == whole
