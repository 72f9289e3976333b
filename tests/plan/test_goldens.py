"""Every spec in `good/` with its plan and its request bodies. The listing is the list of tests."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import botocore.session
import pytest
from botocore.validate import ParamValidator
from tests.goldens import PLANS
from typer.testing import CliRunner

from emr_pipelines.cli.main import app
from emr_pipelines.plan.model import Plan
from emr_pipelines.plan.runs.run_binding import BoundRun, bind_run, values_of_run

EMR = botocore.session.get_session().get_service_model("emr")


def bind(plan: Plan) -> BoundRun:
    values = values_of_run(
        plan,
        run_id="scheduled__2005-01-01T00:00:00+00:00",
        date=dt.date(2005, 1, 1),
        params={},
        code_prefix=f"{plan.bucket}/code/0123456789abcdef",
    )
    return bind_run(plan, values, cluster_id=plan.cluster.existing_id or "j-3H6EATEWWRWS")


def json_text(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"


@pytest.mark.parametrize("name", PLANS.names)
def test_validate_accepts_the_spec(name: str, mini_project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(mini_project)
    result = CliRunner().invoke(app, ["validate", name, "--env", "aws" if name.startswith("aws_") else "local"])
    assert (result.exit_code, "1 spec, 0 problems" in result.output.splitlines()[-1]) == (0, True), result.output


@pytest.mark.parametrize("case", PLANS.cases, ids=lambda case: case.stem)
def test_plan_is_the_golden_one(case: Path, plan_of: Callable[[str], Plan]) -> None:
    PLANS.check(case, ".plan.json", json_text(plan_of(case.stem).to_json()))


@pytest.mark.parametrize("case", PLANS.cases, ids=lambda case: case.stem)
def test_requests_are_the_golden_ones(case: Path, plan_of: Callable[[str], Plan]) -> None:
    PLANS.check(case, ".requests.json", json_text(asdict(bind(plan_of(case.stem)))))


@pytest.mark.parametrize("name", PLANS.names)
def test_requests_are_what_emr_accepts(name: str, plan_of: Callable[[str], Plan]) -> None:
    bound = bind(plan_of(name))
    if bound.run_job_flow is not None:
        assert_accepted("RunJobFlowInput", bound.run_job_flow)
    for body in bound.add_job_flow_steps:
        assert_accepted("AddJobFlowStepsInput", body)
        assert "" not in body["Steps"][0]["HadoopJarStep"]["Args"]


@pytest.mark.parametrize("name", PLANS.names)
def test_plan_survives_json(name: str, plan_of: Callable[[str], Plan]) -> None:
    plan = plan_of(name).to_json()
    assert json.loads(json.dumps(plan)) == with_lists(plan)


@pytest.mark.parametrize("name", sorted({*PLANS.names} - {"reliability"}))
def test_a_spec_that_does_not_ask_for_more_has_the_defaults(name: str, plan_of: Callable[[str], Plan]) -> None:
    plan = plan_of(name)
    limits = {(step.retries, step.queue_timeout_seconds, step.on_empty) for step in plan.steps}
    start_timeout = None if plan.cluster.request is None else 3600
    assert (plan.deferrable, plan.cluster.start_timeout_seconds, limits) == (False, start_timeout, {(0, None, "fail")})


def assert_accepted(shape_name: str, body: dict[str, Any]) -> None:
    shape = EMR.shape_for(shape_name)
    report = ParamValidator().validate(body, shape)
    assert not report.has_errors(), report.generate_report()
    assert not list(values_outside_enums(shape, body))


def values_outside_enums(shape: Any, value: Any) -> Iterator[str]:
    """botocore itself does not check enums; EMR does."""
    if shape.type_name == "structure":
        for key, item in value.items():
            yield from values_outside_enums(shape.members[key], item)
    elif shape.type_name == "list":
        for item in value:
            yield from values_outside_enums(shape.member, item)
    elif shape.type_name == "map":
        for item in value.values():
            yield from values_outside_enums(shape.value, item)
    elif getattr(shape, "enum", None) and value not in shape.enum:
        yield f"{shape.name}: {value}"


def with_lists(value: Any) -> Any:
    """The value with its tuples as lists, which is all that JSON may change."""
    if isinstance(value, dict):
        return {key: with_lists(item) for key, item in value.items()}
    return [with_lists(item) for item in value] if isinstance(value, list | tuple) else value
