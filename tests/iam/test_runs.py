"""Runs under the generated policy: every feature works with it, and every statement, action and resource of it is needed."""

from __future__ import annotations

import datetime as dt
import io
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from emr_local.iam.policies import Access, read_policy
from emr_pipelines.cli.local.sample_data import provide_sample_data
from emr_pipelines.cli.terminal.console import plain_console
from emr_pipelines.dag.reaper import build_reaper_dag
from emr_pipelines.emr.reaper import live_runs
from emr_pipelines.storage.garbage import delete_garbage, find_garbage
from tests.aws_clients import client_asking_once
from tests.conftest import REPOSITORY
from tests.emr_local.emr_requests import PRIMARY_GROUP, cluster_request
from tests.iam.conftest import Guarded
from tests.iam.guarded_project import (
    CODE,
    INPUTS,
    PARAMETER,
    PUBLISHED,
    SAMPLES,
    SECRET,
    SHARED_CLUSTER,
    guarded_environment,
    policy_of,
    write_project,
)
from tests.reliability.runs import Outcome

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("iam")]


@pytest.fixture(scope="module")
def hanging(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_project(tmp_path_factory.mktemp("guarded") / "project")


@pytest.fixture(scope="module")
def guarded(guard: Callable[..., Guarded], hanging: Path) -> Guarded:
    return guard(hanging.parent, policy_of(hanging.parent))


@pytest.fixture(scope="module")
def samples(guarded: Guarded) -> str:
    """Sample data, with which the environment's bucket is made."""
    told = io.StringIO()
    environment = guarded_environment(guarded.root)
    s3 = client_asking_once(guarded.url, "s3")
    provide_sample_data(s3, environment, environment.sample_data, guarded.root, plain_console(file=told))
    return told.getvalue()


@pytest.fixture(scope="module")
def runs(guarded: Guarded, samples: str, hanging: Path) -> dict[str, Outcome]:
    """One run of every pipeline, each as it is meant to go."""
    admin = guarded.admin("s3")
    admin.put_object(Bucket=INPUTS, Key="raw/year=2024/titles.csv", Body=b"x")
    shared = guarded.admin("emr").run_job_flow(**cluster_request(Name=SHARED_CLUSTER, keep_alive=True))["JobFlowId"]
    blocking = {"Name": "blocking", "HadoopJarStep": {"Jar": "command-runner.jar", "Args": ["sleep", "300"]}}
    guarded.admin("emr").add_job_flow_steps(JobFlowId=shared, Steps=[blocking])
    guarded.admin("secretsmanager").create_secret(Name=SECRET, SecretString="kdc-password")
    guarded.admin("ssm").put_parameter(Name=PARAMETER, Value="realm-password", Type="SecureString")
    outcomes = {"lost": guarded.runner.run(guarded.dag("lost"), during=lose_once(guarded, hanging))}
    for name in ("skipping", "shared", "slow", "failing", "roled"):
        outcomes[name] = guarded.run(name, **({"year": 1900} if name == "skipping" else {}))
    # The second request for the object at its published place is its first part.
    guarded.faults.add("deny", "S3", path=f"/{PUBLISHED}/report/year=2024/big.bin", nth=2)
    outcomes["cut off"] = guarded.run("publishing")
    guarded.faults.clear()
    outcomes["publishing"] = guarded.run("publishing")
    guarded.admin("emr").terminate_job_flows(JobFlowIds=[shared])
    return outcomes


def lose_once(guarded: Guarded, hanging: Path) -> Callable[[dict[str, Any]], None]:
    """A `during` for a run: its cluster is lost when its step hangs."""
    done: list[str] = []

    def act(event: dict[str, Any]) -> None:
        if done or (event["task"], event["state"]) != ("one.wait", "running"):
            return
        while not hanging.exists():
            time.sleep(0.1)
        live = guarded.admin("emr").list_clusters(ClusterStates=["RUNNING"])["Clusters"]
        (cluster,) = [one for one in live if one["Name"] != SHARED_CLUSTER]
        guarded.faults.lose(cluster["Id"], "primary")
        done.append(cluster["Id"])

    return act


@pytest.fixture(scope="module")
def swept(guarded: Guarded, runs: dict[str, Outcome]) -> dict[str, Any]:
    """What the reaper and gc find and end after the runs."""
    key = "0123456789ab/main"
    tags = {"emr-pipelines:key": key, "emr-pipelines:expires_at": "2020-01-01T00:00:00+00:00"}
    expired = guarded.admin("emr").run_job_flow(
        **cluster_request(
            Name=f"emr-pipelines/old/{key}",
            keep_alive=True,
            instances={"InstanceGroups": [PRIMARY_GROUP], "TerminationProtected": True},
            Tags=[{"Key": name, "Value": value} for name, value in tags.items()],
        )
    )["JobFlowId"]
    dag_file = guarded.root / "dags" / "emr_reaper.py"
    dag_file.write_text((REPOSITORY / "dags" / "emr_reaper.py").read_text())
    reaper = build_reaper_dag(str(dag_file))
    reaper.fileloc = str(dag_file)
    reaped = guarded.runner.run(reaper)
    guarded.admin("s3").create_multipart_upload(Bucket=CODE, Key="runs/failing/old/one/attempt=1/part-9")
    s3, later = client_asking_once(guarded.url, "s3"), dt.datetime.now(dt.UTC) + dt.timedelta(minutes=1)
    garbage = find_garbage(s3, f"s3://{CODE}", older_than=dt.timedelta(), now=later, live_runs=live_runs(guarded.api))
    return {
        "reaped": (reaped.state, guarded.api.read.describe_cluster(ClusterId=expired)["Cluster"]["Status"]["State"]),
        "attempts": len(garbage.attempts),
        "uploads": len(garbage.uploads),
        "refused": delete_garbage(s3, garbage),
    }


@pytest.fixture(scope="module")
def judged(guarded: Guarded, runs: dict[str, Outcome], swept: dict[str, Any]) -> list[Access]:
    """All that was asked for, none of which was denied."""
    return guarded.judged()


def test_sample_data_is_made(guarded: Guarded, samples: str) -> None:
    assert samples.startswith(f"Making sample data in s3://{SAMPLES}/titles …\n")
    assert guarded.admin("s3").list_objects_v2(Bucket=SAMPLES)["KeyCount"] == 1


def test_outputs_are_published_also_those_whose_copy_was_cut_off_before(
    guarded: Guarded, runs: dict[str, Outcome]
) -> None:
    assert (runs["cut off"].state, runs["publishing"].state) == ("failed", "success")
    listed = guarded.admin("s3").list_objects_v2(Bucket=PUBLISHED, Prefix="report/year=2024/")["Contents"]
    names = {item["Key"].rpartition("/")[2]: item["Size"] for item in listed}
    assert names.keys() == {"_PUBLISHED.json", "_SUCCESS", "big.bin", "part-0"}
    assert names["big.bin"] == 9 * 1024 * 1024
    assert "Uploads" not in guarded.admin("s3").list_multipart_uploads(Bucket=PUBLISHED)


def test_a_run_without_input_is_skipped(runs: dict[str, Outcome]) -> None:
    assert runs["skipping"].last_state("publish_code") == "running", "a skip is neither success nor failure"
    assert runs["skipping"].tries("create_cluster") == 0


def test_a_lost_cluster_is_replaced(guarded: Guarded, runs: dict[str, Outcome]) -> None:
    assert runs["lost"].state == "success"
    assert len(guarded.runner.clusters(runs["lost"])) == 2


def test_steps_are_cancelled_when_their_time_is_over(runs: dict[str, Outcome]) -> None:
    queued, slow = runs["shared"].error("one.wait"), runs["slow"].error("one.wait")
    assert "was queued longer than its queue_timeout of 0:00:03 behind" in queued
    assert "(blocking) RUNNING; after the cancellation it is CANCELLED" in queued
    assert "took longer than its timeout of 0:00:04; after the cancellation it is CANCELLED" in slow


def test_a_failure_is_explained_from_its_logs(runs: dict[str, Outcome]) -> None:
    assert "ValueError: no such year" in runs["failing"].error("one.wait")


def test_a_step_with_a_role_on_a_cluster_with_a_security_configuration(
    guarded: Guarded, runs: dict[str, Outcome]
) -> None:
    assert runs["roled"].state == "success"
    (step,) = guarded.runner.steps(runs["roled"], "one")
    assert step["Status"]["State"] == "COMPLETED"


def test_the_reaper_and_gc_end_what_is_left(swept: dict[str, Any]) -> None:
    assert swept["reaped"][0] == "success"
    assert swept["reaped"][1].startswith("TERMINAT")
    assert swept["attempts"] > 0
    assert (swept["uploads"], swept["refused"]) == (1, [])


def parts(policy: dict[str, Any], element: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """The policy without one value of one statement's element at a time; its only value takes the statement with it."""
    for number, statement in enumerate(policy["Statement"]):
        values = statement[element] if isinstance(statement[element], list) else [statement[element]]
        for value in values:
            left = [one for one in values if one != value]
            kept = [{**statement, element: left}] if left else []
            others = policy["Statement"]
            smaller = {**policy, "Statement": [*others[:number], *kept, *others[number + 1 :]]}
            yield f"{statement['Sid']}: {value}", smaller


def is_missed(smaller: dict[str, Any], judged: list[Access]) -> bool:
    policy = read_policy(smaller)
    return any(not policy.judge(access).allowed for access in judged)


@pytest.mark.parametrize("element", ["Action", "Resource", "Sid"])
def test_no_part_of_the_policy_can_be_spared(guarded: Guarded, judged: list[Access], element: str) -> None:
    policy = policy_of(guarded.root)
    distinct = list({repr(access): access for access in judged}.values())
    assert not is_missed(policy, distinct)

    spared = [what for what, smaller in parts(policy, element) if not is_missed(smaller, distinct)]

    assert spared == []


def test_a_run_without_a_right_says_which_where_and_what_to_do(
    guard: Callable[..., Guarded], tmp_path_factory: pytest.TempPathFactory
) -> None:
    root = write_project(tmp_path_factory.mktemp("poorer") / "project").parent
    policy = policy_of(root)
    poorer = guard(
        root, {**policy, "Statement": [s for s in policy["Statement"] if s["Sid"] != "SubmitStepsToOwnClusters"]}
    )
    poorer.admin("s3").create_bucket(Bucket=CODE)

    outcome = poorer.run("failing")

    assert (outcome.state, outcome.tries("one.submit")) == ("failed", 1)
    error = outcome.error("one.submit")
    assert (
        "is not authorized to perform: elasticmapreduce:AddJobFlowSteps on resource: arn:aws:elasticmapreduce" in error
    )
    assert "`emr-pipelines infra iam` prints the policy of the role that runs pipelines" in error
    assert "(config/pipelines/failing.yaml:5)" in error
    assert outcome.last_state("terminate_cluster") == "success", "the cluster is ended all the same"
