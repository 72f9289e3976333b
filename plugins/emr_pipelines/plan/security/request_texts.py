"""Reads a plan's requests for the rules: properties, arguments, addresses of code, and where a value was written. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from emr_pipelines.pipeline_spec.notation.placeholders import PlaceholderError, Reference, parse_text
from emr_pipelines.pipeline_spec.notation.plain_values import texts_in
from emr_pipelines.plan.kinds.words import options_among
from emr_pipelines.plan.model import Plan


@dataclass(frozen=True, slots=True, kw_only=True)
class Property:
    """A property of Spark, Hadoop or another application, with the words for where it is set and its place."""

    name: str
    value: str
    owner: str
    place: str


def place_of_value(plan: Plan, value: str) -> str:
    """Where a value of the cluster was written; for one that nobody wrote, where the cluster is."""
    return next((place for written, place in plan.cluster.places if written == value), plan.cluster.place)


def text_at(value: Any, key: str) -> str:
    """The text under a key; empty where there is none, or where raw `overrides` put something else."""
    found = value.get(key) if isinstance(value, Mapping) else None
    return found if isinstance(found, str) else ""


def maps_at(value: Any, key: str) -> list[Mapping[str, Any]]:
    """The maps in the list under a key."""
    found = value.get(key) if isinstance(value, Mapping) else None
    return [item for item in found if isinstance(item, Mapping)] if isinstance(found, list) else []


def properties_of(plan: Plan) -> Iterator[Property]:
    """Every property that the cluster's configurations and the steps' options set."""
    yield from _configured(plan, maps_at(plan.cluster.request, "Configurations"))
    for step in plan.steps:
        for name, value in (*step.command.properties(), *_written_properties(step.command.arguments)):
            yield Property(name=name, value=value, owner=f"step {step.name!r}", place=step.place)


def _written_properties(words: Sequence[str]) -> Iterator[tuple[str, str]]:
    for option, word in options_among(words):
        name, equals, value = word.partition("=")
        if option in ("--conf", "-c", "-D") and equals:
            yield name, value


def _configured(plan: Plan, configurations: Sequence[Mapping[str, Any]]) -> Iterator[Property]:
    for configuration in configurations:
        owner = f"the configuration {text_at(configuration, 'Classification')!r}"
        for (name, *_), value in texts_in(configuration.get("Properties")):
            yield Property(name=str(name), value=value, owner=owner, place=place_of_value(plan, value))
        yield from _configured(plan, maps_at(configuration, "Configurations"))


def pieces_of(text: str) -> tuple[str | Reference, ...]:
    """The literal pieces and placeholders of a text; one that is no text of ours is a literal as a whole."""
    try:
        return parse_text(text)
    except PlaceholderError:
        return (text,)


def params_in(text: str) -> list[str]:
    """The names of the parameters in a text, in order."""
    return [piece.parts[1] for piece in pieces_of(text) if isinstance(piece, Reference) and piece.root == "params"]
