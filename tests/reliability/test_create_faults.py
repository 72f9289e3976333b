"""F01 to F07: a cluster is asked for, and the request or its answer goes wrong."""

from __future__ import annotations

from typing import Any

import pytest

from tests.fault_control import Faults
from tests.reliability.launches import (
    ONE_STEP,
    answer_within,
    check_green,
    check_sent_again,
    dying_try,
    ends,
)
from tests.reliability.runs import Runner

BY_US = "TERMINATED USER_REQUEST Terminated by user request"


@pytest.mark.parametrize("times", [1, 2, 3])
@pytest.mark.fault(
    "F01", "RunJobFlow is throttled", "sent again after growing pauses with jitter, six times in all; one cluster"
)
def test_a_throttled_launch_is_sent_again_within_the_task(runner: Runner, faults: Faults, times: int) -> None:
    dag = runner.build(f"f01_throttled_{times}", ONE_STEP)
    faults.add("throttle", "RunJobFlow", times=times)
    outcome = runner.run(dag)
    check_green(runner, outcome)
    assert outcome.tries("create_cluster") == 1
    check_sent_again(runner, "RunJobFlow", times)


@pytest.mark.slow
@pytest.mark.fault(
    "F01",
    "RunJobFlow is throttled for half a minute",
    "after six refusals the task fails and Airflow tries again; one cluster",
)
def test_a_launch_that_stays_throttled_goes_on_in_the_next_try(runner: Runner, faults: Faults) -> None:
    dag = runner.build("f01_throttled_9", ONE_STEP)
    faults.add("throttle", "RunJobFlow", times=9)
    outcome = runner.run(dag)
    check_green(runner, outcome)
    assert outcome.tries("create_cluster") == 2
    assert "ThrottlingException" in outcome.error("create_cluster")
    assert faults.hits() == 9
    assert faults.counts()["RunJobFlow"] == 10


@pytest.mark.parametrize(
    ("effect", "more"),
    [
        pytest.param(
            "reset-after",
            {},
            marks=pytest.mark.fault(
                "F02",
                "RunJobFlow makes its cluster and the connection is reset",
                "the cluster is found by its name and tag and adopted; one cluster",
            ),
        ),
        pytest.param(
            "error-after",
            {},
            marks=pytest.mark.fault(
                "F03",
                "RunJobFlow makes its cluster and answers HTTP 500",
                "the cluster is found by its name and tag and adopted; one cluster",
            ),
        ),
        pytest.param(
            "hang-after",
            {"seconds": 4},
            marks=pytest.mark.fault(
                "F04",
                "RunJobFlow makes its cluster and never answers",
                "given up after 20 s; the cluster is found by its name and tag and adopted; one cluster",
            ),
        ),
        pytest.param(
            "slow",
            {"seconds": 4},
            marks=pytest.mark.fault(
                "F04",
                "RunJobFlow makes its cluster only after the client has given up",
                "looked for during 30 s, found and adopted; one cluster",
            ),
        ),
    ],
)
def test_a_cluster_whose_answer_is_lost_is_adopted(
    runner: Runner,
    faults: Faults,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    effect: str,
    more: dict[str, Any],
) -> None:
    answer_within(monkeypatch, 2)
    dag = runner.build(f"f02_{effect}".replace("-", "_"), ONE_STEP)
    faults.add(effect, "RunJobFlow", **more)
    outcome, counts = runner.run(dag), faults.counts()
    check_green(runner, outcome)
    assert outcome.tries("create_cluster") == 1
    assert faults.hits() == 1
    assert f"found and adopted {runner.clusters(outcome)[0]}" in caplog.text
    # One is sent and never a second; it takes a ListClusters every second or two to find what it made.
    assert counts["RunJobFlow"] == 1
    assert counts["ListClusters"] <= 8


@pytest.mark.slow
@pytest.mark.fault(
    "F04",
    "RunJobFlow makes its cluster and never answers (with the real time-out of 20 s)",
    "given up after 20 s; the cluster is found and adopted; one cluster",
)
def test_the_answer_is_waited_for_twenty_seconds(runner: Runner, faults: Faults) -> None:
    dag = runner.build("f04_hanging", ONE_STEP)
    faults.add("hang-after", "RunJobFlow", seconds=30)
    outcome = runner.run(dag)
    check_green(runner, outcome)
    assert faults.hits() == 1
    assert faults.counts()["RunJobFlow"] == 1
    assert outcome.seconds >= 20


@pytest.mark.slow
@pytest.mark.fault(
    "F02",
    "The connection is reset before RunJobFlow reaches EMR",
    "looked for during 30 s; since nothing was made, Airflow's next try asks again; one cluster",
)
def test_a_request_that_never_arrived_is_sent_by_the_next_try(runner: Runner, faults: Faults) -> None:
    dag = runner.build("f02_reset_before", ONE_STEP)
    faults.add("reset-before", "RunJobFlow")
    outcome = runner.run(dag)
    check_green(runner, outcome)
    assert outcome.tries("create_cluster") == 2
    assert "a retry is safe" in outcome.error("create_cluster")
    assert faults.hits() == 1
    assert faults.counts()["RunJobFlow"] == 2


