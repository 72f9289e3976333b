"""Measures how long a trivial PySpark step takes on a local EMR: in a warm JVM, and through spark-submit, alternating in one run."""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
import time
from pathlib import Path

from emr_local.objects.store import ObjectStore
from emr_local.runners.contract import ClusterRequest, StepRequest
from emr_local.runners.local import LocalExecutor

GOAL = 0.2
SCRIPT = """
from pyspark.sql import SparkSession
print(SparkSession.builder.getOrCreate().range(10).count())
"""


def time_step(executor: LocalExecutor, script: Path, number: int) -> float:
    """Run one step and give its seconds; a step that fails ends the benchmark."""
    step = StepRequest(
        cluster_id="j-BENCH",
        step_id=f"s-{number}",
        name="trivial",
        jar="command-runner.jar",
        args=("spark-submit", str(script)),
    )
    started = time.perf_counter()
    outcome = executor.start_step(step).wait()
    if outcome.exit_code:
        raise SystemExit(f"the step failed: {outcome.message}")
    return time.perf_counter() - started


def measure(pairs: int) -> dict[str, list[float]]:
    """Give the seconds of each step, one warm and one cold after the other."""
    with tempfile.TemporaryDirectory() as scratch:
        root = Path(scratch)
        script = root / "trivial.py"
        script.write_text(SCRIPT, encoding="utf-8")
        executors = {}
        for name, warm in (("warm JVM", True), ("spark-submit", False)):
            store = ObjectStore(root / name.replace(" ", "-") / "s3")
            store.load()
            executors[name] = LocalExecutor(store.root.parent, store, warm=warm)
            executors[name].open_cluster(ClusterRequest(cluster_id="j-BENCH"))
        time_step(executors["warm JVM"], script, 0)  # waits for the JVM, which a cluster's start gives time for
        seconds: dict[str, list[float]] = {name: [] for name in executors}
        try:
            for number in range(1, pairs + 1):
                for name, executor in executors.items():
                    seconds[name].append(time_step(executor, script, number))
        finally:
            for executor in executors.values():
                executor.close()
    return seconds


def main() -> None:
    """Measure, print the table and write it as JSON where asked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pairs", type=int, default=5, help="how many steps of each kind (default 5)")
    parser.add_argument("--json", type=Path, help="also write the numbers to this file")
    options = parser.parse_args()
    seconds = measure(options.pairs)
    medians = {name: statistics.median(values) for name, values in seconds.items()}
    ratio = medians["warm JVM"] / medians["spark-submit"]
    print(f"{'step start':<16}{'median':>9}{'fastest':>9}{'slowest':>9}")
    for name, values in seconds.items():
        print(f"{name:<16}{medians[name]:>8.2f}s{min(values):>8.2f}s{max(values):>8.2f}s")
    print(f"{'ratio':<16}{ratio:>9.2f}  (goal: at most {GOAL})")
    if options.json:
        report = {"seconds": seconds, "medians": medians, "ratio": ratio, "goal": GOAL}
        options.json.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
