"""Clusters over HTTP: creation, description, listing, change and termination."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from emr_local.clusters.states import Delays
from tests.aws_clients import client_asking_once
from tests.emr_local.conftest import Emr
from tests.emr_local.emr_requests import CORE_GROUP, PRIMARY_GROUP, cluster_request, step, wait_until

GOING = "A job flow that is shutting down, terminated, or finished may not be modified."


@pytest.fixture
def waiting(emr: Emr) -> str:
    """A cluster that waits for steps."""
    cluster_id = emr.run()
    emr.wait(cluster_id, "WAITING")
    return cluster_id


@pytest.fixture(scope="module")
def ended(emr: Emr) -> str:
    """A cluster that has terminated."""
    cluster_id = emr.run(keep_alive=False)
    emr.wait(cluster_id, "TERMINATED")
    return cluster_id


def test_a_cluster_runs_its_steps_and_terminates_when_it_is_not_kept_alive(emr: Emr):
    cluster_id = emr.run(step("succeed"), step("succeed"), keep_alive=False)

    cluster = emr.wait(cluster_id, "TERMINATED", "TERMINATED_WITH_ERRORS")

    assert cluster["Status"]["State"] == "TERMINATED"
    assert cluster["Status"]["StateChangeReason"] == {"Code": "ALL_STEPS_COMPLETED", "Message": "Steps completed"}
    assert emr.steps(cluster_id) == ["COMPLETED", "COMPLETED"]
    timeline = cluster["Status"]["Timeline"]
    assert timeline["CreationDateTime"] < timeline["ReadyDateTime"] < timeline["EndDateTime"]
    assert cluster_id in emr.executor.closed


def test_a_kept_cluster_waits_until_a_user_terminates_it(emr: Emr):
    cluster_id = emr.run(step("succeed"))
    cluster = emr.wait(cluster_id, "WAITING")
    assert cluster["Status"]["StateChangeReason"] == {"Message": "Cluster ready after last step completed."}

    emr.client.terminate_job_flows(JobFlowIds=[cluster_id])

    cluster = emr.wait(cluster_id, "TERMINATED")
    assert cluster["Status"]["StateChangeReason"] == {"Code": "USER_REQUEST", "Message": "Terminated by user request"}


def test_botos_waiters_see_the_cluster_come_and_go(emr: Emr):
    cluster_id = emr.run()
    emr.client.get_waiter("cluster_running").wait(ClusterId=cluster_id, WaiterConfig={"Delay": 0.1, "MaxAttempts": 600})
    emr.client.terminate_job_flows(JobFlowIds=[cluster_id])
    emr.client.get_waiter("cluster_terminated").wait(
        ClusterId=cluster_id, WaiterConfig={"Delay": 0.1, "MaxAttempts": 600}
    )
    assert emr.state(cluster_id) == "TERMINATED"


def test_describe_cluster_shows_what_was_asked_for(emr: Emr):
    kerberos = '{"AuthenticationConfiguration": {"KerberosConfiguration": {"Provider": "ClusterDedicatedKdc"}}}'
    emr.client.create_security_configuration(Name="kerberos", SecurityConfiguration=kerberos)
    request = cluster_request(
        keep_alive=True,
        instances={"InstanceGroups": [PRIMARY_GROUP, CORE_GROUP], "Ec2KeyName": "key", "Ec2SubnetId": "subnet-1"},
        LogUri="s3://logs/emr",
        Applications=[{"Name": "Spark"}],
        Configurations=[{"Classification": "spark-defaults", "Properties": {"spark.x": "1"}}],
        Tags=[{"Key": "b", "Value": "2"}, {"Key": "a"}],
        StepConcurrencyLevel=3,
        EbsRootVolumeSize=20,
        KerberosAttributes={"Realm": "EC2.INTERNAL", "KdcAdminPassword": "hunter2"},
        SecurityConfiguration="kerberos",
    )
    answer = emr.client.run_job_flow(**request)

    cluster = emr.wait(answer["JobFlowId"], "WAITING")

    assert answer["ClusterArn"] == cluster["ClusterArn"]
    assert cluster["ClusterArn"] == f"arn:aws:elasticmapreduce:us-east-1:123456789012:cluster/{cluster['Id']}"
    expected = {
        "LogUri": "s3://logs/emr/",
        "Applications": [{"Name": "Spark", "Version": "3.5.6-amzn-2"}],
        "Configurations": request["Configurations"],
        "Tags": [{"Key": "a", "Value": ""}, {"Key": "b", "Value": "2"}],
        "StepConcurrencyLevel": 3,
        "EbsRootVolumeSize": 20,
        "ReleaseLabel": "emr-7.13.0",
        "AutoTerminate": False,
        "TerminationProtected": False,
        "VisibleToAllUsers": True,
        "ServiceRole": "EMR_DefaultRole_V2",
        "InstanceCollectionType": "INSTANCE_GROUP",
    }
    assert {name: cluster[name] for name in expected} == expected
    network = cluster["Ec2InstanceAttributes"]
    assert (network["Ec2KeyName"], network["Ec2SubnetId"], network["IamInstanceProfile"]) == (
        "key",
        "subnet-1",
        "EMR_EC2_DefaultRole",
    )
    assert cluster["KerberosAttributes"] == {"Realm": "EC2.INTERNAL", "KdcAdminPassword": "******"}
    assert cluster["MasterPublicDnsName"].startswith("ec2-")


def test_the_executor_learns_of_the_cluster_what_it_needs(emr: Emr):
    configurations = [{"Classification": "spark-defaults", "Properties": {"spark.x": "1"}}]
    cluster_id = emr.run(LogUri="s3://logs/emr/", Configurations=configurations, StepConcurrencyLevel=2)
    emr.wait(cluster_id, "WAITING")
    opened = emr.executor.opened[cluster_id]
    assert (opened.log_uri, list(opened.configurations), opened.step_concurrency) == (
        "s3://logs/emr",
        configurations,
        2,
    )


def test_a_cluster_that_cannot_be_set_up_terminates_with_the_cause(emr: Emr, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(emr.executor, "open_error", OSError("No space left on device"))
    cluster_id = emr.run(step("succeed"))
    cluster = emr.wait(cluster_id, "TERMINATED_WITH_ERRORS")
    assert cluster["Status"]["StateChangeReason"]["Code"] == "INTERNAL_ERROR"
    assert "No space left on device" in cluster["Status"]["StateChangeReason"]["Message"]
    assert emr.steps(cluster_id) == ["CANCELLED"]


def test_the_region_of_the_client_shows_in_the_arn(emr: Emr):
    client = client_asking_once(emr.server.url, region="eu-west-1")
    assert ":eu-west-1:" in client.run_job_flow(**cluster_request())["ClusterArn"]


def test_list_clusters_pages_newest_first_and_filters(create_emr: Callable[..., Emr], tmp_path: Path):
    emr = create_emr(tmp_path, Delays(starting=60))
    ids = [emr.run(Name=f"c{number}") for number in range(53)]

    first = emr.client.list_clusters()
    second = emr.client.list_clusters(Marker=first["Marker"])

    assert [cluster["Id"] for cluster in first["Clusters"] + second["Clusters"]] == ids[::-1]
    assert (len(first["Clusters"]), len(second["Clusters"])) == (50, 3)
    assert "Marker" not in second
    assert emr.client.list_clusters(ClusterStates=["WAITING"])["Clusters"] == []
    middle = emr.cluster(ids[10])["Status"]["Timeline"]["CreationDateTime"]
    pages = emr.client.get_paginator("list_clusters").paginate(CreatedAfter=middle)
    assert len([cluster for page in pages for cluster in page["Clusters"]]) in (42, 43)
    assert emr.error("list_clusters", Marker="nonsense") == (
        "InvalidRequestException",
        "Marker 'nonsense' is not valid.",
    )


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"ReleaseLabel": "emr-9.9.9"}, "The supplied release label is invalid: emr-9.9.9."),
        (
            {"AmiVersion": "3.11"},
            "Only one AMI version and release label may be specified. Provided AMI: 3.11, release label: emr-7.13.0.",
        ),
        (
            {"ReleaseLabel": None},
            "Must specify exactly one of the following: release label, AMI version, or Hadoop version.",
        ),
        ({"ServiceRole": None}, "ServiceRole is required for creating cluster."),
        ({"JobFlowRole": None}, "InstanceProfile is required for creating cluster."),
        ({"StepConcurrencyLevel": 257}, "Invalid step concurrency level. Allowed level is from 1 to 256"),
        (
            {"AutoTerminationPolicy": {"IdleTimeout": 59}},
            "Invalid idle timeout 59. The idle timeout must be between 60 and 604800 seconds.",
        ),
        (
            {"BootstrapActions": [{"Name": "b", "ScriptBootstrapAction": {"Path": "s3://b/x.sh"}}] * 17},
            "Maximum number of bootstrap actions (16) exceeded.",
        ),
        (
            {"Configurations": [{"Classification": "spark-log4j", "Properties": {}}]},
            "Classification 'spark-log4j' is not valid for parent classification 'null'.",
        ),
        (
            {"ReleaseLabel": "emr-6.7.0", "Configurations": [{"Classification": "spark-log4j2"}]},
            "Classification 'spark-log4j2' is not valid for parent classification 'null'.",
        ),
        (
            {"Configurations": [{"Classification": "spark-env", "Configurations": [{"Classification": "exports"}]}]},
            "Classification 'exports' is not valid for parent classification 'spark-env'.",
        ),
        (
            {
                "Instances": {
                    "InstanceGroups": [{**PRIMARY_GROUP, "Configurations": [{"Classification": "spark-hive-site "}]}]
                }
            },
            "Classification 'spark-hive-site ' is not valid for parent classification 'null'.",
        ),
        ({"SecurityConfiguration": "none"}, "Security configuration with name 'none' does not exist."),
        (
            {"StepConcurrencyLevel": 2, "Steps": [step("succeed", "CANCEL_AND_WAIT")]},
            "Action on failure 'CANCEL_AND_WAIT' is invalid.",
        ),
    ],
)
def test_run_job_flow_refuses_what_emr_refuses(emr: Emr, change: dict[str, Any], message: str):
    request = {name: value for name, value in {**cluster_request(), **change}.items() if value is not None}
    before = len(emr.client.list_clusters()["Clusters"])
    assert emr.error("run_job_flow", **request) == ("ValidationException", message)
    assert len(emr.client.list_clusters()["Clusters"]) == before


def test_an_unknown_cluster_is_told_as_each_operation_of_emr_tells_it(emr: Emr):
    newer = ("InvalidRequestException", "Cluster id 'j-NONE' is not valid.")
    older = ("ValidationException", "Specified job flow ID not valid")
    assert emr.error("describe_cluster", ClusterId="j-NONE") == newer
    assert emr.error("list_steps", ClusterId="j-NONE") == newer
    assert emr.error("modify_cluster", ClusterId="j-NONE", StepConcurrencyLevel=2) == newer
    assert emr.error("terminate_job_flows", JobFlowIds=["j-NONE"]) == older
    assert emr.error("add_job_flow_steps", JobFlowId="j-NONE", Steps=[step("succeed")]) == older
    assert emr.error("set_termination_protection", JobFlowIds=["j-NONE"], TerminationProtected=True) == older


def test_a_protected_cluster_survives_while_the_others_of_the_call_go(emr: Emr, waiting: str):
    other = emr.run()
    emr.client.set_termination_protection(JobFlowIds=[waiting], TerminationProtected=True)
    assert emr.error("terminate_job_flows", JobFlowIds=[waiting, other]) == (
        "ValidationException",
        "Could not shut down one or more job flows since they are termination protected.",
    )
    emr.wait(other, "TERMINATED")
    assert emr.state(waiting) == "WAITING"

    emr.client.set_termination_protection(JobFlowIds=[waiting], TerminationProtected=False)
    emr.client.terminate_job_flows(JobFlowIds=[waiting])
    emr.wait(waiting, "TERMINATED")


def test_terminating_again_is_no_error_and_more_than_ten_at_once_is_one(emr: Emr, ended: str):
    emr.client.terminate_job_flows(JobFlowIds=[ended])
    code, message = emr.error("terminate_job_flows", JobFlowIds=[ended] * 11)
    assert code == "ValidationException"
    assert "At most 10" in message


def test_a_cluster_that_is_no_longer_kept_alive_goes_as_soon_as_it_is_idle(emr: Emr, waiting: str):
    emr.client.set_keep_job_flow_alive_when_no_steps(JobFlowIds=[waiting], KeepJobFlowAliveWhenNoSteps=False)
    assert emr.wait(waiting, "TERMINATED")["AutoTerminate"] is True


def test_flags_of_a_cluster_can_be_set(emr: Emr, waiting: str):
    emr.client.set_visible_to_all_users(JobFlowIds=[waiting], VisibleToAllUsers=False)
    emr.client.set_unhealthy_node_replacement(JobFlowIds=[waiting], UnhealthyNodeReplacement=True)
    assert emr.client.modify_cluster(ClusterId=waiting, StepConcurrencyLevel=5)["StepConcurrencyLevel"] == 5
    cluster = emr.cluster(waiting)
    assert cluster["VisibleToAllUsers"] is False
    assert cluster["UnhealthyNodeReplacement"] is True
    assert cluster["StepConcurrencyLevel"] == 5
    assert emr.error("modify_cluster", ClusterId=waiting, StepConcurrencyLevel=0) == (
        "ValidationException",
        "Invalid step concurrency level. Allowed level is from 1 to 256",
    )


def test_an_ended_cluster_cannot_be_changed(emr: Emr, ended: str):
    refused = ("ValidationException", GOING)
    assert emr.error("add_job_flow_steps", JobFlowId=ended, Steps=[step("succeed")]) == refused
    assert emr.error("modify_cluster", ClusterId=ended, StepConcurrencyLevel=2) == refused
    assert emr.error("set_termination_protection", JobFlowIds=[ended], TerminationProtected=True) == refused
    assert emr.error("put_auto_termination_policy", ClusterId=ended) == refused
    assert emr.error("add_tags", ResourceId=ended, Tags=[{"Key": "a"}]) == (
        "InvalidRequestException",
        "Tags cannot be modified on terminated clusters.",
    )


def test_tags_are_added_replaced_and_removed(emr: Emr, waiting: str):
    emr.client.add_tags(ResourceId=waiting, Tags=[{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}])
    emr.client.add_tags(ResourceId=waiting, Tags=[{"Key": "a", "Value": "3"}])
    emr.client.remove_tags(ResourceId=waiting, TagKeys=["b", "c"])
    assert emr.cluster(waiting)["Tags"] == [{"Key": "a", "Value": "3"}]
    code, message = emr.error("add_tags", ResourceId=waiting, Tags=[{"Key": "k" * 129}])
    assert (code, "between 1 and 128" in message) == ("InvalidRequestException", True)
    assert emr.error("add_tags", ResourceId="j-NONE", Tags=[]) == (
        "InvalidRequestException",
        "Resource id 'j-NONE' is not valid.",
    )


def test_bootstrap_actions_are_listed(emr: Emr):
    action = {"Name": "packages", "ScriptBootstrapAction": {"Path": "s3://b/x.sh", "Args": ["wordcloud"]}}
    cluster_id = emr.run(BootstrapActions=[action])
    listed = emr.client.list_bootstrap_actions(ClusterId=cluster_id)["BootstrapActions"]
    assert listed == [{"Name": "packages", "ScriptPath": "s3://b/x.sh", "Args": ["wordcloud"]}]


def test_an_idle_cluster_is_terminated_by_its_policy(emr: Emr, monkeypatch: pytest.MonkeyPatch):
    idle = emr.run(AutoTerminationPolicy={"IdleTimeout": 60}, Name=str(uuid.uuid4()))
    busy = emr.run(step("block"), AutoTerminationPolicy={"IdleTimeout": 60})
    emr.wait(idle, "WAITING")
    emr.wait(busy, "RUNNING")

    monkeypatch.setattr(emr.clock, "ahead", 61.0)
    emr.server.wake()

    reason = emr.wait(idle, "TERMINATED")["Status"]["StateChangeReason"]
    assert "idle" in reason["Message"]
    assert emr.state(busy) == "RUNNING"
    emr.client.terminate_job_flows(JobFlowIds=[busy])


def test_an_auto_termination_policy_is_put_shown_and_removed(emr: Emr, waiting: str):
    assert "AutoTerminationPolicy" not in emr.client.get_auto_termination_policy(ClusterId=waiting)
    emr.client.put_auto_termination_policy(ClusterId=waiting)
    assert emr.client.get_auto_termination_policy(ClusterId=waiting)["AutoTerminationPolicy"] == {"IdleTimeout": 3600}
    emr.client.put_auto_termination_policy(ClusterId=waiting, AutoTerminationPolicy={"IdleTimeout": 604800})
    assert emr.error("put_auto_termination_policy", ClusterId=waiting, AutoTerminationPolicy={"IdleTimeout": 604801})[
        0
    ] == ("ValidationException")
    assert emr.client.get_auto_termination_policy(ClusterId=waiting)["AutoTerminationPolicy"] == {"IdleTimeout": 604800}
    emr.client.remove_auto_termination_policy(ClusterId=waiting)
    assert "AutoTerminationPolicy" not in emr.client.get_auto_termination_policy(ClusterId=waiting)


def test_a_managed_scaling_policy_is_put_shown_and_removed(emr: Emr, waiting: str):
    limits = {"UnitType": "Instances", "MinimumCapacityUnits": 1, "MaximumCapacityUnits": 10}
    emr.client.put_managed_scaling_policy(ClusterId=waiting, ManagedScalingPolicy={"ComputeLimits": limits})
    shown = emr.client.get_managed_scaling_policy(ClusterId=waiting)["ManagedScalingPolicy"]
    assert shown == {"ComputeLimits": limits}
    wrong = {"ComputeLimits": {**limits, "MinimumCapacityUnits": 11}}
    assert (
        emr.error("put_managed_scaling_policy", ClusterId=waiting, ManagedScalingPolicy=wrong)[0]
        == "ValidationException"
    )
    emr.client.remove_managed_scaling_policy(ClusterId=waiting)
    assert "ManagedScalingPolicy" not in emr.client.get_managed_scaling_policy(ClusterId=waiting)


def test_a_terminating_cluster_is_gone_only_when_its_processes_are(emr: Emr, monkeypatch: pytest.MonkeyPatch):
    cluster_id = emr.run(step("block"))
    wait_until(lambda: bool(emr.step_ids(cluster_id)), "the step")
    running = emr.executor.wait_for_step(emr.step_ids(cluster_id)[0])
    monkeypatch.setattr(emr.executor, "close_cluster", emr.executor.closed.append)

    emr.client.terminate_job_flows(JobFlowIds=[cluster_id])
    wait_until(lambda: cluster_id in emr.executor.closed, "the cluster's closing")
    monkeypatch.setattr(emr.clock, "ahead", 60.0)
    emr.server.wake()
    assert emr.state(cluster_id) == "TERMINATING"

    running.release()
    emr.wait(cluster_id, "TERMINATED")
