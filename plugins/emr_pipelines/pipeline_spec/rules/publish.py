"""Rules about publishing: it replaces whatever is below its place, so nothing else may live there. Places are compared as texts. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from emr_pipelines.pipeline_spec.context import Context, RuleViolation
from emr_pipelines.pipeline_spec.models.environment import EnvironmentSpec
from emr_pipelines.pipeline_spec.models.pipeline import StepSpec
from emr_pipelines.pipeline_spec.notation.s3_places import (
    find_publish_flaw,
    find_reserved,
    is_within,
    reserved_places,
)
from emr_pipelines.pipeline_spec.reading.document import Path
from emr_pipelines.pipeline_spec.references import ancestors_of, step_edges

_EXAMPLE = 'a place such as "${env.bucket}/reports/year=${run.year}".'


def check_publish(context: Context) -> Iterator[RuleViolation]:
    """Publishing copies a verified output, and no two steps publish to the same place."""
    first: dict[str, str] = {}
    for path, step, place in publishers(context):
        if context.is_absent((*path[:-1], "output")):
            fix = "Add output: the format of what the step writes."
            yield RuleViolation(path=path, message="publish without output", fix=fix, at_key=True)
        if not place.startswith("s3://"):
            message = f"{place!r} is not an s3:// address"
            yield RuleViolation(path=path, message=message, fix=f"Write {_EXAMPLE}")
        elif (flaw := find_publish_flaw(place)) and not _find_reserved(place, context.environment):
            yield RuleViolation(path=path, message=f"{place!r} {flaw}", fix=f"Write {_EXAMPLE}")
        elif place in first:
            message = f"step {first[place]!r} publishes to the same place"
            yield RuleViolation(path=path, message=message, fix="Choose another place.")
        first.setdefault(place, step.name)


def check_nested(context: Context) -> Iterator[RuleViolation]:
    """No step publishes into the place of another."""
    earlier: list[tuple[str, str]] = []
    for path, step, place in publishers(context):
        for name, other in earlier:
            if place != other and (is_within(place, other) or is_within(other, place)):
                side = "below" if is_within(place, other) else "above"
                message = f"{place!r} is {side} {other!r}, to which step {name!r} publishes; each removes what the other has published"
                yield RuleViolation(path=path, message=message, fix="Choose places side by side.")
        earlier.append((step.name, place))


def check_reserved(context: Context) -> Iterator[RuleViolation]:
    """Nothing is published where attempts, code and logs live, nor over all input data."""
    for path, _, place in publishers(context):
        message = _find_reserved(place, context.environment)
        if message:
            yield RuleViolation(path=path, message=message, fix=f"Choose {_EXAMPLE}")


def _find_reserved(place: str, environment: EnvironmentSpec) -> str | None:
    """What a place takes from others, if it does."""
    # Below the data is a good place: one pipeline's report is another one's input.
    reserved = find_reserved(place, reserved_places(environment.bucket, environment.logs))
    if reserved is None and is_within(environment.data, place):
        return f"publishing to {place!r} replaces {environment.data!r}, where the input data lies"
    return reserved


def check_inputs(context: Context) -> Iterator[RuleViolation]:
    """Publishing replaces no input of the pipeline, but for a step that reads what has been published in the same run."""
    ancestors = _ancestors(context)
    for path, step, place in publishers(context):
        for reader in context.spec.steps:
            if step.name in ancestors[reader.name]:
                continue
            for name, text in reader.inputs.items():
                if is_within(context.resolve(text), place):
                    message = f"publishing to {place!r} replaces the input {name!r} of step {reader.name!r}"
                    yield RuleViolation(path=path, message=message, fix="Choose a place beside the input.")


def _ancestors(context: Context) -> dict[str, set[str]]:
    upstream: dict[str, set[str]] = {step.name: set() for step in context.spec.steps}
    for edge in step_edges(context):
        upstream[context.spec.steps[edge.index].name].add(edge.upstream)
    return ancestors_of(upstream)


def publishers(context: Context) -> Iterator[tuple[Path, StepSpec, str]]:
    """Each step that publishes, with the path and the text of its place, the environment's values put in."""
    for path, step in context.steps():
        if step.publish is not None:
            yield (*path, "publish"), step, context.resolve(step.publish).rstrip("/")
