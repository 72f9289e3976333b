"""Counts the EMR calls for a finished step, ours against the provider's EmrAddStepsOperator and EmrStepSensor at equal latency. Measures no time but that between a step's end and its task's.

Steps of several lengths (`sleep`) are submitted and waited for by the operators themselves (rendered and executed as Airflow does, XComs kept here) on emr_local, whose call log is counted from the
start of the task that submits to the end of the task that waits. All lengths and both sides go on at the same time, in threads that sleep most of it. Ours has a first run, when nobody knows how
long the step takes, and later ones, which are up to 10 % longer or shorter than the one before. For each the stock side gets its `poke_interval`: twice the mean latency of our schedule
(`PollInterval`) for such a step, so that both see the end equally late on average.
"""

from __future__ import annotations

import argparse
import itertools
import json
import random
import statistics
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal, get_args

from benchmarks.nap_dags import idle_cluster, nap_spec, pair_dag
from benchmarks.operator_runs import SESSION, XComs, execute_dag, load_dag, scratch_emr_local
from tests.conftest import AIRFLOW_HOME
from tests.fault_control import Faults
from tests.kills.scratch_airflow import write_pipeline

from emr_pipelines.emr.polling import PollInterval

GOAL = 0.5
# Of a length, one run after another: no two runs of a job take equally long.
_FACTORS = (1.0, 1.05, 0.95)
_SIMULATED_STEPS = 2000
_MEASURED = ("calls", "planned_calls", "latency", "planned_latency")
_SECONDS_BETWEEN_LANES = 3.0

Who = Literal["ours", "stock"]
Case = Literal["first run", "later runs"]


@dataclass(frozen=True, slots=True, kw_only=True)
class FinishedStep:
    """One step that was submitted and waited for: its length as planned for all runs, the calls, and the seconds from EMR's EndDateTime to the task's end."""

    length: float
    who: Who
    case: Case
    calls: int
    planned_calls: float
    latency: float
    planned_latency: float


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedRun:
    """One run of a lane: what the step takes; by simulation how late our schedule sees its end on average, and the calls of each side on a machine that delays nothing."""

    length: float
    case: Case
    seconds: float
    mean_latency: float
    calls: dict[Who, float]


def plan_runs(length: float, runs: int, repeat: int) -> list[PlannedRun]:
    """The runs of one length, the first one's duration unknown, every other one's expected to be its predecessor's."""
    planned, expected = [], None
    for number in range(repeat, repeat + runs):
        seconds, interval = round(length * _FACTORS[number % len(_FACTORS)], 2), PollInterval(expected=expected)
        looks, latency = simulate_looks(interval.seconds_at, seconds)
        pokes, _ = simulate_looks(_every(2 * latency), seconds)
        case: Case = "first run" if expected is None else "later runs"
        # Ours submits with ListSteps and AddJobFlowSteps; stock with DescribeCluster and AddJobFlowSteps, and calls DescribeCluster at each poke too.
        calls: dict[Who, float] = {"ours": 2 + looks, "stock": 2 + 2 * pokes}
        planned.append(PlannedRun(length=length, case=case, seconds=seconds, mean_latency=latency, calls=calls))
        expected = seconds
    return planned


def simulate_looks(pause_at: Callable[[float], float], seconds: float) -> tuple[float, float]:
    """The mean number of looks at a step of these seconds until one sees its end, and how late that is; the first is in the step's first half second."""
    looks, latency = 0, 0.0
    for _ in range(_SIMULATED_STEPS):
        age = random.uniform(0.0, 0.5)  # noqa: S311 - a simulation
        looks += 1
        while age < seconds:
            age += pause_at(age)
            looks += 1
        latency += age - seconds
    return looks / _SIMULATED_STEPS, latency / _SIMULATED_STEPS


def _every(seconds: float) -> Callable[[float], float]:
    return lambda _: seconds


