"""What `emr-pipelines run` is to run: the whole pipeline or some of its steps, the date and the parameters. Reads S3 for the latter, starts nothing."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from rich.console import Console

from emr_pipelines.cli.project.aws_clients import aws_errors_as_messages, s3_client
from emr_pipelines.cli.project.options import Project
from emr_pipelines.cli.run.step_options import StepChoice
from emr_pipelines.cli.run.upstream_outputs import choose_values, describe_output, find_outputs, given_params
from emr_pipelines.pipeline_spec.notation.task_names import TAKE_OVER_KEY
from emr_pipelines.plan.model import Plan
from emr_pipelines.plan.runs.run_binding import RunValues
from emr_pipelines.plan.runs.run_scope import RunScope, whole_run
from emr_pipelines.plan.runs.step_selection import StepSelection, cluster_artifacts, cluster_key_of, narrow
from emr_pipelines.storage.artifact_contents import read_contents
from emr_pipelines.storage.latest_outputs import LatestOutput


@dataclass(frozen=True, slots=True, kw_only=True)
class RunOrder:
    """How much of the plan runs, for which date (None: now) and parameters; `selection` says it for single steps. With `take_over` it publishes to places of others, too."""

    scope: RunScope
    date: dt.date | None
    params: Mapping[str, Any]
    selection: StepSelection | None = None
    take_over: bool = False


def order_run(
    project: Project,
    plan: Plan,
    choice: StepChoice | None,
    *,
    date: dt.date | None,
    params: Mapping[str, Any],
    console: Console,
) -> RunOrder:
    """A run of all steps, or of the chosen ones with the latest verified outputs of those before, which are said.

    Raises EmrPipelinesError, with the command that makes it, when an output is missing.
    """
    if choice is None:
        return RunOrder(scope=whole_run(plan), date=date, params=params)
    tell = partial(console.print, highlight=False, soft_wrap=True)
    with aws_errors_as_messages(project.environment):
        s3 = s3_client(project.environment)
        values = choose_values(plan, s3, date, params, tell)
        outputs = find_outputs(plan, choice.steps, s3, values)
    for output in outputs:
        tell(describe_output(plan, output))
    selection = _select(project, plan, choice, values, outputs)
    return RunOrder(
        scope=narrow(plan, selection),
        date=values.logical_date,
        params=given_params(plan, values),
        selection=selection,
    )


def _select(
    project: Project, plan: Plan, choice: StepChoice, values: RunValues, outputs: Iterable[LatestOutput]
) -> StepSelection:
    key = cluster_key_of(plan, choice.steps, read_contents(cluster_artifacts(plan), project.root))
    return StepSelection(
        steps=choice.steps,
        outputs={latest.step: latest.output for latest in outputs},
        year=values.year,
        date=values.logical_date.isoformat(),
        cluster_key=key,
        keeps_cluster=key is not None and not choice.terminate,
    )


def airflow_arguments(order: RunOrder) -> list[str]:
    """The order as arguments of `dag.in_process.inline_run`. A run of single steps has no date in Airflow, whose record of a real run it would replace."""
    taken = {TAKE_OVER_KEY: True} if order.take_over else {}
    conf = ["--conf", json.dumps({**order.params, **taken})]
    if order.selection is not None:
        return [*conf, "--selection", json.dumps(order.selection.to_json())]
    return [*conf, "--date", order.date.isoformat()] if order.date else conf
