"""What a plan promises beyond the goldens: order, determinism, and the identity by which a run finds its cluster."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from emr_pipelines.errors import EmrPipelinesError
from emr_pipelines.pipeline_spec.models.pipeline import StepSpec
from emr_pipelines.plan.model import Plan
from emr_pipelines.plan.step_graph import order_steps, upstream_of

PLUGINS = Path(__file__).parents[2] / "plugins"
DUMP = """
import json, sys
from pathlib import Path
from emr_pipelines.plan.build import build_plan
from emr_pipelines.pipeline_spec.loader import load_pipeline
root = Path(sys.argv[1])
names = ("fleets", "branches", "dependencies", "same_package_name", "configurations")
plans = [build_plan(load_pipeline(root / "config/pipelines" / f"{name}.yaml", environment="local", project_root=root)).to_json() for name in names]
heavy = [name for name in ("airflow", "boto3", "botocore") if name in sys.modules]
print(json.dumps([plans, heavy]))
"""


def test_the_same_spec_gives_the_same_plan_in_every_process(mini_project: Path) -> None:
    outputs = [dump_plans(mini_project, seed) for seed in ("0", "1", "42")]
    assert outputs[0] == outputs[1] == outputs[2]


def test_planning_imports_neither_airflow_nor_boto3(mini_project: Path) -> None:
    assert json.loads(dump_plans(mini_project, "0"))[1] == []


def dump_plans(root: Path, seed: str) -> str:
    environment = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(PLUGINS)}
    return subprocess.run(
        [sys.executable, "-c", DUMP, str(root)], env=environment, capture_output=True, text=True, check=True
    ).stdout


def test_steps_are_ordered_by_their_edges_and_then_as_written() -> None:
    steps = [
        step("report", after=["join"]),
        step("join", inputs=["books", "sales"]),
        step("sales"),
        step("books"),
        step("alone"),
    ]
    ordered = order_steps(steps, upstream_of(steps))
    assert [one.name for one in ordered] == ["sales", "books", "join", "report", "alone"]


def test_an_edge_comes_from_inputs_arguments_commands_from_step_and_after() -> None:
    users = [
        step("by_input", inputs=["source"]),
        StepSpec(name="by_args", command=["true"], args=["--in=${steps.source.output}"]),
        StepSpec(
            name="by_command", command=["cp", "${steps.source.output}", "${steps.by_command.output}"], output="csv"
        ),
        StepSpec(name="by_from_step", command=["true"], from_step="source"),
        StepSpec(name="by_after", command=["true"], after=["source"]),
    ]
    upstream = upstream_of([step("source"), *users])
    assert {name: upstream[name] for name in upstream if name != "source"} == {user.name: ("source",) for user in users}


def test_a_description_makes_no_edge() -> None:
    steps = [step("source"), StepSpec(name="other", description="Not ${steps.source.output}, nor ${", command=["true"])]
    assert upstream_of(steps)["other"] == ()


def test_steps_that_wait_for_each_other_are_named() -> None:
    steps = [step("a", after=["b"]), step("b", after=["a"])]
    with pytest.raises(EmrPipelinesError, match="a -> b"):
        order_steps(steps, upstream_of(steps))


def step(name: str, *, inputs: list[str] | None = None, after: list[str] | None = None) -> StepSpec:
    addresses = {other: f"${{steps.{other}.output}}" for other in inputs or []}
    return StepSpec(name=name, command=["true"], inputs=addresses, after=after or [], output="csv")


def test_a_run_can_find_its_cluster_again(plan_of: Callable[[str], Plan]) -> None:
    request = plan_of("overrides").cluster.request
    assert request is not None
    tags = {tag["Key"]: tag["Value"] for tag in request["Tags"]}
    assert request["Name"] == "emr-pipelines/overrides/${run.key}/main"
    assert tags["emr-pipelines:key"] == "${run.key}/main"
    assert list(tags) == sorted(tags)


def test_a_forgotten_cluster_ends_by_itself(plan_of: Callable[[str], Plan]) -> None:
    request = plan_of("minimal").cluster.request
    assert request is not None
    assert request["AutoTerminationPolicy"] == {"IdleTimeout": 900}
    assert request["Instances"]["KeepJobFlowAliveWhenNoSteps"] is True


def test_overrides_merge_maps_and_replace_lists(plan_of: Callable[[str], Plan]) -> None:
    request = plan_of("overrides").cluster.request
    assert request is not None
    assert request["Instances"]["UnhealthyNodeReplacement"] is True
    assert [fleet["Name"] for fleet in request["Instances"]["InstanceFleets"]] == ["primary", "core"]
    assert request["Applications"] == [{"Name": "Spark"}, {"Name": "Hadoop"}]


def test_a_zip_never_takes_the_place_of_a_file_of_the_same_name(
    mini_project: Path, plan_text: Callable[[str], Plan]
) -> None:
    (mini_project / "report.zip").write_bytes(b"zip")
    plan = plan_text(
        "cluster: {}\nsteps: [{name: report, spark: {script: include/sales/report/main.py, archives: [report.zip]}}]\n"
    )
    assert {artifact.source: artifact.target for artifact in plan.artifacts} == {
        "report.zip": "report.zip",
        "include/sales/report": "report-2.zip",
        "include/sales/report/main.py": "include/sales/report/main.py",
    }


def test_texts_for_people_hold_the_values_of_the_environment(plan_text: Callable[[str], Plan]) -> None:
    plan = plan_text(
        'description: Runs in ${env.region}, costs $${5}\nowner: team-${env.name}\ntags: ["${env.name}"]\n'
        'params: {limit: {type: integer, default: 3, description: "In ${env.name}"}}\n'
        "cluster: {primary: {instances: [m5.xlarge]}}\n"
        'steps:\n  - {name: say, command: [echo, hi], description: "Says hi in ${env.name}"}\n'
    )
    assert plan.description == "Runs in us-east-1, costs ${5}"
    assert (plan.owner, plan.tags) == ("team-local", ("local",))
    assert plan.params[0].schema["description"] == "In local"
    assert plan.steps[0].description == "Says hi in local"
