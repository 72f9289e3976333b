"""Some steps of a plan on their own: which they are, what they need of the others, and the plan that holds only them. Pure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from functools import partial
from typing import Any

from emr_pipelines.errors import EmrPipelinesError
from emr_pipelines.pipeline_spec.notation.hdfs_arguments import leaves_on_hdfs, needs_hdfs
from emr_pipelines.pipeline_spec.notation.placeholders import Reference, references_in, resolve_known
from emr_pipelines.pipeline_spec.notation.plain_values import texts_in
from emr_pipelines.pipeline_spec.notation.spelling import suggest
from emr_pipelines.pipeline_spec.references import ancestors_of
from emr_pipelines.plan.keys import STEP_RUNS, waiting_cluster_key
from emr_pipelines.plan.legacy_contract import output_uri_of
from emr_pipelines.plan.model import Artifact, ClusterPlan, Plan, StepPlan
from emr_pipelines.plan.requests.cluster import DIGEST_TAG, is_own_tag
from emr_pipelines.plan.runs.run_binding import date_texts
from emr_pipelines.plan.runs.run_scope import RunScope, output_origins


@dataclass(frozen=True, slots=True, kw_only=True)
class StepSelection:
    """The steps that run; the output prefix of each step outside that they need; the year and date (ISO) that they are about.

    `cluster_key` names the cluster that waits for such runs; None when they need a new one, or use a long-running one. `keeps_cluster`: it waits for the next.
    """

    steps: tuple[str, ...]
    outputs: Mapping[str, str]
    year: int
    date: str
    cluster_key: str | None
    keeps_cluster: bool

    def to_json(self) -> dict[str, Any]:
        """As JSON values."""
        return asdict(self)


def parse_selection(value: Mapping[str, Any]) -> StepSelection:
    """What `to_json` gave."""
    return StepSelection(**{**value, "steps": tuple(value["steps"])})


def choose_steps(plan: Plan, name: str, *, onward: bool) -> tuple[str, ...]:
    """The named step; with `onward` also all that come after it. Raises EmrPipelinesError for an unknown name, and for steps that cannot run without others."""
    names = [step.name for step in plan.steps]
    if name not in names:
        raise EmrPipelinesError(f"{plan.name} has no step {name!r}. {suggest(name, names, 'steps')}")
    before = _ancestors(plan)
    chosen = tuple(one for one in names if one == name or (onward and name in before[one]))
    _refuse_missing_hdfs(plan, chosen, before)
    return chosen


def outside_outputs(plan: Plan, chosen: Collection[str]) -> tuple[str, ...]:
    """The steps outside whose outputs the chosen ones use."""
    used = {
        reference.parts[1]
        for step in plan.steps
        if step.name in chosen
        for reference in references_in(step.request)
        if reference.root == "steps"
    }
    return tuple(step.name for step in plan.steps if step.name in used and step.name not in chosen)


def cluster_artifacts(plan: Plan) -> tuple[Artifact, ...]:
    """What the cluster itself needs of the code: its bootstrap actions."""
    return _artifacts_of(plan, plan.cluster.request)


def cluster_key_of(plan: Plan, chosen: Collection[str], contents: Mapping[str, bytes]) -> str | None:
    """The key of the cluster that waits for these steps; `contents` are those of `cluster_artifacts`.

    None for a long-running cluster, and for steps that use HDFS: what an earlier run left there would be in their way.
    """
    request = plan.cluster.request
    if request is None or any(_uses_hdfs(step) for step in plan.steps if step.name in chosen):
        return None
    # The digest of the whole spec, which is among our tags, changes with every edit of a step.
    own = {**request, "Tags": [tag for tag in request["Tags"] if not is_own_tag(tag["Key"])]}
    return waiting_cluster_key(plan.name, own, contents)


def narrow(plan: Plan, selection: StepSelection) -> RunScope:
    """The run of these steps alone. It has no schedule: Airflow drops tasks outside of a DAG's dates."""
    date = dt.date.fromisoformat(selection.date)
    texts = date_texts(selection.year, date)
    for name, output in selection.outputs.items():
        texts |= {f"steps.{name}.output": output, f"steps.{name}.output_uri": output_uri_of(output)}
    bind = partial(_bind, texts=texts)
    steps = tuple(_narrow_step(step, selection, bind) for step in plan.steps if step.name in selection.steps)
    cluster = _narrow_cluster(plan.cluster, steps, selection.cluster_key)
    narrowed = replace(
        plan,
        schedule=None,
        start_date=None,
        end_date=None,
        catchup=False,
        cluster=cluster,
        steps=steps,
        artifacts=_artifacts_of(plan, [cluster.request, [step.request for step in steps]]),
    )
    return RunScope(
        plan=narrowed,
        origins={
            name: replace(origin, values=bind(dict(origin.values)))
            for name, origin in output_origins(plan).items()
            if name in selection.steps
        },
        date=selection.date,
        is_whole=False,
        keeps_cluster=selection.keeps_cluster,
    )


