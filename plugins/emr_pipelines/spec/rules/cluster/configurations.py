"""Rules about configuration classifications. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from emr_pipelines.spec.context import Context, Finding
from emr_pipelines.spec.models.configuration import ConfigurationSpec
from emr_pipelines.spec.reading.document import Path
from emr_pipelines.spec.rules.cluster.capacity import parts_of


def check_unique(context: Context) -> Iterator[Finding]:
    """A list has one entry for each classification: with two it would be open which of them counts."""
    yield from _check_list(("cluster", "configurations"), context.spec.cluster.configurations or [])
    for path, _, part in parts_of(context):
        yield from _check_list((*path, "configurations"), part.configurations or [])
        for index, instance in enumerate(part.instances or []):
            if not isinstance(instance, str):
                inner = (*path, "instances", index, "configurations")
                yield from _check_list(inner, instance.configurations or [])


def _check_list(path: Path, configurations: Sequence[ConfigurationSpec]) -> Iterator[Finding]:
    seen: set[str] = set()
    for index, configuration in enumerate(configurations):
        name = configuration.classification
        if name in seen:
            message = f"the classification {name!r} is here twice"
            fix = "Write all its properties in one entry."
            yield Finding(path=(*path, index, "classification"), message=message, fix=fix)
        seen.add(name)
        yield from _check_list((*path, index, "configurations"), configuration.configurations)
