"""Rules about publishing: it replaces whatever is below its place, so nothing else may live there. Places are compared as texts. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator

from emr_pipelines.spec.context import Context, Finding
from emr_pipelines.spec.models.environment import EnvironmentSpec
from emr_pipelines.spec.models.pipeline import StepSpec
from emr_pipelines.spec.notation.s3_places import LEGACY_RUNS, PLANS, RUNS, find_flaw, is_within
from emr_pipelines.spec.reading.document import Path
from emr_pipelines.spec.references import ancestors_of, step_edges

_EXAMPLE = 'a place such as "${env.bucket}/reports/year=${run.year}".'


def check_publish(context: Context) -> Iterator[Finding]:
    """Publishing copies a verified output, and no two steps publish to the same place."""
    first: dict[str, str] = {}
    for path, step, place in _publishers(context):
        if context.is_absent((*path[:-1], "output")):
            fix = "Add output: the format of what the step writes."
            yield Finding(path=path, message="publish without output", fix=fix, at_key=True)
        if not place.startswith("s3://"):
            message = f"{place!r} is not an s3:// address"
            yield Finding(path=path, message=message, fix=f"Write {_EXAMPLE}")
        elif (flaw := _find_place_flaw(place)) and not _find_reserved(place, context.environment):
            yield Finding(path=path, message=f"{place!r} {flaw}", fix=f"Write {_EXAMPLE}")
        elif place in first:
            message = f"step {first[place]!r} publishes to the same place"
            yield Finding(path=path, message=message, fix="Choose another place.")
        first.setdefault(place, step.name)


def _find_place_flaw(place: str) -> str | None:
    """Why a place is not one that publishing may replace."""
    flaw = find_flaw(place)
    if flaw:
        return flaw[0]
    key = place.removeprefix("s3://").partition("/")[2]
    if not key and "${" not in place:
        return "is a whole bucket, all of which publishing would replace"
    if key.startswith("/") or "//" in key:
        return "has an empty part between two slashes"
    return "holds a wildcard, but publishing writes to one place" if re.search(r"[*?]", key) else None


def check_nested(context: Context) -> Iterator[Finding]:
    """No step publishes into the place of another."""
    earlier: list[tuple[str, str]] = []
    for path, step, place in _publishers(context):
        for name, other in earlier:
            if place != other and (is_within(place, other) or is_within(other, place)):
                side = "below" if is_within(place, other) else "above"
                message = f"{place!r} is {side} {other!r}, to which step {name!r} publishes; each removes what the other has published"
                yield Finding(path=path, message=message, fix="Choose places side by side.")
        earlier.append((step.name, place))


def check_reserved(context: Context) -> Iterator[Finding]:
    """Nothing is published where attempts, code and logs live, nor over all input data."""
    for path, _, place in _publishers(context):
        message = _find_reserved(place, context.environment)
        if message:
            yield Finding(path=path, message=message, fix=f"Choose {_EXAMPLE}")


def reserved_places(environment: EnvironmentSpec) -> dict[str, str]:
    """The prefixes that runs and clusters write to by themselves, each with what is there."""
    return {
        f"{environment.bucket}/{RUNS}": "the outputs of all attempts lie",
        f"{environment.bucket}/{LEGACY_RUNS}": "the outputs of all attempts of legacy steps lie",
        f"{environment.bucket}/code": "the code of all runs lies",
        f"{environment.bucket}/{PLANS}": "the plans of all runs lie",
        environment.logs: "the clusters write their logs",
    }


def _find_reserved(place: str, environment: EnvironmentSpec) -> str | None:
    """What a place takes from others, if it does."""
    for address, what in (reserved_places(environment) | {environment.data: "the input data lies"}).items():
        if is_within(address, place):
            return f"publishing to {place!r} replaces {address!r}, where {what}"
        # Below the data is a good place: one pipeline's report is another one's input.
        if is_within(place, address) and address != environment.data:
            return f"publishing to {place!r} reaches into {address!r}, where {what}"
    return None


def check_inputs(context: Context) -> Iterator[Finding]:
    """Publishing replaces no input of the pipeline, but for a step that reads what has been published in the same run."""
    ancestors = _ancestors(context)
    for path, step, place in _publishers(context):
        for reader in context.spec.steps:
            if step.name in ancestors[reader.name]:
                continue
            for name, text in reader.inputs.items():
                if is_within(context.resolve(text), place):
                    message = f"publishing to {place!r} replaces the input {name!r} of step {reader.name!r}"
                    yield Finding(path=path, message=message, fix="Choose a place beside the input.")


def _ancestors(context: Context) -> dict[str, set[str]]:
    upstream: dict[str, set[str]] = {step.name: set() for step in context.spec.steps}
    for edge in step_edges(context):
        upstream[context.spec.steps[edge.index].name].add(edge.upstream)
    return ancestors_of(upstream)


def _publishers(context: Context) -> Iterator[tuple[Path, StepSpec, str]]:
    for path, step in context.steps():
        if step.publish is not None:
            yield (*path, "publish"), step, context.resolve(step.publish).rstrip("/")
