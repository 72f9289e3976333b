"""Rules about s3-dist-cp: from where, to where, and options that work on each other. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator

from emr_pipelines.pipeline_spec.context import Context, RuleViolation
from emr_pipelines.pipeline_spec.models.environment import EnvironmentSpec
from emr_pipelines.pipeline_spec.models.kinds.dist_cp import S3DistCpSpec
from emr_pipelines.pipeline_spec.models.pipeline import StepSpec
from emr_pipelines.pipeline_spec.notation.s3_places import find_flaw, is_within, reserved_places
from emr_pipelines.pipeline_spec.reading.document import Path

_PLACE = re.compile(r"s3://[^/]|hdfs://[^/]*/.|\$\{")
_GLOB = re.compile(r"[*?\[]|(?<!\$)\{")
_UNDERSCORE_BUCKET = re.compile(r"s3://[^/]*_")
# A parenthesis that is neither escaped nor the beginning of a group without a number.
_GROUP = re.compile(r"(?<!\\)(?:\\\\)*\((?!\?(?!<[A-Za-z]))")


def check_source(context: Context) -> Iterator[RuleViolation]:
    """One input is copied: a prefix, a folder or a file."""
    for path, step, _ in _copy_steps(context):
        count = len(step.inputs) + bool(step.from_step)
        if count != 1 and not context.is_broken((*path[:-1], "inputs")):
            message = f"s3_dist_cp copies one input, but the step has {count or 'none'}"
            yield RuleViolation(path=path, message=message, fix="Write one input, or a step for each.", at_key=True)
        for name, text in step.inputs.items():
            if _GLOB.search(text):
                message = f"{text!r} is a glob, which s3-dist-cp does not know"
                fix = "Name the prefix above it, and choose its files by src_pattern, a regular expression."
                yield RuleViolation(path=(*path[:-1], "inputs", name), message=message, fix=fix)


def check_destination(context: Context) -> Iterator[RuleViolation]:
    """The copy goes to `dest` or to the step's own output, not to both."""
    for path, step, copy in _copy_steps(context):
        has_output = not context.is_absent((*path[:-1], "output"))
        if copy.dest and step.output is not None:
            message = "both dest and output"
            fix = "Keep output for a prefix of this run that later steps use, or dest for a place of your own."
            yield RuleViolation(path=(*path, "dest"), message=message, fix=fix, at_key=True)
        elif not has_output and context.is_absent((*path, "dest")):
            message = "s3_dist_cp without a destination"
            fix = "Add output: the format of the files, or dest: an s3:// or hdfs:// address."
            yield RuleViolation(path=path, message=message, fix=fix, at_key=True)


def check_addresses(context: Context) -> Iterator[RuleViolation]:
    """Addresses are on S3 or on HDFS, and no bucket has an underscore in its name."""
    for path, step, copy in _copy_steps(context):
        for key in ("dest", "previous_manifest"):
            text = context.resolve(getattr(copy, key) or "")
            if text and not _PLACE.match(text):
                message = f"{text!r} is neither an s3:// nor an hdfs:// address"
                fix = "Write s3://bucket/prefix or hdfs:///path."
                yield RuleViolation(path=(*path, key), message=message, fix=fix)
        for inner, text in _addresses(path, step, copy):
            if _UNDERSCORE_BUCKET.match(context.resolve(text)):
                message = f"{context.resolve(text)!r} is in a bucket with an underscore in its name, which s3-dist-cp does not take"
                yield RuleViolation(
                    path=inner, message=message, fix="Use another bucket, or copy with a command or Spark."
                )


def check_place(context: Context) -> Iterator[RuleViolation]:
    """A copy to `dest` lands on a place of its own: not on its source, nor among what runs and clusters write."""
    for path, step, copy in _copy_steps(context):
        place = context.resolve(copy.dest or "").rstrip("/")
        if not place.startswith("s3://"):
            continue
        flaw = _find_place_flaw(place, [context.resolve(text) for text in step.inputs.values()], context.environment)
        if flaw:
            fix = 'Write a place such as "${env.bucket}/copies/year=${run.year}".'
            yield RuleViolation(path=(*path, "dest"), message=f"{place!r} {flaw}", fix=fix)


def _find_place_flaw(place: str, sources: list[str], environment: EnvironmentSpec) -> str | None:
    flaw = find_flaw(place)
    if flaw:
        return flaw[0]
    if any(is_within(place, source) for source in sources):
        return "lies within what is copied"
    for address, what in reserved_places(environment.bucket, environment.logs).items():
        if is_within(place, address):
            return f"reaches into {address!r}, where {what}"
    return None


def _addresses(path: Path, step: StepSpec, copy: S3DistCpSpec) -> Iterator[tuple[Path, str]]:
    yield from (((*path[:-1], "inputs", name), text) for name, text in step.inputs.items())
    for key in ("dest", "previous_manifest", "src_prefixes_file"):
        yield (*path, key), getattr(copy, key) or ""


def check_options(context: Context) -> Iterator[RuleViolation]:
    """Options that have no effect, or fail, without another one."""
    for path, _, copy in _copy_steps(context):
        if copy.group_by and not _GROUP.search(copy.group_by):
            message = f"{copy.group_by!r} has no group in parentheses, by which files are put together"
            yield RuleViolation(
                path=(*path, "group_by"), message=message, fix="Write one such as '.*/(day=[0-9-]+)/.*'."
            )
        for key, needed in _find_missing(copy):
            message = f"{key} without {needed}, which it is about"
            yield RuleViolation(path=(*path, key), message=message, fix=f"Add {needed}, or remove {key}.", at_key=True)
        if copy.append_to_last_file and not context.resolve(copy.dest or "").startswith(("hdfs:", "${")):
            message = "append_to_last_file, but a file on S3 cannot be appended to"
            fix = "Remove it, or copy to a dest on hdfs://."
            yield RuleViolation(path=(*path, "append_to_last_file"), message=message, fix=fix, at_key=True)


def _find_missing(copy: S3DistCpSpec) -> Iterator[tuple[str, str]]:
    """The options that are set, each with the one that it needs and that is not."""
    needs = (
        ("target_size_mb", copy.target_size_mb is not None, "group_by", copy.group_by),
        ("starting_index", copy.starting_index is not None, "number_files", copy.number_files),
        ("copy_from_manifest", copy.copy_from_manifest, "previous_manifest", copy.previous_manifest),
    )
    return ((key, needed) for key, is_set, needed, value in needs if is_set and not value)


def _copy_steps(context: Context) -> Iterator[tuple[Path, StepSpec, S3DistCpSpec]]:
    for path, step in context.steps():
        if step.s3_dist_cp is not None:
            yield (*path, "s3_dist_cp"), step, step.s3_dist_cp
