"""How close a plan comes to the limits of EMR. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from emr_pipelines.pipeline_spec.notation.emr_limits import (
    MAX_BOOTSTRAP_ACTIONS,
    MAX_CHARACTERS,
    MAX_STEPS,
    MAX_STEPS_AT_ONCE,
    MAX_TAGS,
    MAX_TASK_GROUPS,
    MAX_TYPES,
    MAX_TYPES_WITH_STRATEGY,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitUse:
    """How much of one limit is used, and by what; `limit` is None where EMR documents none."""

    name: str
    used: int
    limit: int | None = None
    by: str | None = None


def limits_used(
    plan_request: Mapping[str, Any] | None, steps: Sequence[Mapping[str, Any]], *, bound: bool
) -> tuple[LimitUse, ...]:
    """The uses of a run: `plan_request` is the RunJobFlow body, None for a long-running cluster; `steps` are the StepConfigs; `bound` says that they hold a run's values."""
    uses = [LimitUse(name="steps", used=len(steps), limit=MAX_STEPS), _longest_step(steps, bound)]
    return (*uses, *(_cluster_uses(plan_request) if plan_request is not None else ()))


def _longest_step(steps: Sequence[Mapping[str, Any]], bound: bool) -> LimitUse:
    longest = max(steps, key=_count_characters)
    counted = "values of this run" if bound else "placeholders as written"
    return LimitUse(
        name="longest step's characters",
        used=_count_characters(longest),
        limit=MAX_CHARACTERS,
        by=f"{longest['Name'].split()[0]}, {counted}",
    )


def _count_characters(step: Mapping[str, Any]) -> int:
    """The characters of a step that EMR counts against its limit."""
    jar_step = step["HadoopJarStep"]
    return len(jar_step["Jar"]) + len(jar_step.get("MainClass", "")) + sum(map(len, jar_step["Args"]))


def _cluster_uses(request: Mapping[str, Any]) -> Iterator[LimitUse]:
    yield LimitUse(name="steps at once", used=request.get("StepConcurrencyLevel", 1), limit=MAX_STEPS_AT_ONCE)
    yield LimitUse(name="bootstrap actions", used=len(request.get("BootstrapActions", [])), limit=MAX_BOOTSTRAP_ACTIONS)
    tags = request.get("Tags", [])
    ours = sum(tag["Key"].startswith("emr-pipelines:") for tag in tags)
    yield LimitUse(name="tags", used=len(tags), limit=MAX_TAGS, by=f"{ours} of them are set by emr-pipelines")
    yield LimitUse(name="applications", used=len(request.get("Applications", [])))
    configurations = request.get("Configurations", [])
    if configurations:
        yield LimitUse(name="characters of configurations", used=len(json.dumps(configurations, separators=(",", ":"))))
    yield from _capacity_uses(request["Instances"])


def _capacity_uses(instances: Mapping[str, Any]) -> Iterator[LimitUse]:
    for fleet in instances.get("InstanceFleets", []):
        strategy = _has_strategy(fleet)
        yield LimitUse(
            name=f"instance types of fleet {fleet.get('Name', fleet['InstanceFleetType'].lower())}",
            used=len(fleet.get("InstanceTypeConfigs", [])),
            limit=MAX_TYPES_WITH_STRATEGY if strategy else MAX_TYPES,
            by="with an allocation strategy" if strategy else "without an allocation strategy",
        )
    groups = instances.get("InstanceGroups", [])
    if groups:
        task_groups = sum(group["InstanceRole"] == "TASK" for group in groups)
        yield LimitUse(name="task groups", used=task_groups, limit=MAX_TASK_GROUPS)


def _has_strategy(fleet: Mapping[str, Any]) -> bool:
    specifications = fleet.get("LaunchSpecifications", {}).values()
    return any("AllocationStrategy" in specification for specification in specifications)
