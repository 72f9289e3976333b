"""Options of step runs that do not go together, the values that they are about, and what is said of the outputs that they use."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.conftest import REPOSITORY

from emr_pipelines.cli.run.step_options import parse_step_options
from emr_pipelines.cli.run.upstream_outputs import choose_values, describe_output, find_outputs, given_params
from emr_pipelines.errors import EmrPipelinesError
from emr_pipelines.pipeline_spec.loader import load_pipeline
from emr_pipelines.plan.build import build_plan
from emr_pipelines.plan.model import Plan
from emr_pipelines.plan.runs.run_binding import bind_request, values_of_run
from emr_pipelines.plan.runs.run_scope import latest_record, whole_run
from emr_pipelines.storage.latest_outputs import LatestOutput, record_latest

SPEC = """
name: chain
params: {size: {type: integer, default: 3}, note: {type: [string, "null"], default: null}}
cluster: CLUSTER
steps:
  - {name: one, command: [cat, "s3://in/${run.year}"], output: text}
  - {name: two, command: [head, "-${params.size}", "${steps.one.output}"], output: text}
  - {name: three, command: [tail, "${steps.two.output}"]}
"""
OWN = "{primary: {instances: [m5.xlarge]}}"
BuildPlan = Callable[..., Plan]


@pytest.fixture
def chain(tmp_path: Path) -> BuildPlan:
    """The plan of the chain in this project, with another bucket if one is given."""

    def build(bucket: str = "any-bucket", cluster: str = OWN) -> Plan:
        file = tmp_path / "chain.yaml"
        file.write_text(SPEC.replace("CLUSTER", cluster))
        plan = build_plan(load_pipeline(file, environment="local", project_root=REPOSITORY))
        return replace(plan, bucket=f"s3://{bucket}")

    return build


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"step": "one", "from_step": "two"}, "give one of them"),
        ({"terminate": True}, "a whole run ends its own anyway"),
        ({"step": "tow"}, "Did you mean 'two'"),
        ({"from_step": "x"}, "Known steps: one, three, two"),
    ],
)
def test_options_that_mean_nothing_are_refused(chain: BuildPlan, options: dict[str, Any], said: str) -> None:
    with pytest.raises(EmrPipelinesError, match=said):
        parse_step_options(chain(), **{"step": None, "from_step": None, "terminate": False, **options})


def test_a_long_running_cluster_is_not_ours_to_terminate(chain: BuildPlan) -> None:
    with pytest.raises(EmrPipelinesError, match="long-running"):
        parse_step_options(chain(cluster="{id: j-1}"), step="two", from_step=None, terminate=True)


def leave_output(
    s3: Any, plan: Plan, step: str, *, year: int = 2005, age: dt.timedelta = dt.timedelta(), **params: Any
) -> LatestOutput:
    """What a run of that year would have left."""
    values = values_of_run(plan, run_id="r1", date=dt.date(year, 1, 1), params=params, code_prefix="s3://b/code/1")
    planned = next(one for one in plan.steps if one.name == step)
    latest = LatestOutput(
        **bind_request(latest_record(whole_run(plan), planned), values),
        output=f"{plan.bucket}/runs/chain/r1-{year}/{step}/attempt=1",
        run_id="r1",
        params=dict(values.params),
        recorded_at=(dt.datetime.now(dt.UTC) - age).isoformat(),
    )
    for name in ("part-0", "_SUCCESS"):
        bucket, _, key = f"{latest.output}/{name}".removeprefix("s3://").partition("/")
        s3.put_object(Bucket=bucket, Key=key, Body=b"x")
    record_latest(s3, latest)
    return latest


def values_for(plan: Plan, s3: Any, date: dt.date | None = None, **params: Any) -> tuple[Any, list[str]]:
    told: list[str] = []
    return choose_values(plan, s3, date, params, told.append), told


def test_values_are_the_given_ones_else_those_of_the_newest_output_else_todays(
    chain: BuildPlan, s3: Any, bucket: str
) -> None:
    plan, today = chain(bucket), dt.datetime.now(dt.UTC).date()
    nothing, told = values_for(plan, s3)
    assert (nothing.logical_date, nothing.params["size"], told) == (today, 3, [])
    leave_output(s3, plan, "one", size=7, note="x")
    newest, told = values_for(plan, s3)
    assert (newest.year, newest.logical_date, newest.params) == (2005, dt.date(2005, 1, 1), {"size": 7, "note": "x"})
    assert told == ["Values as in run r1 of 2005-01-01; others: --date, --param"]
    assert values_for(plan, s3, dt.date(1999, 1, 1))[0].params["size"] == 3
    assert values_for(plan, s3, size=4)[0].logical_date == today
    assert given_params(plan, nothing) == {}, (
        "what has its default is no part of the order: a null may be none that Airflow takes"
    )
    assert given_params(plan, newest) == {"size": 7, "note": "x"}


def test_a_parameter_that_takes_the_old_value_no_more_has_its_default(chain: BuildPlan, s3: Any, bucket: str) -> None:
    plan = chain(bucket)
    leave_output(s3, plan, "one", size=7)
    size, note = plan.params
    stricter = replace(plan, params=(replace(size, schema={"type": "integer", "maximum": 5}), note))
    assert values_for(stricter, s3)[0].params["size"] == 3


def test_an_output_is_used_only_for_its_values_and_while_it_is_there(chain: BuildPlan, s3: Any, bucket: str) -> None:
    plan = chain(bucket)
    latest = leave_output(s3, plan, "two", size=7)
    values, _ = values_for(plan, s3, dt.date(2005, 12, 31), size=7)
    assert find_outputs(plan, ("three",), s3, values) == (latest,), "of the date only the year counts"
    for date, size in ((dt.date(2004, 1, 1), 7), (dt.date(2005, 1, 1), 8)):
        with pytest.raises(EmrPipelinesError, match="No verified output of step two"):
            find_outputs(plan, ("three",), s3, values_for(plan, s3, date, size=size)[0])
    s3.delete_object(Bucket=bucket, Key="runs/chain/r1-2005/two/attempt=1/_SUCCESS")
    with pytest.raises(EmrPipelinesError, match="No verified output of step two is there for size=7, year=2005"):
        find_outputs(plan, ("three",), s3, values)


def test_a_missing_output_comes_with_the_shortest_command_that_makes_it(chain: BuildPlan, s3: Any, bucket: str) -> None:
    plan = chain(bucket)
    values, _ = values_for(plan, s3, dt.date(2005, 1, 1), size=7, note="two words")
    options = "--date 2005-01-01 --param size=7 --param note='two words'"
    with pytest.raises(EmrPipelinesError, match=f"Make it: emr-pipelines run chain {options}$"):
        find_outputs(plan, ("three",), s3, values)
    leave_output(s3, plan, "one")
    with pytest.raises(EmrPipelinesError, match=f"Make it: emr-pipelines run chain --from-step two {options}$"):
        find_outputs(plan, ("three",), s3, values)


def test_age_and_a_change_of_the_spec_are_said(chain: BuildPlan, s3: Any, bucket: str) -> None:
    plan = chain(bucket)
    latest = leave_output(s3, plan, "one", age=dt.timedelta(minutes=125))
    assert describe_output(plan, latest) == f"Uses one: {latest.output} (2 h old)"
    changed = replace(latest, definition="another")
    assert describe_output(plan, changed).endswith("(2 h old; its part of the spec has CHANGED since)")
