"""F45, F46, F47: what people do to the tasks of a run in Airflow's UI: clear them, mark them. The tasks are real processes, which Airflow then kills."""

from __future__ import annotations

from typing import Any

import pytest

from tests.conftest import is_running
from tests.kills.stage import BESIDE_ANOTHER, Run, Stage
from tests.kills.traced_steps import TracedSteps

pytestmark = [
    pytest.mark.slow,
    pytest.mark.kill,
    pytest.mark.xdist_group("kills-and-clears"),
    pytest.mark.timeout(300),
]

# A job that does not end when it is asked to: EMR then kills it, seconds later.
DEAF = 'trap "" TERM; sleep 300 & wait; wait'
AROUND = {"publish_code", "create_cluster", "terminate_cluster", "verdict"}


def clear(run: Run, *task_ids: str, downstream: bool = False) -> set[str]:
    return run.airflow.rest.clear(run.pipeline, run.run_id, task_ids, downstream=downstream)


def arguments(step: dict[str, Any]) -> list[str]:
    return step["Config"]["Args"]


@pytest.mark.fault(
    "F45",
    "A succeeded step in the middle of a finished run is cleared with its downstream tasks; the cluster is long gone",
    "a new cluster, that step and those after it run once more on the same inputs, the cluster is terminated; the steps before are left alone",
)
def test_a_cleared_middle_step_runs_again_with_all_after_it_and_nothing_before(
    stage: Stage, traced: TracedSteps
) -> None:
    steps = [traced.writing("first"), traced.writing("middle", "first"), traced.writing("last", "middle")]
    run = stage.start("f45_middle", "\n".join(steps))
    assert run.end() == "success"
    before = {step: run.xcom(f"{step}.wait", "output") for step in ("first", "middle", "last")}
    stage.faults.clear()

    cleared = clear(run, "middle.submit", "middle.wait", downstream=True)

    assert cleared == AROUND | {"middle.submit", "middle.wait", "last.submit", "last.wait"}
    assert run.end() == "success"
    assert [run.tries("first.submit"), run.tries("first.wait")] == [1, 1]
    assert run.xcom("first.wait", "output") == before["first"]
    assert {task: run.tries(task) for task in cleared} == dict.fromkeys(cleared, 2)
    assert [len(run.steps(step)) for step in before] == [1, 2, 2]
    assert len(run.clusters()) == 2
    first_time, second_time = (arguments(step) for step in run.steps("middle"))
    assert first_time[3] == second_time[3] == before["first"]
    assert run.xcom("middle.wait", "output") == second_time[2] != before["middle"]
    assert arguments(run.steps("last")[1])[3] == second_time[2]
    counts = stage.counts()
    assert (counts["RunJobFlow"], counts["AddJobFlowSteps"], counts["TerminateJobFlows"]) == (1, 2, 1)


@pytest.mark.fault(
    "F46",
    "The submit task of a step that has succeeded is cleared with its downstream tasks",
    "its program really runs again, once, and writes to a prefix of its own",
)
def test_a_cleared_step_that_had_succeeded_really_runs_again(stage: Stage, traced: TracedSteps) -> None:
    run = stage.start("f46_rerun", traced.first_time("one", "true"))
    assert run.end() == "success"
    assert traced.times_run("one") == 1
    clear(run, "one.submit", downstream=True)
    assert run.end() == "success"
    assert traced.times_run("one") == 2
    assert run.step_states("one") == ["COMPLETED", "COMPLETED"]
    assert [step["Name"].split(".")[-1] for step in run.steps("one")] == ["1]", "2]"], "each has an attempt of its own"
    assert len(run.clusters()) == 2


@pytest.mark.fault(
    "F47",
    "A step is cleared while it runs: its waiting task alone, or both of its tasks",
    "the running submission is cancelled before the new one starts, on the same cluster; also when the job does not listen to SIGTERM",
)
@pytest.mark.parametrize(
    ("tasks", "act"), [(["one.wait"], DEAF), (["one.submit", "one.wait"], "sleep 300")], ids=["wait_deaf", "step"]
)
def test_a_running_step_that_is_cleared_is_cancelled_and_starts_again(
    stage: Stage, traced: TracedSteps, request: pytest.FixtureRequest, tasks: list[str], act: str
) -> None:
    run = stage.start(f"f47_{request.node.callspec.id}", traced.first_time("one", act))
    run.wait_until_watched("one")
    first = run.process("one.wait")
    clear(run, *tasks, downstream=True)
    assert run.end() == "success", run.log("one.wait")
    assert run.step_states("one") == ["CANCELLED", "COMPLETED"]
    assert traced.times_run("one") == 2
    assert len(run.clusters()) == 1
    assert not is_running(first.child)


@pytest.mark.fault(
    "F18",
    "Somebody clears only the failed waiting task of a step whose job has failed, and the run's verdict",
    "the step runs again, on a new cluster, and the run is green",
)
def test_the_cleared_wait_of_a_failed_step_runs_the_step_again(stage: Stage, traced: TracedSteps) -> None:
    run = stage.start("f18_cleared_wait", traced.first_time("one", "exit 3"))
    assert run.end() == "failed"
    assert run.step_states("one") == ["FAILED"]
    clear(run, "one.wait", "verdict")
    assert run.end() == "success", run.log("one.wait")
    assert run.step_states("one") == ["FAILED", "COMPLETED"]
    assert traced.times_run("one") == 2
    assert len(run.clusters()) == 2
    assert run.tries("one.submit") == 1


@pytest.mark.fault(
    "F37",
    "A running step's waiting task is marked as failed",
    "the step is cancelled, nothing is submitted again, the run fails and its cluster is terminated",
)
def test_a_wait_that_is_marked_as_failed_cancels_its_step(stage: Stage) -> None:
    run = stage.start("f37_marked", BESIDE_ANOTHER, cluster="  step_concurrency: 2")
    run.wait_until_watched("one")
    task = run.process("one.wait")
    run.airflow.rest.set_state(run.pipeline, run.run_id, "one.wait", "failed")
    run.wait_for_step("one", "CANCELLED")
    assert run.end() == "failed"
    assert run.tries("one.wait") == 1
    assert stage.counts()["CancelSteps"] >= 1
    stage.wait_until("the end of the killed task", lambda: not is_running(task.child))
