"""Counts the EMR calls for a finished step, ours against the provider's EmrAddStepsOperator and EmrStepSensor at equal latency. Measures no time but that between a step's end and its task's.

Steps of several lengths (`sleep`) run through real Airflow (`dag.test()`) on emr_local, whose call log is counted from the start of the task that submits to the end of the task that waits. Each
length and side is a process of its own, and all run at the same time: their processes sleep most of it. Ours has a first run, when nobody knows how long the step takes, and later ones, whose
lengths are up to 5 % off; before each, the stock side gets its `poke_interval`: twice the mean latency of our schedule (`PollInterval`) for such a step, so both see the end equally late on average.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import random
import runpy
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any, Literal

import boto3
from botocore.config import Config

from benchmarks.stock import idle_cluster, pair_dag
from emr_pipelines.emr.emr_api import READ_CLIENT_CONFIG, WRITE_CLIENT_CONFIG, EmrApi
from emr_pipelines.emr.polling import PollInterval
from tests.conftest import AIRFLOW_HOME, start_emr_local
from tests.fault_control import Faults
from tests.kills.scratch_airflow import copy_project, write_pipeline

GOAL = 0.5
# Of the later runs, one after another: no two runs of a job take equally long.
_FACTORS = (1.0, 1.05, 0.95)
_SIMULATED_STEPS = 2000
_SPEC = """
name: {name}
cluster:
  primary: {{instances: [m5.xlarge]}}
steps:
  - {{name: nap, command: [sleep, "{seconds}"]}}
"""

Who = Literal["ours", "stock"]
Case = Literal["first run", "later runs"]


@dataclass(frozen=True, slots=True, kw_only=True)
class FinishedStep:
    """One step that was submitted and waited for: its length as planned for all runs, the calls, and the seconds from EMR's EndDateTime to the task's end."""

    length: float
    who: Who
    case: Case
    calls: int
    latency: float
    mean_latency: float


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedRun:
    """One run of a lane: what the step takes, and the schedule by which ours looks at it."""

    length: float
    case: Case
    seconds: float
    interval: PollInterval


def plan_runs(length: float, runs: int) -> list[PlannedRun]:
    """The runs of one length, the first one's duration unknown, every other one's expected to be its predecessor's."""
    seconds = [round(length * _FACTORS[number % len(_FACTORS)], 2) for number in range(runs)]
    first = PlannedRun(length=length, case="first run", seconds=seconds[0], interval=PollInterval())
    later = [
        PlannedRun(length=length, case="later runs", seconds=now, interval=PollInterval(expected=before))
        for before, now in zip(seconds, seconds[1:], strict=False)
    ]
    return [first, *later]


def mean_latency(planned: PlannedRun) -> float:
    """How late our schedule sees the end of such a step, on average over its jitter and the moment of the first look."""
    return statistics.fmean(_simulated_latency(planned) for _ in range(_SIMULATED_STEPS))


def _simulated_latency(planned: PlannedRun) -> float:
    age = random.uniform(0.0, planned.interval.minimum)  # noqa: S311 - a simulation
    while age < planned.seconds:
        age += planned.interval.seconds_at(age)
    return age - planned.seconds


class Lane:
    """Runs the steps of one length and side, one after another, in a process of its own."""

    def __init__(self, emr_url: str) -> None:
        session = boto3.Session(region_name="us-east-1", aws_access_key_id="local", aws_secret_access_key="local")  # noqa: S106 - what emr_local takes
        client = partial(session.client, "emr", endpoint_url=emr_url)
        self._api = EmrApi(
            read=client(config=Config(**READ_CLIENT_CONFIG)), write=client(config=Config(**WRITE_CLIENT_CONFIG))
        )
        self._faults = Faults(emr_url)

    def run(self, who: Who, runs: Iterable[PlannedRun]) -> list[FinishedStep]:
        """All runs of one side."""
        return self._run_ours(runs) if who == "ours" else self._run_stock(runs)

    def _run_ours(self, runs: Iterable[PlannedRun]) -> list[FinishedStep]:
        runner = self._runner()
        finished = []
        for planned in runs:
            name = f"ours_{planned.length:g}".replace(".", "_")
            write_pipeline(runner.project, name, _SPEC.format(name=name, seconds=planned.seconds))
            outcome = runner.run(load_dag(runner.project, name))
            (cluster,) = runner.clusters(outcome)
            finished.append(self._count("ours", planned, cluster, outcome.events, ("nap.submit", "nap.wait")))
        return finished

    def _run_stock(self, runs: Iterable[PlannedRun]) -> list[FinishedStep]:
        runner = self._runner()
        finished = []
        for planned in runs:
            name = f"stock_{planned.length:g}".replace(".", "_")
            with idle_cluster(self._api.write) as cluster:
                poll_seconds = 2 * mean_latency(planned)
                text = pair_dag(name, cluster, seconds=planned.seconds, poll_seconds=poll_seconds)
                (runner.project / "dags" / f"{name}.py").write_text(text, encoding="utf-8")
                outcome = runner.run(load_dag(runner.project, name))
                finished.append(self._count("stock", planned, cluster, outcome.events, ("submit", "wait")))
        return finished

    def _runner(self) -> Any:
        # Imports Airflow, which does not survive a fork: only in the lane's own process.
        from tests.reliability.runs import Runner

        return Runner(AIRFLOW_HOME / "project", self._api, self._faults)

    def _count(
        self, who: Who, planned: PlannedRun, cluster: str, events: list[dict[str, Any]], tasks: tuple[str, str]
    ) -> FinishedStep:
        times = {(event["task"], event["state"]): event["time"] for event in events}
        started, ended = times[tasks[0], "running"], times[tasks[1], "success"]
        calls = [call for call in self._faults.calls() if call["cluster"] == cluster]
        (step,) = self._api.read.list_steps(ClusterId=cluster)["Steps"]
        return FinishedStep(
            length=planned.length,
            who=who,
            case=planned.case,
            calls=sum(started <= call["time"] <= ended for call in calls),
            latency=ended - step["Status"]["Timeline"]["EndDateTime"].timestamp(),
            mean_latency=mean_latency(planned),
        )


