"""What changed between two plans is told by what it is, once, and nothing is told of what does the same."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import pytest

from emr_pipelines.errors import EmrPipelinesError
from emr_pipelines.plan.differences.json_diff import changes_between
from emr_pipelines.plan.differences.plan_difference import PlanChange, compare_plans
from emr_pipelines.plan.differences.plan_record import ArtifactContent, PlanRecord, parse_record, record_plan
from emr_pipelines.plan.model import Plan

BuildPlan = Callable[[str], Plan]
SPEC = """
cluster:
  primary: {instances: [m5.xlarge]}
  core: {instances: [m5.2xlarge, m5a.2xlarge], on_demand: 1}
  task: {instances: [m5.2xlarge], spot: 10}
  configurations:
    - {classification: spark-defaults, properties: {spark.a: "1", spark.b: "2"}}
    - {classification: yarn-site, properties: {c: "3"}}
steps:
  - {name: clean, spark: {script: include/jobs/clean.py, executor_memory: 18G, conf: {spark.x: 1}}, inputs: {rows: "s3://in/rows"}, output: csv}
  - {name: report, command: [cat, "${steps.clean.output}"]}
"""


def code(source: str, sha256: str, files: Mapping[str, str] | None = None) -> ArtifactContent:
    kind: Any = "package" if files else "file"
    return ArtifactContent(kind=kind, source=source, target=source, bytes=1, sha256=sha256, files=files or {})


def record(plan: Plan, *artifacts: ArtifactContent) -> PlanRecord:
    return record_plan(plan, artifacts, "s3://b/code/0")


def told(changes: tuple[PlanChange, ...]) -> list[tuple[Any, ...]]:
    return [(one.kind, one.part, one.name, one.path, one.old, one.new) for one in changes]


@pytest.mark.parametrize(
    ("written", "instead", "expected"),
    [
        pytest.param(
            "executor_memory: 18G",
            "executor_memory: 9G",
            [("changed", "step", "clean", "request.HadoopJarStep.Args[--executor-memory]", "18G", "9G")],
            id="an option of a step",
        ),
        pytest.param(
            "conf: {spark.x: 1}",
            "conf: {spark.w: 5, spark.x: 1}",
            [("added", "step", "clean", "request.HadoopJarStep.Args[--conf spark.w]", None, "5")],
            id="a property that is added, not those after it",
        ),
        pytest.param(
            "spot: 10",
            "spot: 4",
            [
                (
                    "changed",
                    "cluster",
                    "",
                    "request.Instances.InstanceFleets[TASK].TargetSpotCapacity",
                    10,
                    4,
                )
            ],
            id="a fleet by its kind",
        ),
        pytest.param(
            'spark.a: "1", ',
            "",
            [("removed", "cluster", "", "request.Configurations[spark-defaults].Properties.spark.a", "1", None)],
            id="a configuration by its classification",
        ),
        pytest.param(
            "[m5.2xlarge, m5a.2xlarge]",
            "[m5a.2xlarge, m5.2xlarge]",
            [
                (
                    "changed",
                    "cluster",
                    "",
                    "request.Instances.InstanceFleets[CORE].InstanceTypeConfigs (order)",
                    ["m5.2xlarge", "m5a.2xlarge"],
                    ["m5a.2xlarge", "m5.2xlarge"],
                )
            ],
            id="another order of the types",
        ),
        pytest.param(
            "s3://in/rows",
            "s3://other/rows",
            [
                (
                    "changed",
                    "step",
                    "clean",
                    "request.HadoopJarStep.Args[--input rows]",
                    "s3://in/rows",
                    "s3://other/rows",
                )
            ],
            id="an input, once",
        ),
        pytest.param("\nsteps:", "\n# a comment\n\nsteps:", [], id="a comment and other lines"),
        pytest.param(
            "\nsteps:",
            '\nschedule: "@daily"\nstart_date: 2024-01-01\nsteps:',
            [
                ("added", "pipeline", "written", "schedule", None, "@daily"),
                ("added", "pipeline", "written", "start_date", None, "2024-01-01"),
            ],
            id="when it runs",
        ),
    ],
)
def test_a_change_is_told_by_what_it_is(
    plan_text: BuildPlan, written: str, instead: str, expected: list[tuple[Any, ...]]
) -> None:
    assert SPEC.count(written) >= 1
    before, after = plan_text(SPEC), plan_text(SPEC.replace(written, instead, 1))
    assert told(compare_plans(record(before), record(after))) == expected


def test_steps_are_told_by_name(plan_text: BuildPlan) -> None:
    before = plan_text(SPEC)
    after = plan_text(SPEC.replace("name: report", "name: summary"))
    changes = compare_plans(record(before), record(after))
    assert [(one.kind, one.part, one.name) for one in changes] == [
        ("added", "step", "summary"),
        ("removed", "step", "report"),
    ]
    assert changes[0].new["request"]["HadoopJarStep"]["Args"][0] == "cat"


def test_nothing_is_told_of_the_same_plan(plan_of: BuildPlan) -> None:
    plan = plan_of("branches")
    assert compare_plans(record(plan), record(plan)) == ()


def test_code_is_told_by_its_content_and_a_package_by_its_files(plan_text: BuildPlan) -> None:
    plan = plan_text(SPEC)
    before = record(
        plan,
        code("same.py", "1"),
        code("edited.py", "1"),
        code("gone.py", "1"),
        code("jobs", "1", {"a": "1", "b": "1"}),
    )
    after = record(
        plan, code("same.py", "1"), code("edited.py", "2"), code("new.py", "1"), code("jobs", "2", {"a": "2", "c": "1"})
    )
    assert [(one.kind, one.name, one.path) for one in compare_plans(before, after)] == [
        ("changed", "edited.py", ""),
        ("added", "new.py", ""),
        ("changed", "jobs", "a"),
        ("added", "jobs", "c"),
        ("removed", "jobs", "b"),
        ("removed", "gone.py", ""),
    ]


def test_a_zip_of_the_same_files_is_the_same(plan_text: BuildPlan) -> None:
    plan, files = plan_text(SPEC), {"jobs/main.py": "1"}
    assert compare_plans(record(plan, code("jobs", "1", files)), record(plan, code("jobs", "2", files))) == ()


def test_all_of_a_new_pipeline_is_added(plan_text: BuildPlan) -> None:
    changes = compare_plans(None, record(plan_text(SPEC), code("a.py", "1")))
    assert {one.kind for one in changes} == {"added"}
    assert [(one.part, one.name) for one in changes] == [
        ("pipeline", "written"),
        ("step", "clean"),
        ("step", "report"),
        ("code", "a.py"),
    ]


def test_a_key_that_a_later_version_adds_without_a_value_is_no_change(plan_text: BuildPlan) -> None:
    after = record(plan_text(SPEC))
    before = replace(after, plan={**after.plan, "from_an_older_version": None, "tags": None})
    assert compare_plans(before, after) == ()


def test_a_record_survives_its_text(plan_text: BuildPlan) -> None:
    whole = record(plan_text(SPEC), code("jobs", "1", {"a": "1"}))
    read = parse_record(whole.to_json(), place="s3://b/plans/p/0.json")
    assert read == whole
    assert read.digest == whole.digest
    assert compare_plans(read, whole) == ()


@pytest.mark.parametrize("text", [{}, {"plan": {}, "artifacts": [{"sha": 1}], "code_prefix": ""}, {"plan": 1}])
def test_what_is_no_record_is_refused_by_its_place(text: dict[str, Any]) -> None:
    with pytest.raises(EmrPipelinesError, match=r"s3://b/plans/p/0\.json is no plan"):
        parse_record(text, place="s3://b/plans/p/0.json")


@pytest.mark.parametrize(
    ("old", "new", "paths"),
    [
        (["ls", "-l", "s3://a"], ["ls", "-l", "s3://b"], ["[-l]"]),
        (["a", "b"], ["a", "c", "d"], ["[1]", "[2]"]),
        (["--conf", "a=1", "--conf", "a=2"], ["--conf", "a=1", "--conf", "a=3"], ["[--conf a #2]"]),
        (["--flag"], ["--flag", "--other"], ["[--other]"]),
        (["-Da=1"], ["-Da=2"], ["[-Da]"]),
        ([{"x": 1}], [{"x": 2}], ["[0].x"]),
        ([{"Name": "a", "v": 1}, {"Name": "a", "v": 2}], [{"Name": "a", "v": 1}, {"Name": "a", "v": 3}], ["[1].v"]),
        (["--a", "1", "--b", "2"], ["--b", "2", "--a", "1"], [" (order)"]),
        ([1, 2], [1, 3], ["[1]"]),
        ({"a": [1]}, {"a": []}, ["a"]),
        ({"a": False}, {}, ["a"]),
        ({"a": 0}, {"a": None}, ["a"]),
    ],
)
def test_lists_are_compared_by_what_their_items_are(old: Any, new: Any, paths: list[str]) -> None:
    assert [change.path for change in changes_between(old, new)] == paths