def _narrow_step(step: StepPlan, selection: StepSelection, bind: Callable[[Any], Any]) -> StepPlan:
    # A step that fails shall not take the waiting cluster with it, nor what others have queued there.
    action = step.action_on_failure if selection.cluster_key is None else "CONTINUE"
    return replace(
        step,
        upstream=tuple(name for name in step.upstream if name in selection.steps),
        command=step.command.with_texts(bind),
        action_on_failure=action,
        output=step.output and replace(step.output, publish=bind(step.output.publish)),
        external_inputs=tuple(bind(list(step.external_inputs))),
    )


def _bind(value: Any, texts: Mapping[str, str]) -> Any:
    """The value with these texts in place of their placeholders; all others stay."""

    def known(reference: Reference) -> str | None:
        return texts.get(".".join(reference.parts))

    return resolve_known(value, known)


def _narrow_cluster(cluster: ClusterPlan, steps: Collection[StepPlan], key: str | None) -> ClusterPlan:
    if cluster.request is None or key is None:
        return cluster
    request = _bind(cluster.request, {"run.key": key, "run.id": STEP_RUNS})
    # Which spec made it is said by the key: an edited step shall find the cluster of the one before.
    tags = [{**tag, "Value": key} if tag["Key"] == DIGEST_TAG else tag for tag in request["Tags"]]
    return replace(cluster, request={**request, "Tags": tags}, replaceable=not any(_uses_hdfs(step) for step in steps))


def _artifacts_of(plan: Plan, requests: Any) -> tuple[Artifact, ...]:
    texts = [text for _, text in texts_in(requests)]
    return tuple(one for one in plan.artifacts if any(f"${{code.prefix}}/{one.target}" in text for text in texts))


def _ancestors(plan: Plan) -> dict[str, set[str]]:
    return ancestors_of({step.name: step.upstream for step in plan.steps})


def _refuse_missing_hdfs(plan: Plan, chosen: Collection[str], before: Mapping[str, Collection[str]]) -> None:
    if plan.cluster.request is None:  # a long-running cluster keeps its HDFS
        return
    for step, writer in _readers_of_hdfs(plan, chosen, before):
        raise EmrPipelinesError(
            f"Step {step} cannot run without {writer}: what {writer} leaves on the cluster's HDFS is gone with that cluster. "
            f"Begin there: --from-step {writer}"
        )


def _readers_of_hdfs(
    plan: Plan, chosen: Collection[str], before: Mapping[str, Collection[str]]
) -> Iterator[tuple[str, str]]:
    """Each chosen step that uses HDFS, and the first step before it, not chosen, that leaves something there."""
    writers = [
        step.name for step in plan.steps if leaves_on_hdfs(step.command.written_texts()) and step.name not in chosen
    ]
    for step in plan.steps:
        if step.name in chosen and _uses_hdfs(step):
            yield from ((step.name, writer) for writer in writers if writer in before[step.name])


def _uses_hdfs(step: StepPlan) -> bool:
    return needs_hdfs(step.command.all_arguments())
