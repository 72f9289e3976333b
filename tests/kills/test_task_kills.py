"""F05, F12, F13, F16, F17, F44: a task's process is killed at the worst moment, by the system, by a lost host or by a person. Whoever comes next goes on where it stopped."""

from __future__ import annotations

from collections import Counter

import pytest

from emr_pipelines.storage.attempts import published_attempt
from tests.kills.stage import Run, Stage
from tests.reliability.midway import Jobs

pytestmark = [
    pytest.mark.slow,
    pytest.mark.kill,
    pytest.mark.xdist_group("kills-of-processes"),
    pytest.mark.timeout(300),
]

HELLO = "  - {name: one, command: [echo, hi]}"
# How long EMR keeps the answer back: the killed task must not get it.
HELD_SECONDS = 15.0
# A look at the step every half second at first, then after a tenth of the step's age: two tries of half a minute at most.
POLLS = 80


def published(stage: Stage, run: Run, step: str) -> str | None:
    """The label of the step's published attempt."""
    folder = f"s3://emr-pipelines-local/runs/{run.pipeline}/{run.run_id}/{step}"
    return published_attempt(stage.airflow.client("s3"), folder)


def refuse_second_writes(stage: Stage) -> Counter[str]:
    """Each write is sent once; returns the counts of all calls."""
    counts = stage.faults.counts()
    assert (counts["RunJobFlow"], counts["AddJobFlowSteps"], counts["CancelSteps"]) == (1, 1, 0), counts
    return counts


@pytest.mark.fault(
    "F05",
    "The task that creates the cluster is killed (SIGKILL) after EMR has made it and before anyone knows its id",
    "the retry finds the cluster by its name and goes on with it; there is one cluster",
)
def test_a_killed_create_leaves_its_cluster_to_the_retry(stage: Stage) -> None:
    stage.faults.add("hang-after", "RunJobFlow", seconds=HELD_SECONDS)
    run = stage.start("f05_killed_create", HELLO)
    stage.wait_for_hit()
    run.kill_child("create_cluster")
    assert run.end() == "success"
    refuse_second_writes(stage)
    assert stage.faults.hits() == 1
    assert run.tries("create_cluster") == 2
    (cluster,) = run.clusters()
    assert f"Adopted cluster {cluster}" in run.log("create_cluster", attempt=2)
    assert run.xcom("create_cluster") == cluster


@pytest.mark.fault(
    "F12",
    "Somebody marks the task that creates the cluster as failed while RunJobFlow is in flight",
    "the run fails, and the cluster is terminated, whether it appears before or after the task is dead",
)
@pytest.mark.parametrize("effect", ["hang-after", "slow"])
def test_a_cluster_that_comes_after_its_task_was_marked_failed_is_terminated(stage: Stage, effect: str) -> None:
    stage.faults.add(effect, "RunJobFlow", seconds=HELD_SECONDS)
    run = stage.start(f"f12_{effect.replace('-', '_')}", HELLO)
    stage.wait_for_hit()
    run.process("create_cluster")
    stage.airflow.rest.set_state(run.pipeline, run.run_id, "create_cluster", "failed")
    assert run.end() == "failed"
    counts = stage.faults.counts()
    assert (counts["RunJobFlow"], counts["AddJobFlowSteps"]) == (1, 0), counts
    assert stage.faults.hits() == 1
    assert run.states()["create_cluster"] == "failed"
    assert run.states()["terminate_cluster"] == "success"
    assert run.tries("create_cluster") == 1
    assert len(run.clusters()) == 1


@pytest.mark.fault(
    "F13",
    "The task that submits a step is killed (SIGKILL) after EMR has taken the step and before anyone knows its id",
    "the retry finds the step by the key in its name; the step runs once",
)
def test_a_killed_submit_leaves_its_step_to_the_retry(stage: Stage) -> None:
    stage.faults.add("hang-after", "AddJobFlowSteps", seconds=HELD_SECONDS)
    run = stage.start("f13_killed_submit", HELLO)
    stage.wait_for_hit()
    run.kill_child("one.submit")
    assert run.end() == "success"
    refuse_second_writes(stage)
    assert stage.faults.hits() == 1
    assert run.tries("one.submit") == 2
    (step,) = run.steps("one")
    assert f"Adopted attempt 1 ({step['Id']})" in run.log("one.submit", attempt=2)
    assert run.xcom("one.submit") == step["Id"]
    assert len(run.clusters()) == 1


@pytest.mark.fault(
    "F16",
    "The task that waits for a step is killed (SIGKILL) while the step runs",
    "the retry goes on waiting for the same step; its output is verified, published once and handed on",
)
def test_a_killed_wait_leaves_its_step_to_the_retry(stage: Stage, jobs: Jobs) -> None:
    run = stage.start("f16_killed_wait", jobs.waiting("nap"))
    run.wait_for_step("nap")
    run.kill_child("nap.wait")
    refuse_a_second_submission(stage, run, jobs)


@pytest.mark.fault(
    "F17",
    "The host of the task that waits for a step is lost: its supervisor and its process are gone, nobody tells Airflow",
    "after Airflow's heartbeat timeout the retry goes on waiting for the same step; its output is published once and handed on",
)
def test_a_lost_worker_leaves_its_step_to_the_retry(stage: Stage, jobs: Jobs) -> None:
    run = stage.start("f17_lost_worker", jobs.waiting("nap"))
    run.wait_for_step("nap")
    run.lose_worker("nap.wait")
    refuse_a_second_submission(stage, run, jobs)


def refuse_a_second_submission(stage: Stage, run: Run, jobs: Jobs) -> None:
    """Another try takes up the wait for the same step, whose end it sees and hands on."""
    run.wait_for_try("nap.wait", 2)
    assert run.step_states("nap") == ["RUNNING"]
    jobs.release("nap")
    assert run.end() == "success"
    counts = refuse_second_writes(stage)
    assert counts["DescribeStep"] <= POLLS, counts
    assert run.tries("nap.wait") == 2
    assert "Going on with attempt 1" in run.log("nap.wait", attempt=2)
    assert run.step_states("nap") == ["COMPLETED"]
    assert len(run.clusters()) == 1
    assert published(stage, run, "nap") == "1"
    assert run.xcom("nap.wait", "output").endswith(f"/{run.pipeline}/{run.run_id}/nap/attempt=1")


@pytest.mark.fault(
    "F44",
    "The task that terminates the cluster is killed (SIGKILL) while EMR has not taken its TerminateJobFlows",
    "its retry finds the cluster by its key and terminates it; the run keeps its verdict",
)
def test_a_killed_teardown_is_tried_again(stage: Stage) -> None:
    stage.faults.add("hang-before", "TerminateJobFlows", seconds=HELD_SECONDS)
    run = stage.start("f44_killed_teardown", HELLO)
    stage.wait_for_hit()
    run.kill_child("terminate_cluster")
    assert len(run.aftermath.live_clusters()) == 1, "the cluster was terminated before the kill"
    assert run.end() == "success"
    counts = refuse_second_writes(stage)
    assert counts["TerminateJobFlows"] == 2, counts  # the one that was lost and the retry's
    assert stage.faults.hits() == 1
    assert run.tries("terminate_cluster") == 2
    assert run.states()["verdict"] == "success"
    assert len(run.clusters()) == 1
