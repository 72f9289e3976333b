"""F54, F55: emr_local is killed under a running step and starts again; a running Spark step is cancelled and leaves nothing behind."""

from __future__ import annotations

import time

import pytest

from tests.kills.process_tree import running_processes, session_members, title
from tests.kills.stage import Run, Stage
from tests.kills.traced_steps import TracedSteps

pytestmark = [pytest.mark.slow, pytest.mark.kill, pytest.mark.xdist_group("kills"), pytest.mark.timeout(300)]

CANCELLED_WITHIN_SECONDS = 5.0
NAP = """
import time

from pyspark.sql import SparkSession

def nap(_):
    time.sleep(300)

spark = SparkSession.builder.getOrCreate()
spark.sparkContext.parallelize(range(2), 2).foreach(nap)
"""


def processes_of(run: Run) -> dict[int, str]:
    """The processes of the run's one step and their titles, as emr_local has recorded them."""
    (cluster,) = run.clusters()
    (step,) = run.steps("one")
    record = run.airflow.emr_state / "steps" / cluster / step["Id"] / "session"
    session = int(record.read_text().split()[0])
    return {pid: title(pid) for pid in session_members([session])}


@pytest.mark.fault(
    "F55",
    "emr_local is killed (SIGKILL) while a step runs, and started again",
    "it knows its clusters and steps; the step that ran is FAILED with the reason and its processes are ended. The run fails, or with `retries: 1` runs the step again; its cluster is terminated",
)
@pytest.mark.parametrize(("retries", "verdict"), [(0, "failed"), (1, "success")])
def test_a_killed_emr_local_fails_the_step_that_ran_and_forgets_nothing(
    stage: Stage, traced: TracedSteps, retries: int, verdict: str
) -> None:
    run = stage.start(f"f55_{verdict}", traced.first_time("one", "sleep 300", more=f", retries: {retries}"))
    run.wait_until_watched("one")
    orphans = processes_of(run)
    assert any("sleep 300" in words for words in orphans.values()), orphans
    stage.airflow.kill("emr_local")
    assert set(orphans) <= set(running_processes()), "a kill of the server alone is meant"
    stage.airflow.start("emr_local")
    assert not set(orphans) & set(running_processes())
    assert run.end() == verdict
    assert run.step_states("one") == ["FAILED", "COMPLETED"][: retries + 1]
    assert run.tries("one.wait") == 1
    first = run.steps("one")[0]["Status"]["FailureDetails"]
    assert "The local EMR server was stopped while the step ran." in first.values()
    if verdict == "failed":
        assert "The local EMR server was stopped while the step ran." in run.log("one.wait")
    assert len(run.clusters()) == 1


@pytest.mark.fault(
    "F54",
    "The waiting task of a running Spark step is marked as failed",
    "the step is cancelled, and five seconds after CancelSteps neither its JVM nor its Python workers are left",
)
def test_a_cancelled_spark_step_leaves_no_process(stage: Stage) -> None:
    (stage.airflow.project / "include" / "pyspark" / "nap.py").write_text(NAP)
    run = stage.start("f54_spark", "  - {name: one, spark: {script: include/pyspark/nap.py}}")
    run.wait_for_step("one")

    def with_workers() -> dict[int, str]:
        found = processes_of(run)
        return found if any("pyspark.daemon" in words for words in found.values()) else {}

    processes = stage.wait_until("Spark and its Python workers", with_workers, 120)
    assert any("java" in words.split()[0] for words in processes.values())
    run.airflow.rest.set_state(run.pipeline, run.run_id, "one.wait", "failed")
    cancelled_at = stage.wait_until("CancelSteps", lambda: time.time() if stage.counts()["CancelSteps"] else None)
    stage.wait_until("the end of all its processes", lambda: not processes_of(run), CANCELLED_WITHIN_SECONDS + 10)
    assert time.time() - cancelled_at < CANCELLED_WITHIN_SECONDS
    assert not set(processes) & set(running_processes())
    assert run.end() == "failed"
    assert run.step_states("one") == ["CANCELLED"]
