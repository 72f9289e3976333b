"""The one way to name a run: a pipeline (its newest), one of its dates, years or run ids, the id of a cluster, or that of a step. Clients are passed in; reads only."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from botocore.exceptions import ClientError

from emr_pipelines.emr.clusters import describe_known
from emr_pipelines.emr.emr_api import is_unknown_id
from emr_pipelines.emr.reaper import PIPELINE_TAG, RUN_TAG
from emr_pipelines.emr.steps import StepHandle
from emr_pipelines.errors import EmrPipelinesError
from emr_pipelines.pipeline_spec.notation.spelling import suggest
from emr_pipelines.plan.keys import STEP_RUNS, path_safe_run_id, run_key, step_family
from emr_pipelines.run_records.own_clusters import NamedCluster, named_clusters, of_pipeline, parse_cluster_name
from emr_pipelines.run_records.sources import RunSources
from emr_pipelines.run_records.submitted_steps import SubmittedStep, submitted_steps
from emr_pipelines.storage.run_records import KnownRun, RunRecord, list_runs, read_run

_CLUSTER_ID = re.compile(r"j-[A-Z0-9]+")
_STEP_ID = re.compile(r"s-[A-Z0-9]+")
_DATE_IN_RUN = re.compile(r"__([0-9]{4}-[0-9]{2}-[0-9]{2})T")
_MOST_SHOWN = 5
# In how many clusters a step is looked for: each costs a call.
_MOST_CLUSTERS = 100
# How many runs of single steps are tried for the one that a waiting cluster ran last.
_MOST_STEP_RUNS = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class RunFilter:
    """Which of a pipeline's runs is meant: of a logical date (YYYY-MM-DD), of a year, or with a run id. Without any of them it is the newest."""

    date: str | None = None
    year: int | None = None
    run_id: str | None = None

    def takes(self, run: KnownRun) -> bool:
        """Whether the run is one of those."""
        return (
            (self.date is None or run.date == self.date)
            and (self.year is None or run.year == self.year)
            and (self.run_id is None or run.folder in (self.run_id, path_safe_run_id(self.run_id)))
        )

    @property
    def is_empty(self) -> bool:
        """Whether it says nothing."""
        return self == RunFilter()

    def __str__(self) -> str:
        """`of the date 2005-01-01`, in the order of the options."""
        parts = (
            self.date and f"of the date {self.date}",
            self.year is not None and f"of the year {self.year}",
            self.run_id and f"with the id {self.run_id}",
        )
        return " ".join(part for part in parts if part)


@dataclass(frozen=True, slots=True, kw_only=True)
class ChosenRun:
    """A run that was found. `recorded_at` is None for one that left no record (an older version made it): only its cluster tells of it.

    `handle` is the step that was named by its id; `step_name` is its name in the spec.
    """

    record: RunRecord
    key: str
    recorded_at: dt.datetime | None = None
    handle: StepHandle | None = None
    step_name: str | None = None


def is_cluster_id(text: str) -> bool:
    """Whether the text is the id of a cluster."""
    return _CLUSTER_ID.fullmatch(text) is not None


def is_step_id(text: str) -> bool:
    """Whether the text is the id of a step."""
    return _STEP_ID.fullmatch(text) is not None


def choose_run(sources: RunSources, wanted: str, which: RunFilter, *, pipelines: Collection[str]) -> ChosenRun:
    """The run that is meant; `pipelines` are those of the project. Raises EmrPipelinesError, saying what there is, when it is not found."""
    if is_cluster_id(wanted) or is_step_id(wanted):
        if not which.is_empty:
            raise EmrPipelinesError(
                f"{wanted} is in one run only; leave --date, --year and --run out, or name a pipeline"
            )
        return _of_cluster(sources, wanted) if is_cluster_id(wanted) else _of_step(sources, wanted)
    return _of_pipeline(sources, wanted, which, pipelines)


def _of_pipeline(sources: RunSources, pipeline: str, which: RunFilter, pipelines: Collection[str]) -> ChosenRun:
    known = list_runs(sources.s3, sources.bucket, pipeline)
    found = next((run for run in known if which.takes(run)), None)
    if found is not None:
        return _recorded(sources, found)
    unrecorded = [] if known else of_pipeline(named_clusters(sources.api), pipeline)
    if which.is_empty and unrecorded:
        return _of_cluster(sources, unrecorded[0].cluster_id)
    if known or unrecorded:
        raise EmrPipelinesError(f"{pipeline} has no run {which} in {sources.environment}. {_listed(known)}")
    if pipeline not in pipelines:
        raise EmrPipelinesError(
            f"There is no pipeline {pipeline!r} in config/pipelines. {suggest(pipeline, pipelines, 'pipelines')}"
        )
    raise EmrPipelinesError(
        f"{pipeline} has not run in the environment {sources.environment}. Run it: emr-pipelines run {pipeline}"
    )


