"""From a DAG file to its DAG: find the spec beside it, plan it, emit the tasks. Parsing reads local files only: no network, no clock, no database."""

from __future__ import annotations

import os
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import DAG, BaseOperator, Param, TaskGroup
from pendulum import timezone

from emr_pipelines.dag.aws_clients import secret_stores
from emr_pipelines.dag.documentation import describe_param, describe_plan, describe_step
from emr_pipelines.dag.input_checks import ExternalInputs
from emr_pipelines.dag.macros import RunMacros
from emr_pipelines.dag.operators import (
    CreateClusterOperator,
    PublishCodeOperator,
    TerminateClusterOperator,
    UseClusterOperator,
)
from emr_pipelines.dag.scheduling.timetable import BoundedTimetable
from emr_pipelines.dag.sensor import WaitForStepSensor
from emr_pipelines.dag.step_tasks import StepTemplates
from emr_pipelines.dag.submit import SubmitStepOperator
from emr_pipelines.dag.templates import to_template
from emr_pipelines.dag.verdict import RunVerdictOperator
from emr_pipelines.emr.launch_preparation import LaunchPreparation
from emr_pipelines.emr.step_watch import WatchLimits
from emr_pipelines.pipeline_spec.loader import load_pipeline
from emr_pipelines.pipeline_spec.notation.task_names import (
    CREATE_TASK,
    LEAVE_TASK,
    PUBLISH_TASK,
    TERMINATE_TASK,
    VERDICT_TASK,
)
from emr_pipelines.pipeline_spec.project_files.project import (
    DEFAULT_ENVIRONMENT,
    ENVIRONMENT_VARIABLE,
    find_project_root,
    pipeline_file,
)
from emr_pipelines.plan.build import build_plan
from emr_pipelines.plan.legacy_contract import attempts_folder
from emr_pipelines.plan.model import Plan, StepPlan
from emr_pipelines.plan.runs.run_scope import RunScope, latest_record, place_claim, whole_run
from emr_pipelines.storage.finished_outputs import OutputCheck

# Only launch and infrastructure failures are retried; everything else fails at once (`failing_fast`).
RETRIES = 2
RETRY_DELAY = timedelta(seconds=10)
# A cluster that is not terminated costs money, so the teardown does not give up within minutes, as when the API server is away: its pauses add up to ten.
TEARDOWN_RETRIES = 6

# Airflow takes no catchup without a start_date (sdk/definitions/dag.py). The first year that every database of Airflow's holds.
_BEFORE_ALL_RUNS = datetime(1000, 1, 1, tzinfo=timezone("UTC"))


def build_airflow_dag(dag_file: str) -> DAG:
    """The DAG of `config/pipelines/<stem>.yaml`, for `dags/<stem>.py` (pass `__file__`), in the environment that EMR_PIPELINES_ENV names.

    Raises SpecError with every problem of the spec; Airflow shows it as the import error of this one file.
    """
    return emit_dag(whole_run(plan_of(dag_file)), dag_folder=Path(dag_file).resolve().parent)


def plan_of(dag_file: str) -> Plan:
    """The plan of the spec beside a DAG file."""
    file = Path(dag_file).resolve()
    root = find_project_root(file.parent)
    environment = os.environ.get(ENVIRONMENT_VARIABLE, DEFAULT_ENVIRONMENT)
    return build_plan(load_pipeline(pipeline_file(root, file.stem), environment=environment, project_root=root))


