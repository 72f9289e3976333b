"""Builds the plan of a loaded spec. Pure: no I/O, no clock, no environment variables; the same spec gives the same plan."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from emr_pipelines.errors import EmrPipelinesError
from emr_pipelines.pipeline_spec.context import environment_values
from emr_pipelines.pipeline_spec.models.environment import EnvironmentSpec
from emr_pipelines.pipeline_spec.models.pipeline import OutputSpec, ParamSpec, StepSpec, param_schema
from emr_pipelines.pipeline_spec.notation.durations import seconds_of
from emr_pipelines.pipeline_spec.notation.hdfs_arguments import needs_hdfs
from emr_pipelines.pipeline_spec.notation.placeholders import Reference, resolve_known, substitute
from emr_pipelines.pipeline_spec.references import ancestors_of
from emr_pipelines.plan.artifacts import CodeLayout, lay_out_code
from emr_pipelines.plan.kinds.argv import inputs_of
from emr_pipelines.plan.kinds.executor_options import with_sized_executors
from emr_pipelines.plan.kinds.table import plan_command
from emr_pipelines.plan.legacy_contract import LegacyContract, attempt_prefix, is_legacy
from emr_pipelines.plan.model import ClusterPlan, ConnectionPlan, OutputPlan, ParamPlan, Plan, StepPlan, SuppressionPlan
from emr_pipelines.plan.requests.cluster import plan_cluster
from emr_pipelines.plan.step_data import external_addresses
from emr_pipelines.plan.step_graph import order_steps, upstream_of

if TYPE_CHECKING:  # the plan needs only the data of a loaded spec, not the YAML parser behind it
    from emr_pipelines.pipeline_spec.loader import LoadedSpec

Resolve = Callable[[Any], Any]
_ACTIONS = {"continue": "CONTINUE", "cancel_and_wait": "CANCEL_AND_WAIT", "terminate_cluster": "TERMINATE_CLUSTER"}


def build_plan(loaded: LoadedSpec) -> Plan:
    """Everything that will happen in a run, in order, with the environment's values in place of `${env.*}`.

    Expects a spec that the loader has checked. Raises EmrPipelinesError for an `${env.*}` that the environment does not give.
    """
    spec, environment = loaded.spec, loaded.environment
    resolve = _environment_resolver(environment)
    layout = lay_out_code(loaded.project_files, loaded.packages, resolve)
    steps = _plan_steps(loaded, layout, resolve)
    return Plan(
        name=spec.name,
        description=_plain(spec.description, resolve),
        owner=_plain(spec.owner, resolve),
        tags=tuple(_plain(tag, resolve) for tag in spec.tags),
        schedule=spec.schedule,
        start_date=spec.start_date.isoformat() if spec.start_date else None,
        end_date=spec.end_date.isoformat() if spec.end_date else None,
        catchup=spec.catchup,
        max_active_runs=spec.max_active_runs,
        params=tuple(_plan_param(name, param, resolve) for name, param in spec.params.items()),
        environment=environment.name,
        connection=_plan_connection(environment),
        bucket=environment.bucket,
        cluster=_plan_cluster(loaded, layout, resolve, steps),
        steps=steps,
        artifacts=layout.artifacts,
        spec_file=loaded.file,
        spec_digest=loaded.digest,
        deferrable=spec.deferrable,
        log_patience_seconds=seconds_of(environment.log_patience),
        expected_duration_seconds=_seconds(spec.expected_duration),
        suppressions=tuple(_plan_suppressions(loaded)),
    )


def _plan_suppressions(loaded: LoadedSpec) -> Iterator[SuppressionPlan]:
    for shared, suppressions in ((False, loaded.suppressions), (True, loaded.environment_suppressions)):
        for one, place in suppressions:
            until = None if one.until is None else one.until.isoformat()
            yield SuppressionPlan(rule=one.rule, reason=one.reason, until=until, place=place, shared=shared)


def _environment_resolver(environment: EnvironmentSpec) -> Resolve:
    values = environment_values(environment)

    def known(reference: Reference) -> str | None:
        if reference.root != "env":
            return None
        name = ".".join(reference.parts[1:])
        if name not in values:
            raise EmrPipelinesError(
                f"{reference}: environment {environment.name} has only {', '.join(sorted(values))}; add it under `variables`"
            )
        return values[name]

    return lambda value: resolve_known(value, known)


def _plain(value: Any, resolve: Resolve) -> Any:
    """A value that only people and Airflow read: the environment's values put in, and `$${` turned back into `${`."""
    return substitute(resolve(value), str)


