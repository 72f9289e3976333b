"""F08 to F12: a cluster was asked for, and its launch or the task that waits for it goes wrong."""

from __future__ import annotations

from typing import Any

import pytest

from emr_pipelines.emr.clusters import describe, find_clusters
from tests.fault_control import Faults
from tests.reliability.launches import (
    ONE_STEP,
    At,
    check_green,
    cluster_of,
    dying_try,
    ends,
    lose_cluster,
)
from tests.reliability.runs import Runner

BY_US = "TERMINATED USER_REQUEST Terminated by user request"


@pytest.mark.fault(
    "F08",
    "A bootstrap action fails, and fails again",
    "one more cluster is tried and no third; the error shows what the bootstrap action said",
)
def test_a_bootstrap_action_that_fails_twice_ends_the_run_with_its_words(runner: Runner, faults: Faults) -> None:
    dag = runner.build("f08_bootstrap", ONE_STEP)
    faults.add("bootstrap-failure", times=None, message="ERROR: No matching distribution found for panads")
    outcome = runner.run(dag)
    assert outcome.state == "failed"
    assert outcome.tries("create_cluster") == 2
    assert "BOOTSTRAP_FAILURE" in outcome.error("create_cluster")
    assert "No matching distribution found for panads" in outcome.error("create_cluster")
    assert [end.split()[1] for end in ends(runner, outcome)] == ["BOOTSTRAP_FAILURE"] * 2
    # The first cluster and one more.
    assert faults.counts()["RunJobFlow"] == 2


@pytest.mark.fault("F08", "A bootstrap action fails once", "another cluster is launched and the run succeeds")
def test_a_bootstrap_action_that_fails_once_costs_one_cluster(runner: Runner, faults: Faults) -> None:
    dag = runner.build("f08_once", ONE_STEP)
    faults.add("bootstrap-failure")
    outcome = runner.run(dag)
    check_green(runner, outcome, clusters=2)
    assert [end.split()[1] for end in ends(runner, outcome)] == ["BOOTSTRAP_FAILURE", "USER_REQUEST"]
    assert faults.counts()["RunJobFlow"] == 2


WITH_SPOT = """  core: {instances: [m5.xlarge], on_demand: 1}
  task: {instances: [m5.xlarge], spot: 2, spot_timeout: 5m, fallback: on_demand}"""


@pytest.mark.fault(
    "F09",
    "No capacity: the cluster ends with INSTANCE_FLEET_TIMEOUT",
    "launched again; each launch asks for on-demand instances when spot does not come, if the spec has `fallback: on_demand`",
)
def test_a_fleet_without_capacity_is_launched_again(runner: Runner, faults: Faults) -> None:
    dag = runner.build("f09_fleet", ONE_STEP, cluster=WITH_SPOT)
    faults.add("fleet-timeout")
    outcome = runner.run(dag)
    check_green(runner, outcome, clusters=2)
    assert outcome.tries("create_cluster") == 2
    assert "INSTANCE_FLEET_TIMEOUT" in outcome.error("create_cluster")
    assert [end.split()[1] for end in ends(runner, outcome)] == ["INSTANCE_FLEET_TIMEOUT", "USER_REQUEST"]
    for cluster_id in runner.clusters(outcome):
        fleets = runner.api.read.list_instance_fleets(ClusterId=cluster_id)["InstanceFleets"]
        (task,) = (fleet for fleet in fleets if fleet["InstanceFleetType"] == "TASK")
        assert task["LaunchSpecifications"]["SpotSpecification"]["TimeoutAction"] == "SWITCH_TO_ON_DEMAND"
    assert faults.counts()["RunJobFlow"] == 2


@pytest.mark.fault(
    "F09",
    "No capacity, launch after launch",
    "three launches, then the run fails with EMR's reason; no cluster is left",
)
def test_a_fleet_that_never_comes_is_given_up_after_three_launches(runner: Runner, faults: Faults) -> None:
    dag = runner.build("f09_never", ONE_STEP)
    faults.add("fleet-timeout", times=None)
    outcome = runner.run(dag)
    assert outcome.state == "failed"
    assert outcome.tries("create_cluster") == 3
    assert "INSTANCE_FLEET_TIMEOUT" in outcome.error("create_cluster")
    assert [end.split()[1] for end in ends(runner, outcome)] == ["INSTANCE_FLEET_TIMEOUT"] * 3
    assert faults.counts()["RunJobFlow"] == 3


@pytest.mark.fault(
    "F09", "A cluster stays STARTING", "terminated after `start_timeout` and launched again; never two at once"
)
def test_a_cluster_that_does_not_start_is_terminated_and_launched_again(runner: Runner, faults: Faults) -> None:
    dag = runner.build("f09_stuck", ONE_STEP, cluster="  start_timeout: 3s")
    faults.add("stuck-starting")
    outcome = runner.run(dag)
    check_green(runner, outcome, clusters=2)
    assert outcome.tries("create_cluster") == 2
    assert "takes no steps after 3 s (start_timeout); EMR says: STARTING" in outcome.error("create_cluster")
    assert ends(runner, outcome) == [BY_US, BY_US]
    # One ended by the create task, one by the teardown.
    counts = faults.counts()
    assert (counts["RunJobFlow"], counts["TerminateJobFlows"]) == (2, 2)