class Lane:
    """Runs the steps of one length and side, one after another."""

    def __init__(self, emr_url: str, number: int, who: Who) -> None:
        self._emr = SESSION.client("emr", endpoint_url=emr_url)
        self._faults = Faults(emr_url)
        self._number = number
        self._who = who
        self._name = f"{who}_{number}"
        self._xcoms = XComs()

    def run(self, runs: Iterable[PlannedRun]) -> list[FinishedStep]:
        """All runs of one side; a later lane begins later, since the work of all lanes' first seconds at once would delay their looks."""
        time.sleep(self._number * _SECONDS_BETWEEN_LANES)
        run = self._run_ours if self._who == "ours" else self._run_stock
        return [run(planned) for planned in runs]

    def _run_ours(self, planned: PlannedRun) -> FinishedStep:
        write_pipeline(AIRFLOW_HOME / "project", self._name, nap_spec(self._name, seconds=planned.seconds))
        times = execute_dag(load_dag(AIRFLOW_HOME / "project", self._name), self._xcoms)
        cluster = self._xcoms.pull(task_ids="create_cluster")
        return self._count(planned, cluster, times["nap.submit"][0], times["nap.wait"][1])

    def _run_stock(self, planned: PlannedRun) -> FinishedStep:
        with idle_cluster(self._emr) as cluster:
            text = pair_dag(self._name, cluster, seconds=planned.seconds, poll_seconds=2 * planned.mean_latency)
            (AIRFLOW_HOME / "project" / "dags" / f"{self._name}.py").write_text(text, encoding="utf-8")
            times = execute_dag(load_dag(AIRFLOW_HOME / "project", self._name), self._xcoms)
            return self._count(planned, cluster, times["submit"][0], times["wait"][1])

    def _count(self, planned: PlannedRun, cluster: str, began: float, ended: float) -> FinishedStep:
        calls = [call for call in self._faults.calls() if call["cluster"] == cluster]
        (step,) = self._emr.list_steps(ClusterId=cluster)["Steps"]
        return FinishedStep(
            length=planned.length,
            who=self._who,
            case=planned.case,
            calls=sum(began <= call["time"] <= ended for call in calls),
            planned_calls=planned.calls[self._who],
            latency=ended - step["Status"]["Timeline"]["EndDateTime"].timestamp(),
            planned_latency=planned.mean_latency,
        )


def measure(lengths: list[float], runs: int, repeats: int) -> list[FinishedStep]:
    """All steps of all lengths and sides."""
    # The longest steps begin first: they also end last.
    lanes = list(itertools.product(sorted(lengths, reverse=True), range(repeats), get_args(Who)))
    plans = [plan_runs(length, runs, repeat) for length, repeat, _ in lanes]
    with scratch_emr_local() as url, ThreadPoolExecutor(len(lanes)) as pool:
        results = [
            pool.submit(Lane(url, number, who).run, plan)
            for number, (plan, (_, _, who)) in enumerate(zip(plans, lanes, strict=True))
        ]
        return [step for result in results for step in result.result()]


def summarize(steps: list[FinishedStep], **wanted: object) -> dict[str, float]:
    """The means of the chosen steps."""
    chosen = [step for step in steps if all(getattr(step, name) == value for name, value in wanted.items())]
    return {name: statistics.fmean(getattr(step, name) for step in chosen) for name in _MEASURED}


def table(steps: list[FinishedStep]) -> list[dict[str, Any]]:
    """One row for each length and case, one for each case, one for all."""
    lengths, cases = sorted({step.length for step in steps}), ("first run", "later runs")
    groups: list[dict[str, Any]] = [{"length": length, "case": case} for case in cases for length in lengths]
    groups += [{"case": "first run"}, {"case": "later runs"}, {}]
    rows = []
    for group in groups:
        ours, stock = (summarize(steps, who=who, **group) for who in ("ours", "stock"))
        ratios = {name: ours[name] / stock[name] for name in ("calls", "planned_calls")}
        what = f"{group.get('case', 'all')}, " + (f"{group['length']:g} s" if "length" in group else "all lengths")
        rows.append({"what": what, "ours": ours, "stock": stock, "ratio": ratios})
    return rows


def print_table(rows: list[dict[str, Any]]) -> None:
    """The rows, aligned. What is planned is what the schedules lead to where nothing delays them, as other work on the machine does."""
    print(f"{'':<24}{'EMR calls per finished step':>34}{'seen after':>26}")
    print(f"{'':<24}{'ours':>7}{'stock':>7}{'ratio':>7}{'(planned)':>13}{'ours':>9}{'stock':>8}{'(planned)':>11}")
    for row in rows:
        ours, stock, ratio = row["ours"], row["stock"], row["ratio"]
        print(
            f"{row['what']:<24}{ours['calls']:>7.1f}{stock['calls']:>7.1f}{ratio['calls']:>7.2f}{ratio['planned_calls']:>13.2f}"
            f"{ours['latency']:>8.2f}s{stock['latency']:>7.2f}s{ours['planned_latency']:>10.2f}s"
        )
    print(f"{'goal: at most':<38}{GOAL:>7.2f}")


def main() -> None:
    """Measure, print the table and write it as JSON where asked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lengths", type=float, nargs="+", default=[10.0, 30.0, 60.0], help="of the steps, in seconds")
    parser.add_argument("--runs", type=int, default=2, help="of each length: the first one and later ones (default 2)")
    parser.add_argument("--repeats", type=int, default=2, help="how often all that, at the same time (default 2)")
    parser.add_argument("--json", type=Path, help="also write the numbers to this file")
    options = parser.parse_args()
    started = time.monotonic()
    steps = measure(options.lengths, options.runs, options.repeats)
    rows = table(steps)
    print_table(rows)
    print(f"measured in {time.monotonic() - started:.0f} s")
    if options.json:
        report = {"rows": rows, "steps": [asdict(step) for step in steps], "goal": GOAL}
        options.json.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