def _plan_param(name: str, param: ParamSpec, resolve: Resolve) -> ParamPlan:
    plain = partial(_plain, resolve=resolve)
    return ParamPlan(name=name, default=plain(param.default), schema=param_schema(param, plain))


def _plan_connection(environment: EnvironmentSpec) -> ConnectionPlan:
    connection = environment.connection
    return ConnectionPlan(id=connection.id, region=environment.region, endpoint_url=connection.endpoint_url)


def _plan_cluster(loaded: LoadedSpec, layout: CodeLayout, resolve: Resolve, steps: Sequence[StepPlan]) -> ClusterPlan:
    plain = partial(_plain, resolve=resolve)
    cluster = plan_cluster(loaded.spec.name, loaded.spec.cluster, layout, loaded.digest, plain)
    return replace(
        cluster,
        request=resolve(cluster.request),
        existing_name=resolve(cluster.existing_name),
        # What one step has left on HDFS is lost with its cluster, so that the next step cannot go on elsewhere.
        replaceable=cluster.replaceable and not any(needs_hdfs(step.command.all_arguments()) for step in steps),
        place=loaded.cluster_place,
        places=tuple((_plain(value, resolve), place) for value, place in loaded.cluster_places),
    )


def _plan_steps(loaded: LoadedSpec, layout: CodeLayout, resolve: Resolve) -> tuple[StepPlan, ...]:
    upstream = upstream_of(loaded.spec.steps)
    ancestors = ancestors_of(upstream)
    published = {step.name: resolve(step.publish) for step in loaded.spec.steps if step.publish is not None}
    return tuple(
        _plan_step(
            loaded,
            step,
            layout,
            resolve,
            upstream=upstream[step.name],
            published=[place for name, place in published.items() if name in ancestors[step.name]],
        )
        for step in order_steps(loaded.spec.steps, upstream)
    )


def _plan_step(
    loaded: LoadedSpec,
    step: StepSpec,
    layout: CodeLayout,
    resolve: Resolve,
    *,
    upstream: tuple[str, ...],
    published: Sequence[str],
) -> StepPlan:
    """One step; `published` are the places to which the steps before it publish."""
    line = loaded.step_lines.get(step.name, 0)
    sized = with_sized_executors(step, loaded.spec.cluster, resolve)
    return StepPlan(
        name=step.name,
        description=_plain(step.description or "", resolve),
        upstream=upstream,
        command=plan_command(loaded.spec.name, sized, layout, _legacy_contract(loaded)).with_texts(resolve),
        action_on_failure=_ACTIONS[step.on_failure],
        output=_plan_output(attempt_prefix(loaded.environment.bucket, loaded.spec.name, step), step, resolve),
        timeout_seconds=_seconds(step.timeout),
        execution_role=resolve(step.execution_role),
        line=line,
        place=f"{loaded.file}:{line}",
        retries=step.retries,
        queue_timeout_seconds=_seconds(step.queue_timeout),
        on_empty=step.on_empty,
        external_inputs=external_addresses(resolve(list(inputs_of(step).values())), published),
    )


def _seconds(duration: str | None) -> int | None:
    return None if duration is None else seconds_of(duration)


def _legacy_contract(loaded: LoadedSpec) -> LegacyContract:
    steps = frozenset(step.name for step in loaded.spec.steps if is_legacy(step))
    return LegacyContract(pipeline=loaded.spec.name, bucket=loaded.environment.bucket, steps=steps)


def _plan_output(prefix: str, step: StepSpec, resolve: Resolve) -> OutputPlan | None:
    if step.output is None:
        return None
    output = OutputSpec(format=step.output) if isinstance(step.output, str) else step.output
    return OutputPlan(
        prefix=prefix,
        format=output.format,
        success_marker=_is_marked(step, output),
        min_files=output.min_files,
        publish=resolve(step.publish),
        take_over=None if step.take_over == "nothing" else step.take_over,
    )


def _is_marked(step: StepSpec, output: OutputSpec) -> bool:
    """Whether the output must hold `_SUCCESS`: s3-dist-cp copies one, but writes none of its own."""
    return output.success_marker and (
        "success_marker" in output.model_fields_set or all(kind.writes_success_marker for _, kind in step.kind_models())
    )
