"""Rules about HDFS, which is empty when a run's own cluster starts and gone when it ends. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from emr_pipelines.pipeline_spec.context import Context, RuleViolation
from emr_pipelines.pipeline_spec.models.pipeline import StepSpec
from emr_pipelines.pipeline_spec.notation.hdfs_arguments import leaves_on_hdfs
from emr_pipelines.pipeline_spec.notation.plain_values import scalar_text
from emr_pipelines.pipeline_spec.reading.document import Path
from emr_pipelines.pipeline_spec.references import Edge, step_edges
from emr_pipelines.pipeline_spec.rules.cluster.cluster import is_long_running


def check_inputs(context: Context) -> Iterator[RuleViolation]:
    """A step reads from HDFS what a step before it has put there."""
    after_others = {edge.index for edge in _edges_between_steps(context)}
    for path, step in _steps_on_own_cluster(context):
        for name, text in step.inputs.items():
            if context.resolve(text).startswith("hdfs:") and path[-1] not in after_others:
                message = f"step {step.name!r} waits for no other step, and HDFS is empty when the cluster starts"
                fix = "Name the step that puts it there: after: [name]."
                yield RuleViolation(path=(*path, "inputs", name), message=message, fix=fix)


def check_results(context: Context) -> Iterator[RuleViolation]:
    """What the last step leaves on HDFS is of no use to anybody."""
    used = {edge.upstream for edge in _edges_between_steps(context)}
    for path, step in _steps_on_own_cluster(context):
        place = _place_on_hdfs(context, path, step)
        if place and step.name not in used and context.is_absent((*path, "output")):
            message = f"no later step needs {step.name!r}, so what it leaves on HDFS is gone when the cluster ends"
            fix = f"Copy it to S3 in a step with after: [{step.name}], or write it to S3 at once."
            yield RuleViolation(path=place, message=message, fix=fix)


def _edges_between_steps(context: Context) -> Iterator[Edge]:
    return (edge for edge in step_edges(context) if edge.upstream != context.spec.steps[edge.index].name)


def _place_on_hdfs(context: Context, path: Path, step: StepSpec) -> Path | None:
    """Where the step says that it writes to HDFS, as far as its arguments tell."""
    if step.s3_dist_cp:
        is_there = context.resolve(step.s3_dist_cp.dest or "").startswith("hdfs:")
        return (*path, "s3_dist_cp", "dest") if is_there else None
    words = [context.resolve(scalar_text(word)) for word in (*(step.command or []), *step.args)]
    key = "command" if step.command else "args"
    return (*path, key) if leaves_on_hdfs(words) else None


def _steps_on_own_cluster(context: Context) -> Iterator[tuple[Path, StepSpec]]:
    if not is_long_running(context) and ("cluster",) not in context.broken:
        yield from context.steps()
