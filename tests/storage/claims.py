"""The claim with which tests publish: that of one step of one pipeline, unless a test is about others."""

from __future__ import annotations

from collections.abc import Mapping

from emr_pipelines.pipeline_spec.notation.s3_places import TakeOver
from emr_pipelines.storage.owners import Owner, PlaceClaim


def claim_on(
    place: str,
    *,
    pipeline: str = "p",
    step: str = "step",
    run_id: str = "r",
    moment: str = "2005-01-01T00:00:00+00:00",
    scheduled: bool = False,
    values: Mapping[str, str] | None = None,
    take_over: TakeOver = "nothing",
) -> PlaceClaim:
    owner = Owner(
        pipeline=pipeline, step=step, run_id=run_id, moment=moment, scheduled=scheduled, values=dict(values or {})
    )
    bucket = "s3://" + place.removeprefix("s3://").partition("/")[0]
    return PlaceClaim(place=place, owner=owner, bucket=bucket, logs=f"{bucket}/logs", take_over=take_over)
