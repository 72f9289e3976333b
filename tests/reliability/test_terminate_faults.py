"""F43 and F44: a launch that fails with a live cluster behind it, and a termination that does not go through."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from emr_pipelines.dag.factory import TEARDOWN_RETRIES
from emr_pipelines.emr.clusters import live_clusters, terminate_clusters, wait_until_terminated
from emr_pipelines.emr.emr_api import EmrApi, RunError
from emr_pipelines.emr.polling import PollInterval
from emr_pipelines.emr.reaper import reap
from tests.emr.conftest import cluster_request
from tests.fault_control import Faults
from tests.reliability.launches import (
    ONE_STEP,
    At,
    InFlight,
    ask_twice,
    cluster_of,
    dying_try,
    ends,
    lose_cluster,
)
from tests.reliability.runs import Runner

BY_US = "TERMINATED USER_REQUEST Terminated by user request"
FAST = PollInterval(minimum=0.05, maximum=0.2)


@pytest.mark.fault(
    "F43",
    "The create task fails for good although its clusters exist",
    "it ends each of its clusters itself before it fails, and the teardown runs all the same; the run fails",
)
def test_a_create_task_that_fails_leaves_no_cluster(runner: Runner, faults: Faults) -> None:
    dag = runner.build("f43_stuck", ONE_STEP, cluster="  start_timeout: 2s")
    faults.add("stuck-starting", times=None)
    outcome = runner.run(dag)
    assert outcome.state == "failed"
    assert outcome.tries("create_cluster") == 3
    assert ends(runner, outcome) == [BY_US] * 3
    assert outcome.last_state("terminate_cluster") == "success"
    assert outcome.last_state("one.submit") is None
    # One launch and one termination per try: the teardown finds nothing to end.
    counts = faults.counts()
    assert (counts["RunJobFlow"], counts["TerminateJobFlows"]) == (3, 3)


@pytest.mark.fault(
    "F43",
    "The create task dies for good after its cluster was made, and cannot do anything about it",
    "the teardown runs all the same, finds the cluster by its name and tag and ends it; the run fails",
)
def test_the_teardown_ends_the_cluster_of_a_create_task_that_died(runner: Runner, faults: Faults) -> None:
    dag = runner.build("f43_died", ONE_STEP)
    dag.get_task("create_cluster").retries = 0
    faults.add("hang-after", "RunJobFlow", seconds=8)
    dying = dying_try(runner, dag, "create_cluster", on_kill=False)
    outcome, counts = runner.run(dag, during=dying), faults.counts()
    dying.check()
    assert outcome.state == "failed"
    assert outcome.tries("create_cluster") == 1
    assert outcome.last_state("terminate_cluster") == "success"
    assert ends(runner, outcome) == [BY_US]
    # It is there when the teardown looks first.
    assert (counts["RunJobFlow"], counts["TerminateJobFlows"]) == (1, 1)
    assert counts["ListClusters"] <= 2


@pytest.mark.parametrize("times", [1, 3])
@pytest.mark.fault("F44", "TerminateJobFlows is throttled", "sent again until it works; the cluster is gone")
def test_a_throttled_termination_is_sent_again(runner: Runner, faults: Faults, times: int) -> None:
    dag = runner.build(f"f44_throttled_{times}", ONE_STEP)
    faults.add("throttle", "TerminateJobFlows", times=times)
    outcome = runner.run(dag)
    assert outcome.state == "success"
    assert outcome.tries("terminate_cluster") == 1
    assert ends(runner, outcome) == [BY_US]
    assert faults.hits() == times
    # Each refusal costs one call more.
    assert faults.counts()["TerminateJobFlows"] == times + 1


@pytest.mark.fault(
    "F44",
    "Somebody has set termination protection on the run's cluster",
    "the protection is taken off, since the cluster has the run's key, and the cluster is gone",
)
def test_a_protected_cluster_of_ours_is_terminated(runner: Runner, faults: Faults) -> None:
    dag = runner.build("f44_protected", ONE_STEP)

    def protect() -> None:
        runner.api.read.set_termination_protection(JobFlowIds=[cluster_of(runner, dag)], TerminationProtected=True)

    protecting = At("one.wait", "success", protect)
    outcome = runner.run(dag, during=protecting)
    assert protecting.done
    assert outcome.state == "success"
    assert ends(runner, outcome) == [BY_US]
    # On by the test, off by the teardown.
    counts = faults.counts()
    assert (counts["SetTerminationProtection"], counts["TerminateJobFlows"]) == (2, 1)


@pytest.mark.fault(
    "F44",
    "The cluster is gone before the teardown looks for it",
    "nothing is left to do: the run succeeds",
)
def test_a_cluster_that_is_gone_already_is_no_error(runner: Runner, faults: Faults) -> None:
    dag = runner.build("f44_gone", ONE_STEP)
    leaving = At("one.wait", "success", lambda: lose_cluster(runner, dag, "user"))
    outcome = runner.run(dag, during=leaving)
    assert leaving.done
    assert outcome.state == "success"
    assert outcome.tries("terminate_cluster") == 1
    assert ends(runner, outcome) == [BY_US]
    # The one is that of the person who ended it.
    assert faults.counts()["TerminateJobFlows"] == 1


@pytest.mark.fault(
    "F44", "The cluster ends by itself while it is being terminated", "terminating twice is no error: the run succeeds"
)
def test_a_cluster_that_goes_while_it_is_terminated_is_no_error(runner: Runner, faults: Faults) -> None:
    dag = runner.build("f44_going", ONE_STEP)
    faults.add("slow", "TerminateJobFlows", seconds=2)
    leaving = InFlight(runner, "terminate_cluster", lambda: lose_cluster(runner, dag, "idle"))
    outcome = runner.run(dag, during=leaving)
    leaving.check()
    assert outcome.state == "success"
    assert outcome.tries("terminate_cluster") == 1
    (end,) = ends(runner, outcome)
    assert "auto-termination policy" in end
    assert faults.hits() == faults.counts()["TerminateJobFlows"] == 1


@pytest.mark.fault(
    "F44",
    "One of several clusters is unknown to EMR",
    "the error names it, and the others are terminated all the same",
)
def test_an_unknown_cluster_keeps_no_other_from_its_end(api: EmrApi, faults: Faults, s3: Any) -> None:
    s3.create_bucket(Bucket="emr-logs")
    request = cluster_request("c44444444444")
    cluster_id = api.write.run_job_flow(**request)["JobFlowId"]
    with pytest.raises(RunError, match="Not terminated: j-UNKNOWN: ") as caught:
        terminate_clusters(api, ["j-UNKNOWN", cluster_id])
    assert not caught.value.retryable
    wait_until_terminated(api, [cluster_id], FAST, timeout_seconds=120)
    assert live_clusters(api, request) == []
    # One for each.
    assert faults.counts()["TerminateJobFlows"] == 2


@pytest.mark.parametrize(
    ("effect", "words", "tries", "calls"),
    [
        # Each try sends it twice (ask_twice).
        pytest.param(
            "error-before", "InternalFailure", TEARDOWN_RETRIES + 1, 2 * (TEARDOWN_RETRIES + 1), id="EMR fails"
        ),
        # No retry can help against a policy.
        pytest.param("deny", "is not authorized to perform: elasticmapreduce:TerminateJobFlows", 1, 1, id="denied"),
    ],
)
@pytest.mark.fault(
    "F44",
    "TerminateJobFlows fails again and again",
    "the run fails, although its steps succeeded, and names the cluster; `emr-pipelines reap` and the DAG `emr_reaper` end it after its `max_lifetime`, and its idle timeout before that",
)
def test_a_run_whose_cluster_cannot_be_ended_fails_and_the_reaper_ends_it(
    runner: Runner,
    faults: Faults,
    monkeypatch: pytest.MonkeyPatch,
    effect: str,
    words: str,
    tries: int,
    calls: int,
) -> None:
    ask_twice(monkeypatch)
    dag = runner.build(f"f44_{effect}".replace("-", "_"), ONE_STEP)
    faults.add(effect, "TerminateJobFlows", times=None)
    outcome, counts = runner.run(dag), faults.counts()
    cluster_id = cluster_of(runner, dag)
    assert outcome.last_state("one.wait") == "success"
    assert outcome.state == "failed"
    assert outcome.tries("terminate_cluster") == tries
    assert f"Not terminated: {cluster_id}: " in outcome.error("terminate_cluster")
    assert words in outcome.error("terminate_cluster")
    assert faults.hits() == counts["TerminateJobFlows"] == calls

    faults.clear()
    now = dt.datetime.now(dt.UTC)
    request = runner.api.read.describe_cluster(ClusterId=cluster_id)["Cluster"]
    assert runner.api.read.get_auto_termination_policy(ClusterId=cluster_id)["AutoTerminationPolicy"]["IdleTimeout"] > 0
    assert {"emr-pipelines:expires_at"} <= {tag["Key"] for tag in request["Tags"]}
    assert reap(runner.api, now) == []
    assert [one.cluster_id for one in reap(runner.api, now + dt.timedelta(hours=25))] == [cluster_id]
    wait_until_terminated(runner.api, [cluster_id], FAST, timeout_seconds=120)
