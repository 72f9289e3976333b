"""Reports of runs that never were, with fixed times and ids, from the short notation of `views/*.json`."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import Any

from emr_pipelines.emr.steps import StepHandle
from emr_pipelines.run_records.cluster_reports import ClusterReport
from emr_pipelines.run_records.output_reports import PublishedPlace, StepOutput
from emr_pipelines.run_records.planned_steps import PlannedStep
from emr_pipelines.run_records.run_report import RunReport, StepReport
from emr_pipelines.run_records.submitted_steps import SubmittedStep
from emr_pipelines.storage.run_records import RunRecord

BEGIN = dt.datetime(2005, 1, 1, 6, 0, 0, tzinfo=dt.UTC)
NOW = BEGIN + dt.timedelta(hours=1)
CLUSTER = "j-3H6EATEWWRWS"


def at(seconds: float | None) -> dt.datetime | None:
    """A time, in seconds from the run's beginning."""
    return None if seconds is None else BEGIN + dt.timedelta(seconds=seconds)


def read_report(file: Path) -> RunReport:
    """The report that a case describes."""
    case = json.loads(file.read_text())
    return RunReport(
        run=RunRecord(**{"plan_digest": "0", "code_prefix": "s3://b/code/0", **case["run"]}),
        environment="aws",
        region="eu-west-1",
        state=case["state"],
        why=case.get("why", ""),
        began=at(0),
        ended=at(case.get("ended")),
        steps=tuple(_step(step) for step in case["steps"]),
        clusters=tuple(_cluster(cluster) for cluster in case.get("clusters", [])),
        recorded=case.get("recorded", True),
    )


def _step(case: dict[str, Any]) -> StepReport:
    return StepReport(
        plan=PlannedStep(name=case["name"], kind="spark", family="0" * 12, folder="s3://b/runs/p/r/s"),
        attempts=tuple(_attempt(case["name"], number, one) for number, one in enumerate(case["attempts"], 1)),
        output=StepOutput(**case["output"]) if "output" in case else None,
        place=PublishedPlace(**case["place"]) if "place" in case else None,
    )


def _attempt(name: str, number: int, case: list[Any]) -> SubmittedStep:
    """[state, started, ended, message of the failure]."""
    state, started, ended, *message = case
    step_id = f"s-{name.upper().replace('_', '')[:8]}{number}"
    summary = {
        "Id": step_id,
        "Name": f"{name} [k:000000000000.{number}]",
        "Status": {"State": state, "FailureDetails": {"Reason": "Unknown Error.", "Message": "".join(message)}},
    }
    return SubmittedStep(
        name=name,
        family="0" * 12,
        label=str(number),
        handle=StepHandle(cluster_id=CLUSTER, step_id=step_id),
        state=state,
        created=at(started),
        started=at(started),
        ended=at(ended),
        summary=summary,
    )


def _cluster(case: dict[str, Any]) -> ClusterReport:
    return ClusterReport(
        cluster_id=CLUSTER,
        name="emr-pipelines/p/000000000000/main",
        state=case["state"],
        reason=case["reason"],
        created=at(0),
        ready=at(300),
        ended=at(case.get("ended")),
        hours=1.0,
        instance_hours=case.get("instance_hours", 0),
        nodes=case["nodes"],
        nodes_in_all=case.get("nodes_in_all", case["nodes"]),
        log_uri="s3://b/logs/",
        is_own=case.get("is_own", True),
    )
