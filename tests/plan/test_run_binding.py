"""Values of a run in place of placeholders: each value is put in once, as it is, and one argument stays one argument."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emr_pipelines.errors import EmrPipelinesError
from emr_pipelines.pipeline_spec.notation.run_placeholders import DATE_VALUES
from emr_pipelines.plan.keys import step_key
from emr_pipelines.plan.model import Plan
from emr_pipelines.plan.runs.run_binding import (
    RunValues,
    bind_request,
    bind_run,
    date_texts,
    values_of_run,
    values_of_step,
)

VALUES = RunValues(
    run_id="manual__2005-03-09T01:02:03",
    run_key="0123456789ab",
    year=2005,
    logical_date=dt.date(2005, 3, 9),
    params={"city": "Berlin", "top": 10, "dry_run": False, "none": None},
    code_prefix="s3://b/code/1",
)
HOSTILE = ["a b", "--output", "; rm -rf /", "$(id)", "'\"", "${run.year}", "$${", "{{ ds }}", "x\ny", "é,=#"]


def test_every_value_of_a_run_has_its_form() -> None:
    template = [
        "${run.year}",
        "${run.month}",
        "${run.date}",
        "${params.top}",
        "${params.dry_run}",
        "${code.prefix}/x.py",
        "$${run.year}",
    ]
    assert bind_request(template, VALUES) == [
        "2005",
        "03",
        "2005-03-09",
        "10",
        "false",
        "s3://b/code/1/x.py",
        "${run.year}",
    ]


def test_the_run_id_in_a_path_is_safe_for_hadoop() -> None:
    assert ":" not in bind_request("s3://b/${run.id}/x", VALUES).removeprefix("s3:")


@pytest.mark.parametrize("value", HOSTILE)
def test_a_hostile_parameter_stays_inside_its_own_argument(value: str) -> None:
    assert bind_request(["--city", "${params.city}", "x=${params.city}"], replace(VALUES, params={"city": value})) == [
        "--city",
        value,
        f"x={value}",
    ]


@given(st.text())
def test_any_text_goes_through_unchanged(value: str) -> None:
    assert bind_request({"Args": ["${params.city}", "end"]}, replace(VALUES, params={"city": value})) == {
        "Args": [value, "end"]
    }


@pytest.mark.parametrize(
    "text",
    [
        "${params.none}",
        "${params.unknown}",
        "${steps.clean.output}",
        "${step.key}",
        "${run.expires_at}",
        "${env.bucket}",
    ],
)
def test_a_placeholder_without_a_value_is_named(text: str) -> None:
    with pytest.raises(EmrPipelinesError) as error:
        bind_request({"Args": [f"x={text}"]}, VALUES)
    assert text in str(error.value)


def test_outputs_go_from_step_to_step(plan_of: Callable[[str], Plan]) -> None:
    plan = plan_of("word_clouds")
    bound = bind_run(plan, run_values(plan), cluster_id="j-1", attempt="2-7")
    first, second, _ = (body["Steps"][0]["HadoopJarStep"]["Args"] for body in bound.add_job_flow_steps)
    written = first[first.index("--output") + 1]
    assert written.endswith("/preprocess_titles/attempt=2-7")
    assert f"words={written}" in second


def test_a_step_cannot_read_an_output_that_is_not_there_yet(plan_of: Callable[[str], Plan]) -> None:
    plan = plan_of("word_clouds")
    step = plan.steps[1]
    with pytest.raises(EmrPipelinesError, match=r"steps\.preprocess_titles\.output"):
        bind_request(step.request, values_of_step(plan, step, run_values(plan), attempt="1"))


def test_the_key_in_a_step_name_is_that_of_its_attempt(plan_of: Callable[[str], Plan]) -> None:
    plan = plan_of("minimal")
    bound = bind_run(plan, run_values(plan), cluster_id="j-1", attempt="3")
    assert bound.add_job_flow_steps[0]["Steps"][0]["Name"] == f"report [k:{step_key('minimal', 'r', 'report', '3')}]"


def test_defaults_stand_for_parameters_that_are_not_given(plan_of: Callable[[str], Plan]) -> None:
    plan = plan_of("param_types")
    values = values_of_run(
        plan, run_id="r", date=dt.date(2005, 1, 1), params={"city": "Paris", "year": 1999}, code_prefix="s3://b/c"
    )
    arguments = bind_run(plan, values, cluster_id="j-1").add_job_flow_steps[0]["Steps"][0]["HadoopJarStep"]["Args"]
    options = dict(pairwise(arguments))
    assert (options["--city"], options["--colour"], options["--year"]) == ("Paris", "red", "1999")


def test_a_cluster_expires_after_its_longest_life(plan_of: Callable[[str], Plan]) -> None:
    plan = plan_of("timeouts")
    body = bind_request(plan.cluster.request, run_values(plan))
    assert {"Key": "emr-pipelines:expires_at", "Value": "2005-01-01T06:00:00+00:00"} in body["Tags"]


def run_values(plan: Plan) -> RunValues:
    return values_of_run(plan, run_id="r", date=dt.date(2005, 1, 1), params={}, code_prefix="s3://b/code/1")


def test_a_run_of_single_steps_has_every_placeholder_that_is_about_data() -> None:
    assert set(date_texts(2005, dt.date(2005, 3, 9))) == DATE_VALUES
