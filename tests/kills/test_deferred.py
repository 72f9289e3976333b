"""F36, F37, F38: a wait that the triggerer does (`deferrable: true`): the triggerer is killed, a person clears or marks the wait, the step's time is over."""

from __future__ import annotations

import pytest

from tests.kills.stage import BESIDE_ANOTHER, Run, Stage
from tests.kills.traced_steps import TracedSteps

pytestmark = [pytest.mark.slow, pytest.mark.kill, pytest.mark.xdist_group("kills-and-clears"), pytest.mark.timeout(300)]

DEFERRABLE = "deferrable: true"


def wait_until_deferred(run: Run) -> None:
    """Block until the triggerer looks at the running step."""
    run.wait_for_state("one.wait", "deferred")
    run.wait_until_watched("one")


@pytest.mark.fault(
    "F36",
    "The triggerer is killed (SIGKILL) while it waits for a step, and started again before or after the step's end",
    "the wait goes on; the step runs once, and the run succeeds",
)
@pytest.mark.parametrize("away_until", ["RUNNING", "COMPLETED"])
def test_a_killed_triggerer_delays_a_run_and_nothing_else(stage: Stage, away_until: str) -> None:
    steps = f"  - {{name: one, command: [sleep, '{25 if away_until == 'RUNNING' else 10}']}}"
    run = stage.start(f"f36_{away_until.lower()}", steps, more=DEFERRABLE)
    wait_until_deferred(run)
    stage.airflow.kill("triggerer")
    run.wait_for_step("one", away_until)
    assert run.states()["one.wait"] == "deferred"
    stage.airflow.start("triggerer")
    assert run.end() == "success"
    assert run.step_states("one") == ["COMPLETED"]
    assert [run.tries("one.submit"), run.tries("one.wait"), len(run.clusters())] == [1, 1, 1]
    assert run.xcom("one.wait", "seconds") > 0
    counts = stage.counts()
    assert (counts["RunJobFlow"], counts["AddJobFlowSteps"], counts["CancelSteps"]) == (1, 1, 0)


@pytest.mark.fault(
    "F37",
    "A deferred waiting task is cleared while its step runs: alone, or with the submit task",
    "the running submission is cancelled before the new one starts; also when the job does not listen to SIGTERM",
)
@pytest.mark.parametrize("tasks", [["one.wait"], ["one.submit", "one.wait"]], ids=["wait", "step"])
def test_a_cleared_deferred_wait_cancels_its_step_and_runs_it_again(
    stage: Stage, traced: TracedSteps, request: pytest.FixtureRequest, tasks: list[str]
) -> None:
    step = traced.first_time("one", 'trap "" TERM; sleep 300 & wait; wait')
    run = stage.start(f"f37_cleared_{request.node.callspec.id}", step, more=DEFERRABLE)
    wait_until_deferred(run)
    run.airflow.rest.clear(run.pipeline, run.run_id, tasks, downstream=True)
    assert run.end() == "success", run.log("one.wait")
    assert run.step_states("one") == ["CANCELLED", "COMPLETED"]
    assert traced.times_run("one") == 2
    assert len(run.clusters()) == 1


@pytest.mark.fault(
    "F37",
    "A deferred waiting task is marked as failed while its step runs",
    "the step is cancelled, nothing is submitted again, the run fails and its cluster is terminated",
)
def test_a_deferred_wait_that_is_marked_as_failed_cancels_its_step(stage: Stage) -> None:
    run = stage.start("f37_deferred_marked", BESIDE_ANOTHER, cluster="  step_concurrency: 2", more=DEFERRABLE)
    wait_until_deferred(run)
    run.airflow.rest.set_state(run.pipeline, run.run_id, "one.wait", "failed")
    run.wait_for_step("one", "CANCELLED")
    assert run.end() == "failed"
    assert run.tries("one.wait") == 1
    assert (stage.counts()["AddJobFlowSteps"], len(run.clusters())) == (2, 1)


@pytest.mark.fault(
    "F38",
    "A step whose wait is deferred takes longer than its `timeout`",
    "it is cancelled on EMR, the task fails at once and says so; the cluster is terminated",
)
def test_the_timeout_of_a_deferred_wait_cancels_the_step(stage: Stage) -> None:
    run = stage.start("f38_timeout", "  - {name: one, command: [sleep, '300'], timeout: 10s}", more=DEFERRABLE)
    assert run.end() == "failed"
    assert run.step_states("one") == ["CANCELLED"]
    assert run.tries("one.wait") == 1
    assert "took longer than its timeout of 0:00:10; after the cancellation it is CANCELLED" in run.log("one.wait")
    counts = stage.counts()
    assert (counts["AddJobFlowSteps"], len(run.clusters())) == (1, 1)