def emit_dag(scope: RunScope, *, dag_folder: Path) -> DAG:
    """The plan of a run as an Airflow DAG: publish_code → create_cluster → steps → terminate_cluster → verdict."""
    plan = scope.plan
    dag = DAG(
        dag_id=plan.name,
        description=plan.description,
        schedule=_timetable(plan),
        # The spec's dates are the timetable's: Airflow would drop the tasks of runs that a person starts outside of a DAG's own.
        start_date=_BEFORE_ALL_RUNS if plan.catchup else None,
        catchup=plan.catchup,
        max_active_runs=plan.max_active_runs,
        params={param.name: Param(param.default, **describe_param(param)) for param in plan.params},
        tags=sorted({*plan.tags, "emr", plan.environment}),
        doc_md=describe_plan(plan),
        default_args={
            "owner": plan.owner,
            "retries": RETRIES,
            "retry_delay": RETRY_DELAY,
            "retry_exponential_backoff": True,
        },
        user_defined_macros={"emr": RunMacros(max_lifetime_seconds=plan.cluster.max_lifetime_seconds)},
    )
    with dag:
        publish = _publish_task(scope, dag_folder)
        cluster = _cluster_task(plan)
        publish >> cluster
        waits: dict[str, BaseOperator] = {}
        for step in plan.steps:
            before = [waits[name] for name in step.upstream] or [cluster]
            waits[step.name] = _step_tasks(scope, step, before, dag_folder)
        _end_tasks(scope, publish, cluster, list(waits.values()))
    return dag


def _timetable(plan: Plan) -> BoundedTimetable | None:
    if plan.schedule is None:
        return None
    return BoundedTimetable(plan.schedule, earliest=_midnight(plan.start_date), latest=_end_of_day(plan.end_date))


def _midnight(date: str | None) -> datetime | None:
    return None if date is None else datetime.fromisoformat(date).replace(tzinfo=timezone("UTC"))


def _end_of_day(date: str | None) -> datetime | None:
    """The last day belongs to the schedule, whatever its hours."""
    midnight = _midnight(date)
    return None if midnight is None else midnight + timedelta(days=1, microseconds=-1)


def _connection(plan: Plan) -> dict[str, Any]:
    return {"aws_conn_id": plan.connection.id, "region_name": plan.connection.region}


def _publish_task(scope: RunScope, dag_folder: Path) -> BaseOperator:
    plan = scope.plan
    return PublishCodeOperator(
        task_id=PUBLISH_TASK,
        scope=scope,
        # What a step waits for may be written by the steps before it; only the first ones' inputs must be there now.
        inputs=[_external_inputs(step) for step in plan.steps if step.external_inputs and not step.upstream],
        claims=[to_template(claimed) for step in plan.steps if (claimed := place_claim(scope, step)) is not None],
        locate_project=_project_finder(dag_folder),
        **_connection(plan),
    )


def _project_finder(dag_folder: Path) -> partial[Path]:
    """Finds the project anew in a task: a bundle may lie elsewhere than where the DAG was parsed."""
    return partial(find_project_root, dag_folder)


def _external_inputs(step: StepPlan) -> ExternalInputs:
    uris = [to_template(uri, step=step.name) for uri in step.external_inputs]
    return {"step": step.name, "uris": uris, "on_empty": step.on_empty, "place": step.place}


def _cluster_task(plan: Plan) -> BaseOperator:
    cluster = plan.cluster
    if cluster.request is None:
        return UseClusterOperator(
            task_id=CREATE_TASK,
            cluster_id=cluster.existing_id,
            cluster_name=cluster.existing_name,
            place=cluster.place,
            **_connection(plan),
        )
    return CreateClusterOperator(
        task_id=CREATE_TASK,
        job_flow_overrides=to_template(cluster.request),
        start_timeout_seconds=cluster.start_timeout_seconds,
        preparation=_preparation(plan),
        log_patience_seconds=plan.log_patience_seconds,
        places=cluster.places,
        place=cluster.place,
        **_connection(plan),
    )


def _step_tasks(scope: RunScope, step: StepPlan, upstream: list[BaseOperator], dag_folder: Path) -> BaseOperator:
    """The two tasks of a step, after the given ones; returns the one that its downstream steps follow."""
    plan = scope.plan
    shared = {
        "templates": _step_templates(plan, step),
        "step_folder": to_template(attempts_folder(plan, step)),
        "log_uri": (plan.cluster.request or {}).get("LogUri"),
        "doc_md": describe_step(step),
        **_connection(plan),
    }
    with TaskGroup(step.name, tooltip=step.description or step.kind):
        submit = _submit_task(step, shared)
        wait = _wait_task(scope, step, {**shared, "locate_project": _project_finder(dag_folder)})
    upstream >> submit >> wait
    return wait


