"""What another version of a pipeline changes: steps, requests by key path, and code by its content. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

from emr_pipelines.plan.differences.json_diff import ChangeKind, ValueChange, changes_between
from emr_pipelines.plan.differences.plan_record import ArtifactContent, PlanRecord

ChangedPart = Literal["pipeline", "cluster", "step", "code"]
# Where something stands, and what follows from other values, is no change of its own.
_SILENT = frozenset({"place", "places", "line", "spec_file", "spec_digest", "external_inputs"})
# Maps of other people's keys, in which a key of this name means something.
_FOREIGN = frozenset({"request", "schema", "configuration"})
_DIGEST_TAG = "emr-pipelines:spec_digest"
_PARTS = ("cluster", "steps", "artifacts")


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanChange:
    """One thing that differs. `name` is that of the step or of the code's path in the project, `path` the key in it; without a path the whole is meant."""

    kind: ChangeKind
    part: ChangedPart
    name: str = ""
    path: str = ""
    old: Any = None
    new: Any = None


def compare_plans(before: PlanRecord | None, after: PlanRecord) -> tuple[PlanChange, ...]:
    """What is added, removed and changed from one plan to the other, in the order in which a run does it; nothing for plans that do the same.

    Without a plan before, the pipeline is new: all of it is added.
    """
    if before is None:
        return (_whole_pipeline(after), *_step_changes({}, after.plan), *_code_changes((), after.artifacts))
    return (
        *_pipeline_changes(before.plan, after.plan),
        *_cluster_changes(before.plan, after.plan),
        *_step_changes(before.plan, after.plan),
        *_code_changes(before.artifacts, after.artifacts),
    )


def _whole_pipeline(record: PlanRecord) -> PlanChange:
    return PlanChange(kind="added", part="pipeline", name=record.plan["name"])


def _pipeline_changes(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[PlanChange]:
    for change in changes_between(_without(old, _PARTS), _without(new, _PARTS)):
        yield PlanChange(part="pipeline", name=new["name"], **asdict(change))


def _cluster_changes(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[PlanChange]:
    for change in changes_between(_cluster_of(old), _cluster_of(new)):
        yield PlanChange(part="cluster", **asdict(change))


def _cluster_of(plan: Mapping[str, Any]) -> Mapping[str, Any]:
    cluster: Mapping[str, Any] = _without(plan["cluster"])
    request = cluster.get("request")
    if not request:
        return cluster
    tags = [tag for tag in request.get("Tags", []) if tag["Key"] != _DIGEST_TAG]
    return {**cluster, "request": {**request, "Tags": tags}}


def _step_changes(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[PlanChange]:
    before, after = _steps_of(old), _steps_of(new)
    for name in dict.fromkeys((*after, *before)):
        if name not in before:
            yield PlanChange(kind="added", part="step", name=name, new=after[name])
        elif name not in after:
            yield PlanChange(kind="removed", part="step", name=name, old=before[name])
        else:
            for change in changes_between(before[name], after[name]):
                yield PlanChange(part="step", name=name, **asdict(change))


def _steps_of(plan: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    return {step["name"]: _without(step) for step in plan.get("steps", [])}


def _code_changes(old: tuple[ArtifactContent, ...], new: tuple[ArtifactContent, ...]) -> Iterator[PlanChange]:
    before = {artifact.source: artifact for artifact in old}
    after = {artifact.source: artifact for artifact in new}
    for source in dict.fromkeys((*after, *before)):
        if source not in before:
            yield PlanChange(kind="added", part="code", name=source, new=after[source].sha256)
        elif source not in after:
            yield PlanChange(kind="removed", part="code", name=source, old=before[source].sha256)
        else:
            for change in _content_changes(before[source], after[source]):
                yield PlanChange(part="code", name=source, **asdict(change))


def _content_changes(old: ArtifactContent, new: ArtifactContent) -> Iterator[ValueChange]:
    if old.files and new.files:
        for name in dict.fromkeys((*new.files, *old.files)):
            yield from changes_between({name: old.files.get(name)}, {name: new.files.get(name)})
    else:
        yield from changes_between(old.sha256, new.sha256)


def _without(value: Any, keys: tuple[str, ...] = ()) -> Any:
    """The value without what is silent, at every depth of the plan itself, and without these keys at the top."""
    if isinstance(value, list):
        return [_without(item) for item in value]
    if isinstance(value, Mapping):
        kept = ((key, item) for key, item in value.items() if key not in _SILENT and key not in keys)
        return {key: item if key in _FOREIGN else _without(item) for key, item in kept}
    return value
