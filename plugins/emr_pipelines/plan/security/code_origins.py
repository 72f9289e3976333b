"""Finds where the code of a plan comes from: the addresses of scripts, jars, archives and repositories. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from emr_pipelines.plan.kinds.words import options_among
from emr_pipelines.plan.model import Plan, StepPlan
from emr_pipelines.plan.security.request_texts import (
    Property,
    maps_at,
    place_of_value,
    properties_of,
    text_at,
)

# Options whose value is a list of code, and the properties of Spark and Hadoop for the same.
_CODE_OPTIONS = ("--jars", "--py-files", "--files", "--archives", "-files", "-archives", "-libjars")
_CODE_PROPERTIES = (
    "spark.archives", "spark.files", "spark.jars", "spark.submit.pyFiles", "spark.yarn.archive", "spark.yarn.dist.archives", "spark.yarn.dist.files",
    "spark.yarn.dist.jars", "spark.yarn.dist.pyFiles", "spark.yarn.jars", "tmpfiles", "tmparchives", "tmpjars",
)  # fmt: skip
_REPOSITORIES = ("--repositories", "spark.jars.repositories")
_PACKAGES = ("--packages", "spark.jars.packages")


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeOrigin:
    """An address from which a cluster takes something, with the words for who takes it, and the place."""

    address: str
    taker: str
    place: str


def code_of(plan: Plan) -> Iterator[CodeOrigin]:
    """Every address of code that the cluster's nodes or its steps run."""
    for action in maps_at(plan.cluster.request, "BootstrapActions"):
        name, path = text_at(action, "Name"), text_at(action.get("ScriptBootstrapAction"), "Path")
        yield CodeOrigin(address=path, taker=f"bootstrap action {name!r}", place=_written_place(plan, path, name))
    for step in plan.steps:
        for address in dict.fromkeys(_code_of_step(step)):
            yield CodeOrigin(address=address, taker=f"step {step.name!r}", place=step.place)
    yield from _of_properties(plan, _CODE_PROPERTIES)


def repositories_of(plan: Plan) -> Iterator[CodeOrigin]:
    """Every repository of Java packages besides the default ones."""
    yield from _of_options(plan, _REPOSITORIES)
    yield from _of_properties(plan, _REPOSITORIES)


def packages_of(plan: Plan) -> Iterator[CodeOrigin]:
    """Every Java package that a step fetches by its coordinates."""
    for step in plan.steps:
        for package in step.command.packages():
            yield CodeOrigin(address=package, taker=f"step {step.name!r}", place=step.place)
    yield from _of_options(plan, _PACKAGES)
    yield from _of_properties(plan, _PACKAGES)


def _written_place(plan: Plan, *values: str) -> str:
    """The place of the first of the values that somebody wrote."""
    places = (place_of_value(plan, value) for value in values)
    return next((place for place in places if place != plan.cluster.place), plan.cluster.place)


def _code_of_step(step: StepPlan) -> Iterator[str]:
    yield from step.command.code()
    for option, value in options_among(step.command.arguments):
        if option in _CODE_OPTIONS:
            yield from value.split(",")


def _of_options(plan: Plan, names: tuple[str, ...]) -> Iterator[CodeOrigin]:
    for step in plan.steps:
        for option, value in options_among(step.command.arguments):
            if option in names:
                yield from _split(value, f"step {step.name!r}", step.place)


def _of_properties(plan: Plan, names: tuple[str, ...]) -> Iterator[CodeOrigin]:
    for one in properties_of(plan):
        if one.name in names:
            yield from _split(one.value, _taker(one), one.place)


def _taker(one: Property) -> str:
    return f"the property {one.name} of {one.owner}"


def _split(value: str, taker: str, place: str) -> Iterator[CodeOrigin]:
    for address in value.split(","):
        if address.strip():
            yield CodeOrigin(address=address.strip(), taker=taker, place=place)