@pytest.mark.parametrize(
    ("kind", "reason"),
    [("idle", "auto-termination policy"), ("primary", "INSTANCE_FAILURE The master node was terminated")],
)
@pytest.mark.fault(
    "F10",
    "The cluster ends before the first step (idle, or its primary instance is lost)",
    "the submit task notices and launches another cluster; the run succeeds",
)
def test_a_cluster_that_is_lost_before_the_first_step_is_replaced(
    runner: Runner, faults: Faults, caplog: pytest.LogCaptureFixture, kind: str, reason: str
) -> None:
    dag = runner.build(f"f10_{kind}", ONE_STEP)
    outcome = runner.run(dag, during=At("create_cluster", "success", lambda: lose_cluster(runner, dag, kind)))
    check_green(runner, outcome, clusters=2)
    assert reason in ends(runner, outcome)[0]
    assert outcome.tries("one.submit") == 1
    assert "another one takes its place" in caplog.text
    # One launch for each cluster; one submission that the first refuses, and one to the second.
    counts = faults.counts()
    assert (counts["RunJobFlow"], counts["AddJobFlowSteps"]) == (2, 2)


@pytest.mark.fault(
    "F10",
    "Somebody terminates the cluster before the first step",
    "nothing is started in its place: the run fails at once and the error says what to clear to go on",
)
def test_a_cluster_that_somebody_ended_is_not_replaced(runner: Runner, faults: Faults) -> None:
    dag = runner.build("f10_user", ONE_STEP)
    outcome = runner.run(dag, during=At("create_cluster", "success", lambda: lose_cluster(runner, dag, "user")))
    assert outcome.state == "failed"
    assert ends(runner, outcome) == [BY_US]
    assert outcome.tries("one.submit") == 1
    assert "It was ended on purpose, so nothing is started in its place; clear this step" in outcome.error("one.submit")
    counts = faults.counts()
    # The submission is refused, and the one termination is that person's: the teardown finds nothing left.
    assert (counts["RunJobFlow"], counts["AddJobFlowSteps"], counts["TerminateJobFlows"]) == (1, 1, 1)


def launch_twin(runner: Runner, cluster_id: str) -> None:
    """Another cluster with the same name and tags."""
    original = describe(runner.api, cluster_id)
    runner.api.write.run_job_flow(
        Name=original["Name"],
        Tags=original["Tags"],
        ReleaseLabel=original["ReleaseLabel"],
        ServiceRole="EMR_DefaultRole",
        JobFlowRole="EMR_EC2_DefaultRole",
        Instances={
            "InstanceGroups": [{"InstanceRole": "MASTER", "InstanceType": "m5.xlarge", "InstanceCount": 1}],
            "KeepJobFlowAliveWhenNoSteps": True,
        },
    )


@pytest.mark.fault(
    "F11",
    "Two live clusters carry the run's key (one was made by hand)",
    "the oldest is kept and used, the other is terminated with a warning",
)
def test_of_two_clusters_of_one_run_the_oldest_is_kept(
    runner: Runner, faults: Faults, caplog: pytest.LogCaptureFixture
) -> None:
    dag = runner.build("f11_twins", ONE_STEP)
    faults.add("hang-after", "RunJobFlow", seconds=15)
    dying = dying_try(runner, dag, "create_cluster", on_kill=False)
    twins = At("create_cluster", "failed", lambda: launch_twin(runner, cluster_of(runner, dag)))

    def during(event: dict[str, Any]) -> None:
        dying(event)
        twins(event)

    outcome = runner.run(dag, during=during)
    # Two at once is what was done to this run, so the usual check does not fit; what is left of it follows.
    runner.outcomes.remove(outcome)
    check_green(runner, outcome, clusters=2)
    oldest, twin = runner.clusters(outcome)
    assert faults.hits() == 1
    assert f"Cluster {twin} has the key of {oldest}; only the oldest is kept" in caplog.text
    assert {one["State"] for one in [describe(runner.api, oldest)["Status"], describe(runner.api, twin)["Status"]]} == {
        "TERMINATED"
    }
    assert runner.api.read.list_steps(ClusterId=twin)["Steps"] == []
    assert find_clusters(runner.api, name=describe(runner.api, oldest)["Name"]) == []
    # The run's own, which the second try did not repeat, and the twin's.
    assert faults.counts()["RunJobFlow"] == 2


@pytest.mark.parametrize(
    "effect",
    [pytest.param("hang-after", id="the cluster is there"), pytest.param("slow", id="the cluster comes later")],
)
@pytest.mark.fault(
    "F12",
    "The create task is ended for good while RunJobFlow is in flight",
    "the teardown finds the cluster by its name and tag and ends it; it waits up to 30 s for one that EMR is still making",
)
def test_a_launch_that_nobody_waits_for_is_ended(runner: Runner, faults: Faults, effect: str) -> None:
    dag = runner.build(f"f12_{effect}".replace("-", "_"), ONE_STEP)
    dag.get_task("create_cluster").retries = 0
    faults.add(effect, "RunJobFlow", seconds=5)
    outcome, counts = runner.run(dag, during=dying_try(runner, dag, "create_cluster", on_kill=True)), faults.counts()
    assert outcome.state == "failed"
    assert outcome.last_state("terminate_cluster") == "success"
    assert faults.hits() == 1
    assert ends(runner, outcome) == [BY_US]
    assert outcome.last_state("one.submit") is None
    # Looked for every two to five seconds until it is there.
    assert (counts["RunJobFlow"], counts["TerminateJobFlows"]) == (1, 1)
    assert counts["ListClusters"] <= 8
