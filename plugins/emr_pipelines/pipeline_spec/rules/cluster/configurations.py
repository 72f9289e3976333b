"""Rules about configuration classifications. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from emr_pipelines.pipeline_spec.catalog.classifications import find_objection
from emr_pipelines.pipeline_spec.context import Context, RuleViolation
from emr_pipelines.pipeline_spec.models.configuration import ConfigurationSpec
from emr_pipelines.pipeline_spec.notation.forms import RELEASE
from emr_pipelines.pipeline_spec.notation.plain_values import texts_in
from emr_pipelines.pipeline_spec.reading.document import Path, value_at
from emr_pipelines.pipeline_spec.references import parse_references
from emr_pipelines.pipeline_spec.rules.cluster.capacity import parts_of

_OVERRIDES: Path = ("cluster", "overrides")


def check_unique(context: Context) -> Iterator[RuleViolation]:
    """A list has one entry for each classification: with two it would be open which of them counts."""
    for path, configurations in _lists(context):
        yield from _check_list(path, configurations)


def check_taken(context: Context) -> Iterator[RuleViolation]:
    """The release takes each classification; EMR refuses a cluster with another one."""
    yield from _find_objections(context, certain=True)


def check_listed(context: Context) -> Iterator[RuleViolation]:
    """A classification that no table lists may be newer than the table, or none."""
    yield from _find_objections(context, certain=False)


def _find_objections(context: Context, *, certain: bool) -> Iterator[RuleViolation]:
    release = (context.spec.cluster.overrides or {}).get("ReleaseLabel", context.spec.cluster.release)
    if not isinstance(release, str) or not re.fullmatch(RELEASE, release):
        return
    for path, name, parent in _names(context):
        resolved = context.resolve(name)
        objection = None if parse_references(resolved) else find_objection(resolved, parent, release)
        if objection and objection.is_certain == certain:
            yield RuleViolation(path=path, message=objection.message, fix=objection.fix)


def _names(context: Context) -> Iterator[tuple[Path, str, str | None]]:
    """Each classification with its path and the one that it is nested under, those of `overrides` too."""
    for path, configurations in _lists(context):
        yield from _names_in(configurations, path, None)
    for path, name in texts_in(context.spec.cluster.overrides, _OVERRIDES):
        if path[-1] == "Classification":
            # Path of a nested one: …, <index>, Configurations, <index>, Classification.
            owner = value_at(context.value, path[:-3]) if path[:-3] != _OVERRIDES else None
            parent = owner.get("Classification") if isinstance(owner, dict) else None
            yield path, name, parent


def _names_in(
    configurations: Sequence[ConfigurationSpec], path: Path, parent: str | None
) -> Iterator[tuple[Path, str, str | None]]:
    for index, each in enumerate(configurations):
        yield (*path, index, "classification"), each.classification, parent
        yield from _names_in(each.configurations, (*path, index, "configurations"), each.classification)


def _lists(context: Context) -> Iterator[tuple[Path, Sequence[ConfigurationSpec]]]:
    """Every list of configurations: of the cluster, of its parts, and of their instance types."""
    yield ("cluster", "configurations"), context.spec.cluster.configurations or []
    for path, _, part in parts_of(context):
        yield (*path, "configurations"), part.configurations or []
        for index, instance in enumerate(part.instances or []):
            if not isinstance(instance, str):
                yield (*path, "instances", index, "configurations"), instance.configurations or []


def _check_list(path: Path, configurations: Sequence[ConfigurationSpec]) -> Iterator[RuleViolation]:
    seen: set[str] = set()
    for index, configuration in enumerate(configurations):
        name = configuration.classification
        if name in seen:
            message = f"the classification {name!r} is here twice"
            fix = "Write all its properties in one entry."
            yield RuleViolation(path=(*path, index, "classification"), message=message, fix=fix)
        seen.add(name)
        yield from _check_list((*path, index, "configurations"), configuration.configurations)
