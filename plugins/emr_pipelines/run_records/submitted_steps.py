"""What was submitted to a cluster, attempt by attempt, as ListSteps tells it. The client is passed in."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from emr_pipelines.emr.emr_api import TERMINAL_STEP_STATES, EmrApi
from emr_pipelines.emr.steps import StepHandle
from emr_pipelines.plan.keys import label_order, parse_step_name

if TYPE_CHECKING:
    from types_boto3_emr.type_defs import StepSummaryTypeDef


@dataclass(frozen=True, slots=True, kw_only=True)
class SubmittedStep:
    """One submission: the step's name in the spec, the key of all attempts (`family`) and this one's label, its state and times; `summary` is ListSteps's own."""

    name: str
    family: str
    label: str
    handle: StepHandle
    state: str
    created: dt.datetime | None
    started: dt.datetime | None
    ended: dt.datetime | None
    summary: Any = None

    @property
    def is_active(self) -> bool:
        """Whether it may still run."""
        return self.state not in TERMINAL_STEP_STATES


def submitted_steps(api: EmrApi, cluster_id: str, step_ids: Sequence[str] = ()) -> list[SubmittedStep]:
    """The steps of the cluster that this package submitted, in the order of their labels; with `step_ids` those. Raises ClientError when EMR knows none of them."""
    wanted: dict[str, Any] = {"StepIds": list(step_ids)} if step_ids else {}
    pages = api.read.get_paginator("list_steps").paginate(ClusterId=cluster_id, **wanted)
    found = [one for page in pages for step in page["Steps"] if (one := _submitted(cluster_id, step)) is not None]
    return sorted(found, key=lambda one: label_order(one.label))


def _submitted(cluster_id: str, step: StepSummaryTypeDef) -> SubmittedStep | None:
    key = parse_step_name(step["Name"])
    if key is None:
        return None
    times = step["Status"].get("Timeline", {})
    return SubmittedStep(
        name=step["Name"].rpartition(" [k:")[0],
        family=key.family,
        label=key.label,
        handle=StepHandle(cluster_id=cluster_id, step_id=step["Id"]),
        state=step["Status"]["State"],
        created=times.get("CreationDateTime"),
        started=times.get("StartDateTime"),
        ended=times.get("EndDateTime"),
        summary=step,
    )