def _listed(known: Sequence[KnownRun]) -> str:
    """The newest runs, for somebody who has named one that is not there."""
    if not known:
        return "Its runs left no records; give a cluster's id (j-…)"
    shown = ", ".join(f"{run.date} ({run.folder})" for run in known[:_MOST_SHOWN])
    return f"Its runs are, newest first: {shown}{' …' if len(known) > _MOST_SHOWN else ''}"


def _recorded(sources: RunSources, known: KnownRun) -> ChosenRun:
    record = read_run(sources.s3, sources.bucket, known)
    return ChosenRun(record=record, key=run_key(record.pipeline, record.run_id), recorded_at=known.recorded_at)


def _of_cluster(sources: RunSources, cluster_id: str, steps: Sequence[SubmittedStep] = ()) -> ChosenRun:
    """The run that made the cluster; of one that serves many runs the newest, or the one that submitted one of the `steps`."""
    cluster = describe_known(sources.api, cluster_id)
    name = parse_cluster_name(cluster["Name"])
    tags = {tag.get("Key"): tag.get("Value", "") for tag in cluster.get("Tags", [])}
    if name is None or tags.get(PIPELINE_TAG) != name[0]:
        raise EmrPipelinesError(
            f"Cluster {cluster_id} ({cluster['Name']}) was not made by a run of emr-pipelines. "
            "For a long-running cluster name the pipeline whose run is meant"
        )
    pipeline, key = name
    folder = tags.get(RUN_TAG, "")
    known = list_runs(sources.s3, sources.bucket, pipeline)
    if folder == STEP_RUNS:
        submitted = steps or submitted_steps(sources.api, cluster_id)
        return _of_waiting_cluster(sources, cluster_id, submitted, known)
    found = next((run for run in known if run.folder == folder), None)
    return _recorded(sources, found) if found is not None else _unrecorded(pipeline, folder, key)


def _of_waiting_cluster(
    sources: RunSources, cluster_id: str, submitted: Sequence[SubmittedStep], known: Sequence[KnownRun]
) -> ChosenRun:
    """The newest run that has submitted one of the steps to a cluster that serves many."""
    families = {step.family for step in submitted}
    names = {step.name for step in submitted}
    for run in known[:_MOST_STEP_RUNS]:
        chosen = _recorded(sources, run)
        if any(step_family(run.pipeline, chosen.record.run_id, name) in families for name in names):
            return chosen
    raise EmrPipelinesError(
        f"Cluster {cluster_id} waits for runs of single steps, and the run that is meant is none of the newest {_MOST_STEP_RUNS}. {_listed(known)}"
    )


def _unrecorded(pipeline: str, folder: str, key: str) -> ChosenRun:
    date = _DATE_IN_RUN.search(folder)
    text = date[1] if date else ""
    record = RunRecord(
        pipeline=pipeline,
        run_id=folder,
        date=text,
        year=int(text[:4]) if text else 0,
        plan_digest="",
        code_prefix="",
    )
    return ChosenRun(record=record, key=key)


def _of_step(sources: RunSources, step_id: str) -> ChosenRun:
    clusters = named_clusters(sources.api)[:_MOST_CLUSTERS]
    for cluster in clusters:
        chosen = _step_on(sources, cluster, step_id)
        if chosen is not None:
            return chosen
    looked = f"the {len(clusters)} newest clusters" if len(clusters) == _MOST_CLUSTERS else "any cluster"
    raise EmrPipelinesError(
        f"There is no step {step_id} on {looked} of emr-pipelines in {sources.environment}. "
        "Check the id and the environment, or name the pipeline and the step"
    )


def _step_on(sources: RunSources, cluster: NamedCluster, step_id: str) -> ChosenRun | None:
    try:
        steps = submitted_steps(sources.api, cluster.cluster_id, [step_id])
    except ClientError as error:
        if not is_unknown_id(error):
            raise
        return None
    if not steps:
        return None
    (step,) = steps
    chosen = _of_cluster(sources, cluster.cluster_id, steps)
    return replace(chosen, handle=step.handle, step_name=step.name)
