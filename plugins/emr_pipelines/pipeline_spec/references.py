"""Which steps a step uses, and where it says so. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from emr_pipelines.pipeline_spec.context import Context
from emr_pipelines.pipeline_spec.models.pipeline import KINDS
from emr_pipelines.pipeline_spec.notation.placeholders import PlaceholderError, Reference, references_in
from emr_pipelines.pipeline_spec.notation.plain_values import texts_in
from emr_pipelines.pipeline_spec.reading.document import Path, value_at

ARGUMENT_KEYS = ("args", "command")
_KEYS_WITH_OUTPUTS = (
    "inputs",
    *(kind for kind, model in KINDS.items() if model is not None and model.names_outputs),
    *ARGUMENT_KEYS,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Edge:
    """Step number `index` names the step `upstream` at `path`; `of_output` when it reads its output, `of_own` where a step may mean itself."""

    index: int
    path: Path
    upstream: str
    of_output: bool
    of_own: bool = False


def parse_references(text: str) -> list[Reference]:
    """The placeholders of a text; none when one is malformed, which is a problem of its own."""
    try:
        return list(references_in(text))
    except PlaceholderError:
        return []


def step_edges(context: Context) -> Iterator[Edge]:
    """Every place where a step names a step, in the order of the file."""
    for index, step in enumerate(context.spec.steps):
        path: Path = ("steps", index)
        if step.from_step:
            yield Edge(index=index, path=(*path, "from_step"), upstream=step.from_step, of_output=True)
        for key in _KEYS_WITH_OUTPUTS:
            for inner, text in texts_in(value_at(context.value, (*path, key)), (*path, key)):
                for reference in parse_references(text):
                    if reference.root == "steps" and reference.parts[2:] == ("output",):
                        yield Edge(
                            index=index,
                            path=inner,
                            upstream=reference.parts[1],
                            of_output=True,
                            of_own=key in ARGUMENT_KEYS,
                        )
        for position, name in enumerate(step.after):
            yield Edge(index=index, path=(*path, "after", position), upstream=name, of_output=False)


def ancestors_of(upstream: Mapping[str, Iterable[str]]) -> dict[str, set[str]]:
    """The steps that have ended well before a step starts, by step: those that it names, those that they name, and so on."""
    ancestors: dict[str, set[str]] = {}
    for step in upstream:
        found: set[str] = set()
        waiting = [step]
        while waiting:
            new = set(upstream.get(waiting.pop(), ())) - found
            found |= new
            waiting += new
        ancestors[step] = found - {step}
    return ancestors
