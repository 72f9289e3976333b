"""Whatever `validate` passes builds a plan, a DAG that Airflow serialises, and bodies that EMR's API takes; texts arrive byte for byte."""

from __future__ import annotations

import datetime as dt
import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from tests.airflow_names import serialize_dag
from tests.plan.random_specs import random_specs
from tests.plan.test_goldens import assert_accepted

from emr_pipelines.dag.factory import emit_dag
from emr_pipelines.errors import SpecError
from emr_pipelines.pipeline_spec.catalog.price_data import read_package_prices
from emr_pipelines.pipeline_spec.catalog.run_job_flow import find_flaws
from emr_pipelines.pipeline_spec.loader import LoadedSpec, load_pipeline
from emr_pipelines.plan.build import build_plan
from emr_pipelines.plan.cost.estimate import estimate_cost
from emr_pipelines.plan.cost.prices import price_table
from emr_pipelines.plan.limits import limits_used
from emr_pipelines.plan.model import ParamPlan, Plan
from emr_pipelines.plan.runs.param_values import find_refusal
from emr_pipelines.plan.runs.run_binding import BoundRun, RunValues, bind_run, values_of_run, values_of_step
from emr_pipelines.plan.runs.run_scope import whole_run
from emr_pipelines.plan.security.registry import check_security
from emr_pipelines.plan.sizing_report.cluster_sizing import size_cluster

DATE = dt.date(2005, 1, 1)
PRICES = price_table([read_package_prices()])
RUN_ID = "scheduled__2005-01-01T00:00:00+00:00"
RUN = SimpleNamespace(
    dag_id="random", run_id=RUN_ID, logical_date=dt.datetime(2005, 1, 1), run_after=dt.datetime(2005, 1, 1)
)


class Specs:
    """A project whose one spec is written anew for each example, and what became of the examples."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.counts: Counter[str] = Counter()

    def load(self, spec: dict[str, Any]) -> LoadedSpec | None:
        """The spec if `validate` has nothing against it."""
        file = self.root / "config" / "pipelines" / "random.json"
        file.write_text(json.dumps(spec, ensure_ascii=False, default=str), encoding="utf-8", errors="surrogatepass")
        self.counts["made"] += 1
        try:
            loaded = load_pipeline(file, environment="local", project_root=self.root)
        except SpecError:
            return None
        finally:
            file.unlink()
        self.counts["good"] += 1
        return loaded

    def check(self, spec: dict[str, Any]) -> None:
        """The promise of `validate`, for one spec."""
        loaded = self.load(spec)
        if loaded is None:
            return
        plan = build_plan(loaded)
        assert_judged(plan)
        bound = bind_run(plan, values_of(plan), cluster_id=plan.cluster.existing_id or "j-1")
        if bound.run_job_flow is not None:
            assert_accepted("RunJobFlowInput", bound.run_job_flow)
            assert not [*find_flaws(bound.run_job_flow, ())]
        for body in bound.add_job_flow_steps:
            assert_accepted("AddJobFlowStepsInput", body)
            assert not [*find_flaws({"Steps": body["Steps"]}, {()})]
        assert_texts_arrive(spec, loaded, plan, bound)
        assert_same_in_airflow(plan, bound)


@pytest.fixture
def specs(mini_project: Path) -> Specs:
    return Specs(mini_project)


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(spec=random_specs())
def test_what_validate_passes_works(specs: Specs, spec: dict[str, Any]) -> None:
    specs.check(spec)


@pytest.mark.slow
def test_what_validate_passes_works_for_thousands_of_specs(specs: Specs) -> None:
    @settings(max_examples=5000, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(spec=random_specs())
    def check(spec: dict[str, Any]) -> None:
        specs.check(spec)

    check()
    assert specs.counts["good"] > specs.counts["made"] / 5, "too few of the random specs are good to show anything"


def values_of(plan: Plan) -> RunValues:
    """A run in which parameters without a default were filled in."""
    given = {param.name: filled_in(param) for param in plan.params if param.default is None}
    return values_of_run(plan, run_id=RUN_ID, date=DATE, params=given, code_prefix=f"{plan.bucket}/code/0123")


def filled_in(param: ParamPlan) -> Any:
    """What a person could write into the form."""
    candidates = [*param.schema.get("enum", []), "some", "2024-01-31", "2024-01-31T06:00:00Z", "06:00:00Z", 5, True]
    return next((value for value in candidates if find_refusal(param, value) is None), None)


def assert_judged(plan: Plan) -> None:
    """`emr-pipelines plan` has something to say of it."""
    size_cluster(plan)
    estimate_cost(plan, PRICES, hours=None)
    check_security(plan, today=DATE)
    limits_used(plan.cluster.request, [step.request for step in plan.steps], bound=False)
    json.dumps(plan.to_json())


def assert_texts_arrive(spec: dict[str, Any], loaded: LoadedSpec, plan: Plan, bound: BoundRun) -> None:
    """Arguments that are no file of the project and hold no placeholder are the last of the body's, as they stand in the spec."""
    bodies = {step.name: body for step, body in zip(plan.steps, bound.add_job_flow_steps, strict=True)}
    for step in spec["steps"]:
        args = bodies[step["name"]]["Steps"][0]["HadoopJarStep"]["Args"]
        wanted = [*step.get("command", []), *step.get("args", [])]
        for found, text in zip(args[len(args) - len(wanted) :], wanted, strict=True):
            is_literal = not isinstance(text, str) or "${" not in text.replace("$${", "")
            if is_literal and text not in loaded.project_files:
                assert found == literal(text)


def literal(value: Any) -> str:
    if isinstance(value, str):
        return value.replace("$${", "${")
    return json.dumps(value) if isinstance(value, bool) else str(value)


def assert_same_in_airflow(plan: Plan, bound: BoundRun) -> None:
    """Airflow serialises the DAG, and its templates render to the same bodies."""
    dag = emit_dag(whole_run(plan), dag_folder=Path("dags"))
    dag.validate()
    json.dumps(serialize_dag(dag))
    pulled = [*outputs_before(plan)]
    for step, body, before in zip(plan.steps, bound.add_job_flow_steps, pulled, strict=True):
        submit: Any = dag.get_task(f"{step.name}.submit")
        assert rendered(submit, submit.steps, plan, before) == body["Steps"]
    if bound.run_job_flow is not None:
        create: Any = dag.get_task("create_cluster")
        request = rendered(create, create.job_flow_overrides, plan, pulled[0])
        assert without_expiry(request) == without_expiry(bound.run_job_flow)


def rendered(task: Any, template: Any, plan: Plan, pulled: dict[str, str]) -> Any:
    """What the task makes of the template in the run, when the tasks before it have left these values in XCom."""
    ti = SimpleNamespace(max_tries=task.retries, xcom_pull=lambda task_ids, key: pulled[task_ids])
    context = {"dag_run": RUN, "params": dict(values_of(plan).params), "ti": ti, "task": task, "dag": task.dag}
    return task.render_template(template, context)


def without_expiry(body: dict[str, Any]) -> dict[str, Any]:
    """The body without the moment at which it expires, which is counted from now."""
    return body | {"Tags": [tag for tag in body["Tags"] if tag["Key"] != "emr-pipelines:expires_at"]}


def outputs_before(plan: Plan) -> Iterator[dict[str, str]]:
    """What the tasks before each step have left in XCom."""
    values = values_of(plan)
    for step in plan.steps:
        outputs = {f"{name}.wait": output for name, output in values.step_outputs.items()}
        yield {"publish_code": values.code_prefix, "create_cluster": "j-1", **outputs}
        values = values_of_step(plan, step, values, attempt="1")
