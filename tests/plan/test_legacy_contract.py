"""A script of the older system gets its ten arguments, and what it joins of them is where the plan looks."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import pytest

from emr_pipelines.plan.legacy_contract import attempts_folder
from emr_pipelines.plan.model import Plan
from emr_pipelines.plan.runs.run_binding import bind_run, values_of_run

NAMES = [
    "auto_generate_output",
    "output_uri",
    "format_output",
    "external_input",
    "input_dependency_from_output_step",
    "from_step",
    "input_data",
    "name_step",
    "description",
    "prefix_name",
]
RUN = "scheduled__2005-01-01T00-00-00-00-00-229392"


def arguments_of(plan: Plan) -> dict[str, dict[str, str]]:
    """What the scripts get, by step; everything after the script is an option with its value."""
    values = values_of_run(
        plan,
        run_id="scheduled__2005-01-01T00:00:00+00:00",
        date=dt.date(2005, 1, 1),
        params={},
        code_prefix=f"{plan.bucket}/code/0",
    )
    found = {}
    for body in bind_run(plan, values, cluster_id="j-1", attempt="1-0-2").add_job_flow_steps:
        words = body["Steps"][0]["HadoopJarStep"]["Args"]
        script = next(index for index, word in enumerate(words) if word.endswith(".py"))
        options = words[script + 1 :]
        name = body["Steps"][0]["Name"].split()[0]
        found[name] = dict(zip([option.removeprefix("--") for option in options[::2]], options[1::2], strict=True))
    return found


def script_output(arguments: dict[str, str]) -> str:
    """How every script of that system makes the address of its output."""
    return f"s3a://{arguments['prefix_name']}/output/{arguments['output_uri']}"


def script_input(arguments: dict[str, str]) -> str:
    """How every script of that system makes the address of its input."""
    if int(arguments["input_dependency_from_output_step"]) > 0:
        return f"s3a://{arguments['prefix_name']}/output/{arguments['input_data']}"
    if int(arguments["external_input"]) > 0:
        return arguments["input_data"]
    return f"s3a://{arguments['prefix_name']}/input/{arguments['input_data']}"


@pytest.fixture
def arguments(plan_of: Callable[[str], Plan]) -> dict[str, dict[str, str]]:
    return arguments_of(plan_of("legacy"))


def test_a_legacy_script_gets_the_ten_arguments_in_order_and_no_other(arguments: dict[str, dict[str, str]]) -> None:
    assert {name: list(given) for name, given in arguments.items() if name != "modern"} == dict.fromkeys(
        ["step_0", "step_1", "step_2", "of_modern", "local_file", "no_input"], NAMES
    )


def test_the_bucket_is_named_as_boto3_takes_it(arguments: dict[str, dict[str, str]]) -> None:
    assert {given["prefix_name"] for name, given in arguments.items() if name != "modern"} == {"example-local"}


def test_what_a_script_joins_is_the_prefix_that_is_verified(
    arguments: dict[str, dict[str, str]], plan_of: Callable[[str], Plan]
) -> None:
    for step in plan_of("legacy").steps:
        if step.name == "modern":
            continue
        assert step.output is not None
        planned = step.output.prefix.replace("${run.id}", RUN).replace("${step.attempt}", "1-0-2")
        assert script_output(arguments[step.name]) == planned.replace("s3://", "s3a://")


def test_a_dependent_step_reads_what_the_earlier_one_wrote(arguments: dict[str, dict[str, str]]) -> None:
    assert arguments["step_1"]["from_step"] == "step_0"
    assert script_input(arguments["step_1"]) == script_output(arguments["step_0"])
    assert script_input(arguments["step_2"]) == script_output(arguments["step_1"]) + "/year=2005"


def test_data_from_elsewhere_is_read_as_an_address(arguments: dict[str, dict[str, str]]) -> None:
    assert script_input(arguments["step_0"]) == "s3://amazon-reviews-pds/parquet/product_category=Books"
    assert script_input(arguments["local_file"]) == "s3://example-local/code/0/include/data/cities.csv"
    assert script_input(arguments["of_modern"]) == arguments["modern"]["output"]


def test_the_attempts_of_a_step_and_the_records_about_them_lie_together(plan_of: Callable[[str], Plan]) -> None:
    plan = plan_of("legacy")
    folders = {step.name: attempts_folder(plan, step) for step in plan.steps}
    assert folders["step_0"] == "s3://example-local/output/runs/legacy/${run.id}/step_0"
    assert folders["modern"] == "s3://example-local/runs/legacy/${run.id}/modern"


def test_a_step_without_an_output_has_a_folder_too(plan_of: Callable[[str], Plan]) -> None:
    plan = plan_of("commands")
    step = next(step for step in plan.steps if step.output is None)
    assert attempts_folder(plan, step) == f"s3://example-local/runs/commands/${{run.id}}/{step.name}"
