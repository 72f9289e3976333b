"""F54, F55: emr_local is killed under a running step and starts again; a running Spark step is cancelled and leaves nothing behind."""

from __future__ import annotations

import time

import pytest

from tests.kills.process_tree import running_processes, session_members, title
from tests.kills.stage import Run, Stage
from tests.kills.traced_steps import TracedSteps

pytestmark = [pytest.mark.slow, pytest.mark.kill, pytest.mark.xdist_group("kills-and-clears"), pytest.mark.timeout(300)]

CANCELLED_WITHIN_SECONDS = 5.0
STOPPED = "EMR server was stopped while the step ran."
NAP = """
import time

from pyspark.sql import SparkSession

def nap(_):
    time.sleep(300)

spark = SparkSession.builder.getOrCreate()
spark.sparkContext.parallelize(range(2), 2).foreach(nap)
"""


def session_of(run: Run) -> int:
    """The process session of the run's one step, as emr_local records it while the step runs."""
    (cluster,) = run.clusters()
    (step,) = run.steps("one")
    record = run.airflow.emr_state / "steps" / cluster / step["Id"] / "session"
    return int(record.read_text().split()[0])


def titles(session: int) -> dict[int, str]:
    return {pid: title(pid) for pid in session_members([session])}


@pytest.mark.fault(
    "F55",
    "emr_local is killed (SIGKILL) while a step runs, and started again by a supervisor of which the connection knows (`waits_for_endpoint`)",
    "it knows its clusters and steps; the step that ran is FAILED with the reason and its processes are ended. The run fails, or with `retries: 1` runs the step again; its cluster is terminated",
)
@pytest.mark.parametrize(("retries", "verdict"), [(0, "failed"), (1, "success")])
def test_a_killed_emr_local_fails_the_step_that_ran_and_forgets_nothing(
    stage: Stage, traced: TracedSteps, retries: int, verdict: str
) -> None:
    run = stage.start(f"f55_{verdict}", traced.first_time("one", "sleep 300", more=f", retries: {retries}"))
    run.wait_until_watched("one")
    orphans = titles(session_of(run))
    assert any("sleep 300" in words for words in orphans.values()), orphans
    stage.airflow.kill("emr_local")
    assert set(orphans) <= set(running_processes()), "a kill of the server alone is meant"
    stage.airflow.start("emr_local")
    stage.wait_until("the end of the step's processes", lambda: not set(orphans) & set(running_processes()))
    assert run.end() == verdict
    assert run.step_states("one") == ["FAILED", "COMPLETED"][: retries + 1]
    assert run.tries("one.wait") == 1
    assert STOPPED in run.steps("one")[0]["Status"]["FailureDetails"]["Reason"]
    assert STOPPED in run.log("one.wait")
    assert len(run.clusters()) == 1


@pytest.mark.fault(
    "F54",
    "The waiting task of a running Spark step is marked as failed",
    "the step is cancelled, and five seconds after CancelSteps neither its JVM nor its Python workers are left",
)
def test_a_cancelled_spark_step_leaves_no_process(stage: Stage) -> None:
    (stage.airflow.project / "include" / "pyspark" / "nap.py").write_text(NAP)
    # The teardown waits for the other step: else it may end the cluster, and the step with it, before Airflow has ended the task.
    steps = "  - {name: one, spark: {script: include/pyspark/nap.py}}\n  - {name: two, command: [sleep, '45']}"
    run = stage.start("f54_spark", steps, cluster="  step_concurrency: 2")
    run.wait_for_step("one")
    session = stage.wait_until("the session of the step", lambda: session_of(run))

    def with_workers() -> dict[int, str]:
        found = titles(session)
        return found if any("pyspark.daemon" in words for words in found.values()) else {}

    processes = stage.wait_until("Spark and its Python workers", with_workers, 120)
    assert any("java -cp" in words for words in processes.values())
    run.airflow.rest.set_state(run.pipeline, run.run_id, "one.wait", "failed")
    cancelled_at = stage.wait_until("CancelSteps", lambda: time.time() if stage.counts()["CancelSteps"] else None)
    stage.wait_until("the end of all its processes", lambda: not titles(session), CANCELLED_WITHIN_SECONDS + 10)
    assert time.time() - cancelled_at < CANCELLED_WITHIN_SECONDS
    assert not set(processes) & set(running_processes())
    assert run.end() == "failed"
    assert run.step_states("one") == ["CANCELLED"]
