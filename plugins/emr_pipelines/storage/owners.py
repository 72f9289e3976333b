"""Whose a published place is: one step of one pipeline, and of its runs those that make the same output. Pure.

A run may replace what a run of the same moment has published (a repetition, a clear, a backfill), and what comes from the same parts of the date and the same
parameters. Anything else is another's, and is taken over only when somebody says so.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from emr_pipelines.errors import EmrPipelinesError
from emr_pipelines.pipeline_spec.notation.s3_places import LEGACY_RUNS, RUNS, TakeOver

_ATTEMPT = re.compile(
    rf"s3://[^/]+/(?:{LEGACY_RUNS}|{RUNS})/(?P<pipeline>[^/]+)/(?P<run>[^/]+)/(?P<step>[^/]+)/attempt="
)


class PlaceTaken(EmrPipelinesError):
    """A place that another pipeline, step or run has published to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Owner:
    """Who publishes: a step of a pipeline in a run.

    `moment` is the run's logical date (ISO, with its zone), `values` what its output comes from (see plan.run_scope); both are empty and None where an older
    version has not said them. `scheduled`: Airflow's scheduler or a backfill made the run for that moment, no person.
    """

    pipeline: str
    step: str
    run_id: str
    moment: str = ""
    scheduled: bool = False
    values: Mapping[str, str] | None = field(default=None)

    def to_record(self) -> dict[str, Any]:
        """As it is stored."""
        return asdict(self)

    def __str__(self) -> str:
        """`step count of words, run manual__1`."""
        return f"step {self.step} of {self.pipeline}, run {self.run_id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceClaim:
    """A place that an owner wants to publish to, and whom it may replace there. `bucket` (s3://name) is that of the runs, `logs` where the run's cluster keeps its logs."""

    place: str
    owner: Owner
    bucket: str
    logs: str | None = None
    take_over: TakeOver = "nothing"


def claim_of_run(
    claimed: Mapping[str, Any], *, run_id: str, moment: str, scheduled: bool, take_over: bool
) -> PlaceClaim:
    """The claim that plan.run_scope describes, of a run; with `take_over` it may replace anyone."""
    owner = Owner(
        pipeline=claimed["pipeline"],
        step=claimed["step"],
        run_id=run_id,
        moment=claimed["moment"] or moment,
        scheduled=scheduled,
        values=dict(claimed["values"]),
    )
    return PlaceClaim(
        place=claimed["place"],
        owner=owner,
        bucket=claimed["bucket"],
        logs=claimed["logs"],
        take_over="anyone" if take_over else claimed["take_over"],
    )


def owner_in(manifest: Mapping[str, Any]) -> Owner | None:
    """The owner that a place's manifest names. Where an older version wrote it, the address of its source tells pipeline, run and step; None when it does not."""
    stated = manifest.get("owner")
    if isinstance(stated, Mapping):
        return Owner(**stated)
    found = _ATTEMPT.match(str(manifest.get("source", "")))
    return found and Owner(pipeline=found["pipeline"], step=found["step"], run_id=found["run"])


def refuse_another_owner(claim: PlaceClaim, manifest: Mapping[str, Any]) -> None:
    """Raise PlaceTaken when the place has a manifest of somebody whom this publisher may not replace."""
    own, holder = claim.owner, owner_in(manifest)
    if claim.take_over == "anyone":
        return
    if holder is None or (holder.pipeline, holder.step) != (own.pipeline, own.step):
        raise PlaceTaken(
            f"Nothing was published to {claim.place}: it belongs to {holder or 'an unknown publisher'}. Publish to a place of its own; "
            + advise_take_over(own, "anyone")
        )
    differences = [] if claim.take_over == "other_runs" else list(_differences(holder, own))
    if differences:
        raise PlaceTaken(
            f"Nothing was published to {claim.place}: it holds the output of another run, {holder.run_id} ({', '.join(differences)}). "
            "Let `publish` name what tells the runs apart, such as ${run.date} or a parameter; "
            + advise_take_over(own, "other_runs")
        )


def advise_take_over(own: Owner, wanted: TakeOver) -> str:
    """What a person can do who wants the place for this step all the same."""
    return (
        f"or take it over: `emr-pipelines run {own.pipeline} --date {own.moment[:10]} --take-over` (with the run's own --param, if it had some), "
        'the configuration {"take_over": true} of a run in Airflow, '
        f"or `take_over: {wanted}` in the spec for all runs of step {own.step}"
    )


def _differences(holder: Owner, own: Owner) -> Iterator[str]:
    """What tells the other run's output from this one's; nothing when it is the same output made anew."""
    if holder.moment == own.moment or holder.values is None or own.values is None:
        return
    names = sorted({*holder.values, *own.values})
    for name in names:
        before, now = holder.values.get(name, "none"), own.values.get(name, "none")
        if before != now:
            yield f"{name} {before}, here {now}"
    if holder.values == own.values and holder.scheduled and own.scheduled:
        yield f"scheduled for {holder.moment}, this one for {own.moment}"
