"""What a task claims when it publishes: the place from the plan, the rest from Airflow's run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow.providers.common.compat.sdk import AirflowFailException

from emr_pipelines.pipeline_spec.notation.task_names import TAKE_OVER_KEY
from emr_pipelines.storage.owners import PlaceClaim, claim_of_run

if TYPE_CHECKING:
    from collections.abc import Mapping

    from airflow.sdk import Context

_BY_SCHEDULE = ("scheduled", "backfill")


def claim_in(context: Context, claimed: Mapping[str, Any]) -> PlaceClaim:
    """The rendered claim of a step (see plan.run_scope.place_claim) in this run, which takes over from anyone when its configuration says so."""
    run: Any = context["dag_run"]
    take_over = (run.conf or {}).get(TAKE_OVER_KEY, False)
    if not isinstance(take_over, bool):
        raise AirflowFailException(
            f"The run's configuration has {TAKE_OVER_KEY}: {take_over!r}; write true, or leave it out"
        )
    return claim_of_run(
        claimed,
        run_id=run.run_id,
        moment=(run.logical_date or run.run_after).isoformat(),
        scheduled=run.run_type in _BY_SCHEDULE,
        take_over=take_over,
    )