def load_dag(project: Path, name: str) -> Any:
    """The DAG of a DAG file in the project."""
    file = str(project / "dags" / f"{name}.py")
    dag = runpy.run_path(file)["dag"]
    dag.fileloc = file
    return dag


@contextmanager
def scratch_emr_local() -> Iterator[str]:
    """A running emr_local, by its URL, and an Airflow home in this process's environment whose connection points at it."""
    with tempfile.TemporaryDirectory() as scratch:
        server, url = start_emr_local(Path(scratch) / "emr_local", "--spark-submit", "plain")
        try:
            extra = {"region_name": "us-east-1", "endpoint_url": url}
            connection = {"conn_type": "aws", "login": "local", "password": "local", "extra": extra}
            os.environ["AIRFLOW_CONN_EMR_LOCAL"] = json.dumps(connection)
            copy_project(AIRFLOW_HOME / "project", url)
            subprocess.run([sys.executable, "-m", "airflow", "db", "migrate"], check=True, capture_output=True)
            boto3.client(
                "s3", endpoint_url=url, aws_access_key_id="local", aws_secret_access_key="local"  # noqa: S106 - what emr_local takes
            ).create_bucket(Bucket="emr-pipelines-local")
            yield url
        finally:
            server.terminate()
            server.wait(20)


def measure(lengths: list[float], runs: int) -> list[FinishedStep]:
    """All steps of all lengths and sides."""
    with scratch_emr_local() as url:
        sides: tuple[Who, ...] = ("ours", "stock")
        context = multiprocessing.get_context("fork")
        with ProcessPoolExecutor(2 * len(lengths), context, initializer=_log_to, initargs=(AIRFLOW_HOME,)) as pool:
            # The longest first: they end last.
            planned = [plan_runs(length, runs) for length in sorted(lengths, reverse=True)]
            results = [pool.submit(_run_lane, url, who, runs_of_length) for runs_of_length in planned for who in sides]
            return [step for result in results for step in result.result()]


def _run_lane(url: str, who: Who, runs: list[PlannedRun]) -> list[FinishedStep]:
    return Lane(url).run(who, runs)


def _log_to(folder: Path) -> None:
    log = os.open(folder / f"lane-{os.getpid()}.log", os.O_WRONLY | os.O_CREAT)
    os.dup2(log, 1)
    os.dup2(log, 2)


def summarize(steps: list[FinishedStep], **wanted: object) -> tuple[float, float, float]:
    """Calls, latency and expected latency of the chosen steps, each their mean."""
    chosen = [step for step in steps if all(getattr(step, name) == value for name, value in wanted.items())]
    columns = zip(*((step.calls, step.latency, step.mean_latency) for step in chosen), strict=True)
    calls, latency, expected = (statistics.fmean(column) for column in columns)
    return calls, latency, expected


def table(steps: list[FinishedStep]) -> list[dict[str, Any]]:
    """One row for each length and case, one for each case, one for all."""
    lengths, cases = sorted({step.length for step in steps}), ("first run", "later runs")
    groups: list[dict[str, object]] = [{"length": length, "case": case} for case in cases for length in lengths]
    groups += [{"case": case} for case in cases] + [{}]
    rows = []
    for group in groups:
        ours, stock = (summarize(steps, who=who, **group) for who in ("ours", "stock"))
        rows.append(
            {
                "case": group.get("case", "all"),
                "length": group.get("length"),
                "calls": {"ours": ours[0], "stock": stock[0]},
                "latency": {"ours": ours[1], "stock": stock[1]},
                "expected_latency": ours[2],
                "ratio": ours[0] / stock[0],
            }
        )
    return rows


def print_table(rows: list[dict[str, Any]]) -> None:
    """The rows, aligned."""
    print(f"{'EMR calls per finished step':<28}{'ours':>7}{'stock':>7}{'ratio':>7}   seen after: {'ours':>6}{'stock':>8}")
    for row in rows:
        what = f"{row['case']}, " + ("all lengths" if row["length"] is None else f"{row['length']:g} s")
        calls, latency = row["calls"], row["latency"]
        print(
            f"{what:<28}{calls['ours']:>7.1f}{calls['stock']:>7.1f}{row['ratio']:>7.2f}"
            f"{latency['ours']:>20.2f}s{latency['stock']:>7.2f}s"
        )
    print(f"{'goal':<42}{GOAL:>7.2f}")


def main() -> None:
    """Measure, print the table and write it as JSON where asked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lengths", type=float, nargs="+", default=[5.0, 15.0, 45.0], help="of the steps, in seconds")
    parser.add_argument("--runs", type=int, default=3, help="of each length: the first one and later ones (default 3)")
    parser.add_argument("--json", type=Path, help="also write the numbers to this file")
    options = parser.parse_args()
    started = time.monotonic()
    steps = measure(options.lengths, options.runs)
    rows = table(steps)
    print_table(rows)
    print(f"measured in {time.monotonic() - started:.0f} s")
    if options.json:
        report = {"rows": rows, "steps": [asdict(step) for step in steps], "goal": GOAL}
        options.json.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
