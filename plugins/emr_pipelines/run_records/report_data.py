"""A run's report as JSON values, for programs. Pure."""

from __future__ import annotations

import datetime as dt
from dataclasses import asdict
from typing import Any

from emr_pipelines.run_records.run_report import RunReport, StepReport


def report_data(report: RunReport) -> dict[str, Any]:
    """The report as JSON values; times are ISO texts."""
    return {
        "pipeline": report.run.pipeline,
        "run_id": report.run.run_id,
        "date": report.run.date or None,
        "year": report.run.year or None,
        "params": dict(report.run.params),
        "environment": report.environment,
        "state": report.state,
        "why": report.why,
        "began": _iso(report.began),
        "ended": _iso(report.ended),
        "steps": [_step_data(step) for step in report.steps],
        "clusters": [
            {key: _iso(value) if isinstance(value, dt.datetime) else value for key, value in asdict(one).items()}
            for one in report.clusters
        ],
    }


def _step_data(step: StepReport) -> dict[str, Any]:
    attempts = [
        {
            "step_id": one.handle.step_id,
            "cluster_id": one.handle.cluster_id,
            "label": one.label,
            "state": one.state,
            "created": _iso(one.created),
            "started": _iso(one.started),
            "ended": _iso(one.ended),
        }
        for one in step.attempts
    ]
    return {
        "name": step.name,
        "kind": step.plan.kind,
        "state": step.state,
        "reason": step.reason or None,
        "attempts": attempts,
        "output": None if step.output is None else asdict(step.output),
        "published": None if step.place is None else asdict(step.place),
    }


def _iso(moment: dt.datetime | None) -> str | None:
    return None if moment is None else moment.astimezone(dt.UTC).isoformat(timespec="seconds")
