"""Rules about processors: arm64 and x86_64 in one cluster, with what runs on one of them only. Pure, by the dated table of instance types."""

from __future__ import annotations

from collections.abc import Iterator

from emr_pipelines.pipeline_spec.catalog.instance_types import find_instance_type
from emr_pipelines.pipeline_spec.context import Context, RuleViolation
from emr_pipelines.pipeline_spec.file_references import file_references
from emr_pipelines.pipeline_spec.reading.document import Path, value_at
from emr_pipelines.pipeline_spec.reading.overlay import PARTS

_WORKERS = ("core", "task")
_CUSTOM_AMIS: tuple[Path, ...] = (("cluster", "custom_ami"), ("cluster", "overrides", "CustomAmiId"))


def check_mixed(context: Context) -> Iterator[RuleViolation]:
    """Core and task nodes of two architectures run code that may be built for one."""
    other = _find_other(context)
    native = next(_native_files(context), None)
    if other and native:
        path, text = other
        what, file = native
        yield RuleViolation(
            path=path,
            message=f"{text}, but {what} {file} may hold or install programs for one of the two only",
            fix="Keep core and task to one architecture, or make sure that it works on both (`uname -m` tells them apart).",
        )


def check_custom_ami(context: Context) -> Iterator[RuleViolation]:
    """A custom AMI has one architecture, and so have the instance types that it serves."""
    first: dict[str, tuple[str, str]] = {}
    told: set[str] = set()
    for path, ami, name in _served_types(context):
        known = find_instance_type(name)
        if known is None or ami in told:
            continue
        other, architecture = first.setdefault(ami, (name, known.architecture))
        if architecture != known.architecture:
            told.add(ami)
            yield RuleViolation(
                path=path,
                message=f"{ami} is one AMI for two architectures: {name} is {known.architecture} and {other} is {architecture}",
                fix="Use instance types of the AMI's own architecture, or an AMI of its own for each instance type.",
            )


def _served_types(context: Context) -> Iterator[tuple[Path, str, str]]:
    """Each instance type with the custom AMI that it starts from, and where that stands."""
    whole = next((path for path in _CUSTOM_AMIS if value_at(context.value, path)), None)
    for path, name in _instance_types(context, PARTS):
        own, of_part = (*path, "custom_ami"), (*path[:2], "custom_ami")
        for place in (own, of_part, whole):
            if place and value_at(context.value, place):
                yield place, str(value_at(context.value, place)), name
                break


def _find_other(context: Context) -> tuple[Path, str] | None:
    """Among core and task: where the first instance type of a second architecture stands, and the two types in words."""
    first: tuple[str, str] | None = None
    for path, name in _instance_types(context, _WORKERS):
        known = find_instance_type(name)
        if known is None:
            continue
        if first and known.architecture != first[1]:
            return path, f"{name} is {known.architecture} and {first[0]} is {first[1]}"
        first = first or (name, known.architecture)
    return None


def _instance_types(context: Context, parts: tuple[str, ...]) -> Iterator[tuple[Path, str]]:
    for name in parts:
        part = getattr(context.spec.cluster, name)
        if part is None:
            continue
        if part.instance:
            yield ("cluster", name, "instance"), part.instance
        for index, each in enumerate(part.instances or []):
            yield ("cluster", name, "instances", index), each if isinstance(each, str) else each.type


def _native_files(context: Context) -> Iterator[tuple[str, str]]:
    """Files that may be made for one architecture, with what they are."""
    for path, text in file_references(context):
        if path[:2] == ("cluster", "bootstrap"):
            yield "the bootstrap action", text
        elif "archives" in path:
            yield "the archive", text
        elif "py_files" in path and text.endswith(".whl"):
            yield "the wheel", text