def _step_templates(plan: Plan, step: StepPlan) -> StepTemplates:
    template = _template_of(step)
    return StepTemplates(
        request=template(step.request),
        output=template(step.output.prefix) if step.output else None,
        cluster_request=None if plan.cluster.request is None else to_template(plan.cluster.request),
        replaceable=plan.cluster.replaceable,
        start_timeout_seconds=plan.cluster.start_timeout_seconds,
        spec_digest=plan.spec_digest,
        preparation=_preparation(plan),
    )


def _preparation(plan: Plan) -> LaunchPreparation:
    return LaunchPreparation(
        security_configuration=plan.cluster.security_configuration,
        secrets=secret_stores(plan.connection.id, plan.connection.region),
    )


def _template_of(step: StepPlan) -> partial[Any]:
    return partial(to_template, step=step.name, own_output=step.output.prefix if step.output else "")


def _submit_task(step: StepPlan, shared: dict[str, Any]) -> BaseOperator:
    template = _template_of(step)
    return SubmitStepOperator(
        task_id="submit",
        job_flow_id="{{ emr.cluster_id(ti) }}",
        steps=[template(step.request)],
        attempt=template("${step.attempt}"),
        inputs=[_external_inputs(step)] if step.external_inputs and step.upstream else [],
        execution_role_arn=step.execution_role,
        place=step.place,
        **shared,
    )


def _wait_task(scope: RunScope, step: StepPlan, shared: dict[str, Any]) -> BaseOperator:
    plan, template, output = scope.plan, _template_of(step), step.output
    return WaitForStepSensor(
        task_id="wait",
        step_name=step.name,
        job_flow_id=_submitted(step, "cluster"),
        step_id=_submitted(step, "return_value"),
        attempt=_submitted(step, "attempt"),
        output_check=OutputCheck(success_marker=output.success_marker, min_files=output.min_files) if output else None,
        claimed=template(place_claim(scope, step)),
        latest=template(latest_record(scope, step)) if output else None,
        limits=WatchLimits(timeout_seconds=step.timeout_seconds, queue_timeout_seconds=step.queue_timeout_seconds),
        retries_of_job=step.retries,
        execution_role=step.execution_role,
        deferrable=plan.deferrable,
        log_patience_seconds=plan.log_patience_seconds,
        **shared,
    )


def _submitted(step: StepPlan, key: str) -> str:
    return f"{{{{ emr.submitted(ti, '{step.name}', '{key}') }}}}"


def _end_tasks(scope: RunScope, publish: BaseOperator, cluster: BaseOperator, waits: list[BaseOperator]) -> None:
    """What follows the steps: the cluster's end, and the verdict.

    Airflow judges a run by its leaves, and a teardown that counts (on_failure_fail_dagrun) hides all tasks right before it (airflow/models/dagrun.py,
    _tis_for_dagrun_state). So a teardown that does not count stands between the waits and the verdict: the leaves are the last waits and the verdict.
    """
    # A teardown runs when one of its setups succeeded. publish_code is one of them, so that a create task which failed with a live
    # cluster behind it is still followed by the termination (airflow/ti_deps/deps/trigger_rule_dep.py, ALL_DONE_SETUP_SUCCESS).
    end = (
        _terminate_task(scope.plan).as_teardown(setups=[publish, cluster])
        if scope.ends_cluster
        else EmptyOperator(task_id=LEAVE_TASK).as_teardown()
    )
    verdict = RunVerdictOperator(
        task_id=VERDICT_TASK,
        upstream_of={step.name: step.upstream for step in scope.plan.steps},
        ends_cluster=scope.ends_cluster,
    )
    waits >> end >> verdict.as_teardown(on_failure_fail_dagrun=True)


def _terminate_task(plan: Plan) -> BaseOperator:
    return TerminateClusterOperator(
        task_id=TERMINATE_TASK,
        job_flow_overrides=to_template(_identity(plan)),
        retries=TEARDOWN_RETRIES,
        **_connection(plan),
    )


def _identity(plan: Plan) -> dict[str, Any]:
    """What is needed of the RunJobFlow body to find the cluster again: its Name and its tags; and where its logs are."""
    request = plan.cluster.request or {}
    return {key: request[key] for key in ("Name", "Tags", "LogUri") if key in request}
