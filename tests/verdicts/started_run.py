"""A run of the matrix: started in one of the ways, then treated as the event says, and looked back on."""

from __future__ import annotations

import datetime as dt
import json
import subprocess
import sys
import urllib.error
from dataclasses import dataclass
from http import HTTPStatus
from importlib.metadata import version
from pathlib import Path

from emr_pipelines.plan.keys import run_key
from tests.kills.airflow_processes import BUCKET, AirflowProcesses
from tests.reliability.aftermath import Aftermath
from tests.verdicts.matrix import Outcome
from tests.verdicts.pipelines import YEAR, spec_lines, steps

BY_HAND = "by_hand"


@dataclass(frozen=True, slots=True)
class StartedRun:
    """One run, or none (`run_id` None) where Airflow made none."""

    airflow: AirflowProcesses
    pipeline: str
    run_id: str | None

    def undergo(self, event: str) -> None:
        """Do to the run what the event says; blocks until the run is over."""
        if self.run_id is None:
            return
        rest, name, run_id = self.airflow.rest, self.pipeline, self.run_id
        if event in ("marked_failed", "marked_success", "task_marked_success"):
            self.airflow.wait_until(f"the first step of {name}", lambda: self._first_step() == "RUNNING", 120)
            if event == "task_marked_success":
                rest.set_state(name, run_id, "first.wait", "success")
            else:
                rest.set_run_state(name, run_id, event.removeprefix("marked_"))
        self._wait_for_verdict()
        if event in ("cleared", "cleared_alone"):
            rest.clear(name, run_id, ["first.submit", "first.wait"], downstream=event == "cleared")
            self.airflow.wait_until(f"{name} to go on", lambda: not self._is_over(), 60)
            self._wait_for_verdict()

    def outcome(self) -> Outcome:
        """What became of it. Fails the test when a cluster outlived it."""
        if self.run_id is None:
            return Outcome(None, 0, published=False)
        aftermath = Aftermath(self.airflow.emr, self.pipeline, run_key(self.pipeline, self.run_id))
        aftermath.check()
        prefix = f"published/{self.pipeline}/"
        listed = self.airflow.client("s3").list_objects_v2(Bucket=BUCKET, Prefix=prefix).get("Contents", [])
        return Outcome(
            self.airflow.rest.run_state(self.pipeline, self.run_id),
            len(aftermath.clusters()),
            published=any(one["Key"].endswith("_SUCCESS") for one in listed),
        )

    def ran_again(self, task_id: str) -> bool:
        """Whether Airflow cleared the task as well."""
        tries: int = self.airflow.rest.tasks(self.pipeline, self.run_id or "")[task_id]["try_number"]
        return tries > 1

    def log(self, task_id: str) -> str:
        """What a task of the run wrote."""
        return self.airflow.task_log(self.pipeline, self.run_id or "", task_id)

    def started(self) -> dt.datetime:
        """When the run began, as the UI shows it."""
        return dt.datetime.fromisoformat(self.airflow.rest.run(self.pipeline, self.run_id or "")["start_date"])

    def _first_step(self) -> str | None:
        aftermath = Aftermath(self.airflow.emr, self.pipeline, run_key(self.pipeline, self.run_id or ""))
        found = aftermath.steps("first")
        return found[0]["Status"]["State"] if found else None

    def _is_over(self) -> bool:
        return self.airflow.rest.run_state(self.pipeline, self.run_id or "") in ("success", "failed")

    def _wait_for_verdict(self) -> None:
        self.airflow.wait_for_run(self.pipeline, self.run_id or "", seconds=240)


def start_run(airflow: AirflowProcesses, programs: Path, way: str, event: str) -> StartedRun:
    """Add the cell's pipeline and start its run."""
    name = f"{way}_{event}"
    airflow.add_pipeline(name, steps(programs, event, name), more=spec_lines(way, event))
    conf = {"year": YEAR} if event == "outside_year" else {}
    if way in ("scheduled", "catchup", "backfill"):
        if way == "backfill":
            _backfill(airflow, name, outside=event == "outside")
        return StartedRun(airflow, name, _run_of_airflow(airflow, name, is_made=event != "outside"))
    now = dt.datetime.now(dt.UTC)
    date = now if way in ("form", "cli") else dt.datetime(1990 if "outside" in event else YEAR, 1, 1, tzinfo=dt.UTC)
    match way:
        case "dags_test":
            return StartedRun(airflow, name, _test_dag(airflow, name, date, conf))
        case "cli":
            _airflow(airflow, "dags", "trigger", name, "--run-id", BY_HAND, "--conf", json.dumps(conf))
        case _:
            airflow.rest.trigger(name, BY_HAND, conf, date=None if way == "undated" else date)
    return StartedRun(airflow, name, BY_HAND)


def _backfill(airflow: AirflowProcesses, name: str, *, outside: bool) -> None:
    day = f"{1990 if outside else YEAR}-01-01"
    try:
        airflow.rest.backfill(name, day, day, 1, "none")
    except urllib.error.HTTPError as error:
        # Airflow says so when the schedule has no run in the range; 3.2 trips over it.
        trips = version("apache-airflow").startswith("3.2.")
        refused = HTTPStatus.INTERNAL_SERVER_ERROR if trips else HTTPStatus.UNPROCESSABLE_ENTITY
        if not outside or error.code != refused:
            raise


def _run_of_airflow(airflow: AirflowProcesses, name: str, *, is_made: bool) -> str | None:
    if is_made:
        airflow.wait_until(f"a run of {name}", lambda: airflow.rest.run_states(name), 120)
    else:
        # Airflow reckons a DAG's next run as it stores the DAG, and makes no other by itself.
        due = airflow.rest.next_run_after(name)
        assert due is None or due > dt.datetime.now(dt.UTC)
    runs = list(airflow.rest.run_states(name))
    assert len(runs) == int(is_made)
    return runs[0] if runs else None


def _test_dag(airflow: AirflowProcesses, name: str, date: dt.datetime, conf: dict[str, int]) -> str:
    # Else Airflow's scheduler takes tasks of the test's run for its own.
    airflow.rest.pause(name)
    _airflow(airflow, "dags", "test", name, date.isoformat(), "--conf", json.dumps(conf), may_fail=True)
    (run_id,) = airflow.rest.run_states(name)
    return run_id


def _airflow(airflow: AirflowProcesses, *arguments: str, may_fail: bool = False) -> None:
    command = [sys.executable, "-m", "airflow", *arguments]
    finished = subprocess.run(command, env=airflow.variables, cwd=airflow.project, capture_output=True, text=True)
    assert may_fail or finished.returncode == 0, finished.stderr[-3000:]
