"""Ctrl-C in a run that one process makes: what runs is cancelled, nothing else starts, and the cluster is terminated."""

from __future__ import annotations

import os
import signal
from typing import Any

import pytest
from airflow.sdk import DAG

from emr_pipelines.dag.in_process.interruption import Interruption
from emr_pipelines.emr import run_cluster
from emr_pipelines.emr.steps import StepHandle
from tests.fault_control import Faults
from tests.reliability.midway import Midway
from tests.reliability.runs import Outcome, Runner

STEPS = "  - {name: one, command: [sleep, 300]}\n  - {name: two, command: [sleep, 1], after: [one]}"


def press_ctrl_c(_: StepHandle | None = None) -> None:
    os.kill(os.getpid(), signal.SIGINT)


def interrupt_step_one(runner: Runner, dag: DAG) -> Outcome:
    midway = Midway(runner, dag, "one", press_ctrl_c)
    with Interruption().guard(dag):
        outcome = runner.run(dag, during=midway)
    midway.check()
    assert outcome.state == "failed"
    return outcome


@pytest.mark.parametrize("mode", ["false", pytest.param("true", marks=pytest.mark.slow)])
def test_the_running_step_is_cancelled(runner: Runner, mode: str) -> None:
    dag = runner.build(f"interrupted_step_{mode}", STEPS, more=f"deferrable: {mode}")
    outcome = interrupt_step_one(runner, dag)
    assert outcome.error("one.wait") == "The run was interrupted"
    assert outcome.tries("one.wait") == 1
    assert outcome.tries("two.submit") == 0
    assert outcome.last_state("terminate_cluster") == "success"
    assert [step["Status"]["State"] for step in runner.steps(outcome, "one")] == ["CANCELLED"]


@pytest.mark.slow
def test_a_step_that_cannot_be_cancelled_ends_with_the_cluster(runner: Runner, faults: Faults) -> None:
    dag = runner.build("interrupted_denied", STEPS)
    faults.add("deny", "CancelSteps", times=99)
    outcome = interrupt_step_one(runner, dag)
    assert outcome.error("one.wait") == "The run was interrupted"
    assert outcome.last_state("terminate_cluster") == "success"
    assert [step["Status"]["State"] for step in runner.steps(outcome, "one")] == ["INTERRUPTED"]


@pytest.mark.slow
def test_a_step_that_nobody_waits_for_yet_is_cancelled_too(runner: Runner, faults: Faults) -> None:
    steps = "  - {name: left, command: [sleep, 300]}\n  - {name: right, command: [sleep, 300]}"
    dag = runner.build("interrupted_branches", steps, cluster="  step_concurrency: 2")

    def interrupt(event: dict[str, Any]) -> None:
        if event["task"].endswith(".wait") and event["state"] == "running":
            press_ctrl_c()

    with Interruption().guard(dag):
        outcome = runner.run(dag, during=interrupt)
    assert outcome.state == "failed"
    assert faults.counts()["CancelSteps"] == 2, "the cluster may be one that goes on"


@pytest.mark.parametrize(
    ("moment", "fault"),
    [
        pytest.param(("publish_code", "success"), None, id="before the cluster", marks=pytest.mark.slow),
        pytest.param(("create_cluster", "running"), None, id="as a task starts", marks=pytest.mark.slow),
        pytest.param(("create_cluster", "success"), None, id="between two tasks"),
        pytest.param(("create_cluster", "failed"), "fleet-timeout", id="before a retry", marks=pytest.mark.slow),
    ],
)
def test_nothing_starts_any_more(
    runner: Runner,
    faults: Faults,
    moment: tuple[str, str],
    fault: str | None,
    request: pytest.FixtureRequest,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # A patch, to save the half minute for which the teardown looks for a cluster that EMR may still be making.
    monkeypatch.setattr(run_cluster, "LATE_CLUSTER_SECONDS", 1.0)
    name = request.node.callspec.id.replace(" ", "_")
    dag = runner.build(f"interrupted_{name}", STEPS)
    if fault:
        faults.add(fault)

    def interrupt(event: dict[str, Any]) -> None:
        if (event["task"], event["state"]) == moment:
            press_ctrl_c()

    with Interruption().guard(dag):
        outcome = runner.run(dag, during=interrupt)
    assert outcome.state == "failed"
    assert runner.steps(outcome, "one") == []
    assert len(runner.clusters(outcome)) == (moment[1] != "running" and moment[0] == "create_cluster")
    assert outcome.last_state("terminate_cluster") == "success"
    assert outcome.last_state("verdict") == "failed"


def test_the_teardown_is_not_interrupted(runner: Runner) -> None:
    dag = runner.build("interrupted_teardown", "  - {name: one, command: [sleep, 1]}")

    def interrupt(event: dict[str, Any]) -> None:
        if (event["task"], event["state"]) == ("terminate_cluster", "running"):
            press_ctrl_c()
            press_ctrl_c()

    with Interruption().guard(dag):
        outcome = runner.run(dag, during=interrupt)
    assert outcome.state == "success"
    assert outcome.tries("terminate_cluster") == 1
