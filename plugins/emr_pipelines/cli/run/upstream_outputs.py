"""The outputs that a run of single steps takes from the steps before it: the latest verified ones of the same date and parameters. Reads S3, changes nothing."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Mapping
from shlex import quote
from typing import TYPE_CHECKING, Any

from emr_pipelines.errors import EmrPipelinesError
from emr_pipelines.pipeline_spec.notation.plain_values import scalar_text
from emr_pipelines.pipeline_spec.project_files.project import DEFAULT_ENVIRONMENT
from emr_pipelines.plan.model import Plan, StepPlan
from emr_pipelines.plan.runs.param_values import find_refusal
from emr_pipelines.plan.runs.run_binding import RunValues, bind_request, values_of_run
from emr_pipelines.plan.runs.run_scope import OutputOrigin, output_origins
from emr_pipelines.plan.runs.step_selection import choose_steps, outside_outputs
from emr_pipelines.storage.latest_outputs import LatestOutput, find_latest, find_newest
from emr_pipelines.storage.step_outputs import OutputIncomplete, verify_output

if TYPE_CHECKING:
    from types_boto3_s3.client import S3Client

_AGES = ((86_400, "d"), (3_600, "h"), (60, "min"))


def choose_values(
    plan: Plan, s3: S3Client, date: dt.date | None, params: Mapping[str, Any], tell: Callable[[str], None]
) -> RunValues:
    """The values that were given; else those of the newest output; else those of a run that starts now."""
    newest = None if date or params else find_newest(s3, plan.bucket, pipeline=plan.name)
    if newest is not None:
        date, params = dt.date.fromisoformat(newest.date), dict(_params_of(plan, newest))
        tell(f"Values as in run {newest.run_id} of {newest.date}; others: --date, --param")
    return values_of_run(
        plan, run_id="now", date=date or dt.datetime.now(dt.UTC).date(), params=params, code_prefix=plan.bucket
    )


def given_params(plan: Plan, values: RunValues) -> dict[str, Any]:
    """The parameters that do not have their defaults: a run gets those by itself, and Airflow takes no null that a form would not take."""
    return {
        param.name: values.params[param.name] for param in plan.params if values.params[param.name] != param.default
    }


def _params_of(plan: Plan, newest: LatestOutput) -> Iterator[tuple[str, Any]]:
    """The parameters of a run that the pipeline still has, with values that it still takes."""
    for param in plan.params:
        if param.name in newest.params and find_refusal(param, newest.params[param.name]) is None:
            yield param.name, newest.params[param.name]


def find_outputs(plan: Plan, chosen: tuple[str, ...], s3: S3Client, values: RunValues) -> tuple[LatestOutput, ...]:
    """The latest verified outputs, for these values, of the steps outside that the chosen ones use. Raises EmrPipelinesError, with the command that makes it, when one is missing."""
    found = _look_up(plan, chosen, s3, values)
    for name, latest in found.items():
        if latest is None:
            raise EmrPipelinesError(_describe_missing(plan, name, s3, values))
    return tuple(latest for latest in found.values() if latest is not None)


def _look_up(plan: Plan, chosen: tuple[str, ...], s3: S3Client, values: RunValues) -> dict[str, LatestOutput | None]:
    origins = output_origins(plan)
    steps = {step.name: step for step in plan.steps}
    return {name: _latest_of(plan, steps[name], origins[name], s3, values) for name in outside_outputs(plan, chosen)}


def _latest_of(
    plan: Plan, step: StepPlan, origin: OutputOrigin, s3: S3Client, values: RunValues
) -> LatestOutput | None:
    """The step's latest output, if it is still there."""
    bound = bind_request(dict(origin.values), values)
    latest = find_latest(s3, plan.bucket, pipeline=plan.name, step=step.name, values=bound)
    if latest is None or step.output is None:
        return None
    try:
        verify_output(s3, latest.output, success_marker=step.output.success_marker, min_files=step.output.min_files)
    except OutputIncomplete:
        return None
    return latest


def _describe_missing(plan: Plan, name: str, s3: S3Client, values: RunValues) -> str:
    used = bind_request(dict(output_origins(plan)[name].values), values)
    words = ", ".join(f"{key.rpartition('.')[2]}={text}" for key, text in used.items())
    begin = f" --from-step {name}" if _can_begin(plan, name, s3, values) else ""
    return (
        f"No verified output of step {name} is there{f' for {words}' if words else ''}. "
        f"Make it: emr-pipelines run {plan.name}{begin}{_options(plan, values)}"
    )


def _can_begin(plan: Plan, name: str, s3: S3Client, values: RunValues) -> bool:
    """Whether a run from this step on would find what it needs."""
    try:
        chosen = choose_steps(plan, name, onward=True)
    except EmrPipelinesError:  # it needs what an earlier step leaves on HDFS
        return False
    return None not in _look_up(plan, chosen, s3, values).values()


def _options(plan: Plan, values: RunValues) -> str:
    environment = "" if plan.environment == DEFAULT_ENVIRONMENT else f" --env {plan.environment}"
    given = "".join(
        f" --param {name}={quote(scalar_text(value))}"
        for name, value in given_params(plan, values).items()
        if value is not None
    )
    return f" --date {values.logical_date}{given}{environment}"


def describe_output(plan: Plan, latest: LatestOutput) -> str:
    """One line: which output is used, how old it is, and whether the spec has changed since."""
    origin = output_origins(plan)[latest.step]
    changed = "" if origin.definition == latest.definition else "; its part of the spec has CHANGED since"
    return f"Uses {latest.step}: {latest.output} ({_age(latest.recorded_at)} old{changed})"


def _age(recorded_at: str) -> str:
    seconds = (dt.datetime.now(dt.UTC) - dt.datetime.fromisoformat(recorded_at)).total_seconds()
    size, unit = next(((size, unit) for size, unit in _AGES if seconds >= size), (1, "s"))
    return f"{seconds / size:.0f} {unit}"
