"""Builds the plan of a loaded spec. Pure: no I/O, no clock, no environment variables; the same spec gives the same plan."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from emr_pipelines.errors import EmrPipelinesError
from emr_pipelines.plan.cluster_request import plan_cluster
from emr_pipelines.plan.code_layout import CodeLayout, lay_out_code
from emr_pipelines.plan.durations import seconds_of
from emr_pipelines.plan.model import ClusterPlan, ConnectionPlan, OutputPlan, Plan, StepPlan
from emr_pipelines.plan.param_schema import plan_param
from emr_pipelines.plan.scalar_text import scalar_text
from emr_pipelines.plan.step_graph import order_steps, upstream_of
from emr_pipelines.plan.step_request import step_request
from emr_pipelines.spec.models import EnvironmentSpec, OutputSpec, StepSpec
from emr_pipelines.spec.placeholders import Reference, resolve_known

if TYPE_CHECKING:  # the plan needs only the data of a loaded spec, not the YAML parser behind it
    from emr_pipelines.spec.loader import LoadedSpec


def build_plan(loaded: LoadedSpec) -> Plan:
    """Everything that will happen in a run, in order, with the environment's values in place of `${env.*}`.

    Expects a spec that the loader has checked. Raises EmrPipelinesError for an `${env.*}` that the environment does not give.
    """
    spec, environment = loaded.spec, loaded.environment
    values = _EnvironmentValues(environment)
    layout = lay_out_code(spec, loaded.project_files, loaded.packages)
    upstream = upstream_of(spec.steps)
    steps = [_plan_step(spec.name, step, upstream[step.name], layout, loaded.step_lines) for step in order_steps(spec.steps, upstream)]
    return Plan(
        name=spec.name,
        description=spec.description,
        owner=spec.owner,
        tags=tuple(spec.tags),
        schedule=spec.schedule,
        start_date=spec.start_date.isoformat() if spec.start_date else None,
        end_date=spec.end_date.isoformat() if spec.end_date else None,
        catchup=spec.catchup,
        max_active_runs=spec.max_active_runs,
        params=tuple(plan_param(name, param) for name, param in spec.params.items()),
        environment=environment.name,
        connection=_plan_connection(environment),
        bucket=environment.bucket,
        cluster=values.cluster(plan_cluster(spec.name, spec.cluster, layout, loaded.digest)),
        steps=tuple(values.step(step) for step in steps),
        artifacts=layout.artifacts,
        spec_file=loaded.file,
        spec_digest=loaded.digest,
    )