@pytest.mark.fault(
    "F05",
    "The create task dies while EMR's answer to RunJobFlow is on its way",
    "the next try finds the cluster by its name and tag and adopts it; one cluster",
)
def test_the_cluster_of_a_try_that_died_is_adopted_by_the_next(
    runner: Runner, faults: Faults, caplog: pytest.LogCaptureFixture
) -> None:
    dag = runner.build("f05_died", ONE_STEP)
    faults.add("hang-after", "RunJobFlow", seconds=15)
    outcome = runner.run(dag, during=dying_try(runner, dag, "create_cluster", on_kill=False))
    check_green(runner, outcome)
    assert outcome.tries("create_cluster") == 2
    assert faults.hits() == 1
    assert f"Adopted cluster {runner.clusters(outcome)[0]}" in caplog.text
    # Sent by the try that died, and never again.
    assert faults.counts()["RunJobFlow"] == 1


@pytest.mark.fault(
    "F06",
    "DescribeCluster is throttled right after the launch",
    "asked again; links need no call, so that none can fail; one cluster",
)
def test_a_cluster_that_cannot_be_described_for_a_while_is_kept(runner: Runner, faults: Faults) -> None:
    dag = runner.build("f06_throttled", ONE_STEP)
    faults.add("throttle", "DescribeCluster", times=3)
    outcome = runner.run(dag)
    check_green(runner, outcome)
    assert outcome.tries("create_cluster") == 1
    assert faults.hits() == 3
    # A plain run takes seven; each refusal costs one more, and a slow machine a few polls.
    assert faults.counts()["DescribeCluster"] <= 16


@pytest.mark.parametrize("nth", [1, 2])
@pytest.mark.fault(
    "F06",
    "DescribeCluster is denied right after the launch, and ever after",
    "the run fails at once with AWS's words, and the create task itself ends the cluster that it cannot look at",
)
def test_a_cluster_that_may_not_be_described_is_ended(runner: Runner, faults: Faults, nth: int) -> None:
    dag = runner.build(f"f06_denied_{nth}", ONE_STEP)
    faults.add("deny", "DescribeCluster", nth=nth, times=None)
    outcome = runner.run(dag)
    counts, hits = faults.counts(), faults.hits()
    faults.clear()
    assert outcome.state == "failed"
    assert outcome.tries("create_cluster") == 1
    assert "is not authorized to perform: elasticmapreduce:DescribeCluster" in outcome.error("create_cluster")
    assert ends(runner, outcome) == [BY_US]
    assert hits >= 1
    # No retry can help against a policy: one launch, one termination; one look to confirm the key, one at the state, one at its protection.
    assert (counts["RunJobFlow"], counts["TerminateJobFlows"]) == (1, 1)
    assert counts["DescribeCluster"] <= 3


REFUSED = {
    "release": ("  release: emr-7.99.0", "emr-7.99.0", None),
    "role": ("  service_role: EMR_Missing_Role", "EMR_Missing_Role", "Invalid role: EMR_Missing_Role."),
    "profile": ("  instance_profile: Missing_Profile", "Missing_Profile", "Invalid InstanceProfile: Missing_Profile."),
    "subnet": (
        "  subnets: [subnet-0123456789abcdef0]",
        "subnet-0123456789abcdef0",
        "The subnet subnet-0123456789abcdef0 does not exist.",
    ),
}


@pytest.mark.parametrize("what", REFUSED)
@pytest.mark.fault(
    "F07",
    "EMR refuses the request (release, role, instance profile, subnet)",
    "fails at once without a retry; the error names the line of the spec where the refused value stands",
)
def test_a_refused_launch_names_the_line_of_the_spec(runner: Runner, faults: Faults, what: str) -> None:
    line, value, words = REFUSED[what]
    dag = runner.build(f"f07_{what}", ONE_STEP, cluster=line)
    if words:  # emr_local knows releases, and neither roles nor subnets
        faults.add("error-before", "RunJobFlow", code="ValidationException", message=words, status=400)
    outcome, counts = runner.run(dag), faults.counts()
    spec = f"config/pipelines/f07_{what}.yaml"
    lines = (runner.project / spec).read_text().splitlines()
    (number,) = (number for number, text in enumerate(lines, 1) if value in text)
    assert outcome.state == "failed"
    assert outcome.tries("create_cluster") == 1
    assert "ValidationException: " in outcome.error("create_cluster")
    assert value in outcome.error("create_cluster")
    assert f"{spec}:{number}" in outcome.error("create_cluster")
    assert faults.hits() == (1 if words else 0)
    assert runner.clusters(outcome) == []
    # Sent once; looked for before it and at the end.
    assert counts == {"RunJobFlow": 1, "ListClusters": 2}


@pytest.mark.fault(
    "F07",
    "EMR takes the request and ends the cluster with VALIDATION_ERROR (a subnet without a route)",
    "fails at once without another cluster, with EMR's reason",
)
def test_a_launch_that_ends_with_a_validation_error_is_not_repeated(runner: Runner, faults: Faults) -> None:
    dag = runner.build("f07_no_route", ONE_STEP)
    faults.add("validation-error", times=None)
    outcome = runner.run(dag)
    assert outcome.state == "failed"
    assert outcome.tries("create_cluster") == 1
    assert "VALIDATION_ERROR The subnet configuration was invalid" in outcome.error("create_cluster")
    assert [end.split()[:2] for end in ends(runner, outcome)] == [["TERMINATED_WITH_ERRORS", "VALIDATION_ERROR"]]
    assert faults.counts()["RunJobFlow"] == 1
