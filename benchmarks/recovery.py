"""Measures what a kill costs: the process of a task that waits for a step gets SIGKILL near the step's end; ours against the provider's EmrAddStepsOperator. Real Airflow processes.

Both sides run the same step (`sleep`) under one scheduler with one retry delay. The stock side is EmrAddStepsOperator(wait_for_completion=True), which submits again when it is tried again; it asks
EMR as often as ours does at that age (its own default, every 30 s, would only see the end later). Extra time is what passes from EMR's CreationDateTime of the first submission to the end of the
task that waits, less the step's length. The two sides of a pair run at the same time, and the pairs one after another with some seconds between them.
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks.nap_dags import idle_cluster, nap_spec, waiting_dag
from tests.fault_control import Faults
from tests.kills.airflow_processes import AirflowProcesses
from tests.kills.scratch_airflow import write_pipeline
from tests.kills.stage import Run

from emr_pipelines.emr.polling import PollInterval

GOAL = 0.2
_SECONDS_BETWEEN_PAIRS = 8.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Kill:
    """When the task that waits is killed: its step takes `seconds` and has run for `after_seconds` by then."""

    seconds: float
    after_seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Recovery:
    """What a killed task cost: the seconds beyond the step's length, how often the step was submitted, how often the task was tried."""

    who: str
    extra_seconds: float
    submissions: int
    tries: int


class Contest:
    """Pairs of runs on one Airflow, whose waiting tasks are killed."""

    def __init__(self, airflow: AirflowProcesses, kill: Kill, stock_clusters: list[str]) -> None:
        self._airflow = airflow
        self._kill = kill
        self._stock_clusters = stock_clusters
        self._add_dags()

    def run_ours(self, pair: int) -> Recovery:
        """Run our side of a pair to its recovery."""
        run = self._trigger(f"ours_{pair}", pair)
        self._airflow.wait_until("a cluster", run.clusters, 120)
        return self._recover("ours", run, "nap.wait", run.clusters()[0])

    def run_stock(self, pair: int) -> Recovery:
        """Run the stock side of a pair to its recovery."""
        return self._recover("stock", self._trigger(f"stock_{pair}", pair), "wait", self._stock_clusters[pair])

    def _add_dags(self) -> None:
        seconds, folder = self._kill.seconds, self._airflow.project / "dags"
        poll_seconds = round(PollInterval().seconds_at(self._kill.seconds))
        for pair, cluster in enumerate(self._stock_clusters):
            ours, stock = f"ours_{pair}", f"stock_{pair}"
            write_pipeline(self._airflow.project, ours, nap_spec(ours, seconds=seconds))
            text = waiting_dag(stock, cluster, seconds=seconds, poll_seconds=poll_seconds)
            (folder / f"{stock}.py").write_text(text, encoding="utf-8")
        names = {f"{who}_{pair}" for who in ("ours", "stock") for pair in range(len(self._stock_clusters))}
        self._airflow.wait_until("all DAGs", lambda: names <= self._airflow.rest.dag_ids(), 180)

    def _trigger(self, name: str, pair: int) -> Run:
        time.sleep(pair * _SECONDS_BETWEEN_PAIRS)
        self._airflow.rest.trigger(name, "r1")
        return Run(airflow=self._airflow, faults=Faults(self._airflow.emr_url), pipeline=name, run_id="r1")

    def _recover(self, who: str, run: Run, task_id: str, cluster: str) -> Recovery:
        running = self._airflow.wait_until(f"{who}'s step", lambda: self._steps(cluster, "RUNNING"), 120)
        due = running[0]["Status"]["Timeline"]["StartDateTime"].timestamp() + self._kill.after_seconds
        time.sleep(max(due - time.time(), 0))
        run.kill_child(task_id)
        if not self._steps(cluster, "RUNNING"):
            raise SystemExit(f"{who}: the step had ended before its task was killed; the machine is too slow for this")
        run.wait_for_state(task_id, "success", "failed", seconds=180)
        task = self._airflow.rest.tasks(run.pipeline, run.run_id)[task_id]
        if (task["state"], task["try_number"]) != ("success", 2):
            raise SystemExit(
                f"{who}: the task is {task['state']} after {task['try_number']} tries, not success after 2"
            )
        steps = self._steps(cluster)
        created = min(step["Status"]["Timeline"]["CreationDateTime"] for step in steps)
        total = (datetime.fromisoformat(task["end_date"]) - created.astimezone(UTC)).total_seconds()
        return Recovery(
            who=who,
            extra_seconds=total - self._kill.seconds,
            submissions=len(steps),
            tries=task["try_number"],
        )

    def _steps(self, cluster: str, *states: str) -> list[Any]:
        wanted: Any = {"StepStates": list(states)} if states else {}
        return list(self._airflow.emr.read.list_steps(ClusterId=cluster, **wanted)["Steps"])


def measure(pairs: int, kill: Kill) -> list[Recovery]:
    """What each kill cost."""
    with ExitStack() as stack:
        airflow = AirflowProcesses(Path(stack.enter_context(tempfile.TemporaryDirectory())))
        # Two tasks of each pair wait at the same time, and others must find room beside them.
        airflow.variables["AIRFLOW__CORE__PARALLELISM"] = str(2 * pairs + 2)
        stack.enter_context(airflow)
        clusters = [stack.enter_context(idle_cluster(airflow.client("emr"))) for _ in range(pairs)]
        contest = Contest(airflow, kill, clusters)
        pool = stack.enter_context(ThreadPoolExecutor(2 * pairs))
        sides = (contest.run_ours, contest.run_stock)
        # Who begins alternates from pair to pair.
        results = [pool.submit(side, pair) for pair in range(pairs) for side in sides[:: -1 if pair % 2 else 1]]
        return [result.result() for result in results]


def print_table(kills: list[Recovery]) -> float:
    """One row a side; returns the ratio of the medians."""
    medians = {}
    print(f"{'kill -9 mid-step, extra time':<30}{'median':>9}{'fastest':>9}{'slowest':>9}{'submissions':>13}")
    for who in ("ours", "stock"):
        chosen = [kill for kill in kills if kill.who == who]
        extra = [kill.extra_seconds for kill in chosen]
        medians[who] = statistics.median(extra)
        submissions = statistics.fmean(kill.submissions for kill in chosen)
        print(f"{who:<30}{medians[who]:>8.1f}s{min(extra):>8.1f}s{max(extra):>8.1f}s{submissions:>13.1f}")
    ratio = medians["ours"] / medians["stock"]
    print(f"{'ratio':<30}{ratio:>9.2f}  (goal: at most {GOAL})")
    return ratio


def main() -> None:
    """Measure, print the table and write it as JSON where asked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pairs", type=int, default=3, help="how many kills of each side (default 3)")
    parser.add_argument("--seconds", type=float, default=30.0, help="the step's length (default 30)")
    parser.add_argument(
        "--kill-after", type=float, default=25.0, help="seconds of the step until the kill (default 25)"
    )
    parser.add_argument("--json", type=Path, help="also write the numbers to this file")
    options = parser.parse_args()
    kills = measure(options.pairs, Kill(seconds=options.seconds, after_seconds=options.kill_after))
    ratio = print_table(kills)
    if options.json:
        report = {"kills": [asdict(kill) for kill in kills], "ratio": ratio, "goal": GOAL}
        options.json.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
